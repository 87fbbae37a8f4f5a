import type { MachineTimeline, TimelineStep } from '../../../contract/machines/machine-timeline.ts';
import type { Tone } from '../base/tone.ts';
import { clockTime, duration } from '../base/time.ts';

/** A step of a machine's lifecycle, as a row. */
export interface StepRow {
  readonly id: string;
  readonly at: string;
  readonly clock: string;
  readonly after: string;
  readonly what: string;
  readonly outcome: TimelineStep['outcome'];
  readonly tone: Tone;
  readonly who: string;
  readonly detail: string;
}

const TONES: Readonly<Record<TimelineStep['outcome'], Tone>> = { done: 'ok', failed: 'bad', running: 'busy' };

/** Steps in their order. */
export function stepRows(timeline: Pick<MachineTimeline, 'steps'>): readonly StepRow[] {
  return timeline.steps.map((step) => ({
    id: step.id,
    at: step.at,
    clock: clockTime(Date.parse(step.at)),
    after: step.afterMs === null ? '' : duration(step.afterMs),
    what: step.what.replaceAll('-', ' '),
    outcome: step.outcome,
    tone: TONES[step.outcome],
    who: step.node === '' ? step.source : `${step.source} ${step.node}`,
    detail: step.detail,
  }));
}

/**
 * The line above the steps: the progress, whether it is late, and what comes next. Null: the machine is not in
 * transition.
 */
export function nextOf(timeline: Pick<MachineTimeline, 'next' | 'causes'>): {
  readonly tone: Tone;
  readonly sentence: string;
  readonly next: string;
  readonly isLate: boolean;
  readonly deadline: string;
} | null {
  const { next } = timeline;
  if (next === null) return null;
  const tone: Tone = next.isLate ? 'bad' : 'busy';
  return { tone, sentence: next.sentence, next: next.next, isLate: next.isLate, deadline: next.deadline };
}
