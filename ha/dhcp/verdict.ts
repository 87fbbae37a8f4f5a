import type { OwnerRecord, PairStatus } from './messages.ts';
import { type DayTimes, SAME_DAY } from './inputs.ts';
import type { Apart } from './record.ts';

/** What a decision leaves to the next one. `record` is the ledger: it must be on the disk before anything else is done. */
export interface Memory {
  readonly record: OwnerRecord;
  readonly claim: OwnerRecord | null;
  /** It is about to give the pair to its partner, and ends its Kea first. */
  readonly isHanding: boolean;
  /** Since when it may serve and its Kea does not; null: it does. */
  readonly unableSince: number | null;
  /** Its Kea was there since the program began. What began without one began in the middle of a gap: it hands over at once. */
  readonly hadKea: boolean;
  /** Since when both Keas work together; null: they do not. */
  readonly pairedSince: number | null;
  readonly apart: Apart;
  readonly day: DayTimes;
  /** When its Kea was last ordered to take the leases again. */
  readonly resetAt: number;
  /** When its Kea was last started again because it does not come back to its pair by itself. */
  readonly restartedAt: number;
  /** Since when the primary's Kea is about to take the leases that this one gave; null: it is not. */
  readonly yieldSince: number | null;
  /** Since when its Kea waits for a Kea that takes no leases any more; null: it does not. */
  readonly abandonedSince: number | null;
  /** Not before this its Kea may follow the partner's again. */
  readonly followAfter: number;
}

/** What is to be done. */
export interface Verdict {
  readonly memory: Memory;
  /** May Kea run? false: it is ended at once. */
  readonly isPermitted: boolean;
  /** Kea hangs, or does not come back to its pair by itself: it is killed, and comes again. */
  readonly isKilled: boolean;
  /** Kea is to take all leases of the other again. */
  readonly isReset: boolean;
  /** Kea may go on after those that ordered it to wait, by their ids. */
  readonly resumes: readonly number[];
  /** These scopes are to be given to Kea now; null: they are right, or not ours. */
  readonly scopes: readonly string[] | null;
  readonly isDetached: boolean;
  readonly state: 'serving' | 'standby' | 'taken-over' | 'fenced' | 'starting' | 'waiting';
  /** A sentence. */
  readonly why: string;
  /** What this rack lacks to serve its clients, as text; empty: nothing. */
  readonly lacks: string;
  readonly status: PairStatus;
}

export function firstMemory(record: OwnerRecord): Memory {
  const apart = { isApart: false, syncBefore: undefined, togetherSince: null };
  const none = { unableSince: null, pairedSince: null, yieldSince: null, abandonedSince: null };
  const times = { ...none, followAfter: 0, resetAt: -Infinity, restartedAt: -Infinity };
  return { record, claim: null, isHanding: false, hadKea: false, apart, day: SAME_DAY, ...times };
}
