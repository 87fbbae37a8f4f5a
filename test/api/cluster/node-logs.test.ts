import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIM_PATH, type ClaimAnswer, reportPath } from '../../../src/contract/base/command.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { createNode, setNodeCredential } from '../../../src/store/queries/cluster/nodes.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

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

async function asAgent(node: string, url: string, body: unknown) {
  const answer = await site.agentApi.inject({
    method: 'POST',
    url,
    headers: { authorization: `Bearer node:${node}:${NODE_SECRET}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  return { status: answer.statusCode, body: (answer.body === '' ? {} : JSON.parse(answer.body)) as unknown };
}
const claim = async (node: string, kinds = ['read-log']) => {
  const { body } = await asAgent(node, CLAIM_PATH, { key: realRandom.hex(16), kinds, limit: 8 });
  return (body as ClaimAnswer).commands;
};
/** The next look that its agent takes. */
const taken = (node: string) => until('a look', async () => (await claim(node))[0]);
const read = (path: string, role: 'admin' | 'operator' | 'user' | 'auditor' = 'operator') =>
  site.call('GET', `/nodes/${path}`, { role });
const rows = () =>
  pg.get().admin<{ count: number }>('select count(*)::int as count from commands', site.connection.database);
const gone = () => until('the look is gone', async () => (await rows())[0]?.count === 0);

const LINE = { at: '2026-03-01T10:00:00.000Z', program: 'named', level: 'info', text: 'loaded zone plain-words' };
const FOUND = { items: [LINE], cursor: 's=1;i=2', isCut: false };
const done = (epoch: number, result: unknown = FOUND) => ({
  epoch,
  state: 'done',
  sentence: '1 lines of dns.',
  result,
});

describe('the log of a part of a node', () => {
  it('is read by its agent, and stays nowhere: neither row nor event nor list tells of it', async () => {
    const answer = read('K1/logs/DNS?lines=5&after=s=1;i=1');
    const look = await taken('k1');
    expect(look).toMatchObject({ kind: 'read-log', args: { part: 'dns', lines: 5, after: 's=1;i=1' }, secrets: null });
    // While it is under way its result is nobody else's.
    expect((await asAgent('k1', reportPath(look.id), done(1))).status).toBe(204);
    expect(await answer).toMatchObject({ status: 200, body: { node: 'k1', part: 'dns', ...FOUND, why: null } });
    await gone();
    for (const path of ['/commands?limit=1000', '/events?limit=1000', '/audit?limit=1000']) {
      const { raw } = await site.call('GET', path);
      expect(raw, path).not.toContain('plain-words');
      expect(raw, path).not.toContain('read-log');
    }
  });

  it('is an operator’s, of a node and a part that are there, in bounds', async () => {
    for (const role of ['user', 'auditor'] as const)
      expect(await read('k1/logs/dns', role), role).toMatchObject({ status: 403 });
    expect(await read('k9/logs/dns')).toMatchObject({ status: 404 });
    expect(await read('k1/logs/ssh')).toMatchObject({ status: 404 });
    expect((await read('k1/logs/ssh')).body.detail).toContain('firewall, dcs');
    const wrong = ['lines=0', 'lines=501', 'seconds=11', 'after=--vacuum-size=1', 'after=s=xyz', 'lines=x', 'unit=ssh'];
    for (const query of wrong) expect(await read(`k1/logs/dns?${query}`), query).toMatchObject({ status: 422 });
    expect(await rows()).toEqual([{ count: 0 }]);
  });

  it('says in time that the agent is dead, of an earlier release, or could not', async () => {
    const since = performance.now();
    expect(await read('k1/logs/dns?seconds=1')).toMatchObject({
      status: 200,
      body: { items: [], cursor: null, why: 'The agent of k1 did not answer within 1 s.' },
    });
    expect(performance.now() - since).toBeLessThan(3000);
    await gone();
    const early = read('k1/logs/dns?seconds=10');
    await until('it waits', async () => (await rows())[0]?.count === 1);
    await claim('k1', ['probe-address']);
    expect((await early).body['why']).toMatch(/does not know this kind of command/);
    const unread = read('k1/logs/dns?seconds=10');
    const { id } = await taken('k1');
    const sentence = 'the journal cannot be read: Permission denied';
    await asAgent('k1', reportPath(id), { epoch: 1, state: 'failed', sentence });
    expect((await unread).body).toMatchObject({ items: [], why: sentence });
    const strange = read('k1/logs/dns?seconds=10');
    const next = await taken('k1');
    await asAgent('k1', reportPath(next.id), done(1, { ...FOUND, items: ['x'] }));
    expect((await strange).body['why']).toMatch(/a result that read-log does not have/);
    await gone();
  });

  it('is asked of one node a few times at once, and no connection of the database waits for it', async () => {
    const looks = Array.from({ length: 8 }, () => read('k1/logs/dns?seconds=2'));
    await until('some wait', async () => ((await rows())[0]?.count ?? 0) >= 4);
    const since = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => site.call('GET', '/nodes')));
    expect(performance.now() - since).toBeLessThan(1500);
    const statuses = (await Promise.all(looks)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThanOrEqual(3);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(4);
    await gone();
  });

  it('leaves nothing behind for long when the region that asked dies', async () => {
    const asked = read('k1/logs/dns?seconds=1');
    await asked;
    await gone();
    await pg.get().admin(
      `insert into commands (node_id, kind, args, is_repeatable, claim_seconds, caller, deadline, state, sentence, result, ended_at)
       values ('k1', 'read-log', '{}', true, 10, 'ada', now(), 'done', 'x', '{"items":["plain-words"]}', now() - interval '2 minutes')`,
      site.connection.database,
    );
    expect((await site.call('GET', '/commands?limit=1000')).raw).not.toContain('plain-words');
    await read('k1/logs/dns?seconds=1');
    await gone();
  });
});
