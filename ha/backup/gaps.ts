import { must } from './tool.ts';

/** Holes in the archive of the database's log: recovery ends before the first one after its backup. */
const LIST_MS = 60_000;
/** Segments of 1 MB (`wal-segsize`) in what one number of a log counts. */
const PER_LOG = 4096;
/** A segment that others have overtaken may still arrive for so long, ms. */
const SETTLED_MS = 120_000;
const GAPS_MAX = 20;

/** A hole in the archive. Times in ms. */
export interface Gap {
  /** The first segment that is missing: 16 hexadecimal digits, without its timeline. */
  readonly missing: string;
  /** When the last one before it was stored: recovery reaches no further. Null: nothing is there before it. */
  readonly reachedAt: number | null;
  /** When the first one after it was stored. */
  readonly resumedAt: number;
}

/** The archive from one segment on. `archivedAt`: when its newest file was stored, ms; null: it has none. */
export interface ArchiveSpan {
  readonly archivedAt: number | null;
  readonly gaps: readonly Gap[];
}

type Listed = Readonly<Record<string, { readonly time?: number }>>;

const list = async (path: string) => JSON.parse(await must(['repo-ls', path, '--output=json'], LIST_MS)) as Listed;
const numberOf = (name: string) => parseInt(name.slice(0, 8), 16) * PER_LOG + parseInt(name.slice(8, 16), 16);
const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, '0');
const nameOf = (number: number) => `${hex(Math.floor(number / PER_LOG))}${hex(number % PER_LOG)}`;

/** The holes among what is stored: number of a segment → when, ms. A hole whose end has just been stored is none yet. Pure. */
export function gapsIn(stored: ReadonlyMap<number, number>, now: number): Gap[] {
  const numbers = [...stored.keys()].toSorted((a, b) => a - b);
  const gaps = numbers.flatMap((number, index) => {
    const before = numbers[index - 1];
    const resumedAt = stored.get(number) ?? now;
    if (before === undefined || number === before + 1 || now - resumedAt < SETTLED_MS) return [];
    return [{ missing: nameOf(before + 1), reachedAt: stored.get(before) ?? null, resumedAt }];
  });
  return gaps.slice(-GAPS_MAX);
}

/** Reads the archive from a segment on (its full name, 24 digits), on whichever timeline. */
export async function readArchive(archiveId: string, from: string, now = Date.now()): Promise<ArchiveSpan> {
  const place = `archive/regent/${archiveId}`;
  const first = numberOf(from.slice(8));
  const stored = new Map<number, number>();
  const folders = Object.keys(await list(place)).filter((name) => /^[0-9A-F]{16}$/.test(name));
  for (const folder of folders.filter((name) => name.slice(8) >= from.slice(8, 16)).toSorted())
    for (const [name, { time = 0 }] of Object.entries(await list(`${place}/${folder}`))) {
      const number = /^[0-9A-F]{24}-[0-9a-f]{40}/.test(name) ? numberOf(name.slice(8)) : -1;
      // Two timelines may both have it: the newer one counts.
      if (number >= first) stored.set(number, Math.max(time * 1000, stored.get(number) ?? 0));
    }
  const archivedAt = stored.size === 0 ? null : Math.max(...stored.values());
  return { archivedAt, gaps: gapsIn(stored, now) };
}
