import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { isLoneRack, nextNode, planUpgrade, type UpgradeRequest } from '../../../../../src/region/site/upgrade/plan.ts';
import { checkResume, notWell } from '../../../../../src/region/site/upgrade/plan.ts';
import { aSite, type NodeChanges, type SiteChanges } from '../../cluster/fixture.ts';
import { fakeFleet, NEW, OLD, orderFor } from './fake.ts';
import { lookOf } from '../../cluster/moves/fake.ts';

const ASKED: UpgradeRequest = { version: NEW, only: [], without: [], canary: null, pauseAfter: null, isForced: false };
const at = (version: string): NodeChanges => ({ version, region: { isReady: true, version } });
const siteAt = (version: string, nodes: Readonly<Record<string, NodeChanges>> = {}, more: SiteChanges = {}) =>
  aSite({
    ...more,
    nodes: Object.fromEntries(['r1', 'r2', 'r3', 'k1'].map((name) => [name, { ...at(version), ...nodes[name] }])),
  });
const plan = (site = siteAt(OLD), changes: Partial<UpgradeRequest> = {}) => {
  const found = planUpgrade(site, { ...ASKED, ...changes });
  return isRejected(found) ? found.message : found.nodes.map(({ name }) => name).join(' ');
};

describe('the plan of an upgrade', () => {
  it('has standbys first, the primary last of the regions, then racks; a canary before all', () => {
    expect(plan()).toBe('r2 r3 r1 k1');
    expect(plan(siteAt(OLD), { canary: 'k1' })).toBe('k1 r2 r3 r1');
    expect(plan(siteAt(OLD), { only: ['r3', 'k1'] })).toBe('r3 k1');
    expect(plan(siteAt(OLD), { without: ['k1'] })).toBe('r2 r3 r1');
  });

  it.each<[string, Readonly<Record<string, NodeChanges>>, Partial<UpgradeRequest>, RegExp]>([
    [
      'a rack is off',
      { k1: { silentFor: 60 } },
      {},
      /k1 does not report; start the host, or leave it out with --without k1/,
    ],
    ['a region is off', { r2: { silentFor: 60 } }, {}, /r2 does not report/],
    [
      'a region that is left out is off',
      { r2: { silentFor: 60 } },
      { without: ['r2'] },
      /Not now: etcd has 2 of 3 voters/,
    ],
    ['a node is drained', { r3: { isDrained: true } }, {}, /r3 is drained; undo that first/],
    ['a node joins', { k1: { state: 'joining' } }, {}, /k1 is joining; wait/],
    ['the release is older', {}, { version: '0.3.9+a' }, /older than .*Rule: the same release or the next one/],
    ['a release is skipped', {}, { version: '0.6.0+a' }, /more than one release after/],
    ['all have it', {}, { version: OLD }, /all nodes run .* already/],
    ['a node is not known', {}, { only: ['r9'] }, /There is no node "r9" in this upgrade. Nodes: r1, r2, r3 and k1/],
    ['the canary is left out', {}, { canary: 'k1', without: ['k1'] }, /no node "k1"/],
    ['it pauses after nobody', {}, { pauseAfter: 'r7' }, /no node "r7"/],
    ['it pauses after a canary that is none', {}, { pauseAfter: 'canary' }, /needs a canary/],
    ['a rack would be of a newer release than the regions', {}, { version: '0.5.0+a', canary: 'k1' }, /never newer/],
  ])('is refused when %s', (_name, nodes, changes, sentence) => {
    expect(plan(siteAt(OLD, nodes), changes)).toMatch(sentence);
  });

  it('is refused with findings of the doctor, but when they are accepted', () => {
    const site = siteAt(OLD, {}, { site: { stuckJobs: [{ id: 4, kind: 'x', seconds: 900, target: '' } as never] } });
    expect(plan(site)).toMatch(/the doctor has findings \(jobs\)/);
    const forced = planUpgrade(site, { ...ASKED, isForced: true });
    expect(forced).toMatchObject({ broken: ['jobs'] });
  });

  it('goes on at the node that is drained by it, and refuses another one', () => {
    const site = siteAt(OLD, { r3: { isDrained: true } });
    expect(checkResume(site, ['r3', 'r1', 'k1'], 'r3')).toBeNull();
    expect(checkResume(site, ['r3', 'r1', 'k1'], 'r1')?.message).toMatch(/r3 is drained/);
    expect(checkResume(site, ['gone'], null)?.message).toMatch(/no longer exists/);
  });

  it('yields the rest after each node that is done', () => {
    const order = orderFor();
    const names: string[] = [];
    const progress = { losses: 1, isChecked: true, done: [] as { name: string; seconds: number; changes: string[] }[] };
    for (;;) {
      const next = nextNode(order, { ...progress, node: null, pausedAfter: null, changes: {} });
      if (next === null) break;
      names.push(next.name);
      progress.done.push({ name: next.name, seconds: 1, changes: [] });
    }
    expect(names).toEqual(['r2', 'r3', 'r1', 'k1']);
  });
});

it('names what a node lacks until it is well', () => {
  const fleet = fakeFleet();
  expect(notWell(lookOf(fleet.cluster), 'r2', OLD)).toBeNull();
  expect(notWell(lookOf(fleet.cluster), 'r2', NEW)).toBe(`its agent is ${OLD}`);
  fleet.cluster.nodes['r2'] = { version: NEW, region: { isReady: true, version: OLD } };
  expect(notWell(lookOf(fleet.cluster), 'r2', NEW)).toBe(`its regiond is ${OLD}`);
  fleet.cluster.broken.add('r2/dns');
  expect(notWell(lookOf(fleet.cluster), 'r2', null)).toBe('dns is unhealthy: it does not answer');
});

it('knows racks whose clients nobody could take', () => {
  const vlan = (primary: string, secondary: string | null) =>
    ({ vlan: 1, label: 'vlan10', server: { primary, secondary, servedBy: primary, isWhole: true, why: '' } }) as never;
  expect(isLoneRack('k1', [vlan('k1', null)])).toBe(true);
  expect(isLoneRack('k1', [vlan('k1', 'k2'), vlan('k2', null)])).toBe(false);
});
