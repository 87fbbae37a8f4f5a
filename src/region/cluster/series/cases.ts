import type { RouteInput } from '../../../contract/routes.ts';
import type { SeriesAnswer, SeriesValues } from '../../../contract/cluster/series.ts';
import { invalid, refuse, show } from '../../../core/errors.ts';
import { formatCount } from '../../../core/count-text.ts';
import { nearestHint } from '../../../core/nearest.ts';
import { textDigest } from '../../../core/stable-json.ts';
import { forecastFull, SERIES_BOUNDS, type SeriesSpan, spanOf, STEP_SECONDS } from '../../../model/cluster/series.ts';
import {
  countSeries,
  readSeries,
  readSeriesTurn,
  type SeriesChoice,
  type SeriesRow,
} from '../../../store/queries/cluster/series.ts';
import type { Tx } from '../../../store/tx.ts';
import { reading } from '../../base/use-case.ts';
import { LIMITS, SERIES } from './table.ts';

type SeriesQuery = NonNullable<RouteInput<'series.list'>['query']>;

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();
const secondsOf = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text) / 1000);

function namesOf({ name }: SeriesQuery): string[] {
  if (name === undefined) return [];
  const names = [...new Set(name.split(',').map((one) => one.trim()))];
  if (names.length > SERIES_BOUNDS.names)
    refuse(
      invalid(
        'name',
        `it lists ${formatCount(names.length, 'name')}`,
        `at most ${SERIES_BOUNDS.names} names in a call`,
      ),
    );
  const known = SERIES.map((one) => one.name);
  const unknown = names.find((one) => !known.includes(one));
  if (unknown !== undefined)
    refuse(
      invalid(
        'name',
        `there is no series ${show(unknown)}${nearestHint(unknown, known)}`,
        'names of GET /api/v1/series without a name, separated by commas',
      ),
    );
  return names;
}

function labelsOf({ label }: SeriesQuery, names: readonly string[]): Record<string, string> {
  if (label === undefined) return {};
  const [, key = '', value = ''] = /^([a-z_]+)=(.+)$/.exec(label) ?? [];
  const rule = 'KEY=VALUE; KEY is a label of each of the names';
  if (key === '') refuse(invalid('label', `${show(label)} is not a label`, rule));
  const lacking = SERIES.find((one) => names.includes(one.name) && !one.labels.includes(key));
  if (lacking !== undefined) refuse(invalid('label', `${lacking.name} has no label ${show(key)}`, rule));
  return { [key]: value };
}

function spanFor({ from, to, step }: SeriesQuery, now: number): SeriesSpan {
  const span = spanOf({ from: secondsOf(from), to: secondsOf(to), step }, now);
  return 'field' in span ? refuse(invalid(span.field, span.problem, span.rule)) : span;
}

function refuseTooMany(series: number, { from, to, step }: SeriesSpan): void {
  const steps = (to - from) / STEP_SECONDS[step];
  if (series * steps > SERIES_BOUNDS.points)
    refuse(
      invalid(
        'from',
        `${series} series of ${steps} values are ${series * steps} points`,
        `at most ${SERIES_BOUNDS.points} points in an answer: a shorter span, step=1h, fewer names or a label`,
      ),
    );
}

/** Values with a place for each step; null: a gap. */
function spread(length: number, places: readonly number[], values: readonly number[]): (number | null)[] {
  const all = Array.from<unknown, number | null>({ length }, () => null);
  for (const [index, place] of places.entries()) all[place] = values[index] ?? null;
  return all;
}

function viewOf(row: SeriesRow, { step, from, to }: SeriesSpan): SeriesValues {
  const { name, labels, places } = row;
  const length = (to - from) / STEP_SECONDS[step];
  const of = (values: readonly number[]) => spread(length, places, values);
  return { name, labels, values: of(row.mean), ...(step === '5m' ? {} : { low: of(row.low), high: of(row.high) }) };
}

/** Adds when pools are full. Their sizes are those of the last value in the span. */
async function withForecasts(tx: Tx, series: readonly SeriesValues[], choice: SeriesChoice, span: SeriesSpan) {
  const limits = choice.names.flatMap((name) => LIMITS[name] ?? []);
  if (limits.length === 0) return [...series];
  const rows = await readSeries(tx, { ...choice, names: limits }, span);
  return series.map((one) => {
    const key = JSON.stringify(one.labels);
    const limit = rows
      .find(({ name, labels }) => name === LIMITS[one.name] && JSON.stringify(labels) === key)
      ?.mean.at(-1);
    if (limit === undefined) return one;
    const fullAt = forecastFull({ from: span.from, step: STEP_SECONDS[span.step], values: one.values }, limit);
    return { ...one, forecast: { limit, fullAt: fullAt === null ? null : iso(fullAt) } };
  });
}

/** A number of 48 bits that changes with the answer: the tag of a conditional read. */
const versionOf = (body: SeriesAnswer): number => Number.parseInt(textDigest(JSON.stringify(body)).slice(0, 12), 16);

export const seriesCases = {
  'series.list': reading('series.list', async (tx, { query = {} }) => {
    const names = namesOf(query);
    const labels = labelsOf(query, names);
    const { now } = await readSeriesTurn(tx);
    const span = spanFor(query, now);
    const choice = { names, labels };
    if (names.length > 0) refuseTooMany(await countSeries(tx, choice), span);
    const rows = names.length === 0 ? [] : await readSeries(tx, choice, span);
    const views = rows.map((row) => viewOf(row, span));
    const body: SeriesAnswer = {
      step: span.step,
      from: iso(span.from),
      to: iso(span.to),
      definitions: SERIES.filter(({ name }) => names.length === 0 || names.includes(name)),
      series: await withForecasts(tx, views, choice, span),
    };
    return { body, version: versionOf(body) };
  }),
};
