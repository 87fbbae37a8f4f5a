import type { WhatIf } from '../../contract/cluster/what-if.ts';
import type { Tone } from './tone.ts';
import { duration } from './time.ts';

/** What would come of a node's death, in a row. `outages`: what is not served, and for how long at most (null: until somebody acts). */
export interface DeathRow {
  readonly node: string;
  readonly tone: Tone;
  readonly survives: number;
  readonly outages: readonly { readonly probe: string; readonly most: string | null }[];
  readonly risks: readonly string[];
  readonly summary: string;
}

/** The row of an answer. Something that nobody serves any more is bad; that nothing more may be lost is a warning. */
export function deathRow(answer: WhatIf): DeathRow {
  const outages = answer.outages.map(({ probe, mostMs }) => ({
    probe,
    most: mostMs === null ? null : duration(mostMs),
  }));
  const isForGood = outages.some(({ most }) => most === null);
  const tone: Tone = isForGood ? 'bad' : answer.risks.length > 0 || answer.redundancy.after === 0 ? 'warn' : 'ok';
  return {
    node: answer.node,
    tone,
    survives: answer.redundancy.after,
    outages,
    risks: answer.risks,
    summary: answer.summary,
  };
}
