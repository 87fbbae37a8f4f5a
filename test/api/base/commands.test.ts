import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { CLAIM_PATH, type ClaimAnswer, reportPath } from '../../../src/contract/base/command.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { openJobRepository } from '../../../src/region/base/jobs/job-repository.ts';
import { addCommand } from '../../../src/region/base/commands/add.ts';
import { createCommandWaiter } from '../../../src/region/base/commands/wait.ts';
import type { JobKind } from '../../../src/region/base/jobs/kind.ts';
import { createRenewer } from '../../../src/region/base/jobs/renewal.ts';
import { startJobRunner } from '../../../src/region/base/jobs/runner.ts';
import { reached } from '../../../src/region/base/task.ts';
import { addJob } from '../../../src/store/queries/base/jobs/add.ts';
import { insertCommand } from '../../../src/store/queries/base/jobs/commands.ts';
import { renewJobs } from '../../../src/store/queries/base/jobs/lease.ts';
import { createNode, setNodeCredential } from '../../../src/store/queries/cluster/nodes.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { until } from '../../kit/until.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();
let site: TestRegion;
let endTasks: () => Promise<void>;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  endTasks = site.region.startTasks();
  await change(site.db, async (tx) => {
    const node = await createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] });
    await setNodeCredential(tx, 'k1', secretDigest(NODE_SECRET));
    return node;
  });
});
afterAll(async () => {
  await endTasks();
  await site.close();
});

/** A call of a node's agent. */
async function asAgent(node: string, method: 'GET' | 'POST', url: string, body?: unknown) {
  const answer = await site.agentApi.inject({
    method,
    url,
    headers: {
      authorization: `Bearer node:${node}:${NODE_SECRET}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
    },
    ...(body ? { payload: JSON.stringify(body) } : {}),
  });
  return {
    status: answer.statusCode,
    body: (answer.body === '' ? {} : JSON.parse(answer.body)) as Record<string, unknown>,
  };
}
const claim = async (node: string, kinds = ['probe-address']) => {
  const answer = await asAgent(node, 'POST', CLAIM_PATH, { key: realRandom.hex(16), kinds, limit: 8 });
  expect(answer.status).toBe(200);
  return (answer.body as ClaimAnswer).commands;
};
const report = (node: string, id: number, body: unknown) => asAgent(node, 'POST', reportPath(id), body);
const probe = async (node: string, body: Record<string, unknown> = {}) => {
  const answer = await site.call('POST', `/nodes/${node}/probe`, {
    role: 'operator',
    body: { address: '10.88.0.3', ...body },
  });
  expect(answer.status).toBe(202);
  return answer.body as Record<string, unknown> & { id: number };
};
const show = async (id: number) => (await site.call('GET', `/commands/${id}`)).body;
const REACHED = { isReachable: true, way: 'connected', port: 623, ms: 0.4, why: '' };
const done = (epoch: number, result: unknown = REACHED) => ({ epoch, state: 'done', sentence: 'It is there.', result });

describe('a command for a node', () => {
  it('is heard by the waiting pull within a second, by no other node’s and by no agent of before', async () => {
    // What is published of the node is taken first.
    let held = { generation: 0, digest: '' };
    const desired = ({ generation, digest }: typeof held, rest: string) =>
      asAgent('r1', 'GET', `/agent/v1/desired?generation=${generation}&digest=${digest}&${rest}`);
    const isSettled = async () => {
      const { status, body } = await desired(held, 'wait=1');
      if (status === 200) held = body as typeof held;
      return status === 204 && held.generation > 0;
    };
    await expect.poll(isSettled, { timeout: 15_000, interval: 500 }).toBe(true);
    const waiting = (query: string) => desired(held, `wait=3${query}`);
    const { agents } = site.region;
    const [looks, signs] = [vi.spyOn(agents, 'pull'), vi.spyOn(agents.commands, 'waiting')];
    const hears = waiting('&commands=');
    const before = waiting('');
    const answers = (spy: typeof looks | typeof signs) =>
      spy.mock.settledResults.filter(({ type, value: found }) => type === 'fulfilled' && found === null).length;
    await until('both have found nothing, and wait', () => answers(looks) >= 2 && answers(signs) >= 1);
    const since = performance.now();
    const other = await probe('k1');
    const { id } = await probe('r1');
    const heard = await hears;
    expect(performance.now() - since).toBeLessThan(1000);
    expect(heard).toMatchObject({ status: 200, body: { commands: expect.stringMatching(/^[0-9a-f]{32}$/) } });
    expect(Object.keys(heard.body)).toEqual(['commands']);
    // Who knows of them is not told again.
    expect(await desired(held, `wait=1&commands=${String(heard.body['commands'])}`)).toMatchObject({ status: 204 });
    expect((await before).status).toBe(204);
    expect((await claim('r1')).map((command) => command.id)).toEqual([id]);
    expect((await claim('k1')).map((command) => command.id)).toEqual([other.id]);
    expect((await report('r1', id, done(1))).status).toBe(204);
    expect((await report('k1', other.id, { epoch: 1, state: 'failed', sentence: 'No.' })).status).toBe(204);
  });

  it('goes from the operator to the agent and back', async () => {
    const asked = await probe('R1', { port: 443, seconds: 20 });
    expect(asked).toMatchObject({
      node: 'r1',
      kind: 'probe-address',
      args: { address: '10.88.0.3', port: 443 },
      state: 'waiting',
      caller: 'operator',
      epoch: 0,
      result: null,
    });
    const [command] = await claim('r1');
    expect(command).toMatchObject({
      id: asked.id,
      kind: 'probe-address',
      args: asked['args'],
      secrets: null,
      epoch: 1,
    });
    expect(command?.leftMs).toBeGreaterThan(15_000);
    expect(await show(asked.id)).toMatchObject({ state: 'claimed', epoch: 1 });
    expect((await report('r1', asked.id, done(1))).status).toBe(204);
    // The answer was lost.
    expect((await report('r1', asked.id, done(1))).status).toBe(204);
    expect(await show(asked.id)).toMatchObject({ state: 'done', sentence: 'It is there.', result: REACHED });
    const listed = await site.call('GET', '/commands?node=r1&state=done&kind=probe-address&limit=1', {
      role: 'auditor',
    });
    expect(listed.body['items']).toMatchObject([{ id: asked.id }]);
    const events = (await site.call('GET', '/events?limit=1000')).body['items'] as { kind: string; subject: string }[];
    expect(events.filter(({ subject }) => subject === `command/${asked.id}`).map(({ kind }) => kind)).toEqual([
      'command.added',
      'command.done',
    ]);
  });

  it('is its own node’s alone, and its claim’s alone', async () => {
    const { id } = await probe('r1');
    expect(await claim('k1')).toEqual([]);
    await claim('r1');
    for (const [node, epoch] of [
      ['k1', 1],
      ['r1', 2],
      ['r1', 7],
    ] as const)
      expect(await report(node, id, done(epoch)), `${node} ${epoch}`).toMatchObject({ status: 409 });
    expect(await show(id)).toMatchObject({ state: 'claimed' });
    // Its agent was restarted: to probe twice does no harm.
    expect((await report('r1', id, { epoch: 1, state: 'interrupted', sentence: 'Restarted.' })).status).toBe(204);
    expect(await claim('r1')).toMatchObject([{ id, epoch: 2 }]);
    expect(await report('r1', id, done(1))).toMatchObject({ status: 409 });
    expect((await report('r1', id, done(2))).status).toBe(204);
    expect(await report('r1', 99_999, done(1))).toMatchObject({ status: 409 });
  });

  it('takes no result that its kind does not have', async () => {
    const endOf = async (body: Record<string, unknown>) => {
      const { id } = await probe('r1');
      await claim('r1');
      expect((await report('r1', id, { ...done(1), ...body })).status).toBe(204);
      return show(id);
    };
    const none = 'The agent sent a result that probe-address does not have.';
    expect(await endOf({ result: { isReachable: 'yes' } })).toMatchObject({
      state: 'failed',
      sentence: none,
      result: null,
    });
    expect(await endOf({ result: undefined })).toMatchObject({ state: 'failed', sentence: none });
    expect(await endOf({ result: { ...REACHED, why: 'x'.repeat(70_000) } })).toMatchObject({
      state: 'failed',
      sentence: expect.stringContaining('Rule: at most 65536.'),
    });
    expect(await endOf({ result: { ...REACHED, why: 'a\u0000b' } })).toMatchObject({
      state: 'failed',
      sentence: 'Its result holds a text that cannot be stored.',
    });
    expect(await endOf({ sentence: 'two\nlines\u0000' })).toMatchObject({ state: 'done', sentence: 'two lines' });
  });

  it('is refused in any other form', async () => {
    for (const body of [{}, { key: 'short', kinds: [], limit: 1 }, { key: 'a'.repeat(32), kinds: [], limit: 9 }])
      expect(await asAgent('r1', 'POST', CLAIM_PATH, body)).toMatchObject({ status: 422 });
    expect(await report('r1', 1, { epoch: 0, state: 'done', sentence: '' })).toMatchObject({ status: 422 });
    expect(await report('r1', 1, { epoch: 1, state: 'lost', sentence: '' })).toMatchObject({ status: 422 });
    expect(await asAgent('r1', 'POST', '/agent/v1/commands/x/report', done(1))).toMatchObject({ status: 404 });
    expect(await asAgent('k9', 'POST', CLAIM_PATH, { key: 'a'.repeat(32), kinds: [], limit: 1 })).toMatchObject({
      status: 401,
    });
  });
});

describe('node probe', () => {
  it('is an operator’s, of a node that is there, for an address that another host can have', async () => {
    const body = { address: '10.88.0.3' };
    for (const role of ['user', 'auditor'] as const)
      expect(await site.call('POST', '/nodes/r1/probe', { role, body })).toMatchObject({ status: 403 });
    expect(await site.call('POST', '/nodes/r7/probe', { body })).toMatchObject({ status: 404 });
    for (const address of ['127.0.0.1', '0.0.0.0', '224.0.0.1', '::1', 'fe80::1', 'bmc.example.test', '10.0.0.0/8', ''])
      expect(await site.call('POST', '/nodes/r1/probe', { body: { address } }), address).toMatchObject({ status: 422 });
    for (const more of [{ port: 0 }, { port: 70_000 }, { seconds: 0 }, { seconds: 61 }])
      expect(await site.call('POST', '/nodes/r1/probe', { body: { ...body, ...more } })).toMatchObject({ status: 422 });
    const count = async () => ((await site.call('GET', '/commands?limit=1000')).body['items'] as unknown[]).length;
    const before = await count();
    expect(await site.call('POST', '/nodes/r1/probe?dry_run=true', { body })).toMatchObject({ status: 200 });
    expect(await count()).toBe(before);
    expect(await site.call('GET', '/commands', { role: 'user' })).toMatchObject({ status: 403 });
    expect(await site.call('GET', '/commands/999999')).toMatchObject({ status: 404 });
    expect(await site.call('GET', '/commands/x')).toMatchObject({ status: 404 });
  });

  it('is answered within its deadline when the node is dead, and says so', async () => {
    const since = performance.now();
    const { id } = await probe('k1', { seconds: 1 });
    await expect.poll(async () => (await show(id))['endedAt'], { timeout: 5000, interval: 50 }).not.toBeNull();
    expect(performance.now() - since).toBeLessThan(3000);
    expect(await show(id)).toMatchObject({
      state: 'expired',
      sentence: 'The agent of k1 did not take it before its deadline: it never reported.',
    });
  });
});

describe('secrets of a command', () => {
  it('reach its agent and nobody else', async () => {
    const row = {
      nodeId: 'r1',
      kind: 'power',
      args: { on: true },
      isRepeatable: false,
      claimSeconds: 30,
      deadlineSeconds: 30,
    };
    const secrets = { password: 'correct-horse-battery' };
    const { id } = value(await change(site.db, (tx) => insertCommand(tx, { ...row, secrets, caller: 'ada' })));
    expect(await claim('k1', ['power'])).toEqual([]);
    expect(await claim('r1', ['power'])).toMatchObject([{ id, args: { on: true }, secrets }]);
    const places = [
      `/commands/${id}`,
      '/commands?limit=1000',
      '/events?limit=1000',
      '/audit?limit=1000',
      '/config/history',
    ];
    const texts = await Promise.all(places.map(async (path) => (await site.call('GET', path)).raw));
    expect(texts.join('')).not.toContain('correct-horse');
    await report('r1', id, { epoch: 1, state: 'failed', sentence: 'It stays off.' });
    const rows = await pg
      .get()
      .admin<{ count: number }>('select count(*)::int as count from command_secrets', site.connection.database);
    expect(rows).toEqual([{ count: 0 }]);
  });
});

/** A job that asks a node for something and goes on with the answer, also in another region. */
function askJob(deadlineSeconds: number): JobKind {
  const waiter = createCommandWaiter(site.db, site.wakes);
  return {
    name: 'ask',
    parse: (payload) => payload,
    async run(job) {
      const asked = job.checkpoint as { command: number } | null;
      let id = asked?.command ?? 0;
      if (asked === null) {
        await job.save('It asks.', null, async (tx) => {
          const args = { address: '10.88.0.9', port: null };
          const caller = `job ${job.id}`;
          ({ id } = await addCommand(tx, { nodeId: job.target, kind: 'probe-address', args, deadlineSeconds, caller }));
          return { command: id };
        });
      }
      const row = await waiter.awaitCommand(id, job.signal);
      return { state: row.state === 'done' ? 'done' : 'failed', result: row.sentence ?? '' };
    },
  };
}

function startRunner(process: string, kind: JobKind) {
  const common = { clock: realClock, random: realRandom, log: silentLog };
  const renewer = createRenewer({
    ...common,
    renew: (held) => reached(site.db.repeatable((tx) => renewJobs(tx, held, 8000))),
  });
  return startJobRunner({ ...common, renewer, kinds: [kind], repository: openJobRepository(site.db, process) });
}

const begin = async (node: string) => {
  const targets = [`node:${node}`];
  const job = { kind: 'ask', target: node, payload: {}, deadlineSeconds: 60, targets, caller: 'ada' };
  return value(await change(site.db, (tx) => addJob(tx, job))).id;
};
const jobOf = async (id: number) => (await site.call('GET', `/jobs/${id}`)).body;
const ended = (id: number) => until(`job ${id} has ended`, async () => (await jobOf(id))['endedAt']);

describe('a job that asks a node', () => {
  it('has its answer, also when another region goes on with it: the node is asked once', async () => {
    const id = await begin('r1');
    const first = startRunner('p1', askJob(30));
    await expect.poll(async () => (await jobOf(id))['progress'], { timeout: 5000 }).toBe('It asks.');
    const [command] = await claim('r1');
    await first.stop();
    expect(await jobOf(id)).toMatchObject({ state: 'waiting' });
    const second = startRunner('p2', askJob(30));
    try {
      await expect.poll(async () => (await jobOf(id))['holder'], { timeout: 5000 }).toBe('p2');
      await report('r1', command?.id ?? 0, done(1));
      await ended(id);
      expect(await jobOf(id)).toMatchObject({ state: 'done', result: 'It is there.' });
      const all = (await site.call('GET', '/commands?limit=1000')).body['items'] as { caller: string }[];
      expect(all.filter(({ caller }) => caller === `job ${id}`)).toHaveLength(1);
    } finally {
      await second.stop();
    }
  });

  it('has an end when the node is dead', async () => {
    const runner = startRunner('p3', askJob(1));
    try {
      const id = await begin('k1');
      runner.wake();
      await ended(id);
      expect(await jobOf(id)).toMatchObject({
        state: 'failed',
        result: 'The agent of k1 did not take it before its deadline: it never reported.',
      });
    } finally {
      await runner.stop();
    }
  });

  it('cannot ask with arguments that its kind does not have', async () => {
    const args = { address: '10.88.0.9', port: 0 };
    const ask = (more: object) =>
      change(site.db, (tx) =>
        addCommand(tx, { nodeId: 'r1', kind: 'probe-address', args, deadlineSeconds: 1, caller: 'ada', ...more }),
      );
    await expect(ask({})).rejects.toThrow('the arguments of probe-address break its schema');
    const well = { args: { address: '10.88.0.9', port: null }, secrets: { password: 'x' } };
    await expect(ask(well)).rejects.toThrow('the secrets of probe-address break its schema');
  });
});
