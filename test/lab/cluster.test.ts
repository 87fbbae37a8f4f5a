import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROKEN_BUILDS } from '../../src/drills/overlay/broken.ts';
import { CATALOGUE } from '../../src/drills/hazards/catalogue.ts';
import { startOrigin } from '../../src/drills/probes/web/start-origin.ts';
import { screen } from '../../src/drills/report/screen.ts';
import { playSuite } from '../../src/drills/run/suite.ts';
import { askForLease } from '../../src/lab/dhcp/client.ts';
import { addFault, healNetwork } from '../../src/lab/faults/network.ts';
import { withMachines } from '../../src/lab/machines/topology.ts';
import { CLUSTER } from '../../src/lab/topologies.ts';
import { drawn } from '../kit/cluster/broken.ts';
import { brokenBuildsFail } from '../kit/cluster/broken-builds.ts';
import { interfaceIsLost } from '../kit/cluster/lost-interface.ts';
import { type ClusterSite, openClusterSite } from '../kit/cluster/site.ts';
import { REGION_NAMES, REGIONS, VIP } from '../kit/cluster/nodes.ts';
import { buildMicro, DEATHS, machineDays } from '../kit/cluster/machine-days.ts';
import { needsRoom, environmentOf, type TestEnvironment } from '../kit/cluster/environment.ts';
import { scanPorts } from '../kit/cluster/scan.ts';
import { RANDOM } from '../kit/dice.ts';
import { patient } from '../kit/machine.ts';
import { isRealtimeDenied, realtimeRefusal } from '../kit/realtime.ts';
import { told } from '../kit/site.ts';
import { until } from '../kit/until.ts';

const ZONE = 'regent.internal';
/** One of each group; `scripts/drill` has all. `REGENT_DRILLS`: how many are drawn by the seed (CI, where they turn with the commits); unset: all. */
const DRILLS = [
  'host-kill-primary',
  'process-kill-haproxy',
  'hang-postgres-15',
  'net-cut-primary',
  'disk-logs-primary',
  'planned-switchover',
  'double-second-fault',
  'noise-pause-process',
];
const CASES = Number(process.env['REGENT_DRILLS'] ?? DRILLS.length);
/** The most of them where a round takes minutes. */
const SLOW_CASES = 3;
/** The client of vlan20, as an archive of packages. */
const ORIGIN = '10.20.20.100:8080';
/** What proves that a node lives. */
const URGENT = ['regent-keeper', 'regent-vip-health', 'etcd', 'keepalived'];
/** keepalived's two processes after a reload: process, policy, priority, and whether the kernel ends them after some time of their own. */
const RELOADED = `main=$(systemctl show --property=MainPID --value keepalived); both="$main $(cat /proc/$main/task/$main/children)"
  systemctl reload keepalived; sleep 1
  for pid in $both; do chrt --pid $pid | sed 's/.*: //' | paste -sd ' '; sed -n 's/^Max realtime timeout *//p' /proc/$pid/limits; done`;
/** Daemons whose start is watched over a failover. */
const UNITS = [
  'etcd.service',
  'patroni.service',
  'haproxy.service',
  'keepalived.service',
  'named.service',
  'squid.service',
  'chrony.service',
  'regent-regiond.service',
  'regent-agent.service',
];

/** Three region nodes and two racks, each a whole host: what users of the floating address have when hosts go. */
describe('a cluster', () => {
  let site: ClusterSite;
  let rehearsal: TestEnvironment;
  let image: Promise<string>;
  beforeAll(async () => {
    const start = performance.now();
    image = buildMicro();
    // Who needs it tells of its failure.
    image.catch(() => undefined);
    // In a whole run it is the only file that needs a cluster: to save one costs more than it brings.
    site = await openClusterSite('cluster', withMachines(CLUSTER), { isFresh: true });
    await site.well(120_000);
    told('up', 'three region nodes and two racks are well', start);
    rehearsal = await environmentOf(site);
  }, 900_000);
  afterAll(async () => {
    await site?.close();
  }, 300_000);

  it('can lose one node, and says so', async () => {
    const start = performance.now();
    // What a rack that has just joined publishes is still being taken over: until then the answer is that it is pending.
    const whole = async () => {
      const answer = await site.regent('cluster', 'status');
      expect(answer.code, answer.stdout + answer.stderr).toBe(0);
      return answer;
    };
    const status = await until('a status without blemish', whole, { deadlineMs: patient(60_000) });
    expect(status.stdout.split('\n')[0]).toMatch(/can lose (one|1) node/i);
    const doctor = await site.regent('doctor');
    expect(doctor.code, doctor.stdout + doctor.stderr).toBe(0);
    expect(await site.nodes.holders()).toHaveLength(1);
    expect(await site.nodes.primaries()).toHaveLength(1);
    told('status', status.stdout.split('\n')[0] ?? '', start);
  });

  it('lets nothing that is busy delay what proves that a node lives, where a host may say so', async () => {
    const policies = URGENT.map((unit) => `chrt --pid "$(systemctl show --property=MainPID --value ${unit})"`).join(
      '; ',
    );
    for (const host of REGION_NAMES) {
      const refusal = await realtimeRefusal(site.lab, host);
      expect(refusal === '' || isRealtimeDenied(), `${host}: ${refusal}`).toBe(true);
      const { stdout } = await site.lab.exec(host, ['sh', '-c', policies]);
      const expected = refusal === '' ? ['15', '15', '10', '20'] : ['0', '0', '0', '0'];
      expect(
        [...stdout.matchAll(/priority: (\d+)/g)].map((match) => match[1]),
        stdout,
      ).toEqual(expected);
      const reloaded = await site.lab.ask(host, ['sh', '-c', RELOADED]);
      const each = `${refusal === '' ? 'SCHED_RR 20' : 'SCHED_OTHER 0'} unlimited unlimited us`;
      expect(reloaded.split(/\s+/).join(' ').trim()).toBe(`${each} ${each}`);
    }
  });

  it('answers on the floating address: API, names with the same serial everywhere, packages', async () => {
    const start = performance.now();
    await site.flows(`first.${ZONE}`);
    const servers = [...Object.values(REGIONS), VIP];
    const serialAt = async (server: string) =>
      (await site.dig(`@${server}`, '+short', ZONE, 'SOA')).split(' ')[2] ?? '';
    const serials = await until(
      'the same serial at every node',
      async () => {
        const found = await Promise.all(servers.map(serialAt));
        return new Set(found).size === 1 && found[0] !== '' ? found : null;
      },
      { deadlineMs: 30_000 },
    );
    const origin = await startOrigin(site.lab.layout.clientNetns('vlan20'), 8080);
    for (const server of servers) {
      const argv = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '-m', '5', '-x', `http://${server}:8000`];
      const fetched = await site.lab.client('vlan10', [...argv, `http://${ORIGIN}/a-package.deb`]);
      expect(fetched.stdout, `Squid on ${server}`).toBe('200');
    }
    origin.close();
    told('addresses', `serial ${serials[0]} at ${servers.length} addresses, Squid on each`, start);
  });

  it('gives addresses on both VLANs', async () => {
    const start = performance.now();
    const found = await Promise.all(['vlan10', 'vlan20'].map((vlan) => site.lease(vlan)));
    expect(found[0]).toMatch(/^10\.10\.10\./);
    expect(found[1]).toMatch(/^10\.20\.20\./);
    told('DHCP', found.join(' and '), start);
  });

  it('serves a VLAN on when its rack dies: new clients, and the same leases, also when it is back', async () => {
    const start = performance.now();
    const ask = (mac: string) =>
      askForLease({ layout: site.lab.layout, network: 'vlan10', mac, signal: AbortSignal.timeout(60_000) }, 60_000);
    const served = (pattern: RegExp) => async () => pattern.test(await site.tell('vlan', 'show', 'vlan10'));
    await until('a whole pair', served(/Served by: +k1 [^]*Pair: +whole/), { deadlineMs: patient(60_000) });
    const before = await ask('02:00:00:00:10:01');
    await site.power.kill('k1');
    const dead = performance.now();
    const fresh = await ask('02:00:00:00:10:02');
    const seconds = (performance.now() - dead) / 1000;
    expect(seconds).toBeLessThan(patient(10_000) / 1000);
    expect(await ask('02:00:00:00:10:01')).toMatchObject({ address: before.address, server: '10.10.10.2' });
    expect(fresh.address).not.toBe(before.address);
    await until('k2 to serve', served(/Served by: +k2 /), { deadlineMs: patient(60_000) });
    await site.power.start('k1');
    await until('k1 to serve again', served(/Served by: +k1 [^]*Pair: +whole/), { deadlineMs: patient(120_000) });
    expect(await ask('02:00:00:00:10:02')).toMatchObject({ address: fresh.address, server: '10.10.10.1' });
    told('a rack dies', `a new client had its lease ${seconds.toFixed(1)} s later, by ${fresh.server}`, start);
  }, 400_000);

  it('answers strangers on the intended ports alone', async () => {
    const start = performance.now();
    const open = await scanPorts(site.lab.layout.clientNetns('mgmt'), [...Object.values(REGIONS), '10.77.0.21']);
    for (const address of Object.values(REGIONS)) {
      // DNS, API plain and over TLS, proxy. Everything else answers members alone, or nobody.
      expect(open[address], address).toEqual([53, 5240, 5443, 8000]);
    }
    // A rack answers names, and gives machines boot files and scripts, also those of routed VLANs; its DHCP servers and controllers hear each other alone.
    expect(open['10.77.0.21']).toEqual([53, 5248, 5249]);
    told('ports', `65,535 of each: ${JSON.stringify(open)}`, start);
  });

  machineDays({
    site: () => site,
    image: () => image,
    dice: RANDOM,
    // CI plays one, by turns.
    deaths: CASES >= DRILLS.length ? DEATHS : [RANDOM.pick(DEATHS)],
  });

  it('names every reload and restart of a move of the floating address and of the primary; nothing else is touched', async () => {
    const start = performance.now();
    const begun = new Date().toISOString();
    const before = await site.startsOf(UNITS);
    const [holder = 'r1'] = await site.nodes.holders();
    await site.lab.ask(holder, ['systemctl', 'restart', 'keepalived.service']);
    const next = await until(
      'another holder',
      async () => (await site.nodes.holders()).find((host) => host !== holder),
      {
        deadlineMs: 15_000,
      },
    );
    const [primary = 'r1'] = await site.nodes.primaries();
    await site.switchover(primary);
    await site.well();
    const after = await site.startsOf(UNITS);
    const restarted = Object.keys(before).filter((unit) => before[unit] !== after[unit]);
    expect(restarted).toEqual([`${holder} keepalived.service`]);
    const actions = await site.tell('service', 'actions', '--since', begun);
    expect(actions).toMatch(new RegExp(`${next}.*dns`));
    told('role changes', `address ${holder} → ${next}; restarted: ${restarted.join(', ')}`, start);
  });

  it('goes on without hands and without loss when each host in turn loses power', async () => {
    for (const host of RANDOM.shuffled(REGION_NAMES)) {
      const start = performance.now();
      const roles = [
        (await site.nodes.holders()).includes(host) ? 'address' : '',
        (await site.nodes.primaries()).includes(host) ? 'primary' : '',
      ];
      const load = site.startLoad();
      await RANDOM.phase(2000);
      await site.power.kill(host);
      await site.writesFlow(load, 90_000);
      await load.stop();
      const gaps = load.gaps();
      await site.power.start(host);
      await site.well(120_000);
      const missing = await site.missingOn(REGION_NAMES, load);
      expect(missing).toEqual([]);
      expect(load.failures).toEqual([]);
      expect(await site.nodes.primaries()).toHaveLength(1);
      expect(await site.nodes.holders()).toHaveLength(1);
      await site.well();
      const role = roles.filter((item) => item !== '').join(', ') || 'standby';
      told(
        `power of ${host} (${role})`,
        `no write for ${(gaps.write / 1000).toFixed(1)} s; ${load.acknowledged.length} acknowledged, all on every node`,
        start,
      );
    }
  });

  it('reaches a database that was started while its network was away', async () => {
    const start = performance.now();
    const [primary] = await site.nodes.primaries();
    const host = REGION_NAMES.find((name) => name !== primary) ?? 'r1';
    const { layout } = site.lab;
    const isReached = async () =>
      (await site.lab.exec(primary ?? 'r1', ['pg_isready', '-q', '-t', '1', '-h', REGIONS[host]])).code === 0;
    await addFault(layout, { kind: 'cut', host });
    try {
      const restart = '/usr/lib/postgresql/17/bin/pg_ctl restart -s -w -m fast -D /var/lib/postgresql/17/regent';
      await site.lab.ask(host, ['runuser', '-u', 'postgres', '--', 'sh', '-c', `${restart} >/dev/null 2>&1`], 60_000);
      expect(await isReached()).toBe(false);
    } finally {
      await healNetwork(layout, host);
    }
    await until('the database of the host', isReached, { deadlineMs: 30_000 });
    await site.well(60_000);
    told('network away', `${host}'s PostgreSQL was restarted without its address and is reached with it`, start);
  });

  it('moves the VLAN of a lost interface to the partner, and no other one', () => interfaceIsLost(site), 400_000);

  it('is rehearsed: drills lose nothing, and nobody ever does what another one does; the history has them', async (context) => {
    needsRoom(rehearsal, context);
    // What machines and clients of the tests before hold for ten minutes is missing to probes that take a new address each second.
    await site.tell('range', 'create', '10.10.10.101-10.10.10.199', '--kind', 'dynamic', '--wait');
    const { environment } = rehearsal;
    const start = performance.now();
    const run = crypto.randomUUID();
    const most = environment.beatMs === undefined ? CASES : Math.min(CASES, SLOW_CASES);
    const ids = RANDOM.shuffled(DRILLS).slice(0, most);
    const hazards = CATALOGUE.filter(({ id }) => ids.includes(id));
    const played = await playSuite({
      environment,
      hazards,
      rounds: 1,
      seed: RANDOM.seed,
      isExact: false,
      ids: () => crypto.randomUUID(),
      now: () => new Date().toISOString(),
      say: (text) => console.log(text),
      signal: AbortSignal.timeout(600_000),
      onPlayed: async ({ hazard, verdict, timeline }) => {
        console.log(screen({ hazard, verdict, timeline }));
        if (timeline === null) throw new Error(`${hazard.id} could not be played`);
        await site.client.call('drill.record', { body: { run, verdict, timeline } });
      },
    });
    // How fast it was is printed, not judged: the machine has other work.
    const safety = ['ledger', 'holders', 'primaries'];
    const broken = played.flatMap(({ verdict }) =>
      verdict.checks.filter(({ what, isHeld }) => safety.includes(what) && !isHeld),
    );
    expect(broken).toEqual([]);
    const acknowledged = played.map(({ verdict }) => verdict.ledger.acknowledged);
    expect(acknowledged).toHaveLength(ids.length);
    // Of probes that ask a fifth as often there are fewer.
    expect(Math.min(...acknowledged)).toBeGreaterThan(environment.beatMs === undefined ? 50 : 20);
    const history = await site.tell('drill', 'history', '--run', run);
    for (const { id } of hazards) expect(history).toContain(id);
    await site.well(120_000);
    told(
      'drills',
      `${hazards.map(({ id }) => id).join(', ')}: ${acknowledged.join(', ')} acknowledged, none lost`,
      start,
    );
  });

  it('no keepalived has died by itself in all of this', async () => {
    for (const host of REGION_NAMES) {
      const { stdout } = await site.lab.exec(host, ['journalctl', '--no-pager', '-u', 'keepalived']);
      expect(stdout).toContain('Keepalived');
      expect(stdout).not.toContain('died: Respawning');
    }
  });

  // `scripts/test --only broken-builds` has all of them.
  brokenBuildsFail(drawn(BROKEN_BUILDS, '1', RANDOM), () => ({ site, ...rehearsal }));
});
