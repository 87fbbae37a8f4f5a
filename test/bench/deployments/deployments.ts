import { type Client, createClient } from '../../../src/contract/client.ts';
import { layoutOf } from '../../../src/lab/layout.ts';
import { readLogin } from '../../../src/lab/machines/prepare.ts';
import { seedMachine } from '../../../src/lab/product/seed.ts';
import { needState } from '../../../src/lab/state.ts';
import { type LabMachine, machinesHost } from '../../../src/lab/topology.ts';
import { systemRandom } from '../../../src/main/process.ts';
import { labOf } from '../../kit/lab.ts';
import { type Hazard, mend, strike } from '../hazard.ts';
import { type Figure, median, most } from '../report.ts';
import { SpeedGauge } from '../speed.ts';
import { type Login, openLogin } from './login.ts';
import { deploy, endOfDeployment, firstLogin, makeReady, timesOf } from './machine.ts';

/** How many rounds with each machine, which machines, which storage, whose host dies meanwhile. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 5);
const MACHINES = (process.env['MACHINES'] ?? 'm1,m2').split(',');
const STORAGES = (process.env['STORAGE'] ?? 'flat').split(',');
const HAZARD =
  (['rack', 'primary'] as const satisfies readonly Hazard[]).find((one) => one === process.env['KILL']) ?? null;
const SEED = Number(process.env['SEED'] ?? 1);
const IMAGE = process.env['IMAGE'] ?? 'debian-13';
/** All of `MACHINES` at once, once, and the limit of the last one's login, s. */
const AT_ONCE = process.env['AT_ONCE'] === '1';
const AT_ONCE_TARGET = 180;
/** A host dies within this time of the order: what an installation takes in the lab. */
const SPAN_MS = Number(process.env['SPAN_S'] ?? 110) * 1000;

/** From power on to the login by name, s: the issue's limit, and the same chain of Debian's programs by hand (five runs, BIOS 58 to 60, UEFI 64 to 66). */
const TARGET = 90;
const RAW = { bios: 59.7, uefi: 64.4 } as const;

interface Site {
  readonly client: Client;
  readonly gauge: SpeedGauge;
  readonly layout: ReturnType<typeof layoutOf>;
}
/** A machine, and the key and the way to it. */
interface Subject {
  readonly machine: LabMachine;
  readonly login: Login;
}
interface Round {
  /** When it was switched on, and when the first login was, ms since 1970. */
  readonly onAt: number;
  readonly loginAt: number;
  readonly note: string;
}

/** From power on to the first login, s. */
const secondsOf = ({ onAt, loginAt }: Round): number => (loginAt - onAt) / 1000;

/**
 * Machines of a running lab (`REGENT_LAB`, made by `scripts/up --machines`; images ephemeral, by default, and `IMAGE`) are deployed, one after another, each
 * `ROUNDS` times with each storage of `STORAGE`: from power on to the user's login by DNS name. `KILL=rack|primary`: that host dies at a moment that `SEED`
 * draws; a deployment that fails then must say why, and the next one succeed. `AT_ONCE=1`: all of them at once, one round.
 */
export async function benchDeployments(): Promise<Figure[]> {
  const layout = layoutOf(process.env['REGENT_LAB'] ?? 'lab');
  const { url, apiKey } = await labOf(layout);
  const target = { url, apiKey, random: systemRandom() };
  const gauge = new SpeedGauge();
  const site: Site = { client: createClient(target), layout, gauge };
  const subjects: Subject[] = [];
  try {
    for (const name of MACHINES) subjects.push(await ready(site, target, name));
    if (AT_ONCE) return await benchAtOnce(site, subjects);
    const figures: Figure[] = [];
    for (const one of subjects)
      for (const storage of STORAGES) figures.push(...(await benchMachine(site, one, storage)));
    return figures;
  } finally {
    gauge.stop();
    for (const { login } of subjects) await login.close();
  }
}

/** The region knows the machine, it is ready, and a client of its network has a key. */
async function ready(site: Site, target: Parameters<typeof seedMachine>[0], name: string): Promise<Subject> {
  const { client, layout } = site;
  const machine = machinesHost(needState(layout).topology)?.machines.find((one) => one.name === name);
  if (machine === undefined) throw new Error(`the lab has no machine ${name}: scripts/up --machines`);
  await seedMachine(target, machine, readLogin(layout, name));
  await makeReady(client, name);
  return { machine, login: await openLogin(client, layout, machine.network) };
}

/** All machines at once, beside the cluster; it may not notice. */
async function benchAtOnce(site: Site, subjects: readonly Subject[]): Promise<Figure[]> {
  const before = await primaryOf(site.client);
  const storage = STORAGES[0] ?? 'flat';
  const rounds = await Promise.all(subjects.map((one) => playRound(site, { ...one, storage, round: 1 })));
  for (const [at, round] of rounds.entries())
    console.log(
      `   ${subjects[at]?.machine.name ?? ''} ${storage}: login ${secondsOf(round).toFixed(1)} s, ${round.note}`,
    );
  const after = await primaryOf(site.client);
  const name = `${subjects.length} machines at once (${storage})`;
  const changes = before === after ? 0 : 1;
  return [
    most(`${name}: power on to the last login`, Math.max(...rounds.map(secondsOf)), {
      unit: 's',
      target: AT_ONCE_TARGET,
    }),
    most(`${name}: changes of the primary`, changes, { unit: '', target: 0, note: `${before}; then ${after}` }),
  ];
}

/** Who the primary is, and on which timeline: each failover and each switchover begins a new one. */
async function primaryOf(client: Client): Promise<string> {
  const { primary, timeline } = (await client.call('cluster.show', {})).body.database;
  return `${primary ?? 'nobody'} on timeline ${timeline ?? 'unknown'}`;
}

async function benchMachine(site: Site, subject: Subject, storage: string): Promise<Figure[]> {
  const { machine } = subject;
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const one = await playRound(site, { ...subject, storage, round });
    rounds.push(one);
    console.log(`   ${machine.name} ${storage} ${round}: login ${secondsOf(one).toFixed(1)} s, ${one.note}`);
    await makeReady(site.client, machine.name);
  }
  const logins = rounds.map(secondsOf);
  const speeds = rounds.map(({ onAt, loginAt }) => site.gauge.speedBetween(onAt, loginAt));
  const name = `${machine.name} (${machine.firmware}, ${storage}${HAZARD === null ? '' : `, ${HAZARD} dies`})`;
  const note = `${logins.map((one) => one.toFixed(1)).join(', ')}; raw ${RAW[machine.firmware]} s`;
  return [
    most(`${name}: power on to login`, median(logins), { unit: 's', target: HAZARD === null ? TARGET : null, note }),
    most(
      `${name}: the same at this machine's best speed`,
      median(speeds.map((speed, at) => speed * (logins[at] ?? Number.NaN))),
      {
        unit: 's',
        target: null,
        note: `speeds ${speeds.map((one) => one.toFixed(2)).join(', ')}`,
      },
    ),
  ];
}

interface Played extends Subject {
  readonly storage: string;
  readonly round: number;
}

async function playRound(site: Site, { machine, login, storage, round }: Played): Promise<Round> {
  const { client, layout } = site;
  const { name, network } = machine;
  const { fqdn } = (await client.call('machine.show', { params: { machine: name } })).body;
  await deploy(client, name, IMAGE, storage);
  const order = { hazard: HAZARD, network, seed: SEED, round, spanMs: SPAN_MS };
  const victim = await strike(client, layout, order);
  const notes = victim === null ? [] : [`${victim.host} died ${victim.atS.toFixed(0)} s after the order`];
  try {
    let end: true | string | null = null;
    const ended = (async () => {
      end = await endOfDeployment(client, name);
      if (end === true) return;
      notes.push(`failed: ${end}`);
      await deploy(client, name, IMAGE, storage);
      end = await endOfDeployment(client, name);
      if (end !== true) throw new Error(`${name} failed twice: ${end}`);
    })();
    const first = await Promise.all([firstLogin(login, fqdn, () => end === true), ended]).then(([found]) => found);
    const { onAt, deployedAt, starts } = await timesOf(client, name);
    if (starts > 1) notes.push(`switched on ${starts} times`);
    notes.push(`deployed by its own word after ${((deployedAt - onAt) / 1000).toFixed(1)} s`, `root on ${first.root}`);
    return { onAt, loginAt: first.at, note: notes.join(', ') };
  } finally {
    if (victim !== null) await mend(client, layout, victim.host);
  }
}
