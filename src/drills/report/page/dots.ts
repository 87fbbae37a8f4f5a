import { seconds } from '../formats.ts';
import type { SummaryRow } from '../summary.ts';

const WIDTH = 150;
const HEIGHT = 18;
const EDGE = 5;

/** What all rows' strips reach to, ms: the longest outage or limit. */
export function reach(rows: readonly SummaryRow[]): number {
  return Math.max(1000, ...rows.flatMap((row) => [row.write?.max ?? 0, row.writeLimitMs ?? 0]));
}

/** A strip with a point for each round's write outage, a cross where the round failed, and a bar at the limit. */
export function dots(row: SummaryRow, most: number): string {
  if (row.write === null) return '';
  const x = (ms: number): number => EDGE + Math.round((ms / most) * (WIDTH - 2 * EDGE));
  const middle = HEIGHT / 2;
  const good = new Set(row.writes.filter((item) => item.isPassed).map((item) => x(item.ms)));
  const bad = new Set(row.writes.filter((item) => !item.isPassed).map((item) => x(item.ms)));
  const title = `write outages of ${row.writes.length} rounds, up to ${seconds(row.write.max)}`;
  return [
    `<svg width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${title}"><path class="track" d="M${EDGE} ${middle}H${WIDTH - EDGE}"/>`,
    row.writeLimitMs === null ? '' : `<path class="bound" d="M${x(row.writeLimitMs)} 2V${HEIGHT - 2}"/>`,
    ...[...good].map((at) => `<circle class="dot" cx="${at}" cy="${middle}" r="3.2"/>`),
    ...[...bad].map((at) => `<path class="cross" d="M${at - 4} ${middle - 4}l8 8m0 -8l-8 8"/>`),
    '</svg>',
  ].join('');
}
