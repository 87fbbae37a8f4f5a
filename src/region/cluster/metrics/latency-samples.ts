import { LATENCY_BOUNDS, type Latencies } from '../../base/latencies.ts';
import { type MetricSample, sampleOf } from './table.ts';

const DURATION = 'regent_api_request_duration_seconds';

/** A bound as OpenMetrics writes it: always with a point. */
const boundText = (bound: number): string => (Number.isInteger(bound) ? bound.toFixed(1) : String(bound));

/** How long this region took for requests. Pure. */
export function latencySamples(latencies: Pick<Latencies, 'histograms' | 'answers'>, region: string): MetricSample[] {
  const histograms = latencies.histograms().flatMap(({ surface, kind, buckets, count, sum }) => {
    const labels = { region, surface, kind };
    return [
      ...LATENCY_BOUNDS.map((bound, index) =>
        sampleOf(DURATION, { ...labels, le: boundText(bound) }, buckets[index] ?? 0, '_bucket'),
      ),
      sampleOf(DURATION, { ...labels, le: '+Inf' }, count, '_bucket'),
      sampleOf(DURATION, labels, count, '_count'),
      sampleOf(DURATION, labels, sum, '_sum'),
    ];
  });
  const answers = latencies
    .answers()
    .map(({ surface, code, count }) => sampleOf('regent_api_requests_total', { region, surface, code }, count));
  return [...histograms, ...answers];
}
