import { sentenceOf } from '../../../core/errors.ts';
import type { Clock, Log } from '../../../core/ports.ts';
import type { HeldJob, Renewed } from '../../../store/queries/base/jobs/lease.ts';
import { LEASE_MS, MARGIN_MS } from './limits.ts';

/** What the renewer reports to the holder of a lease. lost: another process has it, or it ran out. */
export type LeaseNews =
  | { readonly kind: 'renewed'; readonly holdsUntil: number; readonly isAbortWanted: boolean; readonly lateMs: number }
  | { readonly kind: 'lost' };

/** A lease that the renewer extends. */
export interface HeldLease {
  /** Until when its holder may act, ms of the monotonic clock that it was granted by; in the past when it is lost. */
  holdsUntil(): number;
  /** Ends its renewal. */
  drop(): void;
}

/** Renews leases while their holders work. */
export interface Renewer {
  /** `grantedAt`: monotonic ms from before the claim. */
  keep(held: HeldJob, grantedAt: number, onNews: (news: LeaseNews) => void): HeldLease;
  close(): Promise<void>;
}

/** What a renewer needs. `renew` gives those that were renewed, and throws when the database is away. */
export interface RenewerPorts {
  readonly renew: (held: readonly HeldJob[]) => Promise<readonly Renewed[]>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly log: Log;
}

const EVERY_MS = LEASE_MS / 4;
const AFTER_FAILURE_MS = 250;

type Keeping = { readonly held: HeldJob; readonly onNews: (news: LeaseNews) => void; holdsUntil: number };

/** Until when a holder may act whose lease was requested at this moment. */
export const holdsUntil = (requestedAt: number): number => requestedAt + LEASE_MS - MARGIN_MS;

/**
 * Renews all leases together, every quarter of their length. Every time counts from before the request. A lease that
 * ran out is never renewed, though the row might still allow it: its run has been given up.
 */
export function createRenewer({ renew, clock, log }: RenewerPorts): Renewer {
  const keepings = new Set<Keeping>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let round = Promise.resolve();
  let isClosed = false;

  const lose = (keeping: Keeping) => {
    keepings.delete(keeping);
    keeping.holdsUntil = Number.NEGATIVE_INFINITY;
    keeping.onNews({ kind: 'lost' });
  };
  const renewAll = async () => {
    const requestedAt = clock.monotonic();
    const isOver = (keeping: Keeping) => keeping.holdsUntil <= requestedAt;
    const due = [...keepings].filter((keeping) => !isOver(keeping));
    [...keepings].filter(isOver).forEach(lose);
    if (due.length === 0) return;
    const renewed = await renew(due.map(({ held }) => held));
    for (const keeping of due) {
      if (!keepings.has(keeping)) continue;
      const { id, epoch } = keeping.held;
      const row = renewed.find((candidate) => candidate.id === id && candidate.epoch === epoch);
      if (row === undefined) {
        lose(keeping);
        continue;
      }
      keeping.holdsUntil = holdsUntil(requestedAt);
      const { isAbortWanted, lateMs } = row;
      keeping.onNews({ kind: 'renewed', holdsUntil: keeping.holdsUntil, isAbortWanted, lateMs });
    }
  };
  const arm = (ms: number) => {
    if (isClosed || keepings.size === 0 || timer !== null) return;
    timer = setTimeout(() => {
      round = renewAll().then(
        () => again(EVERY_MS),
        (error: unknown) => {
          log.debug('leases of jobs not renewed, trying again', { error: sentenceOf(error) });
          again(AFTER_FAILURE_MS);
        },
      );
    }, ms);
  };
  const again = (ms: number) => {
    timer = null;
    arm(ms);
  };
  return {
    keep(held, grantedAt, onNews) {
      const keeping: Keeping = { held, onNews, holdsUntil: holdsUntil(grantedAt) };
      keepings.add(keeping);
      arm(EVERY_MS);
      return { holdsUntil: () => keeping.holdsUntil, drop: () => void keepings.delete(keeping) };
    },
    async close() {
      isClosed = true;
      keepings.clear();
      if (timer !== null) clearTimeout(timer);
      await round;
    },
  };
}
