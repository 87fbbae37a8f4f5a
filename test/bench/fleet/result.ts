import { percentile } from '../report.ts';

/** What a machine goes through, in this order. */
export const STEPS = ['discover', 'lease', 'script', 'files', 'credentials', 'metadata', 'inventory'] as const;
export type Step = (typeof STEPS)[number];

/** How one step of a machine went: ms over all of its tries, and how many more than one there were. */
export interface StepTime {
  readonly ms: number;
  readonly again: number;
}

/** How a machine went. `failed` null: its inventory was taken. Times in ms since it was switched on. */
export interface MachineResult {
  readonly steps: Readonly<Partial<Record<Step, StepTime>>>;
  readonly totalMs: number;
  readonly bytes: number;
  readonly failed: { readonly step: Step | 'start'; readonly why: string } | null;
}

/** The share of machines below which a time lies, ms; `again`: tries of all machines besides their first ones. */
export interface StepRow {
  readonly step: string;
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly most: number;
  readonly again: number;
}

/** A row for each step that a machine has been in, and one for all of the way of those that came to its end. */
export function rowsOf(results: readonly MachineResult[]): StepRow[] {
  const rows = STEPS.flatMap((step) => {
    const times = results.flatMap((result) => result.steps[step] ?? []);
    return times.length === 0 ? [] : [rowOf(step, times)];
  });
  const whole = results.filter(({ failed }) => failed === null).map(({ totalMs }) => ({ ms: totalMs, again: 0 }));
  return whole.length === 0 ? rows : [...rows, rowOf('all of it', whole)];
}

function rowOf(step: string, times: readonly StepTime[]): StepRow {
  const sample = times.map(({ ms }) => ms);
  return {
    step,
    count: times.length,
    p50: percentile(sample, 0.5),
    p95: percentile(sample, 0.95),
    most: Math.max(...sample),
    again: times.reduce((sum, { again }) => sum + again, 0),
  };
}

const HEAD = ['step', 'machines', 'p50 s', 'p95 s', 'most s', 'tries again'] as const;

/** The table for people, seconds. */
export function tableOf(rows: readonly StepRow[]): string {
  const seconds = (ms: number) => (ms / 1000).toFixed(ms < 10_000 ? 3 : 1);
  const lines = rows.map(({ step, count, p50, p95, most, again }) => [
    step,
    String(count),
    seconds(p50),
    seconds(p95),
    seconds(most),
    String(again),
  ]);
  const all = [[...HEAD], ...lines];
  const widths = HEAD.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  const lineOf = (line: readonly string[]) =>
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ');
  return all.map(lineOf).join('\n');
}

/** Why machines failed, the most frequent reason first: one line for each step and reason. */
export function failuresOf(results: readonly MachineResult[]): string[] {
  const reasons = Map.groupBy(
    results.flatMap(({ failed }) => failed ?? []),
    ({ step, why }) => `${step}: ${why}`,
  );
  return [...reasons]
    .toSorted(([, one], [, other]) => other.length - one.length)
    .map(([reason, list]) => `${list.length} at ${reason}`);
}
