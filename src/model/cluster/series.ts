/** Steps of samples for charts. */
export const SERIES_STEPS = ['5m', '1h'] as const;
export type SeriesStep = (typeof SERIES_STEPS)[number];

/** Seconds of a step. */
export const STEP_SECONDS: Readonly<Record<SeriesStep, number>> = { '5m': 300, '1h': 3600 };

/** Days that samples of a step stay. */
export const STEP_DAYS: Readonly<Record<SeriesStep, number>> = { '5m': 8, '1h': 400 };

/**
 * What bounds series. `stored`: series of a site; 500 of them with all their samples fill 165 MB of the database (test/store/cluster/series-size.test.ts).
 * `names`, `points`: of one answer; 60,000 points are 1 MB of JSON.
 */
export const SERIES_BOUNDS = { stored: 500, names: 16, points: 60_000 } as const;

/** Spans up to this are answered by five minutes if the call names no step. */
const FINE_SPAN_S = 2 * 86_400;

/** A span of time: Unix time in seconds at bounds of the step, `to` itself left out. */
export interface SeriesSpan {
  readonly step: SeriesStep;
  readonly from: number;
  readonly to: number;
}

/** What a call wants. Unix time in seconds; undefined: the default. */
export interface WantedSpan {
  readonly step?: SeriesStep | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** Why a span is refused: the field, the problem and the rule. */
export type SpanProblem = { readonly field: 'from' | 'to'; readonly problem: string; readonly rule: string };

/** The span of a call, at the bounds of its step; by default the last day until `now`. Pure. */
export function spanOf(wanted: WantedSpan, now: number): SeriesSpan | SpanProblem {
  const to = wanted.to ?? now;
  const from = wanted.from ?? to - 86_400;
  const order = 'before `to`; both in UTC, ISO 8601';
  if (from >= to) return { field: 'from', problem: `${iso(from)} is not before ${iso(to)}`, rule: order };
  if (from > now) return { field: 'from', problem: `${iso(from)} is in the future`, rule: 'a moment of the past' };
  const step = wanted.step ?? (to - from <= FINE_SPAN_S ? '5m' : '1h');
  const seconds = STEP_SECONDS[step];
  const [first, end] = [Math.floor(from / seconds) * seconds, Math.ceil(Math.min(to, now) / seconds) * seconds];
  // A chart of the whole time asks a moment after the first step has gone.
  if (from < now - STEP_DAYS[step] * 86_400 - seconds)
    return {
      field: 'from',
      problem: `${iso(from)} is before the first value of step ${step}`,
      rule: `step 5m has the last ${STEP_DAYS['5m']} days, step 1h the last ${STEP_DAYS['1h']} days`,
    };
  return { step, from: first, to: end };
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

/** Values by time: the first is of `from`; null: a gap. `step` in seconds. */
export interface Curve {
  readonly from: number;
  readonly step: number;
  readonly values: readonly (number | null)[];
}

/** A line needs values over at least this time. */
const FORECAST_MIN_S = 86_400;
/** An end that is further away is none: a line through weeks says nothing about the year after the next. */
const FORECAST_MAX_S = 400 * 86_400;

/**
 * When the least-squares line through the values reaches the limit, Unix time in seconds. Null: the values span less than a day, do not grow, or reach
 * the limit more than 400 days after the last one. A line that is already there answers with the time of the last value. Pure.
 */
export function forecastFull({ from, step, values }: Curve, limit: number): number | null {
  const points = values.flatMap((value, index) => (value === null ? [] : [{ x: index * step, y: value }]));
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || last.x - first.x < FORECAST_MIN_S) return null;
  const mean = (pick: (point: { readonly x: number; readonly y: number }) => number) =>
    points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const slope = mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
  if (!(slope > 0)) return null;
  const reached = Math.max(last.x, x + (limit - y) / slope);
  return reached - last.x > FORECAST_MAX_S ? null : Math.round(from + reached);
}

/**
 * The quantile of a histogram, by a line within its bucket, as Prometheus' `histogram_quantile` has it. `buckets`: how many were in each bound or less.
 * Above the last bound it is the last bound. Null: there is none. Pure.
 */
export function quantileOf(
  quantile: number,
  {
    bounds,
    buckets,
    count,
  }: { readonly bounds: readonly number[]; readonly buckets: readonly number[]; readonly count: number },
): number | null {
  if (count <= 0) return null;
  const rank = quantile * count;
  const place = buckets.findIndex((within) => within >= rank);
  if (place < 0) return bounds.at(-1) ?? null;
  const [high = 0, below = 0, within = 0] = [bounds[place], buckets[place - 1], buckets[place]];
  const low = bounds[place - 1] ?? 0;
  return within === below ? high : low + ((high - low) * (rank - below)) / (within - below);
}
