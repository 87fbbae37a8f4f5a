import type { ServerAnswer } from './server-query.ts';

/** The newest timeline on which each database system was seen with a primary. */
export type Timelines = ReadonlyMap<string, number>;

/** Which server is used, by its place in the list. */
export type Choice = { readonly index: number; readonly isWritable: boolean };

/**
 * Which of the servers is the primary that takes writes; if none does, a primary that can be read; null: there is no primary. Of two primaries the
 * later timeline is right; of equal ones the present server stays (`current`), else the first. One that is behind a timeline that was seen before is
 * an old primary that does not know of its successor: it is none. `answers`: by the place in the list; null: no answer yet. Pure.
 */
export function choosePrimary(
  answers: readonly (ServerAnswer | null)[],
  timelines: Timelines,
  current: number | null,
): Choice | null {
  const primaries = answers.flatMap((one, index) =>
    one?.kind === 'primary' && !isOutdated(one, timelines) ? [{ ...one, index }] : [],
  );
  const rank = ({ isReadOnly, timeline, index }: (typeof primaries)[number]) => [
    isReadOnly ? 1 : 0,
    -(timeline ?? 0),
    index === current ? 0 : 1,
    index,
  ];
  const [best] = primaries.toSorted((a, b) => compareRanks(rank(a), rank(b)));
  return best === undefined ? null : { index: best.index, isWritable: !best.isReadOnly };
}

/** What is remembered after these answers. Pure. */
export function withTimelines(answers: readonly (ServerAnswer | null)[], timelines: Timelines): Timelines {
  const next = new Map(timelines);
  for (const one of answers) {
    if (one?.kind !== 'primary' || one.system === null || one.timeline === null) continue;
    next.set(one.system, Math.max(one.timeline, next.get(one.system) ?? 0));
  }
  return next;
}

/** A server's state as a sentence's part. Pure. */
export function stateSentence(answer: ServerAnswer | null, timelines: Timelines): string {
  if (answer === null) return 'has not answered yet';
  if (answer.kind === 'silent') return `does not answer (${answer.why})`;
  if (answer.kind === 'standby') return 'is a standby';
  if (isOutdated(answer, timelines))
    return `is a primary on the old timeline ${answer.timeline}, which does not know of its successor`;
  return answer.isReadOnly
    ? 'is a primary that takes no writes (default_transaction_read_only is on)'
    : 'is the primary';
}

function isOutdated(answer: Extract<ServerAnswer, { kind: 'primary' }>, timelines: Timelines): boolean {
  if (answer.system === null || answer.timeline === null) return false;
  return answer.timeline < (timelines.get(answer.system) ?? 0);
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
