import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionSpec } from '../../../src/store/connection.ts';
import { isRejected } from '../../../src/core/errors.ts';
import { Database } from '../../../src/store/database.ts';
import { beat, listProcesses } from '../../../src/store/health.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { readEvents } from '../../../src/store/queries/base/events.ts';
import { write } from '../../../src/store/write.ts';
import { PgProxy } from '../../kit/pg-proxy.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../../kit/postgres.ts';
import { change, operation, refusal, value } from '../../kit/store.ts';
import { pause, until } from '../../kit/until.ts';

const postgres = usePostgres();
let connection: ConnectionSpec;
let db: Database;
const self = { process: 'test-1', node: 'r1', version: '0.1.0', startedAt: new Date().toISOString() };
const one = (database: Database) => database.read((tx) => tx.one(sql<{ n: number }>`select 1 as n`));

beforeAll(async () => {
  connection = await postgres.get().createDatabase();
  db = postgres.get().open(connection, { timeouts: { connectMs: 500, queryMs: 500 }, deadlineMs: 3000 });
});

afterEach(async () => {
  postgres.get().server.kill('SIGCONT');
  await until('the server works again', async () => !('code' in (value(await one(db)) ?? {})), { deadlineMs: 20_000 });
});

test('health is a real write', async () => {
  expect(await beat(db, self, realClock)).toMatchObject({ isUp: true, latencyMs: expect.any(Number) });
  expect(value(await listProcesses(db, 60))).toMatchObject([{ process: 'test-1', node: 'r1' }]);
});

test('times are ISO 8601 in UTC with milliseconds, cut off and not rounded', async () => {
  const times = [
    '2026-01-02 03:04:05+00',
    '2026-01-02 03:04:05.1Z',
    '2026-01-02 05:04:05.999999+02',
    '1969-12-31 23:59:59.0009Z',
  ];
  const rows = await db.read((tx) =>
    tx.all(sql<{ at: string }>`select t::timestamptz as at from unnest(${[...times, 'infinity']}::text[]) t`),
  );
  expect(value(rows).map(({ at }) => at)).toEqual([
    '2026-01-02T03:04:05.000Z',
    '2026-01-02T03:04:05.100Z',
    '2026-01-02T03:04:05.999Z',
    '1969-12-31T23:59:59.000Z',
    'infinity',
  ]);
});

test('health does not wait behind those who use the database', async () => {
  const busy = Array.from({ length: 40 }, () => db.read((tx) => tx.run(sql`select pg_sleep(0.4)`)));
  const health = await beat(db, self, realClock);
  expect(health).toMatchObject({ isUp: true });
  expect(health.latencyMs).toBeLessThan(1000);
  await Promise.all(busy);
});

test('a frozen server: refused within the deadline, and well when it thaws', async () => {
  await Promise.all(Array.from({ length: 5 }, () => one(db)));
  postgres.get().server.kill('SIGSTOP');
  const start = performance.now();
  const answers = await Promise.all([
    one(db),
    write(db, operation(), async () => ({ status: 200, body: null })),
    db.autocommitRead((tx) => tx.one(sql`select 1`)),
    beat(db, self, realClock),
  ]);
  const took = performance.now() - start;
  expect(took).toBeLessThan(3000 + 1500);
  expect(answers.slice(0, 3).map((answer) => refusal(answer).code)).toEqual([
    'unavailable',
    'unavailable',
    'unavailable',
  ]);
  expect(refusal(answers[0]).message).toMatch(/^The database did not finish within 3 s: .+\.$/);
  expect(answers[3]).toMatchObject({ isUp: false, latencyMs: null });
  postgres.get().server.kill('SIGCONT');
  expect(value(await one(db))).toEqual({ n: 1 });
});

describe('a wait for a row is no silence of the server', () => {
  const pid = sql<{ pid: number }>`select pg_backend_pid() as pid`;
  const lock = sql`select from counters for no key update`;
  /** Somebody has the row for so long, ms. Resolves when it is locked; `ended` when it is free. */
  const hold = (ms: number) =>
    new Promise<{ ended: Promise<unknown> }>((locked) => {
      const ended = postgres
        .get()
        .open(connection)
        .repeatable(async (tx) => {
          await tx.run(lock);
          locked({ ended });
          await tx.run(sql`select pg_sleep(${ms / 1000})`);
        });
    });
  const open = (deadlineMs: number) =>
    postgres.get().open(connection, { timeouts: { queryMs: 1000 }, poolSize: 1, deadlineMs });

  test('the call goes on when the row is free, on the same connection', async () => {
    const waiter = open(8000);
    const before = value(await waiter.repeatable((tx) => tx.one(pid)));
    const { ended } = await hold(2500);
    const pids: (number | undefined)[] = [];
    const answer = await waiter.repeatable(async (tx) => {
      pids.push((await tx.one(pid))?.pid);
      await tx.run(lock);
      return 'done';
    });
    expect(value(answer)).toBe('done');
    expect(pids.length).toBeGreaterThan(2);
    expect(new Set(pids)).toEqual(new Set([before?.pid]));
    await ended;
  });

  test('a call that ends before is told of the lock, and leaves its connection whole', async () => {
    const waiter = open(1400);
    const before = value(await waiter.repeatable((tx) => tx.one(pid)));
    const { ended } = await hold(3000);
    const refused = refusal(await waiter.repeatable((tx) => tx.run(lock)));
    expect(refused).toMatchObject({ code: 'unavailable' });
    expect(refused.message).toContain('lock timeout');
    expect(value(await waiter.repeatable((tx) => tx.one(pid)))).toEqual(before);
    await ended;
  });
});

test('a call that waits out a short freeze succeeds', async () => {
  postgres.get().server.kill('SIGSTOP');
  const pending = write(db, operation(), async (tx) => ({
    status: 201,
    body: await createDomain(tx, { name: 'thaw.test', ttl: null }),
  }));
  await new Promise((done) => setTimeout(done, 1200));
  postgres.get().server.kill('SIGCONT');
  expect(value(await pending)).toMatchObject({ status: 201 });
});

test('nothing listens: refused within the deadline, the reason said, no secret told', async () => {
  const spec = { ...connection, host: '127.0.0.1', port: 1, password: 's3cr3t' };
  const away = postgres.get().open(spec, { deadlineMs: 600 });
  const start = performance.now();
  const answer = refusal(await one(away));
  expect(performance.now() - start).toBeLessThan(1500);
  expect(answer).toMatchObject({ code: 'unavailable' });
  expect(answer.message).toContain('ECONNREFUSED');
  expect(answer.message).not.toContain('s3cr3t');
});

test('a wrong database is a fault at once, not a wait', async () => {
  const wrong = postgres.get().open({ ...connection, database: 'nowhere', password: 's3cr3t' });
  const start = performance.now();
  await expect(one(wrong)).rejects.toThrow(/database "nowhere" does not exist \(SQLSTATE 3D000\)/);
  expect(performance.now() - start).toBeLessThan(2000);
});

test('idle connections that the server ends are logged, not fatal, and replaced', async () => {
  const warnings: string[] = [];
  const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
  const idle = postgres.get().open(connection, { log });
  value(await one(idle));
  await postgres
    .get()
    .admin(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
      'postgres',
      [connection.database],
    );
  await until('the loss is logged', () => warnings.includes('idle database connection lost'));
  expect(value(await one(idle))).toEqual({ n: 1 });
});

test('a connection that dies inside a transaction: the whole is run again', async () => {
  let runs = 0;
  const result = await change(db, async (tx) => {
    runs += 1;
    await createDomain(tx, { name: 'dies.test', ttl: null });
    if (runs === 1) await tx.run(sql`select pg_terminate_backend(pg_backend_pid())`);
    return runs;
  });
  expect(value(result)).toBe(2);
});

test('connections that are killed at any moment never end the process', async () => {
  const many = postgres.get().open(connection, { poolSize: 8, deadlineMs: 30_000 });
  // A call needs a connection that lives for as long as it takes. Where making one takes longer than a shot is away nobody would ever get done.
  const end = performance.now() + 5_000;
  let isShooting = true;
  const shooter = (async () => {
    while (isShooting && performance.now() < end) {
      await postgres
        .get()
        .admin(
          `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
          'postgres',
          [connection.database],
        );
      await new Promise((done) => setTimeout(done, 15));
    }
  })();
  // Who has waited too long in a line that moves is refused, and repeats it as a client does.
  const create = (name: string) =>
    until(
      `${name} is answered`,
      async () => {
        const result = await change(many, (tx) => createDomain(tx, { name, ttl: null }));
        return !isRejected(result) || result.code !== 'unavailable';
      },
      { deadlineMs: 30_000 },
    );
  const calls = Array.from({ length: 90 }, (_, n) =>
    n % 3 === 0
      ? many.read((tx) => tx.one(sql`select 1`)).catch(() => null)
      : create(n % 3 === 1 ? `shot${n}.test` : 'same.test'),
  );
  await Promise.all(calls);
  isShooting = false;
  await shooter;
  const rows = value(await many.read((tx) => tx.all(sql`select from domains where name like 'shot%'`)));
  expect(rows).toHaveLength(30);
});

test('deadlocked writers both succeed', async () => {
  const ids = [];
  for (const name of ['left.test', 'right.test']) {
    ids.push(value(await change(db, (tx) => createDomain(tx, { name, ttl: null }))).id);
  }
  const [left = 0, right = 0] = ids;
  const raise = (first: number, second: number) => {
    let runs = 0;
    return change(db, async (tx) => {
      runs += 1;
      await tx.run(sql`update domains set ttl = coalesce(ttl, 0) + 1 where id = ${first}`);
      if (runs === 1) await tx.run(sql`select pg_sleep(0.2)`);
      await tx.run(sql`update domains set ttl = coalesce(ttl, 0) + 1 where id = ${second}`);
      return runs;
    });
  };
  const runs = (await Promise.all([raise(left, right), raise(right, left)])).map(value);
  expect(Math.max(...runs)).toBeGreaterThan(1);
  const rows = value(
    await db.read((tx) => tx.all(sql<{ ttl: number }>`select ttl from domains where id in (${left}, ${right})`)),
  );
  expect(rows).toEqual([{ ttl: 2 }, { ttl: 2 }]);
});

test('reads do not wait behind writes whose COMMIT waits for a standby', async () => {
  const admin = (text: string) => postgres.get().admin(text);
  const patient = postgres.get().open(connection, { deadlineMs: 20_000 });
  await admin(`alter system set synchronous_standby_names = 'nobody'`);
  await admin('select pg_reload_conf()');
  try {
    const waiting = Array.from({ length: 30 }, (_, n) =>
      change(patient, (tx) => createDomain(tx, { name: `awaited${n}.test`, ttl: null })),
    );
    await until('commits wait', async () => (await activity('commit')) > 0);
    for (let n = 0; n < 5; n += 1) {
      const began = performance.now();
      expect(value(await one(patient))).toEqual({ n: 1 });
      expect(performance.now() - began).toBeLessThan(500);
      await pause(50);
    }
    await admin('alter system reset synchronous_standby_names');
    await admin('select pg_reload_conf()');
    for (const answer of await Promise.all(waiting)) value(answer);
  } finally {
    await admin('alter system reset synchronous_standby_names');
    await admin('select pg_reload_conf()');
  }
});

test('a client that stops inside a transaction gives its locks back', async () => {
  const holder = postgres.get().open(connection, { poolSize: 1 });
  const release = Promise.withResolvers<void>();
  const held = change(holder, async (tx) => {
    await tx.run(sql`set local idle_in_transaction_session_timeout = 300`);
    await createDomain(tx, { name: 'held.test', ttl: null });
    await release.promise;
    return null;
  });
  await until('the other gets the name', async () => {
    const result = await change(db, (tx) => createDomain(tx, { name: 'held.test', ttl: null }));
    return !('code' in result);
  });
  release.resolve();
  expect(refusal(await held).code).toBe('conflict');
});

test('a call may allow its queries more time than usual', async () => {
  const slow = (options: { queryMs?: number; deadlineMs?: number }) =>
    db.read((tx) => tx.one(sql<{ n: number }>`select 1 as n, pg_sleep(1.8)`), options);
  expect(value(await slow({ queryMs: 2500 }))).toMatchObject({ n: 1 });
  expect(refusal(await slow({ deadlineMs: 700 })).message).toMatch(/timeout/);
});

test('queries that are asked for at once run in turn; one that comes too late is refused', async () => {
  const late: Promise<unknown>[] = [];
  const broken = db.read(async (tx) => {
    const queries = [sql`select 1 / 0`, sql`select 1`, sql`select 2`].map((query) => tx.one(query));
    late.push(...queries.slice(1));
    return Promise.all(queries);
  });
  await expect(broken).rejects.toThrow('division by zero');
  const results = await Promise.allSettled(late);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(value(await db.read((tx) => Promise.all([tx.one(sql`select 1 as a`), tx.one(sql`select 2 as b`)])))).toEqual([
    { a: 1 },
    { b: 2 },
  ]);
});

test('an autocommit read survives a migration that changes what its statement gives', async () => {
  const single = postgres.get().open(connection, { poolSize: 1 });
  await postgres.get().admin('create table shape as select 1 as a', connection.database);
  const look = () => single.autocommitRead((tx) => tx.one(sql`select * from shape`));
  expect(value(await look())).toEqual({ a: 1 });
  await postgres.get().admin('alter table shape add column b int', connection.database);
  expect(value(await look())).toEqual({ a: 1, b: null });
});

test('a full pool waits for its turn', async () => {
  const narrow = postgres.get().open(connection, { poolSize: 1, timeouts: { connectMs: 100 } });
  const results = await Promise.all(
    Array.from({ length: 10 }, () => narrow.read((tx) => tx.one(sql`select pg_sleep(0.05)`))),
  );
  expect(results.filter((result) => result !== null && 'code' in (result as object))).toEqual([]);
});

test('what nobody waits for any more is not begun, and leaves its connection to others', async () => {
  const narrow = postgres.get().open(connection, { poolSize: 1 });
  let isWanted = true;
  let begun = 0;
  const busy = narrow.read((tx) => tx.one(sql`select pg_sleep(0.3)`));
  const look = () =>
    narrow.read(
      async () => {
        begun += 1;
        return null;
      },
      { isWanted: () => isWanted },
    );
  const waiting = [look(), look()];
  await until('the first has begun', async () => (await activity('pg_sleep(0.3)')) > 0);
  isWanted = false;
  const after = one(narrow);
  for (const result of await Promise.all(waiting)) expect(refusal(result).code).toBe('unavailable');
  expect(begun).toBe(0);
  expect(value(await after)).toEqual({ n: 1 });
  await busy;
});

test('closing waits for calls, refuses new ones, and may be asked twice', async () => {
  const closing = postgres.get().open(connection);
  const running = closing.read((tx) => tx.one(sql<{ n: number }>`select 1 as n, pg_sleep(0.2)`));
  await until('the call has begun', async () => (await activity('pg_sleep(0.2)')) > 0);
  const closed = closing.close();
  expect(refusal(await one(closing)).message).toContain('this process is stopping');
  expect(value(await running)).toMatchObject({ n: 1 });
  await closed;
  await closing.close();
});

async function activity(text: string): Promise<number> {
  const rows = await postgres
    .get()
    .admin(
      `select from pg_stat_activity where state = 'active' and query like '%' || $1 || '%' and pid <> pg_backend_pid()`,
      'postgres',
      [text],
    );
  return rows.length;
}

describe('restarts and standbys', () => {
  test('the server restarts under load: every acknowledged write is there, none twice', async () => {
    const patient = postgres.get().open(connection, { deadlineMs: 20_000 });
    const acknowledged: string[] = [];
    let next = 0;
    let isLoaded = true;
    const writer = async () => {
      while (isLoaded) {
        next += 1;
        const name = `load${next}.test`;
        const result = await write(patient, operation({ key: name }), async (tx) => {
          const domain = await createDomain(tx, { name, ttl: null });
          tx.emit({ kind: 'domain.created', subject: name, data: {} });
          return { status: 201, body: domain };
        });
        if (!('code' in result)) acknowledged.push(name);
      }
    };
    const writers = Array.from({ length: 6 }, writer);
    const { server } = postgres.get();
    for (const stop of [() => server.halt(), async () => server.kill('SIGKILL'), () => server.halt()]) {
      const before = acknowledged.length;
      await until('writes go on', () => acknowledged.length >= before + 20, { deadlineMs: 20_000 });
      await stop();
      await server.start();
    }
    const before = acknowledged.length;
    await until('writes go on after the last restart', () => acknowledged.length >= before + 20, {
      deadlineMs: 20_000,
    });
    isLoaded = false;
    await Promise.all(writers);
    const rows = value(
      await patient.read((tx) => tx.all(sql<{ name: string }>`select name from domains where name like 'load%'`)),
    );
    const present = new Set(rows.map(({ name }) => name));
    expect(acknowledged.filter((name) => !present.has(name))).toEqual([]);
    const events = value(await patient.read((tx) => readEvents(tx, 0, 100_000, { kind: 'domain.created' })));
    const subjects = events.map(({ subject }) => subject);
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(subjects.filter((name) => !present.has(name))).toEqual([]);
  }, 90_000);

  test('a standby is never used: refused while it is one, well after its promotion', async () => {
    const { server } = postgres.get();
    const hasty = postgres.get().open(connection, { deadlineMs: 1500 });
    const signal = join(server.socketFolder, 'data/standby.signal');
    await server.halt();
    writeFileSync(signal, '');
    try {
      await server.start();
      for (const answer of [
        await one(hasty),
        await hasty.autocommitRead((tx) => tx.one(sql`select 1`)),
        await write(hasty, operation(), async () => ({ status: 200, body: null })),
      ]) {
        expect(refusal(answer)).toMatchObject({ code: 'unavailable' });
        expect(refusal(answer).message).toContain('standby');
      }
      expect(await beat(hasty, self, realClock)).toMatchObject({ isUp: false });
    } finally {
      await server.halt();
      rmSync(signal, { force: true });
      await server.start();
    }
    expect(value(await one(db))).toEqual({ n: 1 });
  });

  test('sixty callers do not press a standby that is being promoted, and go on as soon as it is', async () => {
    const { server } = postgres.get();
    const proxy = await PgProxy.start(`${server.socketFolder}/.s.PGSQL.${connection.port}`);
    const through = { ...connection, host: '127.0.0.1', port: proxy.port };
    const pressed = new Database({
      connection: through,
      name: 'pressed',
      clock: realClock,
      random: realRandom,
      log: silentLog,
    });
    const signal = join(server.socketFolder, 'data/standby.signal');
    await server.halt();
    writeFileSync(signal, '');
    try {
      await server.start();
      const calls = Array.from({ length: 60 }, () => one(pressed));
      await pause(2_000);
      // Each tries once; then one at a time, 50 to 100 ms after the last one failed. Without turns there are some 500.
      expect(proxy.made).toBeGreaterThan(60);
      expect(proxy.made).toBeLessThan(60 + 40);
      await postgres.get().admin('select pg_promote()');
      const promoted = performance.now();
      for (const answer of await Promise.all(calls)) expect(value(answer)).toEqual({ n: 1 });
      expect(performance.now() - promoted).toBeLessThan(2_000);
    } finally {
      await pressed.close(0);
      await server.halt();
      rmSync(signal, { force: true });
      await server.start();
      await proxy.stop();
    }
    expect(value(await one(db))).toEqual({ n: 1 });
  });
});
