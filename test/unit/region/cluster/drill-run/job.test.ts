import { describe, expect, it } from 'vitest';
import type { DrillLive, HarmlessDrill } from '../../../../../src/contract/cluster/drill.ts';
import type { Lane } from '../../../../../src/judge/timeline.ts';
import { castOf } from '../../../../../src/region/cluster/drill-run/cast.ts';
import { foretold } from '../../../../../src/region/cluster/drill-run/foretold.ts';
import { type Harmless, harmlessOf } from '../../../../../src/region/cluster/drill-run/harmless.ts';
import { createDrillJob } from '../../../../../src/region/cluster/drill-run/job.ts';
import type { DrillPorts, DrillInstruments } from '../../../../../src/region/cluster/drill-run/port.ts';
import { type Disturbance, type FakeCluster, fakeCluster, portsOf, runJob } from '../moves/fake.ts';

const UUID = '018f3c1e-0000-4000-8000-000000000001';

/** What the probes and the databases of a drill see. `gapMs`: how long writes are away after the fault. */
interface World {
  readonly gapMs?: number;
  readonly missing?: readonly number[];
  readonly silentDatabase?: string;
  /** Time that the probes asked; `killed`: that they were ended at once. */
  readonly seen: { killed: number; keys: string[] };
}

function waysOf(cluster: FakeCluster, now: () => number, world: World): DrillInstruments {
  return {
    now,
    startProbes: ({ nodes, apiKey }) => {
      const begin = now();
      world.seen.keys.push(apiKey);
      const lanes = ['write', 'read', 'vip', ...nodes.map(({ name }) => `ready ${name}`)];
      let isOver = false;
      return {
        silent: () => [],
        seen: () => lanes.map((probe) => laneOf(probe, begin, now(), world.gapMs ?? 0)),
        stop: async () => {
          isOver = true;
          return { ...numbers(), lanes: lanes.map((probe) => laneOf(probe, begin, now(), world.gapMs ?? 0)) };
        },
        kill: () => {
          if (!isOver) world.seen.killed += 1;
          isOver = true;
        },
      };
    },
    readCopies: async (nodes) => {
      cluster.actions.push('read copies');
      const have = numbers().acknowledged.filter((number) => !(world.missing ?? []).includes(number));
      return Object.fromEntries(
        nodes.filter(({ name }) => name !== world.silentDatabase).map(({ name }) => [name, have]),
      );
    },
  };
}

const numbers = () => ({ acknowledged: [1, 2, 3], ambiguous: [], refused: [] });

/** Asked every 100 ms; a write that is asked in the gap is answered at its end. */
function laneOf(probe: string, from: number, to: number, gapMs: number): Lane {
  const gapAt = from + 5_000;
  const count = Math.floor((to - from) / 100);
  const samples = Array.from({ length: count }, (_, index) => {
    const sentAt = from + index * 100;
    const isHeld = probe === 'write' && sentAt >= gapAt && sentAt < gapAt + gapMs;
    return { sentAt, endedAt: isHeld ? gapAt + gapMs : sentAt + 5 };
  });
  return { probe, samples };
}

const world = (more: Partial<World> = {}): World => ({ seen: { killed: 0, keys: [] }, ...more });

function drill(
  cluster: FakeCluster,
  hazard: HarmlessDrill | 'host-kill-primary',
  how: Disturbance & { world?: World; node?: string } = {},
) {
  const move = portsOf(cluster);
  let random = 0;
  const ports: DrillPorts = {
    ...move,
    instruments: waysOf(cluster, () => move.clock.monotonic(), how.world ?? world()),
    random: { fraction: () => 0, hex: (bytes) => String((random += 1)).padStart(bytes * 2, '0') },
    node: how.node ?? 'r2',
    version: '1.2.3',
  };
  return runJob(cluster, createDrillJob(ports), { hazard, seed: 7, run: UUID, ledger: UUID }, how);
}

describe('a drill of a cluster by itself', () => {
  it.each<[HarmlessDrill, readonly string[]]>([
    ['planned-switchover', ['switchover r1 to any at 10.77.0.11']],
    ['planned-vip-move', ['node.drained r1', 'node.undrained r1']],
    ['planned-drain', ['node.drained r1', 'switchover r1 to any at 10.77.0.11', 'node.undrained r1']],
    ['planned-restart-regiond', ['service.restart_requested r1/regiond']],
  ])('makes the fault by the moves of operators, heals, compares and keeps the round: %s', async (hazard, actions) => {
    const cluster = fakeCluster();
    const { end, saved } = await drill(cluster, hazard);
    expect(end).toMatchObject({
      state: 'done',
      result: expect.stringMatching(/^planned-.* passed: write away for 0\.00 s, 0 failed/),
    });
    const all = cluster.actions.filter((action) => !/^(?:api-key|drill\.progress)/.test(action));
    expect(all).toEqual([...actions, 'read copies', expect.stringContaining('drill.recorded')]);
    expect(cluster.drained.size).toBe(0);
    expect(saved).toMatchObject({ end, drained: null });
  });

  it('tells what its probes see while it is played', async () => {
    const cluster = fakeCluster();
    await drill(cluster, 'planned-switchover', { world: world({ gapMs: 2_000 }) });
    const told = cluster.events.filter(({ kind }) => kind === 'drill.progress').map(({ data }) => data as DrillLive);
    expect(told.length).toBeGreaterThan(8);
    expect(told.at(-1)).toMatchObject({
      run: UUID,
      cellMs: 500,
      limits: expect.arrayContaining([{ probe: 'write', mostMs: 3000 }]),
    });
    expect(told.at(-1)?.lanes.find(({ probe }) => probe === 'write')?.cells).toMatch(/\+-{2,4}\+/);
    expect(told.at(-1)?.marks.map(({ kind }) => kind)).toContain('fault');
  });

  it('says before it what the cluster expects of a drained node, and of nothing else', async () => {
    const { site } = await portsOf(fakeCluster()).readSnapshot();
    const of = (id: HarmlessDrill) => foretold(site, harmlessOf(id) as Harmless, castOf(site));
    expect(of('planned-drain')).toContainEqual(
      expect.objectContaining({ probe: 'write', leastMs: expect.any(Number) }),
    );
    expect(of('planned-switchover')).toEqual([]);
  });

  it('shows a key of its own, whose secret is saved nowhere, and revokes it', async () => {
    const cluster = fakeCluster();
    const seen = world();
    const { saved } = await drill(cluster, 'planned-switchover', { world: seen });
    const [consumer, token, secret] = seen.seen.keys[0]?.split(':') ?? [];
    expect(saved).toMatchObject({ token });
    expect(JSON.stringify([saved, cluster.actions])).not.toContain(secret);
    expect(consumer).toHaveLength(18);
    expect(cluster.actions.filter((action) => action.startsWith('api-key'))).toEqual([
      expect.stringContaining('api-key.created'),
      expect.stringContaining('api-key.revoked'),
    ]);
  });

  it.each<[string, Partial<World>, RegExp]>([
    ['writes are away too long', { gapMs: 4_000 }, /outage of write 4\.0 s \(limit 3\.0 s\)/],
    ['a database lost what was acknowledged', { missing: [2] }, /ledger 3 lost: 2 on r1, 2 on r2, 2 on r3/],
    ['a database was not read', { silentDatabase: 'r3' }, /the writes on r3 were not read/],
  ])('fails when %s', async (_, more, words) => {
    const { end } = await drill(fakeCluster(), 'planned-switchover', { world: world(more) });
    expect(end).toMatchObject({ state: 'failed', result: expect.stringMatching(words) });
  });

  it('fails when the database moved though nobody asked for it', async () => {
    const cluster = fakeCluster();
    const { tick } = cluster;
    let looks = 0;
    cluster.tick = () => {
      tick();
      if (++looks === 5) cluster.leader = 'r3';
    };
    const { end } = await drill(cluster, 'planned-vip-move');
    expect(end).toMatchObject({ state: 'failed', result: expect.stringContaining('failovers 1: r3 (limit 0)') });
  });

  it('is not begun when something speaks against it by then, or when it does harm', async () => {
    const cluster = fakeCluster();
    cluster.nodes['r3'] = { silentFor: 60 };
    const { end } = await drill(cluster, 'planned-drain');
    expect(end).toMatchObject({ state: 'failed', result: expect.stringMatching(/^Not started: doctor: /) });
    expect((await drill(fakeCluster(), 'host-kill-primary')).end).toMatchObject({
      state: 'failed',
      result: expect.stringContaining('only in a lab'),
    });
    expect(cluster.actions).toEqual([]);
  });

  it.each([
    'the probes start',
    'r1 is about to be marked',
    'r1 is marked',
    'r1 hands the database',
    'r1 is no longer marked',
    'waits for full',
  ])('that loses its region at "%s" is healed by the next one, and not judged', async (dieAt) => {
    const cluster = fakeCluster();
    const seen = world();
    const first = await drill(cluster, 'planned-drain', { dieAt, world: seen });
    expect(first.end).toBeNull();
    const second = await drill(cluster, 'planned-drain', { checkpoint: first.saved, node: 'r3' });
    expect(second.end).toMatchObject({ state: 'failed', result: expect.stringContaining('not judged: taken over') });
    expect(cluster.drained.size).toBe(0);
    expect(cluster.actions.filter((action) => action.startsWith('node.drained')).length).toBeLessThan(2);
    expect(cluster.actions.at(-1)).toContain('api-key.revoked');
    const third = await drill(cluster, 'planned-drain', { checkpoint: second.saved });
    expect(third).toMatchObject({ end: second.end, said: [] });
  });

  it.each(['the probes start', 'r1 is marked', 'r1 hands the database', 'waits for full'])(
    'that an operator ends at "%s" heals first',
    async (abortAt) => {
      const cluster = fakeCluster();
      const seen = world();
      const { end } = await drill(cluster, 'planned-drain', { abortAt, world: seen });
      expect(end).toMatchObject({ state: 'aborted', result: expect.stringContaining('not judged: ended') });
      expect([cluster.drained.size, seen.seen.killed]).toEqual([0, 1]);
      expect(cluster.actions).toContainEqual(expect.stringContaining('drill.recorded'));
    },
  );

  it('that another release has begun is not begun anew', async () => {
    const cluster = fakeCluster();
    await expect(drill(cluster, 'planned-drain', { checkpoint: { node: 'r1' } })).rejects.toThrow('cannot read it');
    expect(cluster.actions).toEqual([]);
  });

  it('is tried again as long as a node may be drained', async () => {
    const cluster = fakeCluster();
    const first = await drill(cluster, 'planned-drain', { dieAt: 'r1 hands the database' });
    expect(cluster.drained.has('r1')).toBe(true);
    const tick = cluster.tick;
    cluster.tick = () => {
      throw new Error('the database is away');
    };
    await expect(drill(cluster, 'planned-drain', { checkpoint: first.saved })).rejects.toThrow('r1 is still drained');
    cluster.tick = tick;
    expect((await drill(cluster, 'planned-drain', { checkpoint: first.saved })).end).toMatchObject({ state: 'failed' });
    expect(cluster.drained.size).toBe(0);
  });
});
