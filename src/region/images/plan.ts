import { MANIFEST, type PlaceState } from '../../model/images/image.ts';
import type { ImageFileName, FileOnDisk, FileWanted } from './port.ts';

/** A file that must be here, and what the database says of it on this node. */
export type WantedFile = FileWanted & { readonly state: PlaceState | null; readonly sources: readonly string[] };

/** One that is here; `stamp`: see `FileOnDisk`. */
export interface WantedHere extends WantedFile, Pick<FileOnDisk, 'stamp'> {}

/** What a round starts from. `fetching`: keys of files that come just now; `damaged`: of files that were found with another digest. */
export interface PlanInput {
  readonly wanted: readonly WantedFile[];
  readonly disk: readonly FileOnDisk[];
  readonly fetching: ReadonlySet<string>;
  readonly damaged: ReadonlySet<string>;
}

/** What is to do. `states`: of files whose state is another one than the database says. */
export interface Plan {
  readonly states: readonly { readonly image: string; readonly file: string; readonly state: PlaceState }[];
  /** Files that are not here, and do not come just now. */
  readonly absent: readonly WantedFile[];
  readonly there: readonly WantedHere[];
  /** Files of another length than they must have. */
  readonly cut: readonly ImageFileName[];
  /** Files that no image has. */
  readonly strays: readonly ImageFileName[];
}

/** One name for a file. */
export function keyOf({ image, name }: ImageFileName): string {
  return `${image}/${name}`;
}

/** Compares what must be here with what is here. Pure. */
export function planImages({ wanted, disk, fetching, damaged }: PlanInput): Plan {
  const onDisk = new Map(disk.map((file) => [keyOf(file), file]));
  const keys = new Set(wanted.flatMap((file) => [keyOf(file), keyOf({ image: file.image, name: MANIFEST })]));
  const isThere = (file: WantedFile) => onDisk.get(keyOf(file))?.size === file.size;
  const isCut = (file: WantedFile) => onDisk.has(keyOf(file)) && !isThere(file);
  const stateOf = (file: WantedFile): PlaceState => {
    if (isThere(file)) return 'there';
    if (fetching.has(keyOf(file))) return 'fetching';
    return isCut(file) || damaged.has(keyOf(file)) ? 'damaged' : 'missing';
  };
  return {
    states: wanted.flatMap((file) => {
      const state = stateOf(file);
      return state === file.state ? [] : [{ image: file.image, file: file.name, state }];
    }),
    absent: wanted.filter((file) => !isThere(file) && !fetching.has(keyOf(file))),
    there: wanted.flatMap((file) => {
      const here = onDisk.get(keyOf(file));
      return here?.size === file.size ? [{ ...file, stamp: here.stamp }] : [];
    }),
    cut: wanted.filter(isCut),
    strays: disk.filter((file) => !keys.has(keyOf(file))),
  };
}

/** What a file's tries came to. Times by a monotonic clock, ms. */
export type Tries = { readonly failures: number; readonly notBefore: number };

/** Files to fetch now: of those that somebody has and whose pause is over, the smallest first, `most` of them. Pure. */
export function toFetch(
  absent: readonly WantedFile[],
  tries: ReadonlyMap<string, Tries>,
  { now, most }: { readonly now: number; readonly most: number },
): readonly WantedFile[] {
  return absent
    .filter((file) => file.sources.length > 0 && (tries.get(keyOf(file))?.notBefore ?? 0) <= now)
    .toSorted((one, other) => one.size - other.size)
    .slice(0, Math.max(0, most));
}
