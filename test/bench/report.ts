/** One measured number beside what it should be. `target` null: shown, not judged. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** Empty: a plain count. */
  readonly unit: 'ms' | 's' | 'MB' | '%' | 'x' | '/s' | '';
  readonly target: number | null;
  /** `most`: at most the target, `least`: at least. */
  readonly sense: 'most' | 'least';
  /** How it was measured: counts, spread. */
  readonly note: string;
}

type Goal = Pick<Figure, 'unit' | 'target'> & { readonly note?: string };

/** A figure that should be at most `target`. */
export function most(name: string, value: number, goal: Goal): Figure {
  return { note: '', ...goal, name, value, sense: 'most' };
}

/** A figure that should be at least `target`. */
export function least(name: string, value: number, goal: Goal): Figure {
  return { note: '', ...goal, name, value, sense: 'least' };
}

/** Does it reach its target? Null when it has none. */
export function isReached(figure: Figure): boolean | null {
  if (figure.target === null) return null;
  return figure.sense === 'most' ? figure.value <= figure.target : figure.value >= figure.target;
}

/** One line per figure. */
export function figureText(figure: Figure): string {
  const verdict = { true: 'ok    ', false: 'MISSED', null: '      ' }[String(isReached(figure))];
  const target = figure.target === null ? '' : `${figure.sense === 'most' ? '≤' : '≥'} ${figure.target} ${figure.unit}`;
  const value = `${figure.value < 10 && figure.unit !== '' ? figure.value.toFixed(2) : figure.value.toFixed(0)} ${figure.unit}`;
  return `${verdict ?? ''} ${figure.name.padEnd(58)} ${value.padStart(10)}  ${target.padEnd(12)} ${figure.note}`;
}

/** The value below which the share `part` (0–1) of the sample lies (nearest rank). */
export function percentile(sample: readonly number[], part: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(part * sorted.length) - 1))] ?? Number.NaN;
}

export const median = (sample: readonly number[]): number => percentile(sample, 0.5);

/** Times an action `count` times after one that does not count, ms each. */
export async function timed(count: number, action: () => unknown): Promise<number[]> {
  await action();
  const sample: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const started = performance.now();
    await action();
    sample.push(performance.now() - started);
  }
  return sample;
}
