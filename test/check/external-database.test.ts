import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../src/core/errors.ts';
import { Database } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';
import { allRows } from '../../src/store/page.ts';
import { readServerStates, type ServerState } from '../../src/store/pool/server-states.ts';
import { createDomain, listDomains } from '../../src/store/queries/domains.ts';
import { write } from '../../src/store/write.ts';
import { PatroniPair } from '../kit/patroni-pair.ts';
import { realClock, realRandom, silentLog } from '../kit/postgres.ts';
import { operation, refusal, value } from '../kit/store.ts';
import { pause, until } from '../kit/until.ts';

/** Regent on a Patroni pair that is not its own, with Debian's PostgreSQL and Patroni. */
describe('an external database', () => {
  let pair: PatroniPair;
  let db: Database;

  const open = (deadlineMs: number) =>
    new Database({
      connection: pair.spec(),
      name: 'check',
      clock: realClock,
      random: realRandom,
      log: silentLog,
      deadlineMs,
    });
  const add = (name: string, database = db) =>
    write(database, operation(), async (tx) => ({ status: 201, body: await createDomain(tx, { name, ttl: null }) }));
  const states = async () => (await readServerStates(pair.spec(), 'check')).map(stateOf);
  const stateOf = ({ server, state, isSynchronous }: ServerState) => [server.slice(-4), state, isSynchronous];

  /** Writes while something happens. Gives how many were acknowledged; fails for one that failed or is missing afterwards. */
  async function underLoad(label: string, act: () => Promise<void>): Promise<number> {
    const acknowledged: string[] = [];
    const failed: string[] = [];
    let isEnd = false;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; !isEnd; n += 1) {
        const name = `${label}${writer}n${n}.test`;
        const done = await add(name);
        if (isRejected(done)) failed.push(done.message);
        else acknowledged.push(name);
        await pause(50);
      }
    });
    await pause(500);
    await act();
    const before = acknowledged.length;
    await until('writes go on', () => acknowledged.length > before + 20, { deadlineMs: 60_000 });
    isEnd = true;
    await Promise.all(writers);
    expect(failed).toEqual([]);
    const rows = value(await db.read((tx) => allRows((page) => listDomains(tx, page)), { deadlineMs: 60_000 }));
    const there = new Set(rows.map(({ name }) => name));
    expect(acknowledged.filter((name) => !there.has(name))).toEqual([]);
    return acknowledged.length;
  }

  beforeAll(async () => {
    pair = await PatroniPair.open();
    db = open(60_000);
  }, 300_000);
  afterAll(async () => {
    await db?.close(1000);
    await pair?.[Symbol.asyncDispose]();
  });

  it('is migrated by a role that owns the database and may do nothing else', async () => {
    expect(value(await migrate(db, readMigrations())).length).toBeGreaterThan(40);
    expect(await states()).toEqual([
      ['5442', 'standby', null],
      ['5441', 'primary', true],
    ]);
  });

  it('is followed through a switchover under load', async () => {
    await underLoad('s', () => pair.switchover('b'));
    await pair.isWhole('b');
    expect(await states()).toEqual([
      ['5442', 'primary', true],
      ['5441', 'standby', null],
    ]);
  });

  it('is followed through a failover under load: calls wait, no acknowledged write is lost', async () => {
    await underLoad('f', async () => {
      await pair.killDatabase('b');
      await until('a leads', async () => (await pair.leader()) === 'a', { deadlineMs: 60_000, everyMs: 200 });
    });
    await pair.isWhole('a');
    expect(await states()).toEqual([
      ['5442', 'standby', null],
      ['5441', 'primary', true],
    ]);
  });

  it('that becomes read-only is read on, and a write is refused with the reason, which names no password', async () => {
    const quick = open(2000);
    try {
      await pair.psql('a', 'alter system set default_transaction_read_only = on');
      await pair.psql('a', 'select pg_reload_conf()');
      await until('writes are refused', async () => isRejected(await add(`r${realRandom.hex(4)}.test`, quick)));
      const { code, message } = refusal(await add('no.test', quick));
      expect(code).toBe('unavailable');
      expect(message).toContain('takes no writes: its default_transaction_read_only is on');
      expect(message).not.toContain(pair.password);
      value(await quick.read((tx) => listDomains(tx, { limit: 1 })));
      expect((await states()).map(([, state]) => state)).toEqual(['standby', 'read-only']);
      await pair.psql('a', 'alter system reset default_transaction_read_only');
      await pair.psql('a', 'select pg_reload_conf()');
      await until('writes are taken again', async () => !isRejected(await add(`w${realRandom.hex(4)}.test`, quick)));
    } finally {
      await quick.close(500);
    }
  });
});
