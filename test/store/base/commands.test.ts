import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClaimRequest } from '../../../src/contract/base/command.ts';
import type { Database } from '../../../src/store/database.ts';
import { purge } from '../../../src/store/purge.ts';
import {
  claimCommands,
  endCommand,
  expireCommands,
  hasOverdueCommands,
  interruptCommand,
  waitingSign,
} from '../../../src/store/queries/base/jobs/command-claims.ts';
import {
  type CommandRow,
  findCommand,
  insertCommand,
  listCommands,
  type NewCommandRow,
} from '../../../src/store/queries/base/jobs/commands.ts';
import { createNode, deleteNode } from '../../../src/store/queries/cluster/nodes.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  for (const name of ['k1', 'k2']) await change(db, (tx) => createNode(tx, { ...NODE, id: name, name }));
});

const NODE = { isRegion: false, isRack: true, addresses: [] };
const COMMAND: NewCommandRow = {
  nodeId: 'k1',
  kind: 'walk',
  args: { far: 1 },
  secrets: null,
  isRepeatable: false,
  claimSeconds: 30,
  deadlineSeconds: 60,
  caller: 'ada',
};

const repeatable = async <T>(body: (tx: Tx) => Promise<T>) => value(await db.repeatable(body));
const run = (text: ReturnType<typeof sql>) => repeatable((tx) => tx.run(text));
const add = async (command: Partial<NewCommandRow> = {}) =>
  value(await change(db, (tx) => insertCommand(tx, { ...COMMAND, ...command })));
let keys = 0;
const claim = (node = 'k1', request: Partial<ClaimRequest> = {}) => {
  keys += 1;
  const key = keys.toString(16).padStart(16, '0');
  return repeatable((tx) => claimCommands(tx, node, { key, kinds: ['walk'], limit: 8, ...request }));
};
const show = async (id: number) => (await repeatable((tx) => findCommand(tx, id))) as CommandRow;
const sign = (node = 'k1') => repeatable((tx) => waitingSign(tx, node));
const expire = () => repeatable(expireCommands);
const DONE = { state: 'done', sentence: 'Walked.', result: { steps: 3 } } as const;
const end = (held: { id: number; epoch: number }, nodeId = 'k1') =>
  repeatable((tx) => endCommand(tx, { ...held, nodeId }, DONE));
const past = (column: 'deadline' | 'claim_until') =>
  run(sql`update commands set ${sql.ref(column)} = clock_timestamp() - interval '1 ms' where ended_at is null`);

describe('claims of commands', () => {
  it('give each command once, the oldest first, and to its own node alone', async () => {
    const mine = [(await add()).id, (await add()).id, (await add()).id];
    const other = await add({ nodeId: 'k2' });
    const both = await Promise.all([claim('k1', { limit: 2 }), claim('k1', { limit: 2 })]);
    const first = both.flat();
    const rest = await claim();
    const ids = [...first, ...rest].map(({ id }) => id);
    expect([...ids].sort((a, b) => a - b)).toEqual(mine);
    expect(await claim()).toEqual([]);
    expect(await claim('k2')).toMatchObject([
      { id: other.id, kind: 'walk', args: { far: 1 }, secrets: null, epoch: 1 },
    ]);
    const { leftMs } = [...first][0] ?? { leftMs: 0 };
    expect(leftMs).toBeGreaterThan(28_000);
    expect(leftMs).toBeLessThanOrEqual(30_000);
  });

  it('end at the deadline where that is first', async () => {
    await add({ deadlineSeconds: 5 });
    expect((await claim())[0]?.leftMs).toBeLessThanOrEqual(5000);
  });

  it('are answered again for the same key, with nothing more', async () => {
    const { id } = await add();
    const key = 'abcdef0123456789';
    const first = await claim('k1', { key });
    await add();
    const again = await claim('k1', { key });
    expect(again.map((command) => [command.id, command.epoch])).toEqual([[id, 1]]);
    expect(again[0]?.args).toEqual(first[0]?.args);
    expect(await claim('k1')).toHaveLength(1);
  });

  it('fail at once what the agent cannot run', async () => {
    const { id } = await add({ kind: 'fly' });
    expect(await claim()).toEqual([]);
    expect(await show(id)).toMatchObject({
      state: 'failed',
      epoch: 0,
      sentence: 'The agent of k1 does not know this kind of command: it is of an earlier release.',
    });
  });

  it('are told of by a sign that is another one whenever another command waits', async () => {
    expect(await sign()).toBeNull();
    const first = await add({ isRepeatable: true });
    const one = await sign();
    expect(one).toMatch(/^[0-9a-f]{32}$/);
    expect(await sign('k2')).toBeNull();
    await add();
    expect(await sign()).not.toBe(one);
    const [claimed] = await claim('k1', { limit: 1 });
    expect(claimed?.id).toBe(first.id);
    const rest = await sign();
    await claim();
    expect(await sign()).toBeNull();
    // The same command again is news.
    expect(await repeatable((tx) => interruptCommand(tx, { nodeId: 'k1', id: first.id, epoch: 1 }))).toBe(true);
    expect([one, rest]).not.toContain(await sign());
  });
});

describe('the end of a command', () => {
  it('is taken from the claim that holds it, also twice; a late or strange word is refused', async () => {
    const { id } = await add();
    expect(await end({ id, epoch: 0 })).toBe(false);
    const [held] = await claim();
    expect(await end({ id, epoch: 1 }, 'k2')).toBe(false);
    expect(await end({ id, epoch: 2 })).toBe(false);
    expect(held && (await end(held))).toBe(true);
    expect(await show(id)).toMatchObject({ state: 'done', result: { steps: 3 }, sentence: 'Walked.', epoch: 1 });
    expect(held && (await end(held))).toBe(true);
    const failed = { state: 'failed', sentence: 'Fell.', result: null } as const;
    expect(await repeatable((tx) => endCommand(tx, { nodeId: 'k1', id, epoch: 1 }, failed))).toBe(false);
    await expect(run(sql`update commands set result = null`)).rejects.toThrow(/has ended: done/);
    expect(await end({ id: 4711, epoch: 1 })).toBe(false);
  });

  it('does not come twice: after a claim ran out the earlier agent’s word is late', async () => {
    const { id } = await add({ isRepeatable: true });
    const [old] = await claim();
    await past('claim_until');
    expect(await repeatable(hasOverdueCommands)).toBe(true);
    expect(await expire()).toBe(1);
    expect(await show(id)).toMatchObject({ state: 'waiting', epoch: 1 });
    expect(old && (await end(old))).toBe(false);
    const [young] = await claim();
    expect(young).toMatchObject({ id, epoch: 2 });
    expect(old && (await end(old))).toBe(false);
    expect(young && (await end(young))).toBe(true);
    await expect(run(sql`update commands set epoch = 1`)).rejects.toThrow(/epoch 1 does not follow 2/);
  });

  it('is a visible failure when a claim runs out that must not be repeated', async () => {
    const { id } = await add();
    const [held] = await claim();
    await past('claim_until');
    await expire();
    expect(await show(id)).toMatchObject({
      state: 'failed',
      sentence: 'The agent of k1 took it and did not report its end in time. It may have been done.',
    });
    expect(held && (await end(held))).toBe(false);
    expect(await claim()).toEqual([]);
  });

  it('comes at the deadline, whoever is dead, with what is known of it', async () => {
    const dead = await add();
    const lost = await add({ nodeId: 'k2', isRepeatable: true });
    await claim('k2');
    expect(await expire()).toBe(0);
    await past('deadline');
    expect(await claim()).toEqual([]);
    expect(await expire()).toBe(2);
    expect(await show(dead.id)).toMatchObject({
      state: 'expired',
      sentence: 'The agent of k1 did not take it before its deadline: it never reported.',
    });
    expect(await show(lost.id)).toMatchObject({
      state: 'expired',
      sentence: 'The agent of k2 took it and did not report its end before its deadline.',
    });
    expect(await repeatable(hasOverdueCommands)).toBe(false);
  });

  it('comes once, also when every region looks at once', async () => {
    for (let n = 0; n < 20; n += 1) await add();
    await past('deadline');
    const counts = await Promise.all(Array.from({ length: 6 }, expire));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20);
    const events = await repeatable((tx) => tx.all(sql`select from events where kind = 'command.expired'`));
    expect(events).toHaveLength(20);
  });

  it('of an interrupted run is another try where that does no harm, else a failure', async () => {
    const gentle = await add({ isRepeatable: true });
    const harsh = await add();
    await claim();
    const interrupt = (id: number) => repeatable((tx) => interruptCommand(tx, { nodeId: 'k1', id, epoch: 1 }));
    expect([await interrupt(gentle.id), await interrupt(harsh.id)]).toEqual([true, true]);
    expect(await show(gentle.id)).toMatchObject({ state: 'waiting' });
    expect(await show(harsh.id)).toMatchObject({
      state: 'failed',
      sentence: 'The agent of k1 was restarted meanwhile. The command may have been done.',
    });
    expect([await interrupt(gentle.id), await interrupt(harsh.id)]).toEqual([false, false]);
  });
});

describe('secrets of commands', () => {
  const SECRET = 'correct-horse-battery';
  const stored = async () => (await repeatable((tx) => tx.all(sql`select * from command_secrets`))).length;

  it('are seen by the claim alone, and are gone with the command’s end', async () => {
    const { id } = await add({ secrets: { password: SECRET }, isRepeatable: true });
    const gone = await add({ secrets: { password: SECRET } });
    const seen = [
      await show(id),
      await repeatable((tx) => listCommands(tx)),
      await repeatable((tx) => tx.all(sql`select * from events`)),
      await repeatable((tx) => tx.all(sql`select * from audit`)),
      await repeatable((tx) => tx.all(sql`select * from idempotency`)),
      await repeatable((tx) => tx.all(sql`select * from history`)),
    ];
    expect(JSON.stringify(seen)).not.toContain(SECRET);
    expect((await claim()).map(({ secrets }) => secrets)).toEqual([{ password: SECRET }, { password: SECRET }]);
    await repeatable((tx) => interruptCommand(tx, { nodeId: 'k1', id, epoch: 1 }));
    expect(await stored()).toBe(2);
    const [held] = await claim();
    expect(held && (await end(held))).toBe(true);
    expect(await stored()).toBe(1);
    await past('claim_until');
    await expire();
    expect(await show(gone.id)).toMatchObject({ state: 'failed' });
    expect(await stored()).toBe(0);
  });
});

describe('rows of commands', () => {
  it('are bounded, go with their node, and do not grow for ever', async () => {
    const big = { text: 'x'.repeat(70_000) };
    await expect(add({ args: big })).rejects.toThrow(/commands_args_size/);
    await expect(add({ kind: 'Two words' })).rejects.toThrow(/commands_kind_grammar/);
    const { id } = await add();
    const open = await add();
    await add({ nodeId: 'k2' });
    await claim('k1', { limit: 1 });
    expect(await end({ id, epoch: 1 })).toBe(true);
    const ids = async (query: Parameters<typeof listCommands>[1]) =>
      (await repeatable((tx) => listCommands(tx, query))).items.map((row) => row.id);
    expect(await ids({ node: 'K1' })).toEqual([open.id, id]);
    expect(await ids({ node: 'k1', isUnfinished: true })).toEqual([open.id]);
    expect(await ids({ kind: 'walk', state: 'done' })).toEqual([id]);
    expect(await ids({ kind: 'swim' })).toEqual([]);
    const name =
      (await repeatable((tx) => tx.one(sql<{ name: string }>`select current_database() as name`)))?.name ?? '';
    await postgres.get().admin('alter table commands disable trigger check_command_goes_on', name);
    await run(sql`update commands set ended_at = now() - interval '8 days' where id = ${id}`);
    await purge(db, 'test');
    expect(await ids({ node: 'k1' })).toEqual([open.id]);
    value(await change(db, (tx) => deleteNode(tx, { key: 'k2' })));
    expect(await ids({})).toEqual([open.id]);
  });

  it('are of a node that is there', async () => {
    expect(refusal(await change(db, (tx) => insertCommand(tx, { ...COMMAND, nodeId: 'k9' }))).code).toBe('conflict');
  });
});
