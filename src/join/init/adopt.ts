import type { Desired } from '../../contract/cluster/agent.ts';
import { AppError, sentenceOf } from '../../core/errors.ts';
import { clearConf } from '../configuration.ts';
import { inspectHost } from '../look.ts';
import { PATHS, UNITS } from '../paths.ts';
import type { InitPorts } from '../ports.ts';
import { accepted, execute, installText, reportFindings, runSteps, type SetupStep, untilDeadline } from '../run.ts';
import { apiUrl, parseObject } from '../texts.ts';
import { type InitExit, writeDone } from './init.ts';
import { type DoneNote, type InitNote, parseDoneNote, parseInitNote } from './note.ts';
import { INIT_DEFAULTS } from './options.ts';
import { type AdoptionSpace, judgeAdoption } from './preflight.ts';
import { adoptedDesired, wantedOf } from './seed.ts';
import { COMMON, compileSeed, type InitRun, installLedger, LOCAL_URL } from './steps.ts';

/** The data are copied once, and those of a large site take time. */
const DATA_MS = 3_600_000;
const UNIT_MS = 120_000;
const MEASURE_MS = 60_000;
const OLD_DATA = '/var/lib/regent/db/17';
/** This path exists already when `scripts/install` has installed PostgreSQL. */
const NEW_HOME = '/var/lib/postgresql';
const ADOPT = '/opt/regent/current/ha/postgres/adopt';

type AdoptRun = Omit<InitRun, 'deadline'> & { readonly deadlineMs: number; deadline: number };

const STEPS: readonly SetupStep<AdoptRun>[] = [
  { name: 'begin', title: 'note that the adoption has started', run: begin },
  COMMON.trust,
  COMMON.secrets,
  COMMON.configuration,
  COMMON.credential,
  { name: 'stop', title: 'stop the region, the agent and its helper', run: stopOurs },
  // This comes before the agent knows of Patroni. After a power cut the agent would otherwise start a Patroni that finds no data and begins an empty
  // database.
  { name: 'data', title: "hand the private database's data to Patroni", run: handOver },
  { name: 'seed', title: "the node's configuration, with what a cluster's node runs besides", run: extendLedger },
  COMMON.agent,
  COMMON.database,
  COMMON.schema,
  { name: 'cluster', title: 'the cluster in the database', run: writeCluster },
  COMMON.region,
  { name: 'ready', title: 'wait until the region answers with what it had', run: waitForRegion },
  { name: 'old', title: 'remove what the private database leaves behind', run: removeOld },
];

/**
 * Would this host's adoption begin well? `scripts/install` asks before it changes the product; until then the old version serves. 0 also if there is
 * nothing to adopt, and if an adoption is running.
 */
export async function checkAdoption(ports: InitPorts): Promise<InitExit> {
  const done = parseDoneNote(await ports.host.files.read(PATHS.initDone));
  if (done === null || done.clusterId !== null) return 0;
  const seen = await inspectHost(ports, []);
  if (seen.notes.isInit) return 0;
  const space = ports.hasOwnDatabase ? null : await spaceFor(ports);
  return reportFindings(ports, judgeAdoption(seen, space)) ? 0 : 1;
}

async function spaceFor(ports: InitPorts): Promise<AdoptionSpace | null> {
  const last = async (argv: readonly string[]) =>
    Number((await ports.host.exec({ argv, timeoutMs: MEASURE_MS })).stdout.trim().split('\n').at(-1)?.split('\t')[0]);
  const needed = await last(['du', '--summarize', '--block-size=1M', OLD_DATA]);
  const free = await last(['df', '--output=avail', '--block-size=1M', NEW_HOME]);
  return Number.isFinite(needed) && Number.isFinite(free) ? { needed, free } : null;
}

/**
 * Makes the single node of a version with a private database the first member of a cluster, in place: data, keys and addresses stay. Does nothing if
 * there is nothing to adopt. After a kill the next run goes on; the old data are removed last.
 */
export async function runAdopt(ports: InitPorts, deadlineMs: number): Promise<InitExit> {
  try {
    const done = parseDoneNote(await ports.host.files.read(PATHS.initDone));
    if (done === null || done.clusterId !== null) return 0;
    ports.say(`The node ${done.name} becomes the first member of a cluster; its data, keys and addresses stay.`);
    const run: AdoptRun = {
      ports,
      deadlineMs,
      deadline: ports.monotonic() + deadlineMs,
      plan: noteOf(done, ports.hasOwnDatabase),
      note: noteOf(done, ports.hasOwnDatabase),
      rows: { certificate: { serial: '', notBefore: 0, notAfter: 0 }, held: null, versions: [] },
      credentialDigest: '',
      apiKey: '',
    };
    await runSteps(run, STEPS);
    await writeDone(run, done.isKeySeen);
    await ports.host.files.remove(PATHS.initNote);
    return 0;
  } catch (error) {
    ports.say(`regent init --adopt: ${sentenceOf(error)}`);
    ports.say(
      'Nothing is lost: the old data stay until the new database serves. Run scripts/install again: it continues from here.',
    );
    return error instanceof AppError && error.code === 'timeout' ? 5 : 1;
  }
}

function noteOf({ nodeId, name, address }: DoneNote, isDatabaseExternal: boolean): InitNote {
  const { domain, virtualRouter } = INIT_DEFAULTS;
  const common = { nodeId, name, address, domain, virtualRouter, isDatabaseExternal };
  return { ...common, clusterId: `regent-${nodeId}`, vip: null, isRack: true };
}

async function begin(run: InitRun): Promise<void> {
  const { ports } = run;
  run.note = parseInitNote(await ports.host.files.read(PATHS.initNote)) ?? run.note;
  const content = `${JSON.stringify(run.note)}\n`;
  await installText(ports, { path: PATHS.initNote, content, mode: 0o600, owner: 'root', group: 'root' });
  // haproxy now listens where the region did.
  await clearConf(ports, 'region', ['REGION_LISTEN']);
}

/**
 * Stops the processes of the earlier version. Its helper does not know the new services; the socket starts the new
 * helper. The region does not start with the host until the database has the cluster: it would publish that this node
 * runs no daemons of a cluster.
 */
async function stopOurs({ ports }: InitRun): Promise<void> {
  await execute(ports, ['systemctl', '--no-ask-password', '--quiet', 'disable', UNITS.region], UNIT_MS);
  await execute(ports, ['sync', '-f', '/etc/systemd/system'], UNIT_MS);
  for (const unit of [UNITS.agent, UNITS.region, 'regent-helper.service']) {
    const { active } = await ports.host.units.state(unit);
    if (active !== 'inactive') await ports.host.units.act(unit, 'stop', UNIT_MS);
  }
}

/** Running services go on. The region's own publication follows as soon as it is back. */
async function extendLedger(run: InitRun): Promise<void> {
  const { ports, note } = run;
  const before = parseObject((await ports.host.files.read(PATHS.ledger)) ?? '') as Desired | null;
  const { body, versions } = compileSeed(run);
  const held = Object.keys(wantedOf(before));
  // The database keeps the numbers that the content got here: if content were published under a higher number, a lower one would never replace it.
  run.rows = { ...run.rows, versions: versions.filter(({ service }) => !held.includes(service)) };
  await installLedger(run, adoptedDesired(note.nodeId, before, body));
}

/** The steps after the copy have their full time, however long the copy took. */
async function handOver(run: AdoptRun): Promise<void> {
  const { ports } = run;
  if (!ports.hasOwnDatabase) await execute(ports, [ADOPT, '--keep'], DATA_MS);
  run.deadline = ports.monotonic() + run.deadlineMs;
}

async function writeCluster({ ports, note, rows, credentialDigest }: InitRun): Promise<void> {
  const { nodeId, clusterId, vip, virtualRouter, isDatabaseExternal } = note;
  const site = accepted(await ports.database.readSite());
  if (!site.nodes.some((node) => node.id === nodeId))
    throw new AppError('init', `the database does not know the node ${nodeId}: these are not the data of this host`);
  accepted(
    await ports.database.writeCluster(nodeId, { id: clusterId, vip, virtualRouter, isDatabaseExternal, ...rows }),
  );
  accepted(await ports.database.writeCredential(nodeId, credentialDigest));
}

async function waitForRegion(run: InitRun): Promise<void> {
  const { ports } = run;
  const config = parseObject((await ports.host.files.read(PATHS.rootConfig)) ?? '');
  const contexts = (config?.['contexts'] ?? {}) as Record<string, { readonly apiKey?: string } | undefined>;
  const key = contexts['default']?.apiKey;
  if (key === undefined) {
    ports.say(
      `  root has no API key of this node, so this step does not check the region. Check it: ${apiUrl(run.note.address)}`,
    );
    return;
  }
  await untilDeadline(run, async () => {
    const { isReady, why } = await ports.askRegion(LOCAL_URL, key);
    return isReady ? { value: true } : { missing: why };
  });
}

async function removeOld({ ports }: InitRun): Promise<void> {
  if (!ports.hasOwnDatabase) await execute(ports, [ADOPT], DATA_MS);
}
