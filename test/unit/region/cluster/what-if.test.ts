import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WHAT_IF_EVENTS, type WhatIf, type WhatIfEvent } from '../../../../src/contract/cluster/what-if.ts';
import { isRejected } from '../../../../src/core/errors.ts';
import type { ClusterSite } from '../../../../src/region/cluster/site.ts';
import { whatIf } from '../../../../src/region/cluster/what-if/what-if.ts';
import { aSite, days, type NodeChanges } from './fixture.ts';

function ask(site: ClusterSite, node: string, event: WhatIfEvent): WhatIf {
  const answer = whatIf(site, node, event);
  if (isRejected(answer)) throw new Error(answer.message);
  return answer;
}
const spans = ({ outages }: WhatIf) => Object.fromEntries(outages.map((row) => [row.probe, [row.leastMs, row.mostMs]]));

describe('three nodes, all well', () => {
  it('hands the address and the primary of a dead node on', () => {
    const answer = ask(aSite(), 'r1', 'dies');
    expect(answer).toMatchObject({
      vip: { before: 'r1', after: 'r2', candidates: ['r2', 'r3'] },
      primary: { before: 'r1', after: 'r2', candidates: ['r2', 'r3'] },
      redundancy: { before: 1, after: 0 },
      vlans: [],
      risks: ['Exactly 2 voters of etcd are left, and each is needed: one more loss stops writes.'],
    });
    expect(spans(answer)).toEqual({
      write: [20_000, 26_000],
      read: [20_000, 26_000],
      vip: [600, 1_000],
      lookup: [0, 2_000],
      proxy: [600, 1_000],
    });
    expect(answer.summary).toBe(
      'If r1 dies: the floating address goes to r2 and the primary is then r2; everything is served again by itself; 0 more can be lost then.',
    );
  });

  it('does not wait for a lease where a keeper vouches for the primary', () => {
    const armed = aSite({ nodes: { r1: { db: { isArmed: true } } } });
    expect(spans(ask(armed, 'r1', 'dies'))).toMatchObject({ write: [2_700, 5_000], read: [2_700, 5_000] });
    expect(spans(ask(armed, 'r1', 'drains'))).toMatchObject({ write: [1_900, 3_300] });
  });

  it('leaves the roles where they are when a standby goes', () => {
    const answer = ask(aSite(), 'r2', 'is-cut-off');
    expect(answer).toMatchObject({ vip: { after: 'r1' }, primary: { after: 'r1' }, redundancy: { after: 0 } });
    expect(spans(answer)).toMatchObject({ write: [3_300, 4_500], read: [0, 2_000], vip: [0, 0] });
  });

  it('is quicker in order, and etcd keeps its voter', () => {
    const answer = ask(aSite(), 'r1', 'drains');
    expect(spans(answer)).toEqual({
      write: [1_900, 3_300],
      read: [1_900, 3_300],
      vip: [100, 300],
      lookup: [0, 0],
      proxy: [100, 300],
    });
    expect(answer.risks).toEqual([]);
    expect(answer).toMatchObject({ vip: { after: 'r2' }, primary: { after: 'r2' } });
  });

  it('takes nothing of the redundancy away with a drain: the node goes on as a standby and a voter', () => {
    for (const node of ['r1', 'r2']) {
      expect(ask(aSite(), node, 'drains').redundancy).toMatchObject({ before: 1, after: 1 });
    }
    expect(spans(ask(aSite(), 'r2', 'drains'))).toMatchObject({ write: [0, 0], read: [0, 0], vip: [0, 0] });
  });

  it('passes over drained nodes, unless there is nobody else', () => {
    expect(ask(aSite({ nodes: { r2: { isDrained: true } } }), 'r1', 'dies')).toMatchObject({
      vip: { after: 'r3', candidates: ['r3'] },
      primary: { after: 'r3', candidates: ['r3'] },
    });
    const both = { r2: { isDrained: true }, r3: { isDrained: true } };
    expect(ask(aSite({ nodes: both }), 'r1', 'dies')).toMatchObject({ vip: { after: 'r2' }, primary: { after: 'r2' } });
  });

  it('tells of what a primary that runs on behind a cut may answer', () => {
    expect(ask(aSite(), 'r1', 'is-cut-off').risks).toContainEqual(expect.stringContaining('r1 runs on'));
  });
});

describe('less than that', () => {
  it('has no majority of two nodes', () => {
    for (const node of ['r1', 'r2']) {
      const answer = ask(aSite({ regions: 2 }), node, 'dies');
      expect(answer).toMatchObject({
        vip: { after: null },
        primary: { after: null },
        redundancy: { before: 0, after: 0 },
      });
      expect(spans(answer)).toMatchObject({ write: [0, null], vip: [0, null], lookup: [0, 2_000] });
      expect(answer.risks[0]).toContain('etcd has no majority afterwards');
    }
  });

  it('takes silence for loss, and says that it was degraded before', () => {
    const answer = ask(aSite({ nodes: { r3: { silentFor: 43 } } }), 'r2', 'dies');
    expect(answer).toMatchObject({ primary: { after: null }, redundancy: { before: 0, after: 0 } });
    expect(answer.risks).toEqual([
      expect.stringContaining('no majority'),
      expect.stringContaining('Already degraded: 0 instead of 1'),
      'r3 cannot be counted on: no fresh report.',
    ]);
  });

  it('passes over a standby that is unfit, and tells of one that lags and of a certificate', () => {
    const behind = aSite().nodes[0]?.facts.db?.members.map((one) =>
      one.name === 'r2' ? { ...one, lagBytes: 2 ** 26 } : one,
    );
    const certificate = { serial: '0a', notBefore: days(-30), notAfter: days(2) };
    const site = aSite({
      nodes: { r1: { db: { members: behind ?? [] } }, r2: { vip: { isFit: false } }, r3: { host: { certificate } } },
    });
    const answer = ask(site, 'r1', 'dies');
    expect(answer).toMatchObject({ vip: { after: 'r3' }, primary: { after: 'r3', candidates: ['r3', 'r2'] } });
    expect(answer.risks).toEqual(
      expect.arrayContaining(['r2 lags behind the primary.', 'The certificate of r3 ends in 2 days.']),
    );
  });

  it('promotes nobody who is not synchronous', () => {
    const members = aSite().nodes[0]?.facts.db?.members.map((one) => ({ ...one, isSynchronous: false })) ?? [];
    const answer = ask(aSite({ nodes: { r1: { db: { members } } } }), 'r1', 'dies');
    expect(answer.primary.after).toBeNull();
    expect(spans(answer)).toMatchObject({ write: [600, null], vip: [600, 1_000] });
    expect(answer.risks).toContainEqual(expect.stringContaining('No synchronous standby is left'));
  });
});

describe('racks', () => {
  it('loses the VLAN whose only rack dies, and serves it behind a cut', () => {
    const dead = ask(aSite(), 'k1', 'dies');
    expect(dead).toMatchObject({ vlans: [{ vlan: 'fabric-1/vlan10', left: [] }], redundancy: { before: 1, after: 1 } });
    expect(spans(dead)).toMatchObject({ write: [0, 0], 'dhcp fabric-1/vlan10': [0, null] });
    expect(dead.risks).toContain('No other rack is on fabric-1/vlan10.');
    expect(spans(ask(aSite(), 'k1', 'is-cut-off'))).toMatchObject({ 'dhcp fabric-1/vlan10': [0, 0] });
  });

  it('counts only racks that have spoken', () => {
    const two = [
      { name: 'k1', isMaster: true, vlans: ['a', 'b'] },
      { name: 'r2', isMaster: false, vlans: ['a'] },
    ];
    const served = ['a', 'b'].map((vlan) => ({ vlan, primary: 'k1', secondary: null, others: [] }));
    const site = aSite({ site: { racks: two, served } });
    expect(ask(site, 'k1', 'dies').vlans).toMatchObject([
      { vlan: 'a', left: ['r2'] },
      { vlan: 'b', left: [] },
    ]);
    const silent = aSite({ nodes: { r2: { silentFor: 60 } }, site: { racks: two, served } });
    expect(ask(silent, 'k1', 'dies').vlans[0]?.left).toEqual([]);
  });
});

it('refuses a node that is not there, and finds one by id and in capitals', () => {
  expect(whatIf(aSite(), 'r9', 'dies')).toMatchObject({
    code: 'not_found',
    message: 'There is no node "r9". There are: r1, r2, r3 and k1.',
  });
  expect([ask(aSite(), 'n-r2', 'dies').node, ask(aSite(), 'R2', 'dies').node]).toEqual(['r2', 'r2']);
});

it('never makes more of less, and never names who is gone', () => {
  const changes: fc.Arbitrary<NodeChanges> = fc.record(
    {
      silentFor: fc.constantFrom(1, 43),
      state: fc.constantFrom('joining' as const, 'member' as const),
      db: fc.oneof(fc.constant(null), fc.record({ role: fc.constantFrom('primary' as const, 'standby' as const) })),
      dcs: fc.oneof(fc.constant(null), fc.record({ hasQuorum: fc.boolean() })),
      vip: fc.oneof(fc.constant(null), fc.record({ isFit: fc.boolean(), isHolder: fc.boolean() })),
    },
    { requiredKeys: [] },
  );
  const names = ['r1', 'r2', 'r3', 'r4', 'r5'];
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.dictionary(fc.constantFrom(...names), changes),
      fc.nat(),
      fc.constantFrom(...WHAT_IF_EVENTS),
      (regions, nodes, pick, event) => {
        const node = names[pick % regions] ?? 'r1';
        const answer = ask(aSite({ regions, nodes }), node, event);
        expect(answer.redundancy.after).toBeLessThanOrEqual(answer.redundancy.before);
        expect([...(answer.vip?.candidates ?? []), ...answer.primary.candidates]).not.toContain(node);
        for (const { leastMs, mostMs } of answer.outages) expect(leastMs).toBeLessThanOrEqual(mostMs ?? Infinity);
      },
    ),
  );
});
