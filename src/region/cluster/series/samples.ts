import { quantileOf } from '../../../model/cluster/series.ts';
import type { SeriesSample } from '../../../store/queries/cluster/series.ts';
import { LATENCY_BOUNDS, type Latencies, type LatencyHistogram } from '../../base/latencies.ts';
import type { MetricSample } from '../metrics/table.ts';
import { QUANTILES, quantileName, rateName, SERIES } from './table.ts';

const NAMES: ReadonlySet<string> = new Set(SERIES.map(({ name }) => name));
const DURATION = 'regent_api_request_duration_seconds';
const REQUESTS = 'regent_api_requests_total';

/** What of the figures of the site charts have. Pure. */
export function chartSamples(samples: readonly MetricSample[]): SeriesSample[] {
  return samples
    .filter(({ name, type, value }) => type === 'gauge' && NAMES.has(name) && Number.isFinite(value))
    .map(({ name, labels, value }) => ({ name, labels, value }));
}

/** How many requests this process had answered at a moment. `at`: seconds of a clock that never goes back. */
export interface RequestCounts {
  readonly at: number;
  readonly durations: ReadonlyMap<string, Pick<LatencyHistogram, 'buckets' | 'count'>>;
  readonly answers: ReadonlyMap<string, number>;
}

/** The requests that this process has answered until now, by surface and by class of the answer. Pure. */
export function requestCounts(latencies: Pick<Latencies, 'histograms' | 'answers'>, at: number): RequestCounts {
  const durations = Map.groupBy(latencies.histograms(), ({ surface }) => surface);
  const answers = Map.groupBy(latencies.answers(), ({ code }) => code);
  const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0);
  return {
    at,
    durations: new Map(
      [...durations].map(([surface, rows]) => [
        surface,
        {
          buckets: LATENCY_BOUNDS.map((_, place) => sum(rows.map(({ buckets }) => buckets[place] ?? 0))),
          count: sum(rows.map(({ count }) => count)),
        },
      ]),
    ),
    answers: new Map([...answers].map(([code, rows]) => [code, sum(rows.map(({ count }) => count))])),
  };
}

/** Latencies and rates of requests between two moments of one process. Without a request there is no latency. Pure. */
export function requestSamples(before: RequestCounts, now: RequestCounts, region: string): SeriesSample[] {
  const seconds = now.at - before.at;
  if (seconds <= 0) return [];
  const latencies = [...now.durations].flatMap(([surface, { buckets, count }]) => {
    const earlier = before.durations.get(surface);
    const histogram = {
      bounds: LATENCY_BOUNDS,
      buckets: buckets.map((within, place) => within - (earlier?.buckets[place] ?? 0)),
      count: count - (earlier?.count ?? 0),
    };
    return QUANTILES.flatMap((quantile) => {
      const value = quantileOf(quantile, histogram);
      return value === null ? [] : [{ name: quantileName(DURATION, quantile), labels: { region, surface }, value }];
    });
  });
  const rates = [...now.answers].map(([code, count]) => ({
    name: rateName(REQUESTS),
    labels: { region, code },
    value: (count - (before.answers.get(code) ?? 0)) / seconds,
  }));
  return [...latencies, ...rates];
}
