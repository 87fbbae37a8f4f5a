import { must } from './tool.ts';

/*
 * Whose store it is. A restore makes a site of what is in a store and goes on writing there. A primary of the old site that was only cut off writes there
 * as well, and both give their segments the same names. So each restore notes itself as a file without content, `claims/EPOCH_NAME_ADDRESS`
 * (`src/join/restore/claim.ts`), and the newest one owns the store: a cluster writes only if that restore is one of its own recoveries.
 */
const FOLDER = 'claims';
const NAME = /^([0-9a-f]{8})_([a-z0-9-]{1,63})_([0-9a-f.-]{2,45})(?:_done)?$/;
/** Less than a push may take, ms (`archive.ts`). */
const LIST_MS = 20_000;
/** How old an answer may be, ms. A restore takes longer from its note to its first segment. */
const FRESH_MS = 5000;

/** A restore that the store knows of. `at`: by the store's clock, s. */
export interface Owner {
  readonly epochId: string;
  readonly name: string;
  readonly address: string;
  readonly at: number;
}

/**
 * The newest restore, if this cluster does not come of it; null: the store is this cluster's. `listed`: files of the folder, with seconds since 1970;
 * `epochs`: the recoveries of this cluster. Pure.
 */
export function foreignOwner(
  listed: Readonly<Record<string, { readonly time?: number }>>,
  epochs: readonly string[],
): Owner | null {
  const owners = Object.entries(listed).flatMap(([file, { time = 0 }]) => {
    const [, epochId = '', name = '', address = ''] = NAME.exec(file) ?? [];
    return epochId === '' ? [] : [{ epochId, name, address: address.replaceAll('-', ':'), at: time }];
  });
  // Within one second the store's clock shows no order: the cluster's own restore counts.
  const rank = ({ epochId }: Owner) => (epochs.includes(epochId) ? 1 : 0);
  const newest = owners.toSorted((a, b) => a.at - b.at || rank(a) - rank(b)).at(-1);
  return newest === undefined || rank(newest) === 1 ? null : newest;
}

/** What an operator of the cluster that does not own the store reads. */
export function ownerSentence({ epochId, name, address, at }: Owner): string {
  const time = new Date(at * 1000).toISOString().slice(0, 19);
  return `the store belongs to the site that ${name} (${address}) restored from it at ${time}Z (epoch ${epochId}). This cluster needs another store: regent backup-target set`;
}

let known: { readonly at: number; readonly epochs: string; readonly why: string | null } | null = null;

/** May this cluster write into the store? Null: it may; else why not. Throws a TaskError if the store does not answer. */
export async function notOwnerBecause(
  epochs: readonly string[],
  { isFresh = false }: { readonly isFresh?: boolean } = {},
): Promise<string | null> {
  const text = epochs.join(' ');
  const now = performance.now();
  if (!isFresh && known !== null && known.epochs === text && now - known.at < FRESH_MS) return known.why;
  const listed = JSON.parse(await must(['repo-ls', FOLDER, '--output=json'], LIST_MS)) as Parameters<
    typeof foreignOwner
  >[0];
  const owner = foreignOwner(listed, epochs);
  known = { at: now, epochs: text, why: owner === null ? null : ownerSentence(owner) };
  return known.why;
}
