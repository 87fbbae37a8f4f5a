import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { createDrainJob, createUndrainJob } from '../../../../../src/region/cluster/moves/drain.ts';
import {
  checkNodeDrain,
  checkRackDrain,
  notBack,
  notGiven,
} from '../../../../../src/region/cluster/moves/rack-drain.ts';
import type { VlanServerState } from '../../../../../src/region/networks/dhcp/servers.ts';
import { fakeCluster, lookOf, portsOf, runJob } from './fake.ts';

/** A VLAN of k1 and k2; `changes`: what differs from all being well. */
const vlan = (changes: Partial<VlanServerState['server']> = {}, name = 'vlan10'): VlanServerState => {
  const server = { primary: 'k1', secondary: 'k2', isChosen: false, servedBy: 'k1', since: null, isWhole: true };
  return { vlan: name, label: `VLAN ${name}`, server: { ...server, why: 'k2 is ready to take over.', ...changes } };
};
const check = (name: string, vlans: readonly VlanServerState[], drained: readonly string[] = []) => {
  const checked = checkRackDrain({ name }, { vlans, drained });
  return isRejected(checked) ? checked.message : checked.sentence;
};

describe('a rack is drained', () => {
  it.each<[name: string, rack: string, vlans: VlanServerState[], drained: string[], words: string]>([
    ['gives what it serves', 'k1', [vlan()], [], 'k1 gives VLAN vlan10 to k2; leases go on'],
    ['the secondary rack gives nothing', 'k2', [vlan()], [], 'k2 serves no client, and takes none'],
    [
      '... but what it has taken over',
      'k2',
      [vlan({ servedBy: 'k2' })],
      [],
      'k2 gives VLAN vlan10 to k1; leases go on',
    ],
    [
      'is the only rack',
      'k1',
      [vlan(), vlan({ secondary: null }, 'vlan20')],
      [],
      'Not now: k1 is the only rack of VLAN vlan20; name another one first: regent vlan set vlan20 --secondary-rack RACK.',
    ],
    [
      'its partner is not ready',
      'k1',
      [vlan({ isWhole: false, why: 'k2 says nothing.' })],
      [],
      'Not now: k2 is not ready to take VLAN vlan10: k2 says nothing.',
    ],
    ['its partner is drained', 'k1', [vlan()], ['k2'], 'Not now: k2, the other rack of VLAN vlan10, is drained.'],
    [
      'nobody serves',
      'k1',
      [vlan({ servedBy: null, why: 'k1 says nothing.' })],
      [],
      'Not now: no rack reports that it serves VLAN vlan10: k1 says nothing.',
    ],
    [
      'its partner serves already',
      'k1',
      [vlan({ servedBy: 'k2', isWhole: false })],
      [],
      'k1 serves no client, and takes none',
    ],
    ['of other VLANs nothing is asked', 'k3', [vlan({ servedBy: null })], [], 'k3 serves no client, and takes none'],
  ])('%s', (_, rack, vlans, ...[drained, words]) => expect(check(rack, vlans, drained)).toBe(words));

  it('is asked as the region node or the rack that it is', () => {
    const { site } = lookOf(fakeCluster());
    expect(checkNodeDrain(site, 'k1', [vlan()])).toMatchObject({ node: { name: 'k1' } });
    expect(checkNodeDrain(site, 'r1', [])).toMatchObject({
      sentence: expect.stringContaining('the primary is then r2'),
    });
    expect(checkNodeDrain(site, 'k9', [])).toMatchObject({ code: 'not_found' });
    const drained = { ...site, nodes: site.nodes.map((node) => ({ ...node, isDrained: true })) };
    expect(checkNodeDrain(drained, 'k1', [vlan()])).toMatchObject({ message: 'Not now: k1 is drained already.' });
  });

  it('has given all when its partners serve, and has it back when it does', () => {
    expect(notGiven('k1', [vlan()])).toContain('VLAN vlan10 is served by k1');
    expect(notGiven('k1', [vlan({ servedBy: 'k1 and k2' })])).not.toBeNull();
    expect(notGiven('k1', [vlan({ servedBy: 'k2' })])).toBeNull();
    expect(notBack('k1', [vlan({ servedBy: 'k2' })])).toContain('VLAN vlan10 is served by k2');
    expect(notBack('k2', [vlan()])).toBeNull();
    expect(notBack('k1', [vlan({ secondary: null, servedBy: null })])).toBeNull();
  });
});

describe('the job', () => {
  /** k1 serves while it is not drained. */
  const aPair = (isStuck = false) => {
    const cluster = fakeCluster();
    cluster.tick = () => {
      cluster.vlans = [vlan({ servedBy: cluster.drained.has('k1') && !isStuck ? 'k2' : 'k1' })];
    };
    return cluster;
  };

  it('marks a rack and waits until its partner serves; its end gives it back', async () => {
    const cluster = aPair();
    const { end } = await runJob(cluster, createDrainJob(portsOf(cluster)), { node: 'k1' });
    expect(end).toEqual({ state: 'done', result: 'k1 is drained; it serves no client.' });
    const { end: back } = await runJob(cluster, createUndrainJob(portsOf(cluster)), { node: 'k1' });
    expect(back).toEqual({ state: 'done', result: 'k1 takes its VLANs again.' });
    expect(cluster.actions).toEqual(['node.drained k1', 'node.undrained k1']);
  });

  it('takes the mark back when the partner does not take over', async () => {
    const cluster = aPair(true);
    const { end } = await runJob(cluster, createDrainJob(portsOf(cluster)), { node: 'k1' });
    expect(end).toMatchObject({ state: 'failed', result: expect.stringContaining('not within 90 s') });
    expect(cluster.drained.size).toBe(0);
  });
});
