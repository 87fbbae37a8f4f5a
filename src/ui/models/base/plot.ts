import { sizeText } from './size.ts';

/** Units as the site names them (contract/cluster/series.ts). */
export type PlotUnit = 'count' | 'bytes' | 'seconds' | 'ratio' | 'per second';

/** A line of a plot: one value for each step; null: a gap. */
export interface PlotLine {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

/** What a plot shows. `from`: ms; `stepMs`: between two values; `limit`: a value that matters, as a line across. */
export interface PlotData {
  readonly from: number;
  readonly stepMs: number;
  readonly unit: PlotUnit;
  readonly lines: readonly PlotLine[];
  readonly limit?: { readonly label: string; readonly value: number } | undefined;
}

/** The area of the values in the drawing, and where things are in it. */
export interface PlotScale {
  readonly top: number;
  readonly ticks: readonly number[];
  readonly times: readonly number[];
  readonly x: (at: number) => number;
  readonly y: (value: number) => number;
}

/** Size of a drawing: the whole, and the edges that texts need. */
export const PLOT = { width: 640, height: 200, left: 64, right: 12, above: 10, below: 24 } as const;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TIME_STEPS = [HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY];
const TICKS = 4;
const TIMES_MOST = 7;

/** How many values a line has. */
export const lengthOf = ({ lines }: PlotData): number => Math.max(0, ...lines.map(({ values }) => values.length));

/** The place of the newest value. */
export const newestOf = ({ lines }: PlotData): number =>
  Math.max(0, ...lines.map(({ values }) => values.findLastIndex((value) => value !== null)));

/** Is there a line to draw? One value alone is none. */
export const isDrawn = ({ lines }: PlotData): boolean =>
  lines.some(({ values }) => values.filter((value) => value !== null).length > 1);

/** A round step: 1, 2 or 5 times a power of ten; of whole things at least 1. */
function roundStep(raw: number, isWhole: boolean): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= raw) ?? raw;
  return isWhole ? Math.max(1, Math.round(step)) : step;
}

/** The scale of a plot: values from 0 to a round number above the greatest, times at round hours or days (UTC). */
export function scaleOf(data: PlotData): PlotScale {
  const values = data.lines.flatMap((line) => line.values.filter((value) => value !== null));
  const greatest = values.reduce((most, value) => Math.max(most, value), data.limit?.value ?? 0);
  const step = roundStep((greatest || 1) / TICKS, data.unit === 'count');
  const top = Math.max(step, Math.ceil(greatest / step - 1e-9) * step);
  const span = Math.max(1, lengthOf(data) - 1) * data.stepMs;
  const every = TIME_STEPS.find((one) => span / one <= TIMES_MOST) ?? 365 * DAY;
  const first = Math.ceil(data.from / every) * every;
  const count = Math.max(0, Math.floor((data.from + span - first) / every) + 1);
  return {
    top,
    ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step),
    times: Array.from({ length: count }, (_, index) => first + index * every),
    x: (at) => PLOT.left + ((at - data.from) / span) * (PLOT.width - PLOT.left - PLOT.right),
    y: (value) => PLOT.height - PLOT.below - (value / top) * (PLOT.height - PLOT.above - PLOT.below),
  };
}

/** The path of a line: a gap ends a stroke; a value between two gaps is a dot. */
export function pathOf({ values }: PlotLine, data: PlotData, { x, y }: PlotScale): string {
  return values
    .map((value, index) => {
      if (value === null) return '';
      const isFirst = (values[index - 1] ?? null) === null;
      const place = `${x(data.from + index * data.stepMs).toFixed(1)} ${y(value).toFixed(1)}`;
      if (!isFirst) return `L${place}`;
      return (values[index + 1] ?? null) === null ? `M${place}h0.01` : `M${place}`;
    })
    .join('');
}

/** A value with its unit: `40`, `12 MB`, `0.2 s`, `35 %`, `4.1/s`. */
export function valueText(value: number | null, unit: PlotUnit): string {
  if (value === null) return '–';
  if (unit === 'bytes') return sizeText(value);
  if (unit === 'ratio') return `${Math.round(value * 100)} %`;
  const text = Number.isInteger(value) ? String(value) : value.toPrecision(3).replace(/\.?0+$/, '');
  return unit === 'seconds' ? secondsText(value) : unit === 'per second' ? `${text}/s` : text;
}

function secondsText(seconds: number): string {
  if (seconds === 0) return '0 s';
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(2))} ms`;
  return seconds < 120 ? `${Number(seconds.toPrecision(3))} s` : `${Math.round(seconds / 60)} min`;
}

/** The time below a tick (UTC): the hour of a day, else the day. */
export function tickText(at: number): string {
  const text = new Date(at).toISOString();
  return at % DAY === 0 ? text.slice(5, 10) : text.slice(11, 16);
}
