import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import type { ClusterSite } from '../../../../../src/region/cluster/site.ts';
import {
  checkDrain,
  planRestart,
  planSwitchover,
  restartOrder,
} from '../../../../../src/region/cluster/moves/preflight.ts';
import { reliefOf } from '../../../../../src/region/cluster/moves/relieve.ts';
import { serviceOrder } from '../../../../../src/region/cluster/moves/restart-steps.ts';
import { aSite } from '../fixture.ts';
import { type FakeCluster, fakeCluster, lookOf } from './fake.ts';

function site(change: (cluster: FakeCluster) => void = () => {}): ClusterSite {
  const cluster = fakeCluster();
  change(cluster);
  return lookOf(cluster).site;
}

const refusal = (value: unknown) => (isRejected(value) ? value.message : 'not refused');

describe('the preflight of a switchover', () => {
  it('names who hands the database to whom', () => {
    expect(planSwitchover(site(), null)).toMatchObject({ from: 'r1', to: 'r2' });
    expect(planSwitchover(site(), 'R3')).toMatchObject({ from: 'r1', to: 'r3' });
    expect(
      planSwitchover(
        site((it) => it.drained.add('r2')),
        null,
      ),
    ).toMatchObject({ to: 'r3' });
  });

  it.each<[string, (cluster: FakeCluster) => void, string | null, RegExp]>([
    [
      'no synchronous standby',
      (it) => (it.synchronous = []),
      null,
      /r2 is not a synchronous standby; r3 is not a synch/,
    ],
    ['the wanted one is not synchronous', (it) => (it.synchronous = ['r2']), 'r3', /r3 is not a synchronous standby/],
    ['the wanted one is the primary', () => {}, 'r1', /r1 is the primary already/],
    ['the wanted one is drained', (it) => it.drained.add('r2'), 'r2', /r2 is drained/],
    ['nobody of that name', () => {}, 'r9', /no node "r9"/],
    ['a rack', () => {}, 'k1', /k1 is a rack/],
    ['no primary', (it) => (it.leader = null), null, /no region node reports that it is the primary/],
    ['a voter of etcd is away', (it) => (it.nodes['r3'] = { dcs: null }), null, /etcd has 2 of 3 voters/],
    [
      'both standbys are silent',
      (it) => (it.nodes['r3'] = it.nodes['r2'] = { silentFor: 25 }),
      null,
      /etcd has 1 of 3/,
    ],
  ])('refuses: %s', (_, change, to, why) => {
    expect(refusal(planSwitchover(site(change), to))).toMatch(why);
  });

  it('refuses what lags, what does not stream, and what is paused', () => {
    const primary = (changes: object, member: object = {}) =>
      site((it) => {
        const { facts } = lookOf(it).site.nodes[0] ?? { facts: null };
        const list = facts?.db?.members ?? [];
        const members = list.map((one) => (one.name === 'r1' ? one : { ...one, ...member }));
        it.nodes['r1'] = { db: { role: 'primary', members, ...changes } };
      });
    expect(refusal(planSwitchover(primary({}, { lagBytes: 20 * 2 ** 20 }), null))).toMatch(
      /r2 is 20971520 bytes behind/,
    );
    expect(refusal(planSwitchover(primary({}, { state: 'starting' }), null))).toMatch(
      /r3 does not stream \(starting\)/,
    );
    expect(refusal(planSwitchover(primary({ isPaused: true }), null))).toMatch(/paused/);
  });

  it('refuses a site that is no cluster, and a single region node', () => {
    for (const plan of [planSwitchover, checkDrain, (one: ClusterSite) => planRestart(one, [])]) {
      expect(refusal(plan(aSite({ site: { cluster: null } }), 'r1'))).toMatch(/not a cluster/);
      expect(refusal(plan(aSite({ regions: 1 }), 'r1'))).toMatch(/r1 is the only region node/);
    }
  });
});

describe('the preflight of a drain', () => {
  it('lets any region node go, with what comes of it', () => {
    for (const name of ['r1', 'r2', 'r3']) {
      const checked = checkDrain(site(), name);
      expect(checked).toMatchObject({ node: { name } });
    }
    expect(checkDrain(site(), 'r1')).toMatchObject({ sentence: expect.stringContaining('the primary is then r2') });
  });

  it.each<[string, (cluster: FakeCluster) => void, string, RegExp]>([
    ['drained already', (it) => it.drained.add('r2'), 'r2', /r2 is drained already/],
    ['the last one that serves', (it) => it.drained.add('r2').add('r3'), 'r1', /r1 is the last one that serves/],
    [
      'nobody else may hold the address',
      (it) => (it.nodes['r2'] = it.nodes['r3'] = { vip: { isFit: false } }),
      'r1',
      /no other node is fit for the floating address/,
    ],
    ['it leads, and nobody else can', (it) => (it.synchronous = []), 'r1', /not a synchronous standby/],
    ['a rack', () => {}, 'k1', /k1 is a rack/],
    ['still joining', (it) => (it.nodes['r3'] = { state: 'joining' }), 'r3', /r3 is still joining/],
  ])('refuses: %s', (_, change, name, why) => {
    expect(refusal(checkDrain(site(change), name))).toMatch(why);
  });

  it('lets a standby go though nobody else can lead: the database stays where it is', () => {
    expect(
      checkDrain(
        site((it) => (it.synchronous = [])),
        'r2',
      ),
    ).toMatchObject({ node: { name: 'r2' } });
  });
});

describe('the order of a rolling restart', () => {
  it('has standbys first, the holder of the address after them, the primary last', () => {
    expect(restartOrder(site())).toEqual(['r2', 'r3', 'r1']);
    expect(restartOrder(site((it) => (it.holder = 'r2')))).toEqual(['r3', 'r2', 'r1']);
    expect(
      restartOrder(
        site((it) => {
          it.leader = 'r3';
          it.holder = 'r1';
        }),
      ),
    ).toEqual(['r2', 'r1', 'r3']);
  });

  it('keeps that order among the nodes that are named', () => {
    expect(planRestart(site(), ['r1', 'r3'])).toEqual({ order: ['r3', 'r1'] });
  });

  it.each<[string, (cluster: FakeCluster) => void, RegExp]>([
    ['a drained node', (it) => it.drained.add('r2'), /r2 is drained/],
    ['a loss would not be borne', (it) => (it.synchronous = []), /would not survive the loss of a node/],
  ])('is refused: %s', (_, change, why) => {
    expect(refusal(planRestart(site(change), []))).toMatch(why);
  });

  it('is refused with two region nodes: each is needed', () => {
    expect(refusal(planRestart(aSite({ regions: 2 }), []))).toMatch(/would not survive/);
  });

  it('restarts on a node what others lean on last', () => {
    expect(serviceOrder(['db', 'dcs', 'dns', 'lb', 'ntp', 'proxy', 'vip'])).toEqual([
      'dns',
      'ntp',
      'proxy',
      'vip',
      'lb',
      'dcs',
      'db',
    ]);
  });
});

describe('the relief of a drained node', () => {
  it('is due when it leads the database and another one can', () => {
    expect(reliefOf(site())).toBeNull();
    expect(reliefOf(site((it) => it.drained.add('r2')))).toBeNull();
    expect(reliefOf(site((it) => it.drained.add('r1')))).toMatchObject({ from: 'r1', to: 'r2' });
    expect(reliefOf(site((it) => it.drained.add('r1').add('r2').add('r3')))).toBeNull();
  });
});
