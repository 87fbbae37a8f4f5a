import type { DrillLive } from '../../../contract/cluster/drill.ts';
import { duration } from '../base/time.ts';

/** A lane as it is drawn and described: runs of equal cells, as shares of the width. */
export interface LaneRow {
  readonly name: string;
  readonly runs: readonly { readonly kind: 'good' | 'failed'; readonly from: number; readonly to: number }[];
  /** The longest time without an answer, ms; null: nothing was requested yet. */
  readonly awayMs: number | null;
  readonly limitMs: number | null;
  readonly seenMs: number;
  readonly now: 'good' | 'bad' | 'silent';
}

/** Lanes, marks and their scale. */
export interface LanePicture {
  readonly endMs: number;
  readonly lanes: readonly LaneRow[];
  readonly marks: readonly DrillLive['marks'][number][];
}

/** `+`: all requests of the cell were answered; `-`: a request was not answered; `.`: no request was sent. */
const KINDS: Readonly<Record<string, 'good' | 'failed'>> = { '+': 'good', '-': 'failed' };

/** A lane of cells. */
export function laneRow(name: string, cells: string, scale: { cellMs: number; limitMs: number | null }): LaneRow {
  const { cellMs, limitMs } = scale;
  const runs: { kind: 'good' | 'failed'; from: number; to: number }[] = [];
  for (let index = 0; index < cells.length; index += 1) {
    const kind = KINDS[cells.charAt(index)];
    const last = runs.at(-1);
    if (kind === undefined) continue;
    if (last?.kind === kind && last.to === index * cellMs) last.to += cellMs;
    else runs.push({ kind, from: index * cellMs, to: (index + 1) * cellMs });
  }
  const failed = runs.filter(({ kind }) => kind === 'failed').map(({ from, to }) => to - from);
  const last = runs.at(-1);
  return {
    name,
    runs,
    awayMs: runs.length === 0 ? null : Math.max(0, ...failed),
    limitMs,
    seenMs: runs.reduce((sum, { from, to }) => sum + to - from, 0),
    now: last === undefined ? 'silent' : last.kind === 'good' ? 'good' : 'bad',
  };
}

/** The picture of a drill that is being played; `own`: cells of this page's own lane, of the same length and the same begin. */
export function lanePicture(live: DrillLive, own: { readonly name: string; readonly cells: string }): LanePicture {
  const limits = new Map(live.limits.map(({ probe, mostMs }) => [probe, mostMs]));
  const rows = [
    ...live.lanes.map(({ probe, cells }) => ({
      name: probe,
      cells,
      limit: limits.get(probe) ?? limits.get(probe.split(' ')[0] ?? '') ?? null,
    })),
    { ...own, limit: null },
  ];
  const longest = Math.max(1, ...rows.map(({ cells }) => cells.length));
  return {
    endMs: longest * live.cellMs,
    lanes: rows.map(({ name, cells, limit }) => laneRow(name, cells, { cellMs: live.cellMs, limitMs: limit })),
    marks: live.marks,
  };
}

/** Cells of a lane that this page saw itself. `seen`: moments and whether the site answered, by the site's clock. */
export function ownCells(
  seen: readonly { readonly at: number; readonly isUp: boolean }[],
  startedAt: number,
  cellMs: number,
): string {
  const cells: string[] = [];
  for (const { at, isUp } of seen) {
    const index = Math.floor((at - startedAt) / cellMs);
    if (index < 0) continue;
    while (cells.length <= index) cells.push('.');
    if (cells[index] !== '-') cells[index] = isUp ? '+' : '-';
  }
  return cells.join('');
}

/** A time of a lane as text; empty if there is none. */
export const laneTime = (ms: number | null): string => (ms === null ? '' : duration(ms));

/** What an event reports of a drill that runs; null: it is about no drill, or of another release. */
export function liveOf(data: unknown): DrillLive | null {
  if (typeof data !== 'object' || data === null) return null;
  const { job, startedAt, cellMs, lanes, marks, limits } = data as Partial<DrillLive>;
  const isWhole =
    typeof job === 'number' &&
    typeof startedAt === 'string' &&
    typeof cellMs === 'number' &&
    cellMs > 0 &&
    Array.isArray(lanes) &&
    Array.isArray(marks) &&
    Array.isArray(limits);
  return isWhole ? (data as DrillLive) : null;
}
