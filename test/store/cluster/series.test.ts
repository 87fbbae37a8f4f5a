import { beforeEach, describe, expect, it } from 'vitest';
import { SERIES_BOUNDS } from '../../../src/model/cluster/series.ts';
import type { Database } from '../../../src/store/database.ts';
import { purge } from '../../../src/store/purge.ts';
import {
  countSeries,
  packDays,
  readSeries,
  readSeriesTurn,
  storeSamples,
  takeSeriesTurn,
} from '../../../src/store/queries/cluster/series.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
let database: string;

beforeEach(async () => {
  const connection = await postgres.get().createDatabase();
  database = connection.database;
  db = postgres.get().open(connection);
});

const admin = (text: string) => postgres.get().admin(text, database);
const run = async <T>(body: (tx: Tx) => Promise<T>) => value(await db.repeatable(body));
const LEASES = { names: ['regent_leases'], labels: {} };
const leases = (count: number, labels: Readonly<Record<string, string>> = {}) => ({
  name: 'regent_leases',
  labels,
  value: count,
});
const DAY = 86_400;
/** The first second of the database's day, Unix time. */
const today = async () => Math.floor((await run(readSeriesTurn)).now / DAY) * DAY;
const insert = (samples: readonly (readonly [slot: number, value: number])[]) =>
  admin(`insert into series (name) values ('regent_leases') on conflict do nothing;
    insert into series_samples select id, v.slot, v.value from series, (values ${samples
      .map(([slot, sample]) => `(${slot}, ${sample}::real)`)
      .join(', ')}) as v(slot, value)`);

describe('a sample of five minutes', () => {
  it('has one writer, whichever regions try at once', async () => {
    const write = (process: string, count: number) =>
      run(async (tx) => (await takeSeriesTurn(tx, process)) && (await storeSamples(tx, [leases(count)])) === 0);
    const taken = await Promise.all([write('p1', 1), write('p2', 2), write('p3', 3)]);

    expect(taken.filter(Boolean)).toHaveLength(1);
    const { slot, isDue } = await run(readSeriesTurn);
    expect(isDue).toBe(false);
    const [row] = await run((tx) =>
      readSeries(tx, LEASES, { step: '5m', from: (slot - 1) * 300, to: (slot + 1) * 300 }),
    );
    expect(row?.mean).toEqual([taken.indexOf(true) + 1]);
  });

  it('stays when the clock of the database was set back', async () => {
    await run((tx) => storeSamples(tx, [leases(7)]));
    await admin("update chores set last_ran = now() + interval '1 hour' where name = 'series'");

    expect((await run(readSeriesTurn)).isDue, 'it does not wait an hour').toBe(true);
    expect(await run((tx) => takeSeriesTurn(tx, 'p1'))).toBe(true);
    await run((tx) => storeSamples(tx, [leases(8)]));
    const { slot } = await run(readSeriesTurn);
    const [row] = await run((tx) =>
      readSeries(tx, LEASES, { step: '5m', from: (slot - 1) * 300, to: (slot + 1) * 300 }),
    );
    expect(row?.mean).toEqual([7]);
  });

  it('is of a series that exists, or of one of those that fit', async () => {
    const many = Array.from({ length: SERIES_BOUNDS.stored + 3 }, (_, place) => leases(place, { noun: `n${place}` }));

    expect(await run((tx) => storeSamples(tx, many))).toBe(3);
    expect(await run((tx) => countSeries(tx, LEASES))).toBe(SERIES_BOUNDS.stored);
    expect(await run((tx) => storeSamples(tx, [leases(1, { noun: 'n0' }), leases(1, { noun: 'other' })]))).toBe(1);
    expect(await run((tx) => storeSamples(tx, []))).toBe(0);
  });

  it('of two regions at once stays within the bound', async () => {
    const half = (name: string) =>
      Array.from({ length: 300 }, (_, place) => leases(place, { noun: `${name}${place}` }));
    const left = await Promise.all(['a', 'b'].map((name) => run((tx) => storeSamples(tx, half(name)))));

    expect(left.toSorted((one, other) => one - other)).toEqual([0, 100]);
    expect(await run((tx) => countSeries(tx, LEASES))).toBe(SERIES_BOUNDS.stored);
  });
});

describe('hours', () => {
  it('are the least, mean and greatest of their five minutes; an hour without any is a gap', async () => {
    const start = (await today()) - DAY;
    const slot = start / 300;
    await insert([
      [slot, 4],
      [slot + 1, 8],
      [slot + 11, 6],
      [slot + 24, 1],
    ]);
    const span = { step: '1h', from: start, to: start + DAY } as const;
    const before = await run((tx) => readSeries(tx, LEASES, span));

    expect(before).toEqual([
      { name: 'regent_leases', labels: {}, places: [0, 2], low: [4, 1], mean: [6, 1], high: [8, 1] },
    ]);
    // Within ten minutes of midnight the day before is not packed yet: the day before that is.
    await insert([[slot - 288, 3]]);
    expect(await run(packDays)).toBeGreaterThanOrEqual(1);
    await admin(`delete from series_samples where slot < ${slot}`);
    expect(await run((tx) => readSeries(tx, LEASES, { ...span, from: start - DAY }))).toEqual([
      { name: 'regent_leases', labels: {}, places: [0, 24, 26], low: [3, 4, 1], mean: [3, 6, 1], high: [3, 8, 1] },
    ]);
    expect(await run(packDays), 'each day once').toBeLessThanOrEqual(1);
  });

  it('of today come from the five minutes', async () => {
    const start = await today();
    await insert([[start / 300, 2]]);

    expect(await run(packDays)).toBe(0);
    const [row] = await run((tx) => readSeries(tx, LEASES, { step: '1h', from: start - DAY, to: start + DAY }));
    expect(row).toMatchObject({ places: [24], mean: [2] });
  });
});

describe('the purge', () => {
  it('removes what is older than its time, what a clock ahead left, and series without a value', async () => {
    const { slot } = await run(readSeriesTurn);
    await insert([
      [slot - 8 * 288 - 1, 1],
      [slot - 8 * 288 + 1, 2],
      [slot + 13, 3],
      [slot, 4],
    ]);
    const day = Math.floor(slot / 288);
    await admin(`insert into series_days select id, v.day, a, a, a from series, (select array_fill(1::real, array[24]) as a) as f,
      (values (${day - 401}), (${day - 400}), (${day - 1}), (${day + 1})) as v(day); insert into series (name) values ('regent_old')`);

    expect(value(await purge(db, 'p'))).toMatchObject({ series_samples: 2, series_days: 2, series: 1 });
    expect(await admin('select value from series_samples order by slot')).toEqual([{ value: 2 }, { value: 4 }]);
    expect(await admin('select name from series')).toEqual([{ name: 'regent_leases' }]);
  });
});
