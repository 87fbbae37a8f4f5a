import { afterEach, beforeAll, expect, test } from 'vitest';
import type { ConnectionSpec } from '../../../src/store/connection.ts';
import type { Database } from '../../../src/store/database.ts';
import { type DatabaseListener, listen, type Wake } from '../../../src/store/listen.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { lastEventId, readRevision } from '../../../src/store/queries/base/events.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const postgres = usePostgres();
let connection: ConnectionSpec;
let db: Database;
let listener: DatabaseListener;

beforeAll(async () => {
  connection = await postgres.get().createDatabase();
  db = postgres.get().open(connection);
});
afterEach(() => listener.close());

function start(): Wake[] {
  const wakes: Wake[] = [];
  listener = listen({
    connection,
    name: 'test',
    clock: realClock,
    random: realRandom,
    log: silentLog,
    onWake: (wake) => wakes.push(wake),
  });
  return wakes;
}

test('a commit wakes with its event and revision, a refusal does not', async () => {
  const wakes = start();
  await until('the session is up', () => wakes[0]?.kind === 'reconnect');
  expect(listener.isConnected()).toBe(true);
  value(await change(db, (tx) => createDomain(tx, { name: 'wake.test', ttl: null })));
  await change(db, (tx) => createDomain(tx, { name: 'wake.test', ttl: null }));
  value(await change(db, (tx) => createDomain(tx, { name: 'wake2.test', ttl: null })));
  await until('both commits are heard', () => wakes.length >= 3);
  const [event, revision] = [value(await db.read(lastEventId)), value(await db.read(readRevision))];
  expect(wakes.slice(1)).toEqual([
    { kind: 'commit', event, revision: revision - 1 },
    { kind: 'commit', event, revision },
  ]);
});

test('after a lost session it comes back, says so, and hears again', async () => {
  const wakes = start();
  await until('the session is up', () => wakes.length === 1);
  await postgres
    .get()
    .admin(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test listen' and datname = $1`,
      'postgres',
      [connection.database],
    );
  await until('it is back', () => wakes.length === 2);
  expect(wakes[1]).toEqual({ kind: 'reconnect' });
  value(await change(db, (tx) => createDomain(tx, { name: 'back.test', ttl: null })));
  await until('it hears', () => wakes[2]?.kind === 'commit');
});

test('a frozen server is noticed by the heartbeat, and its thaw too', async () => {
  const wakes = start();
  await until('the session is up', () => wakes.length === 1);
  postgres.get().server.kill('SIGSTOP');
  try {
    await until('the silence is noticed', () => !listener.isConnected(), { deadlineMs: 7000 });
  } finally {
    postgres.get().server.kill('SIGCONT');
  }
  await until('it is back', () => wakes.length >= 2 && listener.isConnected(), { deadlineMs: 8000 });
});

test('closing while the server is away does not hang', async () => {
  await postgres.get().server.halt();
  const wakes = start();
  await new Promise((done) => setTimeout(done, 300));
  await listener.close();
  expect(wakes).toEqual([]);
  await postgres.get().server.start();
});
