import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import type { ConnectionSpec } from '../../../src/store/connection.ts';
import { Database } from '../../../src/store/database.ts';
import { beat } from '../../../src/store/health.ts';
import { listen, type Wake } from '../../../src/store/listen.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { PgProxy } from '../../kit/pg-proxy.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../../kit/postgres.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { change, value } from '../../kit/store.ts';
import { pause, until } from '../../kit/until.ts';

/** A connection that leads nowhere, or to a server that takes no writes any more, is left behind; with the limits of production. */
const postgres = usePostgres();
let connection: ConnectionSpec;
let proxy: PgProxy;
const open: Database[] = [];
const self = { process: 'test-1', node: 'r1', version: '0.1.0', startedAt: new Date().toISOString() };
const one = (db: Database) => db.read((tx) => tx.one(sql<{ n: number }>`select 1 as n`));

beforeAll(async () => {
  const { server } = postgres.get();
  connection = await postgres.get().createDatabase();
  proxy = await PgProxy.start(`${server.socketFolder}/.s.PGSQL.${connection.port}`);
});
afterEach(async () => {
  for (const db of open.splice(0)) await db.close(0);
});
afterAll(() => proxy.stop());

/** Through the proxy, with `count` connections that wait for work. */
async function warm(count: number, options: { readonly deadlineMs?: number } = {}): Promise<Database> {
  const through = { ...connection, host: '127.0.0.1', port: proxy.port };
  const ports = { clock: realClock, random: realRandom, log: silentLog };
  const db = new Database({ connection: through, name: 'sticks', ...ports, ...options });
  open.push(db);
  const rest = (tx: Tx) => tx.run(sql`select pg_sleep(0.2)`);
  await Promise.all(Array.from({ length: count }, () => [db.read(rest), db.repeatable(rest)]).flat());
  return db;
}

async function took(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

describe('connections whose packets are lost without a reset', () => {
  test('ten of them cost one wait: the first call that notices leaves all behind', async () => {
    const db = await warm(10);
    proxy.halfOpen();
    expect(await took(async () => expect(value(await one(db))).toEqual({ n: 1 }))).toBeLessThan(4000);
    // Had the others stayed, each of these would wait again.
    for (let n = 0; n < 10; n += 1) {
      expect(await took(async () => expect(value(await one(db))).toEqual({ n: 1 }))).toBeLessThan(500);
    }
  });

  test('thirty writers at once all end well, each once, within five seconds', async () => {
    const db = await warm(10);
    proxy.halfOpen();
    const names = Array.from({ length: 30 }, (_, n) => `lost${n}.test`);
    const ms = await took(() =>
      Promise.all(names.map(async (name) => value(await change(db, (tx) => createDomain(tx, { name, ttl: null }))))),
    );
    expect(ms).toBeLessThan(5000);
    const rows = await postgres.get().admin(`select name from domains where name like 'lost%'`, connection.database);
    expect(rows).toHaveLength(names.length);
  });

  test('an autocommit read that proved its connection a moment ago is not stuck either', async () => {
    const db = await warm(10);
    const autocommitRead = () => db.autocommitRead((tx) => tx.one(sql<{ n: number }>`select 1 as n`));
    await Promise.all(Array.from({ length: 10 }, autocommitRead));
    proxy.halfOpen();
    expect(await took(async () => expect(value(await autocommitRead())).toEqual({ n: 1 }))).toBeLessThan(6500);
    expect(await took(autocommitRead)).toBeLessThan(500);
  });

  test('the probe of health finds a new one in its own time', async () => {
    const db = await warm(1);
    expect(await beat(db, self, realClock)).toMatchObject({ isUp: true });
    proxy.halfOpen();
    expect(await beat(db, self, realClock)).toMatchObject({ isUp: true });
  });

  test('a slow query is no such silence: connections that answered meanwhile are kept', async () => {
    const db = await warm(4);
    const pids = async () =>
      (
        await postgres
          .get()
          .admin(`select pid from pg_stat_activity where application_name = 'sticks' order by pid`, connection.database)
      ).map((row) => Object.values(row as object)[0]);
    const before = await pids();
    const slow = db.read((tx) => tx.run(sql`select pg_sleep(9)`), { deadlineMs: 3000, queryMs: 2500 });
    for (let n = 0; n < 27; n += 1) {
      await Promise.all([one(db), one(db), one(db)]);
      await pause(100);
    }
    expect(await slow).toMatchObject({ code: 'unavailable' });
    await one(db);
    expect((await pids()).filter((pid) => before.includes(pid)).length).toBeGreaterThanOrEqual(3);
  });

  test('who listens for commits notices, connects again and hears', async () => {
    const wakes: Wake[] = [];
    const through = { ...connection, host: '127.0.0.1', port: proxy.port };
    const ports = { clock: realClock, random: realRandom, log: silentLog };
    const listener = listen({ connection: through, name: 'sticks', ...ports, onWake: (wake) => wakes.push(wake) });
    try {
      await until('the session is up', () => wakes.length === 1);
      proxy.halfOpen();
      await until('it is back', () => wakes.length === 2, { deadlineMs: 8000 });
      const db = await warm(1);
      value(await change(db, (tx) => createDomain(tx, { name: 'heard.test', ttl: null })));
      await until('it hears', () => wakes[2]?.kind === 'commit');
    } finally {
      await listener.close();
    }
  });
});

describe('a server that stays reachable and takes no writes (SQLSTATE 25006)', () => {
  const readOnly = async (isOn: boolean) => {
    await postgres.get().admin(`alter system set default_transaction_read_only = ${isOn ? 'on' : 'off'}`);
    await postgres.get().admin('select pg_reload_conf()');
  };

  test('writes wait for it to end and are made once; none is told as failed', async () => {
    const db = await warm(10);
    await readOnly(true);
    const names = Array.from({ length: 10 }, (_, n) => `waits${n}.test`);
    const writes = names.map((name) => change(db, (tx) => createDomain(tx, { name, ttl: null })));
    await pause(1500);
    expect(await beat(db, self, realClock)).toMatchObject({ isUp: false });
    await readOnly(false);
    for (const answer of await Promise.all(writes)) value(answer);
    const rows = await postgres.get().admin(`select name from domains where name like 'waits%'`, connection.database);
    expect(rows).toHaveLength(names.length);
    expect(await beat(db, self, realClock)).toMatchObject({ isUp: true });
  });

  test('it does not keep its connections: the next call makes a new one, which may lead to another server', async () => {
    const db = await warm(1, { deadlineMs: 1000 });
    const connections = () =>
      postgres.get().admin(`select pid from pg_stat_activity where application_name = 'sticks'`, connection.database);
    const pid = sql<{ pid: number }>`select pg_backend_pid() as pid`;
    const before = value(await db.repeatable((tx) => tx.one(pid)));
    expect(await connections()).toContainEqual(before);
    await readOnly(true);
    // The server passes the change on to its sessions when it comes to it.
    const isOn = sql<{ isOn: boolean }>`select current_setting('default_transaction_read_only')::boolean as "isOn"`;
    // A primary that takes no writes is refused as a whole.
    await until('the session knows', async () => {
      const answer = await db.repeatable((tx) => tx.one(isOn));
      return isRejected(answer) || answer?.isOn === true;
    });
    const refused = await change(db, (tx) => createDomain(tx, { name: 'kept.test', ttl: null }));
    await readOnly(false);
    expect(refused).toMatchObject({ code: 'unavailable' });
    await one(db);
    expect(await connections()).not.toContainEqual(before);
  });
});
