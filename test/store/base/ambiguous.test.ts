import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../../src/store/database.ts';
import { listDrillNumbers, writeDrillNumber } from '../../../src/store/queries/cluster/drills.ts';
import { createDomain } from '../../../src/store/queries/names/domains.ts';
import { lastEventId } from '../../../src/store/queries/base/events.ts';
import { write } from '../../../src/store/write.ts';
import { PgProxy, type Trap } from '../../kit/pg-proxy.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { operation, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let proxy: PgProxy;
let db: Database;
let direct: Database;

beforeAll(async () => {
  const { server } = postgres.get();
  proxy = await PgProxy.start(join(server.socketFolder, '.s.PGSQL.5432'));
  const connection = await postgres.get().createDatabase();
  direct = postgres.get().open(connection);
  const timeouts = { connectMs: 1000, queryMs: 1000 };
  db = postgres.get().open({ ...connection, host: '127.0.0.1', port: proxy.port }, { timeouts, deadlineMs: 8000 });
});
afterAll(() => proxy.stop());

const RUN = '018f3c1e-0000-7000-8000-000000000001';

async function countOf(name: string): Promise<number> {
  const row = value(
    await direct.read((tx) => tx.one(sql<{ n: number }>`select count(*) as n from domains where name = ${name}`)),
  );
  return row?.n ?? -1;
}

/** Writes a domain; the body counts how often it ran. */
async function writeDomain(name: string, key: string) {
  let runs = 0;
  const result = await write(db, operation({ key }), async (tx) => {
    runs += 1;
    const domain = await createDomain(tx, { name, ttl: null });
    tx.emit({ kind: 'domain.created', subject: name, data: {} });
    return { status: 201, body: { id: domain.id } };
  });
  return { result, runs };
}

const CASES: readonly { traps: Trap[]; runs: number; isReplay: boolean }[] = [
  { traps: ['cut-before'], runs: 2, isReplay: false },
  { traps: ['cut-after'], runs: 1, isReplay: true },
  { traps: ['swallow'], runs: 1, isReplay: true },
  { traps: ['warn'], runs: 1, isReplay: true },
  { traps: ['cut-before', 'cut-before', 'cut-after'], runs: 3, isReplay: true },
  // The look-up's own commit is cut and warned of: only a commit that is proven ends it.
  { traps: ['cut-after', 'cut-after', 'warn', 'cut-before'], runs: 1, isReplay: true },
];

test.each(CASES)('COMMIT under $traps: one effect, one event, the right answer', async ({ traps, runs, isReplay }) => {
  const name = `${traps.join('-')}.test`;
  const events = value(await direct.read(lastEventId));
  proxy.sprung = 0;
  proxy.set(...traps);
  const written = await writeDomain(name, name);
  expect(value(written.result)).toMatchObject({ status: 201, isReplay });
  expect(proxy.sprung).toBe(traps.length);
  expect(written.runs).toBe(runs);
  expect(await countOf(name)).toBe(1);
  expect(value(await direct.read(lastEventId))).toBe(events + 1);
  expect(value((await writeDomain(name, name)).result)).toMatchObject({ status: 201, isReplay: true });
});

test.each(CASES)(
  'COMMIT of a quiet write under $traps: one number, the right answer',
  async ({ traps, runs, isReplay }) => {
    const number = CASES.findIndex((entry) => entry.traps === traps) + 1;
    const request = operation({ key: `quiet ${traps.join(' ')}`, isUnaudited: true });
    let tries = 0;
    const send = () =>
      write(db, request, async (tx) => {
        tries += 1;
        return { status: 201, body: await writeDrillNumber(tx, RUN, number) };
      });
    proxy.sprung = 0;
    proxy.set(...traps);
    const done = value(await send());
    expect(done).toMatchObject({ status: 201, isReplay, body: { number } });
    expect(proxy.sprung).toBe(traps.length);
    expect(tries).toBe(runs);
    expect(value(await send())).toEqual({ ...done, isReplay: true });
    const { items } = value(await direct.autocommitRead((tx) => listDrillNumbers(tx, RUN)));
    expect(items.filter((entry) => entry.number === number)).toEqual([done.body]);
  },
);

test('a doubt that lasts until the deadline is told as a doubt, and the same key resolves it', async () => {
  proxy.set(...Array.from({ length: 400 }, (): Trap => 'cut-after'));
  const short = postgres.get().open({ ...(await spec()), host: '127.0.0.1', port: proxy.port }, { deadlineMs: 1000 });
  const result = await write(short, operation({ key: 'doubt' }), async (tx) => ({
    status: 201,
    body: await createDomain(tx, { name: 'doubt.test', ttl: null }),
  }));
  expect(refusal(result)).toMatchObject({ code: 'unavailable' });
  expect(refusal(result).message).toMatch(
    /Whether the change was made is unknown\. Repeat the call with the same Idempotency-Key/,
  );
  const again = value(
    await write(direct, operation({ key: 'doubt' }), async () => {
      throw new Error('it must not run again');
    }),
  );
  expect(again).toMatchObject({ status: 201, isReplay: true });
  expect(await countOf('doubt.test')).toBe(1);
});

async function spec() {
  const row = value(await direct.read((tx) => tx.one(sql<{ name: string }>`select current_database() as name`)));
  return postgres.get().spec(row?.name ?? '');
}
