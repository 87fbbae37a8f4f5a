import { describe, expect, it } from 'vitest';
import { parseUpgradeProgress } from '../../../../../src/contract/site/upgrade-order.ts';
import { backOrder } from '../../../../../src/region/site/upgrade/plan.ts';
import type { UpgradeOrder } from '../../../../../src/contract/site/upgrade-order.ts';
import { fakeFleet, NEW, OLD, orderFor, SHA, upgrade } from './fake.ts';

const ALL = ['r2', 'r3', 'r1', 'k1'];

describe('an upgrade', () => {
  it('checks all nodes first, then installs on one drained node at a time, the primary last of the regions', async () => {
    const fleet = fakeFleet();
    const { end } = await upgrade(fleet, orderFor());
    expect(end).toEqual({ state: 'done', result: `4 of 4 nodes have ${NEW}; 1 can be lost, as before.` });
    const starts = fleet.starts.map((start) => start.replaceAll(SHA, 'SHA'));
    expect(starts).toEqual([
      ...ALL.map((name) => `${name} check:SHA:7`),
      ...ALL.map((name) => `${name} install:SHA:7`),
    ]);
    expect(fleet.drainedAt).toEqual(['r2: r2', 'r3: r3', 'r1: r1', 'k1: k1']);
    expect(fleet.cluster.drained.size).toBe(0);
    expect(fleet.cluster.events.filter(({ kind }) => kind === 'upgrade.node').map(({ subject }) => subject)).toEqual(
      ALL,
    );
  });

  it('is done once on each node, whoever takes it over, at whatever sentence its region dies', async () => {
    const whole = await upgrade(fakeFleet(), orderFor());
    for (const sentence of new Set(whole.said)) {
      const fleet = fakeFleet();
      const first = await upgrade(fleet, orderFor(), { dieAt: sentence });
      // Its answers are on the nodes; the next region has none of them in memory.
      const second = await upgrade(fleet, orderFor(), { checkpoint: first.saved });
      expect(second.end, sentence).toMatchObject({ state: 'done' });
      expect(Object.values(fleet.versions), sentence).toEqual([NEW, NEW, NEW, NEW]);
      expect(fleet.cluster.drained.size, sentence).toBe(0);
      const drains = fleet.cluster.events.filter(({ kind }) => kind === 'node.drained').map(({ subject }) => subject);
      expect(drains, sentence).toEqual(ALL);
    }
  });

  it('changes nothing when one node refuses the archive, and names every node that does', async () => {
    const fleet = fakeFleet();
    fleet.refusals['r3'] = { task: 'check', sentence: `${NEW} is for arm64, and this host is amd64` };
    fleet.refusals['k1'] = { task: 'check', sentence: '/opt has 12 MB free, 1000 are needed' };
    const { end } = await upgrade(fleet, orderFor());
    expect(end).toEqual({
      state: 'failed',
      result: `r3: ${NEW} is for arm64, and this host is amd64; k1: /opt has 12 MB free, 1000 are needed; nothing was changed.`,
    });
    expect(Object.values(fleet.versions)).toEqual([OLD, OLD, OLD, OLD]);
    expect(fleet.cluster.events).toEqual([]);
  });

  it('stops where an installation fails, goes on there when it is mended, and touches nobody else', async () => {
    const fleet = fakeFleet();
    fleet.refusals['r3'] = { task: 'install', sentence: '"migrate the database" failed' };
    const first = await upgrade(fleet, orderFor());
    expect(first.end).toEqual({
      state: 'failed',
      result:
        'r3: "migrate the database" failed; r3 stays drained, the nodes after it were not touched; go on: regent upgrade resume; go back: regent upgrade back.',
    });
    expect(fleet.versions).toEqual({ r1: OLD, r2: NEW, r3: OLD, k1: OLD });
    expect([...fleet.cluster.drained]).toEqual(['r3']);
    delete fleet.refusals['r3'];
    // Another job, and so another task.
    fleet.notes.clear();
    const { end } = await upgrade(fleet, orderFor({ done: ['r2'] }));
    expect(end).toMatchObject({ state: 'done', result: `4 of 4 nodes have ${NEW}; 1 can be lost, as before.` });
    expect(fleet.drainedAt).toEqual(['r2: r2', 'r3: r3', 'r1: r1', 'k1: k1']);
  });

  it('goes back on what was finished and where it stopped, the last one first', async () => {
    const fleet = fakeFleet();
    fleet.refusals['r1'] = { task: 'install', sentence: 'no' };
    const first = await upgrade(fleet, orderFor());
    const order = backOrder(orderFor(), parseUpgradeProgress(first.saved)) as UpgradeOrder;
    expect(order.nodes.map(({ name }) => name)).toEqual(['r1', 'r3', 'r2']);
    const { end } = await upgrade(fleet, order);
    expect(end).toMatchObject({
      state: 'done',
      result: '3 of 3 nodes have the release before; 1 can be lost, as before.',
    });
    expect(fleet.versions).toEqual({ r1: OLD, r2: OLD, r3: OLD, k1: OLD });
    expect(fleet.starts.slice(-3)).toEqual(['r1', 'r3', 'r2'].map((name) => `${name} back:${OLD.replace('+', '_')}:7`));
    expect(fleet.cluster.drained.size).toBe(0);
  });

  it('pauses after the canary, after all regions, and goes on with the rest', async () => {
    const fleet = fakeFleet();
    const canary = await upgrade(fleet, orderFor({ canary: 'r2', pauseAfter: 'canary' }));
    expect(canary.end).toMatchObject({
      state: 'done',
      result: expect.stringContaining(`paused after r2: 1 of 4 nodes have ${NEW}`),
    });
    expect(parseUpgradeProgress(canary.saved)).toMatchObject({ pausedAfter: 'r2', node: null });
    const regions = await upgrade(fleet, orderFor({ done: ['r2'], pauseAfter: 'regions' }));
    expect(regions.end?.result).toContain('paused after r1: 3 of 4 nodes');
    const rest = await upgrade(fleet, orderFor({ done: ['r2', 'r3', 'r1'] }));
    expect(rest.end).toMatchObject({ state: 'done' });
    expect(Object.values(fleet.versions)).toEqual([NEW, NEW, NEW, NEW]);
  });

  it('ended by an operator before anything was installed leaves no node drained', async () => {
    const fleet = fakeFleet();
    const { end } = await upgrade(fleet, orderFor(), { abortAt: 'r2 is marked as drained' });
    expect(end).toMatchObject({ state: 'aborted', result: expect.stringContaining('nothing was installed on r2') });
    expect([fleet.cluster.drained.size, fleet.versions['r2']]).toEqual([0, OLD]);
  });

  it('gives up a node that stays silent, which stays drained', async () => {
    const fleet = fakeFleet();
    const tick = fleet.cluster.tick;
    fleet.cluster.tick = () => {
      tick();
      if (fleet.cluster.drained.has('r2')) fleet.off.add('r2');
    };
    const { end } = await upgrade(fleet, orderFor());
    expect(end).toMatchObject({ state: 'failed', result: expect.stringContaining('r2: no answer for 600 s') });
    expect([...fleet.cluster.drained]).toEqual(['r2']);
  });

  it('only checks, if no more is wanted', async () => {
    const fleet = fakeFleet();
    const { end } = await upgrade(fleet, orderFor({ isCheckOnly: true }));
    expect(end?.result).toBe(`${NEW} may be installed on r2, r3, r1 and k1; nothing was changed.`);
    expect(fleet.cluster.events).toEqual([]);
  });

  it('changes packages of Debian only where there are new ones, and restarts what runs there', async () => {
    const fleet = fakeFleet();
    fleet.packages['r3'] = ['bind9 1 2'];
    const { end } = await upgrade(fleet, orderFor({ kind: 'packages', archive: null }));
    expect(end).toMatchObject({
      state: 'done',
      result: '4 of 4 nodes have the new packages; 1 can be lost, as before.',
    });
    expect(fleet.starts).toEqual([...ALL.map((name) => `${name} packages-check:7`), 'r3 packages:7']);
    const restarted = fleet.cluster.events.filter(({ kind }) => kind === 'service.restart_requested');
    expect(restarted.map(({ subject }) => subject)).toEqual(['r3/dns', 'r3/vip', 'r3/lb', 'r3/dcs', 'r3/db']);
  });
});
