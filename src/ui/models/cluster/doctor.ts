import type { Doctor, Invariant, InvariantState } from '../../../contract/cluster/doctor.ts';
import { TONES, type Tone } from '../base/tone.ts';

const STATE_TONES: Readonly<Record<InvariantState, Tone>> = {
  ok: 'ok',
  warning: 'warn',
  unknown: 'warn',
  broken: 'bad',
};

/** How an invariant is. */
export const invariantTone = (state: InvariantState): Tone => STATE_TONES[state];

/** The invariants of the doctor: the violated ones first, then in the doctor's order. */
export function worstFirst(doctor: Doctor): readonly Invariant[] {
  const rank = (invariant: Invariant) => TONES.indexOf(invariantTone(invariant.state));
  return doctor.invariants.toSorted((a, b) => rank(a) - rank(b));
}

/** The number of invariants in each state, without empty states. */
export function stateCounts(doctor: Doctor): readonly { readonly state: InvariantState; readonly count: number }[] {
  const states: readonly InvariantState[] = ['broken', 'unknown', 'warning', 'ok'];
  return states
    .map((state) => ({ state, count: doctor.invariants.filter((invariant) => invariant.state === state).length }))
    .filter(({ count }) => count > 0);
}

/** A part of a text: plain text, or a command to copy (between backticks, or after `regent` at the start of a line). */
export type TextPart = { readonly isCommand: boolean; readonly text: string };

/** Finds the commands of a remedy. */
export function commandsIn(text: string): readonly TextPart[] {
  return text
    .split(/(`[^`]+`)/)
    .filter((part) => part !== '')
    .map((part) =>
      part.length > 2 && part.startsWith('`') && part.endsWith('`')
        ? { isCommand: true, text: part.slice(1, -1) }
        : { isCommand: false, text: part },
    );
}
