import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { diagnose, judge } from '../../../../../src/region/cluster/doctor.ts';
import { refuseUntil } from '../../../../../src/region/cluster/findings/cases.ts';
import { isCovered, nodesIn } from '../../../../../src/region/cluster/findings/covers.ts';
import { foundIn, planLives } from '../../../../../src/region/cluster/findings/task.ts';
import type { ClusterSite } from '../../../../../src/region/cluster/site.ts';
import { judgeCluster } from '../../../../../src/region/cluster/view.ts';
import type { FindingRow, FoundNow, MuteRow } from '../../../../../src/store/queries/cluster/findings.ts';
import { aSite, days, NOW } from '../fixture.ts';

const MUTE: MuteRow = {
  id: 'agents',
  until: days(7),
  reason: 'r3 is repaired',
  covers: { state: 'broken', nodes: ['r3'] },
  by: 'ada',
  at: days(-1),
};
const away = (...names: readonly string[]): ClusterSite =>
  aSite({ nodes: Object.fromEntries(names.map((name) => [name, { silentFor: 300, report: 'silent' }])) });
const muted = (site: ClusterSite, mute: Partial<MuteRow> = {}): ClusterSite => ({
  ...site,
  notes: new Map([['agents', { since: days(-2), mute: { ...MUTE, ...mute } }]]),
});
const agents = (site: ClusterSite) => judge(site).find(({ id }) => id === 'agents');

describe('a mute', () => {
  it('covers the nodes that the finding named, and no worse state', () => {
    expect(isCovered(MUTE, { state: 'broken', nodes: ['r3'] })).toBe(true);
    expect(isCovered(MUTE, { state: 'warning', nodes: [] })).toBe(true);
    expect(isCovered(MUTE, { state: 'broken', nodes: ['r2', 'r3'] })).toBe(false);
    expect(isCovered({ covers: { state: 'warning', nodes: [] } }, { state: 'unknown', nodes: [] })).toBe(false);
    expect(isCovered({ covers: null }, { state: 'broken', nodes: ['r1'] })).toBe(true);
  });

  it('finds nodes by whole names', () => {
    expect(nodesIn('r2 has not reported for 30 s, and r10.', ['r1', 'r2', 'r10'])).toEqual(['r10', 'r2']);
    expect(nodesIn('dhcp on k1 is stale.', ['k', 'k1', 'dhcp'])).toEqual(['dhcp', 'k1']);
  });

  it('leaves the finding visible, and out of the verdicts of doctor and status', () => {
    const site = muted(away('r3'));

    expect(agents(site)).toMatchObject({
      state: 'broken',
      since: days(-2),
      mute: { reason: 'r3 is repaired', by: 'ada', isInForce: true },
    });
    expect(diagnose(site).summary).toContain('1 muted');
    expect(judgeCluster(site).muted).toEqual(['agents']);
  });

  it('does not hide that another node is away', () => {
    const site = muted(away('r2', 'r3'));

    expect(agents(site)?.mute?.isInForce).toBe(false);
    expect(diagnose(site).summary).not.toContain('muted');
    expect(judgeCluster(site).muted).toEqual([]);
    expect(foundIn(judge(site)).find(({ id }) => id === 'agents')).toMatchObject({ isMuted: false });
  });

  it('of what holds says nothing bad', () => {
    expect(agents(muted(aSite()))).toMatchObject({ state: 'ok', since: null, mute: { isInForce: true } });
  });

  it.each([
    ['2026-02-01T00:00:00.000Z', 'is past'],
    ['2028-02-01T00:00:00.000Z', 'too far ahead'],
    ['soon', 'is not a moment'],
  ])('until %s is refused', (until, why) => {
    const refusal = refuseUntil(until, NOW);
    expect(isRejected(refusal) && refusal.message).toContain(why);
  });
});

describe('the life of a finding', () => {
  const row = (changes: Partial<FindingRow> = {}): FindingRow => ({
    id: 'backup',
    state: 'broken',
    since: days(-1),
    isSettled: true,
    isOver: false,
    isMuted: false,
    announcedAt: null,
    ...changes,
  });
  const found = [{ id: 'backup', state: 'broken', detail: '', remedy: '', isMuted: false }] as const;
  const plan = (changes: Partial<FindingRow>, isFound = true) => planLives([row(changes)], isFound ? found : []);
  const nothing = { restart: [], announce: [], end: [] };

  it('is announced once, when it has stood for a while', () => {
    expect(plan({ isSettled: false })).toEqual(nothing);
    expect(plan({})).toEqual({ ...nothing, announce: ['backup'] });
    expect(plan({ announcedAt: days(-1) })).toEqual(nothing);
  });

  it('is not announced while nobody knows because a node is silent, which is a finding of its own', () => {
    const silent: FoundNow = { ...found[0], id: 'agents' };
    const plan = (state: 'unknown' | 'broken', ...more: FoundNow[]) =>
      planLives([row({ state }), row({ id: 'agents' })], [{ ...found[0], state }, ...more]).announce;
    expect(plan('unknown', silent)).toEqual(['agents']);
    expect(plan('broken', silent)).toEqual(['backup', 'agents']);
    expect(plan('unknown')).toEqual(['backup']);
    // Who muted the silence of a node has muted what follows from it.
    expect(plan('unknown', { ...silent, isMuted: true })).not.toContain('backup');
  });

  it('is not announced while it is muted, and begins again quietly if it was', () => {
    expect(plan({ isMuted: true })).toEqual(nothing);
    expect(plan({ isMuted: true, announcedAt: days(-1) })).toEqual({ ...nothing, restart: ['backup'] });
  });

  it('goes on while it comes and goes, and ends when the invariant has held for a while', () => {
    expect(plan({ announcedAt: days(-1) }, false)).toEqual(nothing);
    expect(plan({ isOver: true }, false)).toEqual({ ...nothing, end: ['backup'] });
    expect(plan({ isOver: true, announcedAt: days(-1) })).toEqual(nothing);
  });
});
