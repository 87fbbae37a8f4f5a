import { sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { createMachine, deleteMachine } from '../../../src/store/queries/machines/machines.ts';
import { readInventory, storeInventory } from '../../../src/store/queries/machines/machine-inventories.ts';
import * as tokens from '../../../src/store/queries/machines/machine-tokens.ts';
import * as results from '../../../src/store/queries/machines/scripts/script-results.ts';
import type { WriteTx } from '../../../src/store/write.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { seed } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** Runs of machines and what was told in them, as rows. */

const postgres = usePostgres();
const M = 'aaaaaa';
let db: Database;
const say = async <T>(body: (tx: WriteTx) => Promise<T>) => value(await change(db, body));
beforeEach(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  await seed(db);
  await say(async (tx) => {
    const { id: domainId = 0 } = (await tx.one(sql<{ id: number }>`select id from domains order by id limit 1`)) ?? {};
    await createMachine(tx, { id: M, hostname: 'm1', domainId, interfaces: [] });
    return {};
  });
});

const begin = (purpose: Parameters<typeof tokens.storeRun>[2], data?: Uint8Array) =>
  say(async (tx) => {
    await tokens.storeRun(tx, M, purpose, data === undefined ? {} : { userData: data });
    return { run: await tokens.findOpenRun(tx, M) };
  });
const keys = {
  consumerKey: 'c'.repeat(24),
  tokenKey: 't'.repeat(24),
  secretSha256: 'a'.repeat(64),
  secretSealed: 'v1.x',
};

describe('a run', () => {
  it('goes on while its purpose does, and ends with it; then it forgets its credentials', async () => {
    const { run } = await begin('deploying', Buffer.from('data'));
    const id = run?.id ?? 0;
    await say(async (tx) => (await tokens.storeCredentials(tx, id, keys), {}));
    expect((await begin('deploying')).run).toMatchObject({ id, tokenKey: keys.tokenKey });
    expect(await say(async (tx) => ({ found: await tokens.findRunByToken(tx, keys) }))).toMatchObject({
      found: { id, machineId: M },
    });
    expect((await say(async (tx) => ({ data: await tokens.readUserData(tx, id) }))).data?.toString()).toBe('data');
    expect((await begin(null)).run).toBeNull();
    expect(await say(async (tx) => ({ found: await tokens.findRunByToken(tx, keys) }))).toEqual({ found: null });
    const row = await say((tx) =>
      tx.one(
        sql<object>`select token_key, secret_sealed, secret_sha256, user_data from machine_tokens where id = ${id}`,
      ),
    );
    expect(row).toEqual({ token_key: null, secret_sealed: null, secret_sha256: null, user_data: null });
    expect((await begin('deploying')).run?.id).toBeGreaterThan(id);
  });

  it('is one, whatever begins at the same moment', async () => {
    await Promise.all(
      ['commissioning', 'testing', 'commissioning', 'rescue'].map((purpose) => begin(purpose as 'testing')),
    );
    const open = await say((tx) =>
      tx.all(sql`select from machine_tokens where machine_id = ${M} and ended_at is null`),
    );
    expect(open).toHaveLength(1);
  });

  it('of a machine that is gone is none', async () => {
    await begin('commissioning');
    await say(async (tx) => deleteMachine(tx, { key: M, ifVersion: null }));
    expect((await begin('testing')).run).toBeNull();
    expect(await say((tx) => tx.all(sql`select from machine_tokens`))).toEqual([]);
  });
});

describe('an inventory', () => {
  it('is the one that was told last', async () => {
    for (const virtual of ['kvm', 'qemu'])
      await say(
        async (tx) => (
          await storeInventory(tx, M, { source: '10.0.0.1', inventory: { virtual }, problems: [], bmc: null }), {}
        ),
      );
    expect(await say((tx) => readInventory(tx, M))).toMatchObject({
      inventory: { virtual: 'qemu' },
      source: '10.0.0.1',
    });
  });
});

describe('a result', () => {
  const word = {
    machineId: M,
    run: 1,
    purpose: 'commissioning',
    script: '00-cpu',
    state: 'running',
    exitStatus: null,
  } as const;
  it('is one per run and script, with its outputs as bytes and what was over', async () => {
    const id = (await say(async (tx) => ({ id: await results.storeScriptResult(tx, word) }))).id;
    const content = Buffer.from([0, 255, 10]);
    await say(async (tx) => {
      expect(await results.storeScriptResult(tx, { ...word, state: 'failed', exitStatus: 3 })).toBe(id);
      for (const bytes of [50, 100_000_000])
        await results.storeScriptOutput(tx, id, { kind: 'stdout', content, bytes });
      return {};
    });
    const [only, ...more] = await say((tx) => results.listScriptResults(tx, M));
    expect(more).toEqual([]);
    expect(only).toMatchObject({
      id,
      state: 'failed',
      exitStatus: 3,
      outputs: [{ kind: 'stdout', bytes: 100_000_000, kept: 3 }],
    });
    expect(only?.startedAt).not.toBeNull();
    const whole = await say((tx) => results.readScriptOutputs(tx, M, id));
    expect(whole?.contents).toEqual([{ kind: 'stdout', bytes: 100_000_000, content }]);
    expect(await say(async (tx) => ({ none: await results.readScriptOutputs(tx, 'bbbbbb', id) }))).toEqual({
      none: null,
    });
  });
});
