import type { Layout, RegionMemory } from '../../../src/contract/cluster/memory.ts';
import type { Observation } from '../../../src/contract/cluster/agent.ts';
import { diagnose } from '../../../src/region/cluster/doctor.ts';
import { rememberedSite } from '../../../src/region/cluster/remembered.ts';
import type { ClusterSite } from '../../../src/region/cluster/site.ts';
import { judgeCluster, viewCluster } from '../../../src/region/cluster/view.ts';
import type { Recording } from './record.ts';

/** A recording cut down to what status is concluded from. Times in ms since the fault. */
export interface Fixture {
  readonly fault: string;
  readonly asked: string;
  readonly lost: readonly string[];
  readonly layout: Layout;
  /** Reports in the order in which the asked region and those that it asks had them. `first`: see `RegionMemory`. */
  readonly reports: readonly {
    readonly at: number;
    readonly nodeId: string;
    readonly first: Readonly<Record<string, number>>;
    readonly host: unknown;
    readonly services: readonly unknown[];
  }[];
  /** Seconds in which the database took writes, by the asked region's word. */
  readonly up: readonly number[];
  readonly seconds: number;
}

/** Cuts a recording down: each report once. */
export function fixtureOf(recording: Recording & { readonly lost: readonly string[] }): Fixture {
  const { faultAt, memories, said, fault, asked, lost } = recording;
  const layout = memories[0]?.memory.layout;
  if (!layout) throw new Error('no region told its layout');
  const rows = new Map(
    memories.flatMap(({ memory }) => memory.reports.map((row) => [`${row.nodeId} ${row.at}`, row] as const)),
  );
  const reports = [...rows.values()].map(({ nodeId, at, report, first }) => ({
    at: Date.parse(at) - faultAt,
    nodeId,
    first: Object.fromEntries(Object.entries(first ?? {}).map(([role, time]) => [role, Date.parse(time) - faultAt])),
    host: report.host && { ...report.host, disks: [], certificate: null, roles: rolesFrom(report.host.roles, faultAt) },
    services: report.services
      .filter(({ service }) => ['db', 'dcs', 'lb', 'vip', 'firewall'].includes(service))
      .map(({ service, state, facts }) => ({ service, state, ...(facts ? { facts } : {}) })),
  }));
  return {
    fault,
    asked,
    lost,
    layout,
    reports: reports.toSorted((a, b) => a.at - b.at),
    up: said.filter(({ cluster }) => cluster?.database.state === 'ok').map(({ second }) => second),
    seconds: said.at(-1)?.second ?? 0,
  };
}

type Roles = NonNullable<Observation['host']>['roles'];

function rolesFrom({ vip, database }: Roles, faultAt: number) {
  const from = <R extends { since: string } | null>(role: R) =>
    role && { ...role, since: Date.parse(role.since) - faultAt };
  return { vip: from(vip), database: from(database) };
}

const EPOCH = Date.parse('2026-03-01T10:00:00.000Z');
const iso = (ms: number) => new Date(EPOCH + ms).toISOString();

/** The site as a survivor knew it so many ms after the fault. Pure. */
export function siteAt(fixture: Fixture, ms: number): ClusterSite {
  const memory: RegionMemory = {
    node: fixture.asked,
    version: '0.3.0',
    isReady: true,
    layout: fixture.layout,
    reports: fixture.reports.filter(({ at }) => at <= ms).map((row) => reportOf(row)),
  };
  const isUp = fixture.up.includes(Math.round(ms / 1000));
  return rememberedSite({
    now: EPOCH + ms,
    version: '0.3.0',
    memories: [memory],
    database: { isUp, why: isUp ? 'A write was committed.' : 'it does not answer', latencyMs: null },
    authority: { notAfter: iso(3000 * 86_400_000) },
  });
}

function reportOf({ at, nodeId, first, host, services }: Fixture['reports'][number]): RegionMemory['reports'][number] {
  const told = host as { roles: Record<string, { state: string; since: number } | null> } | undefined;
  const roles = Object.fromEntries(
    Object.entries(told?.roles ?? {}).map(([name, role]) => [name, role && { ...role, since: iso(role.since) }]),
  );
  const plain = { wanted: 1, wantedDigest: '', applied: 1, appliedDigest: '', since: iso(-1000), why: '' };
  const report = {
    nodeId,
    generation: 1,
    digest: '',
    agentVersion: '0.3.0',
    agentSince: iso(-100_000),
    staleSince: null,
    facts: { hostname: nodeId, os: { id: '', version: '' }, isContainer: false, interfaces: [], versions: {} },
    services: services.map((row) => ({ ...plain, lastAction: null, restartDone: null, ...(row as object) })),
    ...(told ? { host: { ...told, roles } } : {}),
  } as unknown as Observation;
  const firsts = Object.fromEntries(Object.entries(first).map(([role, time]) => [role, iso(time)]));
  return { nodeId, at: iso(at), report, first: firsts };
}

const ROWS = [
  'etcd-quorum',
  'one-primary',
  'failover',
  'standbys',
  'timeline',
  'vip-holder',
  'regions',
  'load-balancers',
];

/** One line for each second: what status says first, who is shown as what, and which invariants do not hold. */
export function replay(fixture: Fixture): string {
  const lines = Array.from({ length: fixture.seconds + 1 }, (_, second) => {
    const site = siteAt(fixture, second * 1000);
    const view = viewCluster(site, { state: 'ok', summary: '' });
    const bad = diagnose(site)
      .invariants.filter(({ id, state }) => ROWS.includes(id) && state !== 'ok')
      .map(({ id, state }) => `${id} ${state}`);
    const who = `primary ${view.database.primary ?? '-'}, holder ${view.vip?.holders.join(' ') || '-'}`;
    return `${String(second).padStart(2)} s | ${judgeCluster(site)?.sentence ?? ''} | ${who} | ${bad.join(', ') || 'all hold'}`;
  });
  return `${lines.join('\n')}\n`;
}
