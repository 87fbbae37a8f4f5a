import type { SeriesAnswer, SeriesValues } from '../../../contract/cluster/series.ts';
import { STEP_SECONDS } from '../../../model/cluster/series.ts';
import type { PlotData, PlotUnit } from './plot.ts';

/** Days that a span of charts has. The site has five minutes for two days, and hours for the others. */
export const SPAN_DAYS = { day: 1, week: 7, month: 30, quarter: 90 } as const;
export type SpanId = keyof typeof SPAN_DAYS;

/** Reads the span of an address. `usual`: if there is none. */
export const spanIn = (text: string | undefined, usual: SpanId): SpanId =>
  text !== undefined && Object.hasOwn(SPAN_DAYS, text) ? (text as SpanId) : usual;

const DAY_MS = 86_400_000;
/** Older starts are the same call: its answer is shared while it is young. */
const START_MS = STEP_SECONDS['5m'] * 1000;

/** Charts of the site, each of one series, and what its lines are called by. `label`: only series with this label. */
export const CHART_GROUPS = [
  { id: 'losses', name: 'regent_losses_now' },
  { id: 'findings', name: 'regent_findings', label: 'muted=false' },
  { id: 'lag', name: 'regent_db_lag_bytes' },
  { id: 'leases', name: 'regent_leases' },
  { id: 'machines', name: 'regent_machines' },
  { id: 'runs', name: 'regent_machine_run_seconds' },
  { id: 'latency', name: 'regent_api_request_duration_p95_seconds' },
  { id: 'requests', name: 'regent_api_requests_per_second' },
  { id: 'disks', name: 'regent_node_disk_used_ratio' },
  { id: 'clock', name: 'regent_ntp_offset_seconds' },
] as const satisfies readonly { readonly id: string; readonly name: string; readonly label?: string }[];

/** The query of a span that ends now. */
export const seriesQuery = (name: string, span: SpanId, now: number, label?: string) => ({
  name,
  from: new Date(Math.floor((now - SPAN_DAYS[span] * DAY_MS) / START_MS) * START_MS).toISOString(),
  ...(label === undefined ? {} : { label }),
});

/** The name of a line: the values of its labels; of a series without labels the name of the chart. */
function lineLabel({ labels }: SeriesValues, chart: string): string {
  const texts = Object.entries(labels)
    .filter(([key]) => key !== 'service' && key !== 'muted')
    .map(([, value]) => value);
  return texts.length === 0 ? chart : texts.join(' ');
}

/** The lines of one series. `title`: what a series without labels is called. */
export function plotData(answer: SeriesAnswer, name: string, title: string, limit?: PlotData['limit']): PlotData {
  const unit: PlotUnit = answer.definitions.find((one) => one.name === name)?.unit ?? 'count';
  return {
    from: Date.parse(answer.from),
    stepMs: STEP_SECONDS[answer.step] * 1000,
    unit,
    limit,
    lines: answer.series
      .filter((one) => one.name === name)
      .map((one) => ({ label: lineLabel(one, title), values: one.values })),
  };
}
