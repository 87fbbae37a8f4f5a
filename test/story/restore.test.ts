import { afterAll, beforeAll, expect, it } from 'vitest';
import { INIT, joinArgs, rackArgs } from '../kit/cluster/bad-days/story.ts';
import { type HostSet, openHosts } from '../kit/cluster/hosts.ts';
import { REGION_NAMES, REGIONS, type RegionName } from '../kit/cluster/nodes.ts';
import { type ClusterSite, clusterSite } from '../kit/cluster/site.ts';
import type { Load } from '../kit/faults/load.ts';
import { IS_SLOW_MACHINE, patient } from '../kit/machine.ts';
import { told } from '../kit/site.ts';
import { until } from '../kit/until.ts';

/** All hosts of the lab have this folder. */
const SHARED = '/mnt/lab';
const STORE = `${SHARED}/backup`;
const KEY = '/root/recovery-key';
const PER_SECOND = IS_SLOW_MACHINE ? 5 : 20;
/** A segment is made after a minute at most. */
const SEGMENT_S = 60;

let hosts: HostSet;
let site: ClusterSite;
let load: Load;
let recoveryKey = '';
let lostAt = 0;

const must = async (host: string, args: readonly string[], input?: string) => {
  const ran = await hosts.regent(host, args, input);
  expect(ran.code, `${host}: regent ${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toBe(0);
  return `${ran.stdout}${ran.stderr}`;
};
const join = async (host: RegionName) => {
  const { token } = await hosts.token('region');
  const ran = await hosts.join(host, token, joinArgs(host));
  expect(ran.code, `${ran.stdout}${ran.stderr}`).toBe(0);
};
const restoreArgs = (name: string) => {
  const place = ['--name', name, '--address', REGIONS[name === 'r2' ? 'r2' : 'r1']];
  return ['restore', '--folder', STORE, '--key', KEY, ...place];
};
const giveKey = (host: string) =>
  hosts.lab.ask(host, ['sh', '-c', `umask 077; printf '%s\n' "$1" >${KEY}`, 'sh', recoveryKey]);

beforeAll(async () => {
  hosts = await openHosts('restore', { regions: 3, racks: 1 });
  site = clusterSite(await hosts.init(INIT));
  for (const host of ['r2', 'r3'] as const) await join(host);
  const rack = await hosts.join('k1', (await hosts.token('rack')).token, rackArgs());
  if (rack.code !== 0) throw new Error(`k1 does not join: ${rack.stderr}`);
  await site.well(180_000);
  // The folder is root's alone.
  await hosts.lab.ask('r1', ['chmod', '711', SHARED]);
  await hosts.lab.ask('r1', ['install', '-d', '-m', '0700', '-o', 'postgres', '-g', 'postgres', STORE]);
}, 900_000);
afterAll(async () => {
  await load?.stop();
  site?.detach();
  await hosts?.close();
}, 120_000);

it('backs up under load, and a drill restores it', async () => {
  const start = performance.now();
  const target = JSON.parse(await site.tell('backup-target', 'set', '--folder', STORE, '-o', 'json'));
  recoveryKey = String(target.recoveryKey);
  expect(recoveryKey).toMatch(/^[0-9a-f-]{79}$/);
  load = site.startLoad(PER_SECOND);
  await until(
    'the first backup',
    async () => (JSON.parse(await site.tell('backup', 'list', '-o', 'json')) as unknown[]).length > 0,
    { deadlineMs: patient(240_000), everyMs: 1000 },
  );
  await site.tell('backup', 'drill', '--timeout', '80');
  told(
    'backup and drill under load',
    `${load.acknowledged.length} acknowledged, ${load.failures.length} refused`,
    start,
  );
  expect(load.failures).toEqual([]);
}, 600_000);

it('switches over while the store hangs', async () => {
  const start = performance.now();
  const stop = (name: string) =>
    Promise.all(
      REGION_NAMES.map((host) => hosts.lab.ask(host, ['systemctl', 'kill', `--signal=${name}`, 'regent-backup'])),
    );
  const [from] = await site.nodes.primaries();
  await stop('STOP');
  load.mark();
  const to = await site.switchover(from ?? 'r1');
  await site.writesFlow(load, 30_000);
  const gap = load.gaps().write;
  await stop('CONT');
  told('switchover with a hung store', `${from} → ${to}, ${(gap / 1000).toFixed(1)} s without a write`, start);
  expect(gap).toBeLessThan(patient(15_000));
  await site.well(180_000);
}, 400_000);

it('loses three hosts: two fresh ones restore at once, killed in between; one of them is the site', async () => {
  await Promise.all(REGION_NAMES.map((host) => hosts.power.kill(host)));
  lostAt = performance.now();
  await load.stop();
  for (const host of ['r1', 'r2'] as const) await hosts.rebuild(host);
  for (const host of ['r1', 'r2']) await giveKey(host);
  const start = performance.now();
  const checked = await must('r1', [...restoreArgs('r1'), '--check']);
  const checkedAt = performance.now();
  const stated = Number(/What was written in the (\d+) s since then/.exec(checked)?.[1] ?? Number.NaN);
  const siteName = /^Site (\S+),/m.exec(checked)?.[1] ?? '';
  // The first one is killed in a step drawn by chance, and goes on.
  const kill = `"$@" >/tmp/restore.log 2>&1 & p=$!; for i in $(seq 600); do grep -q "^\\[5/" /tmp/restore.log && break; sleep 0.1; done; kill -KILL -- "-$p"; wait`;
  await hosts.lab.ask(
    'r1',
    ['bash', '-c', `set -m; ${kill}; true`, 'sh', '/usr/local/bin/regent', ...restoreArgs('r1'), '--site', siteName],
    120_000,
  );
  const [second, first] = await Promise.all([
    hosts.regent('r2', [...restoreArgs('r2'), '--site', siteName]),
    hosts.regent('r1', [...restoreArgs('r1'), '--site', siteName, '--json']),
  ]);
  expect(second.code, second.stderr).toBe(1);
  expect(second.stderr).toMatch(/Another restore of this site started on r1/);
  expect(first.code, first.stderr).toBe(0);
  const seconds = (performance.now() - start) / 1000;
  const missing = new Set(
    (await site.nodes.sql('r1', "select string_agg(name, ',') from records where data like 'n=%'"))?.split(','),
  );
  const lost = load.acknowledged.filter(({ fqdn }) => !missing.has(fqdn.slice(0, fqdn.indexOf('.'))));
  const lostSeconds = lost.length === 0 ? 0 : (lostAt - Math.min(...lost.map(({ at }) => at))) / 1000;
  const promised = stated - (checkedAt - lostAt) / 1000;
  told(
    'three hosts destroyed',
    `serves after ${seconds.toFixed(1)} s; ${lost.length} of ${load.acknowledged.length} writes lost, of the last ${lostSeconds.toFixed(1)} s; stated ${promised.toFixed(1)} s`,
    start,
  );
  expect(lostSeconds).toBeLessThan(promised + SEGMENT_S + 5);
}, 600_000);

it('grows to three nodes again, and the rack comes back', async () => {
  const start = performance.now();
  await hosts.rebuild('r3');
  await hosts.rebuild('r2');
  for (const host of ['r2', 'r3'] as const) await join(host);
  await until('a well cluster with its rack', async () => (await hosts.regent('r1', ['doctor'])).code === 0, {
    deadlineMs: patient(240_000),
    everyMs: 2000,
  });
  const racks = JSON.parse(await must('r1', ['rack', 'list', '-o', 'json'])) as { name: string | null }[];
  expect(racks.map(({ name }) => name)).toEqual(['k1']);
  told('three nodes again', 'doctor is green, the rack serves', start);
}, 900_000);
