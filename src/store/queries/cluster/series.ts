import { sql } from 'kysely';
import { SERIES_BOUNDS, type SeriesSpan, STEP_SECONDS } from '../../../model/cluster/series.ts';
import type { Tx } from '../../tx.ts';

/** A value of a series. */
export interface SeriesSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Values of a series by their steps: place 0 is the step that begins with the span. */
export interface SeriesRow {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly places: readonly number[];
  readonly low: readonly number[];
  readonly mean: readonly number[];
  readonly high: readonly number[];
}

const SLOT_S = STEP_SECONDS['5m'];
export const SLOTS_OF_HOUR = 12;
export const SLOTS_OF_DAY = 288;
/** Days back that are packed if that was missed, fewer than five-minute values stay. */
const PACK_BACK = 7;
/** A transaction that began before midnight has ended by then, seconds. */
const PACK_AFTER_S = 600;

const EPOCH = sql`extract(epoch from now())`;
/** The present five minutes of the database's clock, as `series_samples.slot` has them. */
export const SLOT = sql`floor(${EPOCH} / ${SLOT_S}::int)::int`;
const IS_DUE = sql`floor(extract(epoch from last_ran) / ${SLOT_S}::int) is distinct from ${SLOT}`;

/** The time of the database, Unix seconds, its five minutes, and whether no region has stored the samples of the site for them. */
export async function readSeriesTurn(tx: Tx): Promise<{ now: number; slot: number; isDue: boolean }> {
  const row = await tx.one(sql<{ now: number; slot: number; isDue: boolean }>`
    select ${EPOCH}::float8 as now, ${SLOT} as slot, ${IS_DUE} as "isDue" from chores where name = 'series'`);
  if (row === null) throw new Error('the chore of series is not there');
  return row;
}

/** Takes the turn to store the samples of the site; false: another region has done it in these five minutes. Waits for one that does it now. */
export async function takeSeriesTurn(tx: Tx, process: string): Promise<boolean> {
  const rows = await tx.run(sql`update chores set last_ran = now(), last_process = ${process}
    where name = (select name from chores where name = 'series' for update) and ${IS_DUE}`);
  return rows === 1;
}

/**
 * Stores samples for the five minutes of the database's clock. A value that is there stays: each has one writer, and a clock that was set back changes
 * nothing. A series that would be one too many is left out; gives how many were.
 */
export async function storeSamples(tx: Tx, samples: readonly SeriesSample[]): Promise<number> {
  if (samples.length === 0) return 0;
  const given = sql`(select ordinality, g ->> 'name' as name, g -> 'labels' as labels, (g ->> 'value')::float8::real as value
    from jsonb_array_elements(${JSON.stringify(samples)}::jsonb) with ordinality as t(g, ordinality)) as g`;
  const isUnknown = sql`not exists (select from series s where s.name = g.name and s.labels = g.labels)`;
  if ((await tx.one(sql`select from ${given} where ${isUnknown} limit 1`)) !== null) {
    // One region at a time, so that their number is exact.
    await tx.one(sql`select from chores where name = 'series' for update`);
    await tx.run(sql`insert into series (name, labels) select g.name, g.labels from ${given} where ${isUnknown} order by ordinality
      limit greatest(0, ${SERIES_BOUNDS.stored}::int - (select count(*) from series)) on conflict do nothing`);
  }
  await tx.run(sql`insert into series_samples (series, slot, value)
    select s.id, ${SLOT}, g.value from ${given} join series s on s.name = g.name and s.labels = g.labels on conflict do nothing`);
  const left = await tx.one(sql<{ count: number }>`select count(*)::int as count from ${given} where ${isUnknown}`);
  return left?.count ?? 0;
}

/** Makes hours of the five minutes of days that are over; gives how many days of series it made. */
export function packDays(tx: Tx): Promise<number> {
  return tx.run(sql`
    with today as (select floor((${EPOCH} - ${PACK_AFTER_S}::int) / 86400)::int as day), missing as (
      select s.id, d.day from series s, today, generate_series(today.day - ${PACK_BACK}::int, today.day - 1) as d(day)
      where not exists (select from series_days p where p.series = s.id and p.day = d.day) and exists (select from series_samples v
        where v.series = s.id and v.slot >= d.day * ${SLOTS_OF_DAY}::int and v.slot < (d.day + 1) * ${SLOTS_OF_DAY}::int)
    ), hours as (
      select m.id, m.day, h.hour, min(v.value) as low, avg(v.value)::real as mean, max(v.value) as high
      from missing m cross join generate_series(0, 23) as h(hour) left join series_samples v on v.series = m.id
        and v.slot >= m.day * ${SLOTS_OF_DAY}::int + h.hour * ${SLOTS_OF_HOUR}::int
        and v.slot < m.day * ${SLOTS_OF_DAY}::int + (h.hour + 1) * ${SLOTS_OF_HOUR}::int
      group by m.id, m.day, h.hour
    )
    insert into series_days (series, day, low, mean, high)
    select id, day, array_agg(low order by hour), array_agg(mean order by hour), array_agg(high order by hour) from hours group by id, day
    on conflict do nothing`);
}

/** Which series: of these names, with all these labels. */
export interface SeriesChoice {
  readonly names: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

const isChosen = ({ names, labels }: SeriesChoice) =>
  sql`s.name = any(${[...names]}::text[]) and s.labels @> ${JSON.stringify(labels)}::jsonb`;

/** How many series a choice has. */
export async function countSeries(tx: Tx, choice: SeriesChoice): Promise<number> {
  return (
    (await tx.one(sql<{ count: number }>`select count(*)::int as count from series s where ${isChosen(choice)}`))
      ?.count ?? 0
  );
}

/** The values of series within a span. Hours of days that are not packed come from their five minutes. */
export function readSeries(tx: Tx, choice: SeriesChoice, { step, from, to }: SeriesSpan): Promise<SeriesRow[]> {
  const [first, end] = [from / STEP_SECONDS[step], to / STEP_SECONDS[step]];
  const points =
    step === '5m'
      ? sql`select v.series, v.slot as place, v.value as low, v.value as mean, v.value as high
          from series_samples v join chosen on chosen.id = v.series where v.slot >= ${first}::int and v.slot < ${end}::int`
      : sql`select p.series, p.day * 24 + h.hour as place, p.low[h.hour + 1] as low, p.mean[h.hour + 1] as mean, p.high[h.hour + 1] as high
            from series_days p join chosen on chosen.id = p.series cross join generate_series(0, 23) as h(hour)
            where p.day >= floor(${first}::int / 24.0)::int and p.day <= ${end}::int / 24 and p.mean[h.hour + 1] is not null
          union all select v.series, v.slot / ${SLOTS_OF_HOUR}::int, min(v.value), avg(v.value)::real, max(v.value)
            from series_samples v join chosen on chosen.id = v.series
            where v.slot >= ${first}::int * ${SLOTS_OF_HOUR}::int and v.slot < ${end}::int * ${SLOTS_OF_HOUR}::int
              and not exists (select from series_days p where p.series = v.series and p.day = v.slot / ${SLOTS_OF_DAY}::int)
            group by 1, 2`;
  return tx.all(sql<SeriesRow>`
    with chosen as (select s.id, s.name, s.labels from series s where ${isChosen(choice)}), points as (${points})
    select c.name, c.labels, array_agg(p.place - ${first}::int order by p.place) as places, array_agg(p.low order by p.place) as low,
      array_agg(p.mean order by p.place) as mean, array_agg(p.high order by p.place) as high
    from chosen c join points p on p.series = c.id where p.place >= ${first}::int and p.place < ${end}::int
    group by c.id, c.name, c.labels order by c.name collate "C", c.labels`);
}
