import { sentenceOf } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import { keyOf, type Wanted } from './plan.ts';
import type { FileName, ImageDisk } from './port.ts';

/** Each file is read whole so often, and once when the process begins. */
const EVERY_MS = 86_400_000;

interface CheckerPorts {
  readonly disk: ImageDisk;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly onRight: (file: FileName) => void;
  readonly onDamage: (file: FileName) => Promise<void>;
  /** A file was read; the next one may be due. */
  readonly onEnd: () => void;
}

/** Reads files again and again, slowly, one at a time, and compares their digests. */
export interface Checker {
  begin(there: readonly Wanted[]): void;
  /** Somebody else has just found it to be right. */
  note(file: FileName): void;
  ended(): Promise<void>;
}

/** Makes one. */
export function createChecker(ports: CheckerPorts): Checker {
  const { disk, clock, log, signal } = ports;
  const readAt = new Map<string, number>();
  let running: Promise<void> | null = null;

  const check = async (file: Wanted): Promise<void> => {
    // Also after a failure: a disk that does not read is not asked all the time.
    readAt.set(keyOf(file), clock.monotonic());
    try {
      const found = await disk.digest(file, { isGentle: true, signal });
      if (found === file.sha256) ports.onRight(file);
      else if (found !== null) await ports.onDamage(file);
    } catch (error) {
      if (signal.aborted) return;
      log.warn('a file of an image cannot be read', { image: file.image, file: file.name, error: sentenceOf(error) });
    }
  };
  return {
    begin: (there) => {
      const before = clock.monotonic() - EVERY_MS;
      const due = there.find((file) => (readAt.get(keyOf(file)) ?? Number.NEGATIVE_INFINITY) <= before);
      if (running !== null || due === undefined) return;
      running = check(due).finally(() => {
        running = null;
        ports.onEnd();
      });
    },
    note: (file) => void readAt.set(keyOf(file), clock.monotonic()),
    ended: async () => void (await running),
  };
}
