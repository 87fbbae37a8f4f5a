import { sentenceOf } from '../core/errors.ts';
import type { FolderChanges } from '../host/observe/watched-folders.ts';
import type { AnyService } from '../services/kit/contract.ts';
import { serviceOfFolder } from '../services/kit/instances.ts';
import type { Findings } from './findings.ts';
import type { LoopPorts } from './ports.ts';

/** Asks whether somebody changed files in these services' folders: answers at once when so, else after `waitMs`. */
export type AskChanges = (seen: string, waitMs: number) => Promise<FolderChanges>;

/** What the watch is built from. `compare`: compares a service's files now. */
export interface DriftOptions {
  readonly ports: LoopPorts;
  readonly services: readonly AnyService[];
  readonly findings: Findings;
  readonly changes: AskChanges | null;
  readonly compare: (service: string) => void;
  readonly onFinding: () => void;
}

/** Hand edits of generated files: noticed at once, undone by the engine, and reported for a while. */
export interface DriftWatch {
  /** The engine found that files of a service are not what it had put there. */
  note(service: string, paths: readonly string[]): void;
  /** Clears findings that stood long enough. */
  expire(): void;
  run(signal: AbortSignal): Promise<void>;
}

const WAIT_MS = 5_000;
const SILENCE_MS = 60_000;
const RETRY_MS = 5_000;
/** Endless edits cost one comparison at this interval. */
const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;
const FINDING_MS = 600_000;
const NAMED_MAX = 3;

/** Opens the watch. */
export function openDriftWatch({ ports, services, findings, changes, compare, onFinding }: DriftOptions): DriftWatch {
  const { clock, random } = ports;
  const raisedAt = new Map<string, number>();
  const pauses = new Map<string, { readonly at: number; readonly pauseMs: number }>();
  const codeOf = (service: string) => `${service}_files_changed`;
  /** Compares now, or after a pause that doubles while changes come close after each other. */
  const compareSoon = (service: string, signal: AbortSignal) => {
    const now = clock.monotonic();
    const last = pauses.get(service);
    if (last === undefined || now - last.at > 2 * LONGEST_MS) {
      pauses.set(service, { at: now, pauseMs: FIRST_MS });
      return compare(service);
    }
    // A comparison is due already.
    if (now < last.at) return;
    const at = Math.max(now, last.at + last.pauseMs);
    pauses.set(service, { at, pauseMs: Math.min(2 * last.pauseMs, LONGEST_MS) });
    if (at <= now) return compare(service);
    void ports.wait(at - now, signal).then(() => (signal.aborted ? undefined : compare(service)));
  };
  return {
    note(service, paths) {
      const named = paths.slice(0, NAMED_MAX).join(', ');
      const more = paths.length > NAMED_MAX ? ` and ${paths.length - NAMED_MAX} more` : '';
      findings.raise(
        codeOf(service),
        `Files of ${service} were changed by hand on this host: ${named}${more}. Regent restores its own files. Change the configuration through Regent instead.`,
      );
      raisedAt.set(service, clock.monotonic());
      onFinding();
    },
    expire() {
      for (const [service, at] of raisedAt) {
        if (clock.monotonic() - at < FINDING_MS) continue;
        findings.clear(codeOf(service));
        raisedAt.delete(service);
      }
    },
    async run(signal) {
      if (changes === null) return;
      const beat = ports.loop('changed files', SILENCE_MS);
      let seen = '';
      while (!signal.aborted) {
        try {
          const answer = await changes(seen, WAIT_MS);
          // At the start every service is compared anyway.
          const isFirst = seen === '';
          seen = answer.seen;
          const changed = isFirst ? [] : answer.folders.flatMap((folder) => serviceOfFolder(services, folder) ?? []);
          for (const { name } of changed) compareSoon(name, signal);
        } catch (error) {
          ports.log.info('changed files cannot be queried', { error: sentenceOf(error) });
          await ports.wait(RETRY_MS * (0.8 + 0.4 * random.fraction()), signal);
        }
        beat();
      }
      beat.end();
    },
  };
}
