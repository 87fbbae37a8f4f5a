import { sentenceOf } from '../../core/errors.ts';
import type { Clock, Log } from '../../core/ports.ts';
import { keyOf, type WantedHere } from './plan.ts';
import type { ImageFileName, ImageDisk } from './port.ts';

/** Each file is read whole so often, and once when the process begins. */
const EVERY_MS = 86_400_000;

interface CheckerPorts {
  readonly disk: ImageDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onRight: (file: WantedHere) => void;
  readonly onDamage: (file: ImageFileName) => Promise<void>;
  /** A file was read; the next one may be due. */
  readonly onEnd: () => void;
}

/** Reads files again and again, slowly, one at a time, and compares their digests. A file that somebody has written to is read at once, as fast as it can be. */
export interface Checker {
  begin(there: readonly WantedHere[]): void;
  /** Somebody else has just found it to be right, as it is with this stamp. */
  note(file: ImageFileName, stamp: string): void;
  ended(): Promise<void>;
}

/** Creates a checker. */
export function createChecker(ports: CheckerPorts): Checker {
  const { disk, clock, log, signal } = ports;
  const reads = new Map<string, { readonly at: number; readonly stamp: string }>();
  const running = new Map<'gentle' | 'urgent', Promise<void>>();

  const note = (file: ImageFileName, stamp: string) => void reads.set(keyOf(file), { at: clock.monotonic(), stamp });
  const check = async (file: WantedHere, isGentle: boolean): Promise<void> => {
    // Also after a failure, so that a broken disk is not read all the time. A write meanwhile gives the file another
    // stamp.
    note(file, file.stamp);
    try {
      const found = await disk.digest(file, { isGentle, signal });
      if (found === file.sha256) ports.onRight(file);
      else if (found !== null) await ports.onDamage(file);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('file of an image cannot be read', { image: file.image, file: file.name, error: sentenceOf(error) });
    }
  };
  const start = (kind: 'gentle' | 'urgent', due: WantedHere | undefined): void => {
    if (due === undefined || running.has(kind)) return;
    const mine = check(due, kind === 'gentle').finally(() => {
      running.delete(kind);
      ports.onEnd();
    });
    running.set(kind, mine);
  };
  return {
    begin: (there) => {
      const before = clock.monotonic() - EVERY_MS;
      const readOf = (file: WantedHere) => reads.get(keyOf(file));
      start(
        'urgent',
        there.find((file) => (readOf(file)?.stamp ?? file.stamp) !== file.stamp),
      );
      start(
        'gentle',
        there.find((file) => (readOf(file)?.at ?? Number.NEGATIVE_INFINITY) <= before),
      );
    },
    note,
    ended: async () => void (await Promise.all(running.values())),
  };
}
