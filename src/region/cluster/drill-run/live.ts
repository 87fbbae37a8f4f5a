import type { DrillLive } from '../../../contract/cluster/drill.ts';
import type { Lane, Mark } from '../../../judge/timeline.ts';
import type { Drill } from './drill.ts';

const CELL_MS = 500;
const REPORT_MS = 1000;

/** What the progress events of a drill are made from. `zero`: when its probes started, by their clock. */
export interface ProgressSource {
  readonly zero: number;
  readonly marks: readonly Mark[];
  readonly lanes: () => readonly Lane[];
}

/**
 * The drill with an event `drill.progress` at each of its saves, and once a second while it waits. Each event has all
 * results since the start, because a page may open at any moment. While the database moves no event can be written; the
 * next save has it all. Events never end or delay a drill.
 */
export function withProgressEvents(drill: Drill, source: ProgressSource): Drill {
  const { move, ports } = drill;
  let [lastProgress, savedAt] = ['the probes start', ports.clock.monotonic()];
  const save: Drill['move']['save'] = async (progress, change) => {
    await move.save(progress, async (tx) => {
      await change?.(tx);
      tx.emit({ kind: 'drill.progress', subject: drill.hazard.id, data: { ...liveOf(drill, source) } });
    });
    [lastProgress, savedAt] = [progress, ports.clock.monotonic()];
  };
  const report = async () => {
    if (ports.clock.monotonic() - savedAt < REPORT_MS) return;
    savedAt = ports.clock.monotonic();
    await save(lastProgress).catch(() => drill.run.signal.throwIfAborted());
  };
  return { ...drill, move: { ...move, save }, reportProgress: report };
}

/** The whole of it at this moment. */
function liveOf({ run, hazard, at }: Drill, { zero, marks, lanes }: ProgressSource): DrillLive {
  return {
    job: run.id,
    run: run.payload.run,
    startedAt: at.progress.startedAt,
    cellMs: CELL_MS,
    lanes: lanes().map((lane) => ({ probe: lane.probe, cells: cellsOf(lane, zero, CELL_MS) })),
    marks: marks.map((mark) => ({ ...mark, at: Math.round(mark.at - zero) })),
    limits: hazard.expects.flatMap(({ probe, withinMs }) =>
      withinMs === undefined ? [] : [{ probe, mostMs: withinMs }],
    ),
  };
}

/** A letter for each cell of time: `+` requests succeeded, `-` a request failed or waited, `.` there was none. Pure. */
export function cellsOf({ samples }: Lane, zero: number, cellMs: number): string {
  const cells: string[] = [];
  const put = (index: number, cell: '+' | '-') => {
    while (cells.length <= index) cells.push('.');
    if (cells[index] !== '-') cells[index] = cell;
  };
  for (const { sentAt, endedAt, why } of samples) {
    const cell = (at: number) => Math.max(0, Math.floor((at - zero) / cellMs));
    const [first, last] = [cell(sentAt), cell(endedAt)];
    // Whoever waited longer than a cell was not served from then on.
    const isWait = why !== undefined || endedAt - sentAt > cellMs;
    for (let index = first; isWait && index < last; index += 1) put(index, '-');
    put(last, why === undefined ? '+' : '-');
  }
  return cells.join('');
}
