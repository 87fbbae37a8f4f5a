import { describe, expect, it } from 'vitest';
import { createDrainJob, createUndrainJob } from '../../../../../src/region/cluster/moves/drain.ts';
import { createSwitchoverJob, isFollowing } from '../../../../../src/region/cluster/moves/hand-database.ts';
import { orderOf } from '../../../../../src/region/cluster/moves/switchover-order.ts';
import { createRestartJob } from '../../../../../src/region/cluster/moves/restart.ts';
import { type Disturbance, type FakeCluster, fakeCluster, lookOf, portsOf, runJob } from './fake.ts';

const switchover = (cluster: FakeCluster, to: string | null, how: Disturbance = {}) => {
  const payload = { ...orderOf(lookOf(cluster), { from: 'r1', to: to ?? '', sentence: '' }), to };
  return runJob(cluster, createSwitchoverJob(portsOf(cluster)), payload, how);
};
const drain = (cluster: FakeCluster, node: string, how: Disturbance = {}) =>
  runJob(cluster, createDrainJob(portsOf(cluster)), { node }, how);
const restart = (cluster: FakeCluster, order: readonly string[], how: Disturbance = {}) =>
  runJob(cluster, createRestartJob(portsOf(cluster)), { order }, how);

describe('a switchover', () => {
  it('asks the leader that was seen, waits until the old one follows, and says who leads', async () => {
    const cluster = fakeCluster();
    const { end, said } = await switchover(cluster, 'r3');
    expect(end).toEqual({ state: 'done', result: 'r3 leads the database, r1 follows it.' });
    expect(cluster.actions).toEqual(['switchover r1 to r3 at 10.77.0.11']);
    expect(said.at(-1)).toBe('r3 leads the database and takes writes; r1 follows it');
  });

  it('names nobody where all may lead, which is 2 s quicker, and who it is to be where one was drained', async () => {
    const open = fakeCluster();
    expect((await switchover(open, null)).said).toContain('r1 hands the database to r2 or r3');
    const drained = fakeCluster();
    drained.drained.add('r2');
    expect((await switchover(drained, null)).end).toMatchObject({ state: 'done' });
    expect([open.actions, drained.actions]).toEqual([
      ['switchover r1 to any at 10.77.0.11'],
      ['switchover r1 to r3 at 10.77.0.11'],
    ]);
  });

  it('asks nothing more when it is done already, or another one leads by now', async () => {
    const cluster = fakeCluster();
    cluster.leader = 'r2';
    expect((await switchover(cluster, 'r2')).end).toMatchObject({ state: 'done' });
    expect((await switchover(cluster, 'r3')).end).toEqual({
      state: 'failed',
      result: 'r2 leads the database by now, neither r1 nor r3.',
    });
    expect(cluster.actions).toEqual([]);
  });

  it('looks who leads when the answer was lost', async () => {
    const cluster = fakeCluster();
    cluster.answer = 'doubtful';
    expect((await switchover(cluster, null)).end).toMatchObject({ state: 'done' });
    expect(cluster.actions).toHaveLength(1);
  });

  it('ends with what Patroni said when it refuses again and again', async () => {
    const cluster = fakeCluster();
    cluster.answer = 'refused';
    const { end } = await switchover(cluster, 'r2');
    expect(end).toEqual({ state: 'failed', result: 'Patroni refused to hand the database to r2: so it is.' });
    expect(cluster.actions).toHaveLength(3);
  });

  it('does nothing while Patroni is paused, without an heir, or when an operator ends it before', async () => {
    const paused = fakeCluster();
    paused.isPaused = true;
    expect((await switchover(paused, null)).end).toMatchObject({
      state: 'failed',
      result: expect.stringMatching(/paused/),
    });
    const alone = fakeCluster();
    alone.synchronous = [];
    expect((await switchover(alone, null)).end).toEqual({
      state: 'failed',
      result: 'no node that is not drained is a synchronous standby that streams; r1 keeps the database.',
    });
    expect((await switchover(alone, 'r2')).end).toEqual({
      state: 'failed',
      result: 'r2 is not a synchronous standby that streams; r1 keeps the database.',
    });
    for (const cluster of [paused, alone]) expect(cluster.actions).toEqual([]);
  });

  it('that was taken over in the middle is not asked for twice', async () => {
    const cluster = fakeCluster();
    const first = await switchover(cluster, 'r2', { dieAt: 'r2 leads the database' });
    expect(first.end).toBeNull();
    const second = await switchover(cluster, 'r2', { checkpoint: first.saved });
    expect(second.end).toMatchObject({ state: 'done' });
    expect(cluster.actions).toHaveLength(1);
  });
});

it('counts an old primary as following when commits wait for it, or for two others', () => {
  const member = (name: string, role: string, state = 'streaming') => ({ name, role, state, lagBytes: 0 });
  const [leader, two, three] = [
    member('r2', 'leader', 'running'),
    member('r3', 'sync_standby'),
    member('r4', 'sync_standby'),
  ];
  expect(isFollowing({ members: [leader, member('r1', 'sync_standby')] }, 'r1')).toBe(true);
  expect(isFollowing({ members: [leader, two, three, member('r1', 'replica')] }, 'r1')).toBe(true);
  expect(isFollowing({ members: [leader, two, member('r1', 'replica')] }, 'r1')).toBe(false);
  expect(isFollowing({ members: [leader, member('r1', 'sync_standby', 'starting')] }, 'r1')).toBe(false);
  expect(isFollowing({ members: [leader, two, three] }, 'r1')).toBe(false);
});

describe('a drain', () => {
  it('marks the node, then waits for the address, then hands the database on', async () => {
    const cluster = fakeCluster();
    const { end } = await drain(cluster, 'r1');
    expect(end).toEqual({ state: 'done', result: 'r1 is drained; r2 leads the database, r1 follows it.' });
    expect(cluster.actions).toEqual(['node.drained r1', 'switchover r1 to any at 10.77.0.11']);
    expect([cluster.leader, cluster.holder]).toEqual(['r2', 'r2']);
  });

  it('waits for what it has changed, and not for what is published meanwhile without an end', async () => {
    const cluster = fakeCluster();
    const { tick, generation } = cluster;
    cluster.tick = () => {
      tick();
      generation.published += 1;
      generation.applied = generation.published - 3;
    };
    const { end, said } = await drain(cluster, 'r3');
    expect(end).toEqual({ state: 'done', result: 'r3 is drained; r1 leads the database.' });
    expect(said).toContain('waits for the mark of r3 to be in force: lb on r1 is pending');
    expect((await restart(cluster, ['r2'])).end).toMatchObject({ state: 'done' });
  });

  it('of a standby moves no database', async () => {
    const cluster = fakeCluster();
    expect((await drain(cluster, 'r3')).end).toEqual({
      state: 'done',
      result: 'r3 is drained; r1 leads the database.',
    });
    expect(cluster.actions).toEqual(['node.drained r3']);
  });

  it('goes on where another region left it, whatever it was at', async () => {
    for (const dieAt of ['r1 is marked', 'waits for', 'r1 hands the database', 'r2 leads the database']) {
      const cluster = fakeCluster();
      const tick = cluster.tick;
      let looks = 0;
      // Compiled at the fifth look only, so that it has to be waited for.
      cluster.tick = () => void (++looks % 5 === 0 && tick());
      const first = await drain(cluster, 'r1', { dieAt });
      expect(first.end, dieAt).toBeNull();
      const second = await drain(cluster, 'r1', { checkpoint: first.saved });
      expect(second.end, dieAt).toMatchObject({ state: 'done' });
      expect(cluster.actions, dieAt).toEqual(['node.drained r1', 'switchover r1 to any at 10.77.0.11']);
    }
  });

  it('that cannot be finished takes the mark back: a node is drained or it is not', async () => {
    const cluster = fakeCluster();
    cluster.answer = 'refused';
    const { end } = await drain(cluster, 'r1');
    expect(end).toMatchObject({ state: 'failed', result: expect.stringMatching(/refused.*; r1 takes calls/) });
    expect(cluster.drained.size).toBe(0);
    const stuck = fakeCluster();
    const { tick } = stuck;
    stuck.tick = () => {
      tick();
      stuck.holder = 'r1';
    };
    expect((await drain(stuck, 'r1')).end).toMatchObject({ state: 'failed', result: expect.stringMatching(/address/) });
    expect(stuck.drained.size).toBe(0);
  });

  it('that an operator ends takes the mark back', async () => {
    const cluster = fakeCluster();
    const { end } = await drain(cluster, 'r1', { abortAt: 'r1 is marked' });
    expect(end).toMatchObject({ state: 'aborted' });
    expect(cluster.actions).toEqual(['node.drained r1', 'node.undrained r1']);
  });

  it('is taken back by an undrain', async () => {
    const cluster = fakeCluster();
    cluster.drained.add('r2');
    const { end } = await runJob(cluster, createUndrainJob(portsOf(cluster)), { node: 'r2' });
    expect(end).toEqual({ state: 'done', result: 'r2 takes calls, address and database again.' });
    expect(cluster.drained.size).toBe(0);
  });
});

describe('a rolling restart', () => {
  const NODE = (name: string) => [
    `node.drained ${name}`,
    ...['dns', 'vip', 'lb', 'dcs', 'db', 'agent', 'regiond'].map((what) => `service.restart_requested ${name}/${what}`),
    `node.undrained ${name}`,
  ];

  it('drains, restarts and undrains each node, and then the next', async () => {
    const cluster = fakeCluster();
    const { end } = await restart(cluster, ['r2', 'r3', 'r1']);
    expect(end).toEqual({ state: 'done', result: 'restarted: r2, r3, r1; 1 can be lost, as before.' });
    const [drained, ...rest] = NODE('r1');
    expect(cluster.actions).toEqual([
      ...NODE('r2'),
      ...NODE('r3'),
      drained,
      'switchover r1 to any at 10.77.0.11',
      ...rest,
    ]);
  });

  it('restarts nothing twice when another region takes it over at any step', async () => {
    const whole = fakeCluster();
    const { said } = await restart(whole, ['r2', 'r1']);
    for (const dieAt of new Set(said)) {
      const cluster = fakeCluster();
      const first = await restart(cluster, ['r2', 'r1'], { dieAt });
      const second = first.end === null ? await restart(cluster, ['r2', 'r1'], { checkpoint: first.saved }) : first;
      expect(second.end, dieAt).toMatchObject({ state: 'done' });
      expect(cluster.actions, dieAt).toEqual(whole.actions);
    }
  });

  it('stops at the first node that does not come back, and leaves the others alone', async () => {
    const cluster = fakeCluster();
    cluster.broken.add('r2/dns');
    // It is well before.
    const { tick } = cluster;
    cluster.broken.clear();
    cluster.tick = () => {
      tick();
      if (cluster.requests.some(({ service }) => service === 'dns')) cluster.broken.add('r2/dns');
    };
    const { end } = await restart(cluster, ['r2', 'r3', 'r1']);
    expect(end).toMatchObject({
      state: 'failed',
      result: expect.stringMatching(
        /^dns on r2: not within 120 s \(unhealthy: .*; r2 stays drained, the nodes after it/,
      ),
    });
    expect(cluster.actions.some((action) => /r3|r1/.test(action))).toBe(false);
  });

  it('waits with the next node until as much can be lost as before', async () => {
    const cluster = fakeCluster();
    const { tick } = cluster;
    cluster.tick = () => {
      tick();
      if (cluster.actions.includes('node.undrained r2')) cluster.synchronous = ['r2'];
    };
    const { end } = await restart(cluster, ['r2', 'r3']);
    expect(end).toMatchObject({ state: 'failed', result: expect.stringMatching(/^redundancy after r2/) });
    expect(cluster.actions).toEqual(NODE('r2'));
  });

  it('that an operator ends undrains the node that it is at', async () => {
    const cluster = fakeCluster();
    const { end } = await restart(cluster, ['r2', 'r3'], { abortAt: 'dns on r2' });
    expect(end).toMatchObject({ state: 'aborted', result: expect.stringMatching(/r2 takes its part again/) });
    expect(cluster.actions.at(-1)).toBe('node.undrained r2');
    expect(cluster.drained.size).toBe(0);
  });
});
