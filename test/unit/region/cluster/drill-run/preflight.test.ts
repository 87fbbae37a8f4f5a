import { describe, expect, it } from 'vitest';
import { HARMLESS_DRILLS } from '../../../../../src/contract/cluster/drill.ts';
import { isRejected } from '../../../../../src/core/errors.ts';
import { CATALOGUE } from '../../../../../src/drills/hazards/catalogue.ts';
import { castOf, victimOf } from '../../../../../src/region/cluster/drill-run/cast.ts';
import { harmlessOf } from '../../../../../src/region/cluster/drill-run/harmless.ts';
import { drillFindings, drillSentence } from '../../../../../src/region/cluster/drill-run/preflight.ts';
import { aSite } from '../fixture.ts';
import { type FakeCluster, fakeCluster, lookOf } from '../moves/fake.ts';

function site(change: (cluster: FakeCluster) => void = () => {}) {
  const cluster = fakeCluster();
  change(cluster);
  return lookOf(cluster).site;
}

describe('a drill on a cluster that serves', () => {
  it('is one of four; every other one is refused with the rule', () => {
    const allowed = CATALOGUE.filter(({ id }) => !isRejected(harmlessOf(id))).map(({ id }) => id);
    expect(allowed.toSorted()).toEqual([...HARMLESS_DRILLS].toSorted());
    expect(harmlessOf('host-kill-primary')).toMatchObject({
      kind: 'rejected',
      message: expect.stringContaining('only in a lab (sudo scripts/drill run host-kill-primary)'),
    });
    expect(harmlessOf('tea-time')).toMatchObject({
      kind: 'rejected',
      message: expect.stringContaining('no drill "tea-time"'),
    });
  });

  it.each(HARMLESS_DRILLS)('is judged by calls and address, and by nothing that nobody asks there: %s', (id) => {
    const hazard = harmlessOf(id);
    const probes = isRejected(hazard) ? [] : hazard.expects.map(({ probe }) => probe);
    expect(probes.toSorted()).toEqual(['read', 'vip', 'write']);
    expect(hazard).toMatchObject({ isUnwatched: true });
  });

  it.each(HARMLESS_DRILLS)('may be begun when all is well, and says what it does: %s', (id) => {
    expect(drillFindings(site(), id)).toEqual([]);
    expect(drillSentence(id, site())).toMatch(/^(r1|regiond) .*probes ask as clients do/);
  });

  it.each<[string, (cluster: FakeCluster) => void, RegExp]>([
    ['a node that is silent', (it) => (it.nodes['r3'] = { silentFor: 60 }), /doctor: .*r3/],
    ['no node to lose', (it) => (it.nodes['r3'] = { dcs: null }), /no node can be lost \(etcd 2 of 3 voters/],
    ['a standby nobody waits for', (it) => (it.synchronous = ['r1', 'r2']), /r3 is not a synchronous standby/],
    ['a drained node', (it) => it.drained.add('r2'), /r2 is drained/],
    ['a failed packet filter', (it) => (it.nodes['r2'] = { firewall: 'unhealthy' }), /doctor: firewall is broken \(/],
    ['Patroni is paused', (it) => (it.nodes['r1'] = { db: { ...primaryOf(), isPaused: true } }), /Patroni is paused/],
  ])('is not begun with %s', (_, change, finding) => {
    expect(drillFindings(site(change), 'planned-switchover').join('; ')).toMatch(finding);
  });

  it('is not begun with a standby far behind, and tells every finding', () => {
    const facts = primaryOf();
    const members = facts.members.map((one) => (one.name === 'r2' ? { ...one, lagBytes: 64 * 2 ** 20 } : one));
    const found = drillFindings(
      site((it) => {
        it.nodes['r1'] = { db: { ...facts, members } };
        it.nodes['r3'] = { dcs: null };
      }),
      'planned-drain',
    );
    expect(found).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^r2 is \d+ bytes behind$/),
        expect.stringMatching(/^no node can/),
      ]),
    );
  });

  it('needs a floating address, and another region', () => {
    const bare = aSite({ site: { cluster: { id: 'regent-1', vip: null, virtualRouter: 51 } } });
    expect(drillFindings(bare, 'planned-vip-move').join()).toContain('no floating address');
    expect(drillFindings(aSite({ regions: 1 }), 'planned-restart-regiond').join()).toContain('no node can be lost');
  });
});

describe('who a drill is done to', () => {
  const cast = castOf(site((it) => (it.holder = 'r2')));
  it('is known from the site', () => {
    expect(cast).toEqual({
      regions: ['r1', 'r2', 'r3'],
      racks: ['k1'],
      primary: 'r1',
      standbys: ['r2', 'r3'],
      holder: 'r2',
      etcdLeader: 'r1',
    });
  });

  it('is never the region that plays it, where regiond is restarted', () => {
    expect(victimOf('planned-restart-regiond', cast, 'r1')).toBe('r2');
    expect(victimOf('planned-restart-regiond', cast, 'r2')).toBe('r1');
    expect(victimOf('planned-restart-regiond', { ...cast, regions: ['r1'] }, 'r1')).toBeNull();
    expect(victimOf('planned-vip-move', cast, 'r2')).toBe('r2');
    expect(victimOf('planned-drain', cast, 'r1')).toBe('r1');
  });
});

function primaryOf() {
  const facts = site().nodes.find(({ name }) => name === 'r1')?.facts.db;
  if (!facts) throw new Error('r1 says nothing of its database');
  return facts;
}
