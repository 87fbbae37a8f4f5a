import { expect, it } from 'vitest';
import { SERIES_BOUNDS, STEP_DAYS } from '../../../src/model/cluster/series.ts';
import { purge } from '../../../src/store/purge.ts';
import { packDays, readSeries, readSeriesTurn } from '../../../src/store/queries/cluster/series.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { value } from '../../kit/store.ts';

const postgres = usePostgres();
const MB = 1_000_000;

/** A quarter of the series that a site may store, each with every value for as long as values stay: the size grows with their number. */
const FILLED = SERIES_BOUNDS.stored / 4;
const FILL = `
  insert into series (name, labels) select 'regent_leases', jsonb_build_object('subnet', '10.10.' || n || '.0/24')
    from generate_series(1, ${FILLED}) as n;
  insert into series_samples select s.id, slot, (random() * 1000)::real
    from generate_series(floor(extract(epoch from now()) / 300)::int - ${STEP_DAYS['5m'] * 288} + 2, floor(extract(epoch from now()) / 300)::int) as slot,
      series s;
  insert into series_days select s.id, day, a, a, a
    from generate_series(floor(extract(epoch from now()) / 86400)::int - ${STEP_DAYS['1h']} + 1, floor(extract(epoch from now()) / 86400)::int - 2) as day,
      series s, lateral (select array_agg((random() * 1000 + s.id * h)::real) as a from generate_series(1, 24) as h) as f;
  vacuum analyze;`;

it('a full site has less than 200 MB of series, and reads them quickly', { timeout: 120_000 }, async () => {
  const connection = await postgres.get().createDatabase();
  const db = postgres.get().open(connection);
  for (const statement of FILL.split(';').filter((text) => text.trim() !== ''))
    await postgres.get().admin(statement, connection.database);
  const sizes = await postgres
    .get()
    .admin<{ name: string; size: string }>(
      `select n as name, pg_total_relation_size(n::regclass) as size from unnest(array['series', 'series_samples', 'series_days']) as n`,
      connection.database,
    );
  const total = sizes.reduce((sum, { size }) => sum + Number(size), 0) * (SERIES_BOUNDS.stored / FILLED);

  expect(total, JSON.stringify(sizes)).toBeLessThan(200 * MB);
  expect(total, 'the tables are full').toBeGreaterThan(120 * MB);

  const { now } = value(await db.repeatable(readSeriesTurn));
  const to = Math.ceil(now / 3600) * 3600;
  const choice = { names: ['regent_leases'], labels: { subnet: '10.10.7.0/24' } };
  const started = performance.now();
  const [row] = value(await db.read((tx) => readSeries(tx, choice, { step: '1h', from: to - 390 * 86_400, to })));
  const readMs = performance.now() - started;

  expect(row?.places.length).toBeGreaterThan(388 * 24);
  expect(readMs).toBeLessThan(2000);
  // Yesterday is missing for each series.
  const packed = value(
    await db.repeatable(async (tx) => ({ rows: await packDays(tx) }), { deadlineMs: 60_000, queryMs: 30_000 }),
  );
  expect([0, FILLED]).toContain(packed.rows);
  const purged = value(await purge(db, 'p'));
  expect(purged).toMatchObject({ series_samples: 0, series_days: 0, series: 0 });
});
