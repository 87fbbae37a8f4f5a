import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ConnectionSpec } from '../../../src/store/connection.ts';
import type { Database } from '../../../src/store/database.ts';
import { listen, type Wake } from '../../../src/store/listen.ts';
import * as drills from '../../../src/store/queries/cluster/drills.ts';
import { createDomain, findDomain } from '../../../src/store/queries/names/domains.ts';
import { type Operation, write } from '../../../src/store/write.ts';
import { realClock, realRandom, silentLog, usePostgres } from '../../kit/postgres.ts';
import { change, operation, refusal, value } from '../../kit/store.ts';
import { until } from '../../kit/until.ts';

const postgres = usePostgres();
let spec: ConnectionSpec;
let db: Database;

beforeAll(async () => {
  spec = await postgres.get().createDatabase();
  db = postgres.get().open(spec);
});

const RUN = '018f3c1e-0000-7000-8000-000000000001';
const OTHER_RUN = '018f3c1e-0000-7000-8000-000000000002';
const quiet = (overrides: Partial<Operation> = {}) => operation({ isUnaudited: true, ...overrides });
const send = (number: number, request = quiet()) =>
  write(db, request, async (tx) => ({ status: 201, body: await drills.writeDrillNumber(tx, RUN, number) }));
const numbersOf = async (run: string, limit = 1000) =>
  value(await db.autocommitRead((tx) => drills.listDrillNumbers(tx, run, { limit }))).items.map(({ number }) => number);

/** Everything that a usual write leaves behind. */
const traces = async () =>
  value(
    await db.autocommitRead((tx) =>
      tx.one(sql`select c.event, c.revision, (select count(*) from events) as events, (select count(*) from audit) as audit,
        (select count(*) from history) as history, (select count(*) from changes) as changes from counters c`),
    ),
  );

describe('a quiet write', () => {
  test('leaves its effect and its answer, and neither event, audit, history nor revision', async () => {
    const before = await traces();
    const done = value(await send(1));
    expect(done).toMatchObject({ status: 201, isReplay: false, body: { run: RUN, number: 1 } });
    expect(Date.now() - Date.parse(done.body.writtenAt)).toBeLessThan(60_000);
    expect(await numbersOf(RUN)).toEqual([1]);
    expect(await traces()).toEqual(before);
  });

  test('wakes nobody', async () => {
    const wakes: Wake[] = [];
    const onWake = (wake: Wake) => void wakes.push(wake);
    const listener = listen({
      connection: spec,
      name: 'test',
      clock: realClock,
      random: realRandom,
      log: silentLog,
      onWake,
    });
    await until('the session is up', () => wakes[0]?.kind === 'reconnect');
    value(await send(5));
    const { revision } = value(await write(db, operation(), async () => ({ status: 200, body: null })));
    await until('the usual write is heard', () => wakes.length > 1);
    expect(wakes.slice(1)).toEqual([{ kind: 'commit', event: expect.any(Number), revision }]);
    await listener.close();
  });

  test('is answered from the store when it is repeated, and done once when it comes many times at once', async () => {
    const request = quiet({ key: 'two' });
    const results = await Promise.all(Array.from({ length: 8 }, () => send(2, request)));
    const answers = results.map(value);
    expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    expect(new Set(answers.map(({ body, revision }) => JSON.stringify({ body, revision }))).size).toBe(1);
    expect(refusal(await send(3, { ...request, requestDigest: 'other' })).code).toBe('key_reused');
    expect(await numbersOf(RUN)).toEqual([1, 2, 5]);
  });

  test('refuses the number of another request', async () => {
    expect(refusal(await send(2))).toMatchObject({
      code: 'conflict',
      message: 'This run has written the number already. Rule: a number is written once in a run.',
    });
  });

  test('cannot change configuration, nor tell events', async () => {
    const configure = write(db, quiet(), async (tx) => ({
      status: 201,
      body: await createDomain(tx, { name: 'quiet.test', ttl: null }),
    }));
    await expect(configure).rejects.toThrow('a quiet write changed configuration');
    expect(await db.read((tx) => findDomain(tx, { name: 'quiet.test' }))).toBeNull();
    const tell = write(db, quiet(), async (tx) => {
      tx.emit({ kind: 'drill.told', subject: 'x', data: {} });
      return { status: 201, body: await drills.writeDrillNumber(tx, RUN, 99) };
    });
    await expect(tell).rejects.toThrow('an unaudited write has no events');
    expect(await numbersOf(RUN)).not.toContain(99);
  });

  test('gets no commit that could be lost', async () => {
    const weak = write(db, quiet(), async (tx) => {
      await tx.one(sql`select set_config('synchronous_commit', 'off', true)`);
      return { status: 201, body: await drills.writeDrillNumber(tx, RUN, 98) };
    });
    expect(refusal(await weak).message).toContain('synchronous_commit off');
    expect(await numbersOf(RUN)).not.toContain(98);
  });

  test('does not wait for a write that holds the counters', async () => {
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const holder = db.repeatable(async (tx) => {
      await tx.run(sql`update counters set event = event`);
      held.resolve();
      await release.promise;
    });
    await held.promise;
    expect(value(await send(4)).body.number).toBe(4);
    release.resolve();
    value(await holder);
  });
});

test('numbers are paged in order, run by run', async () => {
  for (const number of [12, 3, 7]) value(await change(db, (tx) => drills.writeDrillNumber(tx, OTHER_RUN, number)));
  const first = value(await db.autocommitRead((tx) => drills.listDrillNumbers(tx, OTHER_RUN, { limit: 2 })));
  expect(first.items.map(({ number }) => number)).toEqual([3, 7]);
  const rest = value(
    await db.autocommitRead((tx) => drills.listDrillNumbers(tx, OTHER_RUN, { limit: 2, cursor: first.next ?? '' })),
  );
  expect(rest).toMatchObject({ items: [{ number: 12 }], next: null });
});

describe('rounds', () => {
  const round = (hazard: string, number: number, checks: readonly boolean[], run = RUN) => {
    const name = { hazard, round: number, seed: Number.MAX_SAFE_INTEGER, startedAt: '2026-03-01T10:00:00.000Z' };
    const check = (isHeld: boolean, index: number) => ({
      what: index === 0 ? 'ledger' : 'outage',
      isHeld,
      limit: '0',
      measured: '1',
    });
    const verdict = { ...name, isPassed: checks.every(Boolean), checks: checks.map(check), failovers: 1 };
    return { run, verdict, timeline: { ...name, marks: [{ at: 0.5, kind: 'fault' }] }, version: '1.2.3' };
  };
  const store = (made: ReturnType<typeof round>) => change(db, (tx) => drills.storeDrillRound(tx, made));

  test('are stored whole, once, and listed newest first without their recordings', async () => {
    const made = round('host-kill-primary', 0, [true, true]);
    const first = value(await store(made));
    expect(first).toMatchObject({
      run: RUN,
      hazard: 'host-kill-primary',
      round: 0,
      seed: Number.MAX_SAFE_INTEGER,
      isPassed: true,
      broken: [],
      version: '1.2.3',
    });
    expect(refusal(await store(made))).toMatchObject({ code: 'conflict', fields: [{ field: 'verdict/round' }] });
    const second = value(await store(round('disk-full-wal', 0, [false, true, false, false])));
    expect(second).toMatchObject({ isPassed: false, broken: ['ledger', 'outage'] });
    value(await store(round('host-kill-primary', 0, [true], OTHER_RUN)));

    const list = async (query: drills.DrillRoundFilter) =>
      value(await db.autocommitRead((tx) => drills.listDrillRounds(tx, query))).items;
    const all = await list({});
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted((a, b) => b - a));
    expect(all[0]).not.toHaveProperty('timeline');
    expect(await list({ hazard: 'host-kill-primary' })).toHaveLength(2);
    expect(await list({ isPassed: false })).toEqual([second]);
    expect(await list({ run: RUN, hazard: 'host-kill-primary' })).toEqual([first]);

    const { verdict, timeline } = made;
    expect(await db.autocommitRead((tx) => drills.findDrillRound(tx, first.id))).toEqual({
      ...first,
      verdict,
      timeline,
    });
    expect(await db.autocommitRead((tx) => drills.findDrillRound(tx, 2_147_483_647))).toBeNull();
  });

  test.each([
    ['a timeline', { timeline: { pad: 'x'.repeat(2 * 1024 * 1024) } }, 'The timeline is too large'],
    ['a timeline whose numbers grow', { timeline: { pad: Array(8000).fill(1e300) } }, 'The timeline is too large'],
    ['a verdict', { verdict: { pad: 'x'.repeat(256 * 1024) } }, 'The verdict is too large'],
  ])('have a bound: %s', async (_what, more: { timeline?: object; verdict?: object }, sentence) => {
    const made = round('too-large', 1, [true]);
    const large = {
      ...made,
      verdict: { ...made.verdict, ...more.verdict },
      timeline: { ...made.timeline, ...more.timeline },
    };
    expect(refusal(await store(large)).message).toContain(sentence);
  });

  test('have the id of a hazard', async () => {
    expect(refusal(await store(round('Not an Id', 1, [true]))).fields).toMatchObject([{ field: 'verdict/hazard' }]);
  });
});
