import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';

/** What a rack lacks of what it needs to serve its clients. */
export interface Reach {
  /** Interfaces without a carrier, or not there. */
  readonly missing: readonly string[];
  /** It has none of them. */
  readonly isCut: boolean;
  /** No room for leases: its Kea answers, and gives none. */
  readonly isFull: boolean;
  /** An operator wants its work elsewhere. */
  readonly isDrained: boolean;
  /** So far its clock is ahead of a majority of the regions, ms; 0: it is right. */
  readonly aheadMs: number;
}

/** Something that comes and goes. `since`: since when it is seen otherwise than it counts; null: it is not. */
export interface Steady {
  readonly isBad: boolean;
  readonly since: number | null;
  /** It was never seen long enough to know. */
  readonly isNew: boolean;
}

/** What is bad for so long counts, ms. */
export const BAD_MS = 1000;
/** What was bad counts as well after so long: a cable that is loose moves nobody twice. */
export const WELL_MS = 10_000;
/** Whose lease times are wrong. */
const WRONG_CLOCK = 10_000;
/** Who cannot serve at all. */
export const USELESS = 1_000_000;

const LINKS_MS = 200;
const ROOM_MS = 250;
/**
 * Kea gives no lease that it cannot write, and refuses who asks for its old one: it is to be relieved before that. A lease takes some hundred bytes, so
 * this is enough for seconds. A small file system has less to spare.
 */
const ROOM = { bytes: 1_048_576, share: 0.02 } as const;
/** A Kea that ends frees some blocks: it has room again when there is so many times as much. */
const ROOM_AGAIN = 4;
const LEASES = '/var/lib/kea';
const LINKS = '/sys/class/net';

/** What counts after another check. Times: monotonic, ms. */
export function steady(before: Steady | undefined, isBad: boolean, now: number): Steady {
  if (before === undefined) return { isBad, since: now, isNew: true };
  if (isBad === before.isBad) {
    const isNew = before.isNew && before.since !== null && now - before.since < BAD_MS;
    return { isBad, since: isNew ? before.since : null, isNew };
  }
  // A program that has just started may have checked before its links were up.
  if (before.isNew) return { isBad, since: now, isNew: true };
  const since = before.since ?? now;
  return now - since >= (isBad ? BAD_MS : WELL_MS) ? { isBad, since: null, isNew: false } : { ...before, since };
}

/** Is there too little room for leases? `was`: there was, at the last check. `free`, `size`: of the file system, bytes. Pure. */
export function isTooFull(was: boolean, { free, size }: { readonly free: number; readonly size: number }): boolean {
  const least = Math.min(ROOM.bytes, ROOM.share * size);
  return free < (was ? ROOM_AGAIN * least : least);
}

/**
 * How much worse than a rack that lacks nothing it serves: of two racks the one with less is to serve. A clock weighs more than a link, and that more
 * than an operator's request.
 */
export function burdenOf({ missing, isCut, isFull, isDrained, aheadMs }: Reach): number {
  if (isCut || isFull) return USELESS;
  return 2 * missing.length + (isDrained ? 1 : 0) + (aheadMs === 0 ? 0 : WRONG_CLOCK);
}

/** The faults that prevent a rack from serving its clients, as text. */
export function describeLack({ missing, isFull, isDrained, aheadMs }: Reach): string {
  const cut = missing.length === 0 ? [] : [`${missing.join(', ')} ${missing.length === 1 ? 'has' : 'have'} no carrier`];
  const side = aheadMs > 0 ? 'ahead of' : 'behind';
  const clock = `its clock is ${Math.round(Math.abs(aheadMs) / 1000)} s ${side} the regions'`;
  return [
    ...(aheadMs === 0 ? [] : [clock]),
    ...(isFull ? ['there is no room for leases on its disk'] : []),
    ...cut,
    ...(isDrained ? ['an operator has drained it'] : []),
  ].join(', and ');
}

/** Watches the interfaces of a pair and the room for its leases. */
export class ReachWatch {
  #checkedAt = -Infinity;
  #requestedAt = -Infinity;
  #isFullNow = false;
  /** When it was full last. */
  #fullAt = -Infinity;
  #now = -Infinity;
  #links = new Map<string, Steady>();

  /** Checks when it is time. A disk that is slow makes nobody wait. */
  poll(interfaces: readonly string[], now: number): void {
    this.#now = now;
    if (now - this.#requestedAt >= ROOM_MS) void this.#ask(now);
    if (this.#isFullNow) this.#fullAt = now;
    if (now - this.#checkedAt < LINKS_MS) return;
    this.#checkedAt = now;
    this.#links = new Map(interfaces.map((name) => [name, steady(this.#links.get(name), !hasCarrier(name), now)]));
  }

  reach(isDrained: boolean): Reach {
    const missing = [...this.#links].flatMap(([name, { isBad }]) => (isBad ? [name] : []));
    const isCut = missing.length > 0 && missing.length === this.#links.size;
    // Of the clock the regions know: `watchDay`.
    return { missing, isCut, isFull: this.#now - this.#fullAt < WELL_MS, isDrained, aheadMs: 0 };
  }

  async #ask(now: number): Promise<void> {
    this.#requestedAt = now;
    try {
      // Root has room of its own; Kea is another user.
      const { bavail, blocks, bsize } = await statfs(LEASES);
      this.#isFullNow = isTooFull(this.#isFullNow, { free: bavail * bsize, size: blocks * bsize });
    } catch {
      // Kea has not been here yet.
      this.#isFullNow = false;
    }
  }
}

/** `carrier` cannot be read of an interface that is down (Linux, sysfs-class-net). */
function hasCarrier(name: string): boolean {
  try {
    const read = (file: string) => readFileSync(`${LINKS}/${name}/${file}`, 'utf8').trim();
    return read('carrier') === '1' && read('operstate') !== 'dormant';
  } catch {
    return false;
  }
}
