import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { Database } from '../../../src/store/database.ts';
import { beat } from '../../../src/store/health.ts';
import { listen } from '../../../src/store/listen.ts';
import { migrate, readMigrations } from '../../../src/store/migrate.ts';
import { allRows } from '../../../src/store/page.ts';
import { createDomain, listDomains } from '../../../src/store/queries/names/domains.ts';
import { write } from '../../../src/store/write.ts';
import { realClock, realRandom, silentLog } from '../../kit/postgres.ts';
import { PostgresPair } from '../../kit/postgres-pair.ts';
import { operation, refusal, value } from '../../kit/store.ts';
import { pause, until } from '../../kit/until.ts';

const SITE = 'site';
const self = { process: 'test-1', node: 'r1', version: '0.1.0', startedAt: new Date().toISOString() };
let pair: PostgresPair;
let db: Database;

function open(deadlineMs: number): Database {
  const connection = pair.spec(SITE);
  const timeouts = { connectMs: 1000, queryMs: 2000 };
  return new Database({
    connection,
    name: 'test',
    clock: realClock,
    random: realRandom,
    log: silentLog,
    timeouts,
    deadlineMs,
  });
}

const add = (name: string, database = db) =>
  write(database, operation(), async (tx) => ({ status: 201, body: await createDomain(tx, { name, ttl: null }) }));
const names = async (database = db) =>
  value(await database.read((tx) => allRows((page) => listDomains(tx, page)))).map(({ name }) => name);
const places = () => pair.servers.map(({ socketFolder }) => socketFolder);

/** Where the calls of this file end up now. */
const used = async () =>
  value(
    await db.read((tx) => tx.one(sql<{ folder: string }>`select current_setting('unix_socket_directories') as folder`)),
  )?.folder;

beforeAll(async () => {
  pair = await PostgresPair.start();
  await pair.ask(0, `create database ${SITE}`);
  db = open(8000);
  value(await migrate(db, readMigrations()));
  await pair.wait(0, true);
}, 120_000);

afterAll(async () => {
  await db?.close(1000);
  await pair?.stop();
});

/** In this order: each one begins where the last one ended. */
describe('one of two servers is the primary', () => {
  test('the one that takes writes is found, whichever is named first', async () => {
    value(await add('first.test'));
    expect(await used()).toBe(places()[0]);
    expect(await beat(db, self, realClock)).toMatchObject({ isUp: true });
  });

  test('a primary that becomes read-only: reads go on, a write is refused with the reason, and all is well afterwards', async () => {
    const quick = open(1500);
    try {
      await pair.ask(0, 'alter system set default_transaction_read_only = on');
      await pair.ask(0, 'select pg_reload_conf()');
      await until('writes are refused', async () => isRejected(await add(`r${realRandom.hex(4)}.test`, quick)));
      const { code, message } = refusal(await add('no.test', quick));
      expect(code).toBe('unavailable');
      expect(message).toContain(`the primary ${places()[0]} takes no writes: its default_transaction_read_only is on`);
      expect(await names(quick)).toContain('first.test');
      expect(await beat(quick, self, realClock)).toMatchObject({
        isUp: false,
        why: expect.stringContaining('takes no writes'),
      });
      await pair.ask(0, 'alter system reset default_transaction_read_only');
      await pair.ask(0, 'select pg_reload_conf()');
      await until('writes are taken again', async () => !isRejected(await add(`w${realRandom.hex(4)}.test`, quick)));
    } finally {
      await quick.close(500);
    }
  });

  test('a failover under load: calls wait, none fails, no acknowledged row is missing, the listener follows', async () => {
    const wakes: string[] = [];
    const ports = { clock: realClock, random: realRandom, log: silentLog };
    const listener = listen({
      connection: pair.spec(SITE),
      name: 'test',
      ...ports,
      onWake: ({ kind }) => wakes.push(kind),
    });
    await until('the session is up', () => listener.isConnected());
    const acknowledged: string[] = [];
    const failed: string[] = [];
    let isEnd = false;
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; !isEnd; n += 1) {
        const name = `w${writer}n${n}.test`;
        const done = await add(name);
        if (isRejected(done)) failed.push(done.message);
        else acknowledged.push(name);
        await pause(20);
      }
    });
    await pause(500);
    const before = acknowledged.length;
    pair.servers[0].kill('SIGSTOP');
    await pause(300);
    await pair.promote();
    await until('writes go on', () => acknowledged.length > before + 20, { deadlineMs: 15_000 });
    isEnd = true;
    await Promise.all(writers);
    expect(failed).toEqual([]);
    expect(await used()).toBe(places()[1]);
    const there = new Set(await names());
    expect(acknowledged.filter((name) => !there.has(name))).toEqual([]);
    wakes.length = 0;
    await until('the listener is there, too', async () => {
      value(await add(`l${realRandom.hex(4)}.test`));
      return wakes.includes('commit');
    });
    await listener.close();
  });

  test('the old primary comes back, does not know of its successor, and is not used', async () => {
    pair.servers[0].kill('SIGCONT');
    await until('it answers', async () => (await pair.ask(0, 'select 1')).length === 1);
    await pair.wait(0, false);
    pair.servers[1].kill('SIGKILL');
    const { message } = refusal(await add('old.test'));
    expect(message).toContain('none of the 2 servers is a primary');
    expect(message).toContain(`${places()[0]} is a primary on the old timeline 1`);
    await pair.servers[1].start();
    await until('the right one is used', async () => (await used()) === places()[1]);
  });

  test('none is there: refused within the deadline, each server with its reason', async () => {
    const quick = open(1500);
    await pair.servers[0].halt();
    pair.servers[1].kill('SIGKILL');
    try {
      const begun = performance.now();
      const { code, message } = refusal(await add('none.test', quick));
      expect(performance.now() - begun).toBeLessThan(3500);
      expect(code).toBe('unavailable');
      for (const place of places()) expect(message).toContain(`${place} does not answer`);
    } finally {
      await quick.close(500);
    }
    await pair.servers[1].start();
    value(await add('again.test'));
  });
});
