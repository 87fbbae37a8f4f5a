import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../../src/region/cluster/doctor.ts';
import { drainedWarnings, layoutWarnings, lossesOf } from '../../../../src/region/cluster/losses.ts';
import { judgeCluster, viewCluster } from '../../../../src/region/cluster/view.ts';
import { aSite, NOW, SHOWN, type SiteChanges } from './fixture.ts';

const standby = (name: string, isSynchronous: boolean, state = 'streaming') => ({
  name,
  role: 'standby' as const,
  state,
  timeline: 7,
  lagBytes: 0,
  isSynchronous,
});
const voter = (name: string, isLearner = false) => ({ name, id: `a${name}`, isLearner });
const primary = {
  name: 'r1',
  role: 'primary' as const,
  state: 'running',
  timeline: 7,
  lagBytes: null,
  isSynchronous: false,
};

const CASES: readonly (readonly [string, SiteChanges, number, string])[] = [
  ['all well', {}, 1, 'can lose 1 node: etcd 3 of 3 voters, r2 and r3 are synchronous standbys'],
  ['a single node', { regions: 1 }, 0, 'can lose none: single node: its data is lost with it'],
  ['two', { regions: 2 }, 0, 'can lose none: with 2 region nodes each is needed for a majority'],
  ['five', { regions: 5 }, 2, 'can lose 2 nodes: etcd 5 of 5 voters, r2 and r3 are synchronous standbys'],
  ['four', { regions: 4 }, 1, 'can lose 1 node: etcd 4 of 4 voters, r2 and r3 are synchronous standbys'],
  [
    'one silent',
    { nodes: { r3: { silentFor: 43 } } },
    0,
    'can lose none: r3 has not reported for 43 s, etcd 2 of 3 voters, only r2 is a synchronous standby',
  ],
  ['an etcd that says nothing', { nodes: { r2: { dcs: null } } }, 0, 'can lose none: etcd 2 of 3 voters'],
  [
    'no majority of etcd',
    {
      nodes: {
        r1: { dcs: { hasQuorum: false } },
        r2: { dcs: { hasQuorum: false } },
        r3: { dcs: { hasQuorum: false } },
      },
    },
    0,
    'can lose none: etcd has no majority, so the database takes no writes',
  ],
  [
    'a standby that does not stream',
    { nodes: { r1: { db: { members: [primary, standby('r2', true), standby('r3', false, 'stopped')] } } } },
    0,
    'can lose none: only r2 is a synchronous standby',
  ],
  [
    'one synchronous standby, the other follows',
    { nodes: { r1: { db: { members: [primary, standby('r2', true), standby('r3', false)] } } } },
    1,
    'can lose 1 node: etcd 3 of 3 voters, r2 is a synchronous standby',
  ],
  [
    'no synchronous standby',
    { nodes: { r1: { db: { members: [primary, standby('r2', false), standby('r3', false)] } } } },
    0,
    'can lose none: no standby is synchronous',
  ],
  [
    'no primary',
    { nodes: { r1: { db: { role: 'standby' } } } },
    0,
    'can lose none: no node reports that it is the primary',
  ],
  [
    'two primaries',
    { nodes: { r2: { db: { role: 'primary' } } } },
    0,
    'can lose none: r1 and r2 each report that they are the primary',
  ],
  [
    'one node alone fit for the address',
    { nodes: { r2: { vip: { isFit: false } }, r3: { vip: { isFit: false } } } },
    0,
    'can lose none: only r1 fit for the floating address',
  ],
  [
    'a region that the proxies do not see',
    {
      nodes: Object.fromEntries(
        ['r1', 'r2', 'r3'].map((name) => [
          name,
          { lb: { regions: ['r1', 'r2', 'r3'].map((one) => ({ name: one, isUp: one === 'r1' })) } },
        ]),
      ),
    },
    0,
    'can lose none: regiond is ready on 1 of 3',
  ],
  [
    'a third that joins is not counted yet',
    {
      nodes: {
        r3: { state: 'joining', dcs: { isLearner: true } },
        r1: { dcs: { members: [voter('r1'), voter('r2'), voter('r3', true)] } },
      },
    },
    0,
    'can lose none: with 2 region nodes each is needed for a majority',
  ],
  [
    'no cluster',
    { site: { cluster: null } },
    0,
    'can lose none: no cluster: the data of this one region process is lost with it',
  ],
];

describe('what can be lost', () => {
  it.each(CASES)('%s', (_name, changes, now, sentence) => {
    const losses = lossesOf(aSite(changes));
    // What is known of one node alone is of this moment: it answers.
    const isOfNow = /single node|no cluster/.test(sentence);
    expect(losses.sentence).toBe(isOfNow ? sentence : `${sentence}, as of 1 s ago`);
    expect(losses.now).toBe(now);
  });

  it('says what an even number is worth', () => {
    expect(layoutWarnings(aSite())).toEqual([]);
    expect(layoutWarnings(aSite({ regions: 1 }))).toEqual([]);
    expect(layoutWarnings(aSite({ regions: 4 }))[0]).toContain(
      '4 region nodes, an even number: they bear the loss of 1, as 3 would',
    );
    expect(layoutWarnings(aSite({ regions: 2 }))[0]).toContain('bear the loss of none, as 1 would');
  });
});

describe('the cluster’s part of the status', () => {
  it('has no problem when all is well, nor on a single node', () => {
    expect(judgeCluster(aSite({ site: { served: [] } }))).toEqual({
      sentence: `${CASES[0]?.[3]}, as of 1 s ago`,
      problems: [],
      warnings: [],
      muted: [],
    });
    expect(judgeCluster(aSite({ regions: 1 })).problems).toEqual([]);
    expect(judgeCluster(aSite({ site: { cluster: null } }))).toMatchObject({ sentence: '', problems: [] });
  });

  it('has one when fewer can be lost than promised, and for what is broken', () => {
    const word = judgeCluster(aSite({ nodes: { r3: { silentFor: 43 } } }));
    expect(word.problems[0]).toBe('0 instead of 1 can be lost');
    expect(word.problems.join('\n')).toContain('etcd-quorum: 2 of 3 voters answer: r3 has not reported for 43 s.');
  });

  it('does not call ill what a node is just taking over', () => {
    const site = aSite({ nodes: { r2: { report: 'applying' } } });
    const services = site.services.map((row) => (row.node === 'r2' ? { ...row, state: 'pending' as const } : row));
    const view = viewCluster({ ...site, services }, { state: 'ok', summary: 's' });
    expect(view.services.find((row) => row.service === 'dns')).toEqual({
      service: 'dns',
      wanted: 3,
      healthy: 2,
      ill: [],
    });
    expect(diagnose({ ...site, services }).invariants.find((row) => row.id === 'services')?.state).toBe('ok');
  });

  it('is one screen of plain facts', () => {
    const view = viewCluster(aSite(), { state: 'ok', summary: 'all' });
    expect(view).toMatchObject({
      losses: { now: 1, promised: 1 },
      database: { primary: 'r1', timeline: 7, state: 'ok' },
      dcs: { leader: 'r1', hasQuorum: true, voters: ['r1', 'r2', 'r3'], learners: [] },
      vip: { address: '10.77.0.10', holders: ['r1'], fit: ['r1', 'r2', 'r3'], unfit: [] },
      racks: [{ name: 'k1', isMaster: true, vlans: ['fabric-1/vlan10'] }],
    });
    expect(view.nodes.map((node) => `${node.name} ${node.report} ${node.region}`)).toEqual([
      'r1 current ready',
      'r2 current ready',
      'r3 current ready',
      'k1 current null',
    ]);
    expect(view.certificates.map((row) => row.daysLeft)).toEqual([25, 25, 25, 25]);
    expect(view.site).toMatchObject({ issuer: 'CN=Regent authority', daysLeft: 20, state: 'ok' });
    const verdict = { state: 'ok', summary: 'all' } as const;
    const late = viewCluster(aSite({ site: { shown: { ...SHOWN, notAfter: NOW + 3 * 86_400_000 } } }), verdict);
    expect(late.site).toMatchObject({ daysLeft: 3, state: 'broken', detail: expect.stringContaining('renewed') });
    expect(viewCluster(aSite({ site: { shown: null } }), verdict).site).toBeNull();
    expect(view.services.find((row) => row.service === 'ntp')).toEqual({
      service: 'ntp',
      wanted: 4,
      healthy: 4,
      ill: [],
    });
  });
});

it('names drained nodes, which cost no redundancy', () => {
  const site = aSite({ nodes: { r2: { isDrained: true, vip: { isFit: false } } } });
  expect(drainedWarnings(site)).toEqual([expect.stringMatching(/^r2 is drained: .*regent node undrain r2$/)]);
  expect(drainedWarnings(aSite())).toEqual([]);
  expect(lossesOf(site)).toMatchObject({ now: 1, promised: 1 });
});
