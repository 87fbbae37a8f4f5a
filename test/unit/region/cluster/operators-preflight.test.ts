import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../src/core/errors.ts';
import { judge } from '../../../../src/region/cluster/doctor.ts';
import { lossesOf } from '../../../../src/region/cluster/losses.ts';
import { checkDrain, planRestart, planSwitchover } from '../../../../src/region/cluster/moves/preflight.ts';
import type { ClusterSite } from '../../../../src/region/cluster/site.ts';
import { judgeCluster } from '../../../../src/region/cluster/view.ts';
import { aSite, type SiteChanges } from './fixture.ts';

const NAMES = ['r1', 'r2', 'r3'] as const;
const all = (changes: object) => Object.fromEntries(NAMES.map((name) => [name, changes]));
const member = (name: string, more: object = {}) => ({
  name,
  role: name === 'r1' ? ('primary' as const) : ('standby' as const),
  state: name === 'r1' ? 'running' : 'streaming',
  timeline: 7,
  lagBytes: 0,
  isSynchronous: name !== 'r1',
  ...more,
});
const members = (...list: readonly ReturnType<typeof member>[]): SiteChanges => ({
  nodes: { r1: { db: { members: [...list] } } },
});
const switchover = (site: ClusterSite) => planSwitchover(site, null);
const toR2 = (site: ClusterSite) => planSwitchover(site, 'r2');
const drainR1 = (site: ClusterSite) => checkDrain(site, 'r1');
const drainR3 = (site: ClusterSite) => checkDrain(site, 'r3');

type Plan = (site: ClusterSite) => unknown;
type Case = readonly [string, SiteChanges, Plan, string, string, 'bears'?];

/** Each refusal of a move: the site, who refuses, a part of the refusal; which invariant is not ok. Losses fall below the promise unless `bears`. */
const REFUSALS: readonly Case[] = [
  ['Patroni is paused', { nodes: all({ db: { isPaused: true } }) }, switchover, 'Patroni is paused', 'failover broken'],
  [
    'no primary',
    { nodes: { r1: { db: { role: 'standby' } } } },
    switchover,
    'no region node reports',
    'one-primary broken',
  ],
  [
    'two primaries',
    { nodes: { r2: { db: { role: 'primary' } } } },
    switchover,
    'each report that they are',
    'one-primary broken',
  ],
  ['a voter of etcd is away', { nodes: { r3: { dcs: null } } }, switchover, '2 of 3 voters', 'etcd-quorum broken'],
  [
    'etcd has no majority',
    { nodes: all({ dcs: { hasQuorum: false } }) },
    switchover,
    'no majority',
    'etcd-quorum broken',
  ],
  ['the heir is silent', { nodes: { r2: { silentFor: 25, dcs: {} } } }, toR2, '2 of 3 voters', 'agents unknown'],
  [
    'the heir is no member',
    members(member('r1'), member('r3')),
    toR2,
    'not a member of the database',
    'standbys broken',
  ],
  [
    'the heir is not synchronous',
    members(member('r1'), member('r2', { isSynchronous: false }), member('r3')),
    toR2,
    'not a synchronous standby',
    'standbys broken',
    'bears',
  ],
  [
    'nobody is synchronous',
    members(member('r1'), member('r2', { isSynchronous: false }), member('r3', { isSynchronous: false })),
    switchover,
    'not a synchronous standby',
    'standbys broken',
  ],
  [
    'the heir does not stream',
    members(member('r1'), member('r2', { state: 'stopped' }), member('r3')),
    toR2,
    'does not stream',
    'standbys broken',
  ],
  [
    'the heir is far behind',
    members(member('r1'), member('r2', { lagBytes: 2 ** 25 }), member('r3')),
    toR2,
    'bytes behind',
    'standbys warning',
    'bears',
  ],
  ['the heir is drained', { nodes: { r2: { isDrained: true } } }, toR2, 'r2 is drained', 'drained warning', 'bears'],
  [
    'all others are drained',
    { nodes: { r2: { isDrained: true }, r3: { isDrained: true } } },
    drainR1,
    'the last one that serves',
    'drained warning',
    'bears',
  ],
  [
    'no other region answers',
    { nodes: { r2: { region: null }, r3: { region: null }, ...seen() } },
    drainR1,
    'no other region',
    'regions broken',
  ],
  [
    'no other node is fit',
    { nodes: { r2: { vip: { isFit: false } }, r3: { vip: { isFit: false } } } },
    drainR1,
    'no other node is fit',
    'vip-holder warning',
  ],
  [
    'one is drained',
    { nodes: { r2: { isDrained: true } } },
    (site) => planRestart(site, []),
    'r2 is drained',
    'drained warning',
    'bears',
  ],
  [
    'it is drained already',
    { nodes: { r3: { isDrained: true } } },
    drainR3,
    'drained already',
    'drained warning',
    'bears',
  ],
  [
    'a loss would not be borne',
    { nodes: { r3: { silentFor: 25 } } },
    (site) => planRestart(site, []),
    '2 of 3 voters',
    'etcd-quorum broken',
  ],
];

function seen(): NonNullable<SiteChanges['nodes']> {
  const regions = NAMES.map((name) => ({ name, isUp: name === 'r1' }));
  return {
    r1: { lb: { regions } },
    r2: { lb: { regions }, region: null },
    r3: { lb: { regions }, region: null },
  };
}

describe('what keeps a move from being begun', () => {
  it.each(REFUSALS.map((row) => [row[0], row] as const))(
    '%s: it is refused, and status and doctor know it',
    (_what, row) => {
      const [, changes, plan, part, found, bears] = row;
      const site = aSite(changes);
      const refusal = plan(site);
      expect(isRejected(refusal) ? refusal.message : 'not refused').toContain(part);
      expect(judge(site).map(({ id, state }) => `${id} ${state}`)).toContain(found);
      const { now, promised } = lossesOf(site);
      expect(now < promised).toBe(bears === undefined);
    },
  );

  it('has nothing to refuse where all is well', () => {
    for (const plan of [switchover, toR2, drainR1, drainR3, (site: ClusterSite) => planRestart(site, [])])
      expect(isRejected(plan(aSite()))).toBe(false);
  });
});

describe('a paused Patroni', () => {
  const since = '2026-03-01T09:58:00.000Z';
  const paused = (nodes: object) =>
    aSite({ nodes: { ...all({ db: { isPaused: true } }), ...nodes }, site: { pausedSince: since } });

  it('is the first reason that nothing may be lost, with the command that ends it', () => {
    expect(lossesOf(paused({})).sentence).toBe(
      `can lose none: Patroni is paused since ${since}, resume with: patronictl -c /etc/patroni/regent/patroni.yml resume, as of 1 s ago`,
    );
    expect(judgeCluster(paused({}))?.problems).toContainEqual(expect.stringMatching(/^failover: Patroni is paused/));
  });

  it('is told as the reason when the primary’s host dies then', () => {
    const word = judgeCluster(paused({ r1: { silentFor: 40, db: { isPaused: true, role: 'primary' } } }));
    expect(word?.sentence).toContain('r1 has not reported for 40 s');
    expect(word?.sentence).toContain(`Patroni is paused since ${since}, resume with`);
  });

  it('was paused by the last words of nodes, when none is heard any more', () => {
    const silent = all({ db: { isPaused: true }, silentFor: 40 });
    expect(lossesOf(aSite({ nodes: silent })).sentence).toContain('Patroni is paused, resume with');
  });
});
