import { backOffMs } from '../../core/back-off.ts';
import { sentenceOf } from '../../core/errors.ts';
import type { Clock, Log, Random } from '../../core/ports.ts';
import { keyOf, toFetch, type Tries, type WantedFile } from './plan.ts';
import type { ImageFileName, ImageAccess } from './port.ts';

const FETCHES_MOST = 2;
const BACK_OFF = { firstMs: 2000, mostMs: 120_000 } as const;
/** How long a file may take from another region node: a start, and a slow network's bytes per ms. */
const FETCH_MS = { base: 60_000, bytesPerMs: 256 } as const;

interface FetcherPorts {
  readonly access: ImageAccess;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Breaks all off. */
  readonly signal: AbortSignal;
  readonly onArrival: (file: ImageFileName) => void;
  /** A fetch has ended, well or not. */
  readonly onEnd: () => void;
}

/** Fetches files from other region nodes, a few at a time. */
export interface Fetcher {
  begin(absent: readonly WantedFile[]): void;
  /** Keys of files that come just now. */
  keys(): ReadonlySet<string>;
  /** Resolves when no fetch runs. */
  ended(): Promise<void>;
}

/** Creates a fetcher. A file that no node serves is requested again after growing pauses. */
export function createFetcher(ports: FetcherPorts): Fetcher {
  const { access, clock, random, log, signal } = ports;
  const running = new Map<string, Promise<void>>();
  const tries = new Map<string, Tries>();

  /** Null, or why it did not come from there. */
  const fetchFrom = async (address: string, file: WantedFile, end: AbortSignal): Promise<string | null> => {
    try {
      const free = await access.disk.free();
      if (file.size > free) return `the disk has room for ${free} more bytes, and the file has ${file.size}`;
      const start = await access.disk.received(file);
      const bytes = await access.peers.fetch(address, file, { start, signal: end });
      const refusal = await access.disk.write(file, bytes, { start, isResumable: true });
      return refusal === null ? null : `${address}: ${refusal.message}`;
    } catch (error) {
      return `${address}: ${sentenceOf(error)}`;
    }
  };
  const fetchFile = async (file: WantedFile): Promise<void> => {
    const end = AbortSignal.any([
      signal,
      AbortSignal.timeout(FETCH_MS.base + Math.ceil(file.size / FETCH_MS.bytesPerMs)),
    ]);
    const fields = { image: file.image, file: file.name };
    const whys: string[] = [];
    for (const address of shuffled(file.sources, random)) {
      if (end.aborted) break;
      const why = await fetchFrom(address, file, end);
      if (why === null) {
        tries.delete(keyOf(file));
        log.info('file of an image fetched from another region node', { ...fields, address });
        ports.onArrival(file);
        return;
      }
      whys.push(why);
    }
    if (signal.aborted) return;
    const failures = (tries.get(keyOf(file))?.failures ?? 0) + 1;
    tries.set(keyOf(file), { failures, notBefore: clock.monotonic() + backOffMs(failures - 1, BACK_OFF, random) });
    log.warn('file of an image not fetched from any other region node', { ...fields, why: whys.join('; ') });
  };

  return {
    begin: (absent) => {
      const most = FETCHES_MOST - running.size;
      for (const file of toFetch(absent, tries, { now: clock.monotonic(), most })) {
        const key = keyOf(file);
        const mine = fetchFile(file).finally(() => {
          running.delete(key);
          ports.onEnd();
        });
        running.set(key, mine);
      }
    },
    keys: () => new Set(running.keys()),
    ended: async () => void (await Promise.allSettled(running.values())),
  };
}

/** In an order of chance, so that many do not ask the same one. */
function shuffled<T>(items: readonly T[], random: Pick<Random, 'fraction'>): readonly T[] {
  return items
    .map((item) => ({ item, at: random.fraction() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
