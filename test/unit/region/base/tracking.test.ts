import { describe, expect, it } from 'vitest';
import type { ServiceObservation } from '../../../../src/contract/cluster/agent.ts';
import { summarise } from '../../../../src/region/cluster/status-summary.ts';
import { type TrackedNode, trackServices } from '../../../../src/region/base/tracking.ts';

const T0 = '2026-01-01T00:00:00.000Z';
const NOW = Date.parse(T0) + 10_000;

const report = (changes: Partial<ServiceObservation> = {}): ServiceObservation => ({
  service: 'dns',
  wanted: 3,
  wantedDigest: 'd',
  applied: 3,
  appliedDigest: 'd',
  state: 'healthy',
  since: T0,
  why: 'dig answered',
  lastAction: null,
  restartDone: null,
  ...changes,
});

interface Changes {
  readonly report?: ServiceObservation | null;
  readonly at?: string;
  readonly generation?: number;
  readonly behindSince?: string;
}

const node = (changes: Changes = {}): TrackedNode => ({
  id: 'n1',
  name: 'r1',
  published: {
    generation: changes.generation ?? 3,
    at: T0,
    behindSince: changes.behindSince ?? null,
    services: { dns: { desired: {}, restart: 'x' } },
  },
  report:
    changes.report === null
      ? null
      : { generation: 3, at: changes.at ?? T0, versions: { dns: '9.20' }, services: [changes.report ?? report()] },
  findings: [],
});

const track = (tracked: TrackedNode, now = NOW) => trackServices([tracked], ['dns'], now)[0];

describe('service tracking', () => {
  it('shows what the node says', () => {
    expect(track(node())).toMatchObject({ state: 'healthy', since: T0, isCurrent: true, wanted: 3, applied: 3 });
    expect(track(node())?.restart).toEqual({ nonce: 'x', isDone: false });
    expect(track(node({ report: report({ restartDone: 'x' }) }))?.restart?.isDone).toBe(true);
  });

  it('is stale after 30 s of silence, since the last word, and says what that was', () => {
    expect(track(node(), NOW + 20_000)?.state).toBe('healthy');
    expect(track(node(), NOW + 20_001)).toMatchObject({ state: 'stale', since: T0, lastState: 'healthy' });
    expect(track(node(), NOW + 20_001)?.why).toContain('dig answered');
  });

  it('is pending until the node reports the published generation, unless it has failed', () => {
    expect(track(node({ generation: 4 }))).toMatchObject({ state: 'pending', isCurrent: false });
    const failed = report({ state: 'rejected', why: 'named-checkconf: bad' });
    expect(track(node({ generation: 4, report: failed }))).toMatchObject({ state: 'rejected', isCurrent: false });
    expect(track(node({ report: null }))?.state).toBe('pending');
  });

  it('tells what is found of the service, and what the agent that sees to it found of itself', () => {
    const finding = (service: string) => ({
      service,
      code: 'c',
      severity: 'warning' as const,
      subject: 's',
      sentence: 'x',
    });
    const findings = ['dns', 'agent', 'ntp'].map((service) => ({ ...finding(service), sentence: service }));
    expect(track({ ...node(), findings })?.findings.map((item) => item.sentence)).toEqual(['dns', 'agent']);
  });
});

describe('the status', () => {
  const facts = (nodes: TrackedNode[], isUp = true) => ({
    version: '1',
    now: NOW,
    revision: 5,
    published: 5,
    unpublishedSince: null,
    publisher: { version: '1', isLiving: true },
    database: { isUp, why: isUp ? 'a write took 1 ms' : 'connection refused', latencyMs: isUp ? 1 : null },
    nodes,
    services: ['dns'],
    counts: {
      domains: 1,
      records: 0,
      machines: 0,
      vlans: 1,
      subnets: 0,
      leases: 0,
      racksWaiting: 0,
      withoutSecondary: 0,
    },
    cluster: null,
  });

  it('is ok only when everything is', () => {
    expect(summarise(facts([node()]))).toMatchObject({ state: 'ok' });
    expect(summarise(facts([node()], false)).summary).toContain('database is away: connection refused');
    expect(summarise(facts([])).state).toBe('degraded');
    expect(summarise(facts([node({ generation: 4 })])).state).toBe('degraded');
    expect(summarise(facts([node({ report: report({ state: 'unhealthy' }) })])).summary).toBe(
      'dns on r1 is unhealthy.',
    );
    const finding = { service: 'dns', code: 'x', severity: 'error' as const, subject: 's', sentence: 'Too long.' };
    const told = { ...finding, held: 'name a.test', remedy: 'Shorten it.', since: '2026-03-01T09:00:00.000Z' };
    const second = { ...node(), id: 'n2', name: 'r2' };
    expect(
      summarise(
        facts([
          { ...node(), findings: [told] },
          { ...second, findings: [told] },
        ]),
      ).summary,
    ).toBe('dns on r1, r2: Too long (since 2026-03-01T09:00:00.000Z). Shorten it.');
  });

  it('needs nobody to wait for a node that is gone, or silent for 20 s', () => {
    const line = (item: TrackedNode) => summarise(facts([item])).nodes[0];
    const ago = (ms: number) => ({ ...node(), report: { ...node().report!, at: new Date(NOW - ms).toISOString() } });
    expect(line(ago(20_000))).toMatchObject({ isAway: false, isStale: false });
    expect(line(ago(20_001))).toMatchObject({ isAway: true, isStale: false });
    expect(line({ ...ago(1000), isGone: true })).toMatchObject({ isAway: true, isStale: true });
    expect(line(node({ report: null }))).toMatchObject({ isAway: false, reportedAt: null });
  });

  it('does not rest on a node that is joining', () => {
    const joining = { ...node({ report: null }), id: 'n2', name: 'r2', isJoining: true };
    expect(summarise(facts([node(), joining]))).toMatchObject({
      state: 'ok',
      summary: 'All 1 services are healthy and have what is published.',
    });
    expect(summarise(facts([node(), { ...joining, isJoining: false }])).state).toBe('degraded');
  });

  it('is degraded when a change is not published within 15 s: no region publishes', () => {
    const at = (ms: number) => ({
      ...facts([node()]),
      revision: 6,
      unpublishedSince: new Date(NOW - ms).toISOString(),
    });
    expect(summarise(at(15_000)).state).toBe('ok');
    expect(summarise(at(15_001))).toMatchObject({
      state: 'degraded',
      summary: expect.stringMatching(
        /^Not published: revision 6 waits since \S+, 5 is the last one that was compiled\. /,
      ),
    });
    const gone = { ...at(15_001), publisher: { version: '2', isLiving: false } };
    expect(summarise(gone).summary).toContain('version 2 is to publish, and no living region has it');
  });

  it('is ok while a node takes over what was just published, for 15 s', () => {
    const since = (ms: number) => new Date(NOW - ms).toISOString();
    expect(summarise(facts([node({ generation: 4, behindSince: since(15_000) })]))).toMatchObject({
      state: 'ok',
      summary: 'A change is being applied on r1.',
    });
    expect(summarise(facts([node({ generation: 4, behindSince: since(15_001) })])).state).toBe('degraded');
    const fresh = { generation: 4, behindSince: since(100) };
    // A failure is one at once, and a node that has nothing in force yet, or is silent, is not settling.
    expect(summarise(facts([node({ ...fresh, report: report({ state: 'rejected' }) })])).state).toBe('degraded');
    expect(summarise(facts([node({ ...fresh, report: report({ applied: null }) })])).state).toBe('degraded');
    expect(summarise(facts([node({ ...fresh, report: null })])).state).toBe('degraded');
    expect(summarise(facts([node({ ...fresh, at: since(31_000) })])).state).toBe('degraded');
  });
});
