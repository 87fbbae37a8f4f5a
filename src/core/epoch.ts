import { rejected, type Rejected, show } from './errors.ts';

/** A recovery of a cluster whose majority was lost. `id`: random, 8 hexadecimal digits; `at`: ms, by the clock of the host that recovered. */
export type Recovery = { readonly id: string; readonly at: number };

/** The recoveries of a cluster, the first one first. A cluster that was never recovered has none. */
export type Epoch = readonly Recovery[];

/** Header of each answer of a region: the epoch of its cluster. */
export const EPOCH_HEADER = 'regent-epoch';

const FIRST = '1';
const MOST = 99;

/** The epoch as text: its number, then each recovery, such as `2/4f2e90ab@1764299000123`. */
export function formatEpoch(epoch: Epoch): string {
  return [epoch.length + 1, ...epoch.map(({ id, at }) => `${id}@${at}`)].join('/');
}

/** Reads what `formatEpoch` wrote. */
export function parseEpoch(text: string): Epoch | Rejected {
  const [number, ...rest] = text.trim().split('/');
  const recoveries = rest.map((part) => /^([0-9a-f]{8})@(\d{1,15})$/.exec(part));
  const epoch = recoveries.flatMap((match) => (match?.[1] ? [{ id: match[1], at: Number(match[2]) }] : []));
  if (epoch.length !== rest.length || epoch.length > MOST || number !== String(epoch.length + 1))
    return rejected(
      'invalid_value',
      `${show(text)} is not an epoch. Rule: NUMBER, then /ID@MS for each recovery, such as ${FIRST} or 2/4f2e90ab@1764299000123.`,
    );
  return epoch;
}

/** The epoch for people, such as `epoch 2 (4f2e90ab)`. */
export function describeEpoch(epoch: Epoch): string {
  const last = epoch.at(-1);
  return last === undefined ? `epoch ${FIRST}` : `epoch ${epoch.length + 1} (${last.id})`;
}

/**
 * Which of two epochs of one cluster counts: above 0 the first, below 0 the second, 0: they are the same. One that goes on from the other counts more.
 * Where two survivors have recovered apart, the earlier of the two recoveries counts, with all that came after it. Everybody who knows both comes to
 * the same end.
 */
export function compareEpochs(a: Epoch, b: Epoch): number {
  for (const [index, mine] of a.entries()) {
    const theirs = b[index];
    if (theirs === undefined) return 1;
    if (mine.at !== theirs.at) return theirs.at - mine.at;
    if (mine.id !== theirs.id) return mine.id < theirs.id ? 1 : -1;
  }
  return a.length - b.length;
}
