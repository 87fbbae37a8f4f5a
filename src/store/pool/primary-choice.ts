import type { ServerSaid } from './server-look.ts';

/** The newest timeline on which each database system was seen with a primary. */
export type Timelines = ReadonlyMap<string, number>;

/** Which server is used, by its place in the list. */
export interface Choice {
  readonly index: number;
  readonly isWritable: boolean;
}

/**
 * Which of the servers is the primary that takes writes; if none does, a primary that can be read; null: there is no primary. Of two primaries the
 * later timeline is right; of equal ones the present server stays (`current`), else the first. One that is behind a timeline that was seen before is
 * an old primary that has not heard of its successor: it is none. `said`: by the place in the list; null: no answer yet. Pure.
 */
export function choosePrimary(
  said: readonly (ServerSaid | null)[],
  timelines: Timelines,
  current: number | null,
): Choice | null {
  const primaries = said.flatMap((one, index) =>
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
export function withTimelines(said: readonly (ServerSaid | null)[], timelines: Timelines): Timelines {
  const next = new Map(timelines);
  for (const one of said) {
    if (one?.kind !== 'primary' || one.system === null || one.timeline === null) continue;
    next.set(one.system, Math.max(one.timeline, next.get(one.system) ?? 0));
  }
  return next;
}

/** A server's state as a sentence's part. Pure. */
export function stateSentence(said: ServerSaid | null, timelines: Timelines): string {
  if (said === null) return 'has not answered yet';
  if (said.kind === 'silent') return `does not answer (${said.why})`;
  if (said.kind === 'standby') return 'is a standby';
  if (isOutdated(said, timelines))
    return `is a primary on the old timeline ${said.timeline}, which has not heard of its successor`;
  return said.isReadOnly ? 'is a primary that takes no writes (default_transaction_read_only is on)' : 'is the primary';
}

function isOutdated(said: Extract<ServerSaid, { kind: 'primary' }>, timelines: Timelines): boolean {
  if (said.system === null || said.timeline === null) return false;
  return said.timeline < (timelines.get(said.system) ?? 0);
}

function compareRanks(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}
