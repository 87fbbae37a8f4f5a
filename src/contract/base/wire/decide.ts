import { backOffMs } from '../../../core/back-off.ts';

/**
 * What one try of a call came to. `answer`: a whole answer came; `retryAfterMs` as its `Retry-After` says. `unsent`: it surely reached nobody
 * (no connection came about). `broken`: it may have been received, and nobody knows what became of it.
 */
export type AttemptOutcome =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterMs: number | null }
  | { readonly kind: 'unsent' }
  | { readonly kind: 'broken' };

/** Where a call stands after a try. Times in ms. */
export interface RetryState {
  readonly outcome: AttemptOutcome;
  /** Tries so far, with this one. */
  readonly tries: number;
  /** Addresses of the same site, all as good as each other; a call goes through them in order, over and over. */
  readonly addresses: number;
  /** Times that all addresses are tried; null: until the deadline. */
  readonly rounds: number | null;
  /** Made twice it does no harm: it reads, or carries an Idempotency-Key. */
  readonly isRepeatable: boolean;
  /** Until the deadline of the whole call. */
  readonly leftMs: number;
  /** Longest `Retry-After` of the tries before, since all addresses were tried; null: none requested a pause. */
  readonly pauseMs: number | null;
  /** From 0 to 1, drawn again for each try. */
  readonly fraction: number;
}

/**
 * What to do next. `done`: the answer is the caller's. `again`: after `waitMs` at the address of that number. `give-up`: no time is left, or
 * another try could make the change twice.
 */
export type RetryDecision =
  | { readonly kind: 'done' }
  | { readonly kind: 'again'; readonly waitMs: number; readonly address: number }
  | { readonly kind: 'give-up' };

const BACK_OFF = { firstMs: 150, mostMs: 3000 } as const;

/** Refused before anything was done: too many requests. */
const NOT_TAKEN = 429;
/** What a region without its database answers, and a load balancer that lost the region in the middle of a call. */
const AWAY: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * The one rule by which every client of Regent repeats. An answer that is none of `AWAY` is final, whatever it says. Another address is tried
 * at once, for it may know better; once all were tried there is a jittered pause that doubles, at least as long as the longest `Retry-After`. A
 * pause that would outlast the deadline is not started: the caller learns of the failure at once.
 */
export function decide(state: RetryState): RetryDecision {
  const { outcome, tries, addresses, rounds, isRepeatable, leftMs } = state;
  const isAway = outcome.kind === 'answer' && AWAY.has(outcome.status);
  const isNotTaken = outcome.kind === 'answer' && outcome.status === NOT_TAKEN && outcome.retryAfterMs !== null;
  if (outcome.kind === 'answer' && !isAway && !isNotTaken) return { kind: 'done' };
  if (!isRepeatable && (isAway || outcome.kind === 'broken')) return { kind: 'give-up' };
  if (rounds !== null && tries >= rounds * addresses) return { kind: 'give-up' };
  const waitMs = waitOf(state);
  if (waitMs >= leftMs) return { kind: 'give-up' };
  return { kind: 'again', waitMs, address: tries % addresses };
}

/**
 * May a change have been made by a try that came to this? A 503 alone says that it was not, for a load balancer answers it when it found no
 * region, and Regent states in its answer when it is not sure.
 */
export function isInDoubt(outcome: AttemptOutcome): boolean {
  if (outcome.kind === 'answer') return outcome.status === 502 || outcome.status === 504;
  return outcome.kind === 'broken';
}

/** The longer of two requested pauses. */
export function pauseOf(before: number | null, outcome: AttemptOutcome): number | null {
  const requestedMs = outcome.kind === 'answer' ? outcome.retryAfterMs : null;
  return requestedMs === null ? before : Math.max(requestedMs, before ?? 0);
}

function waitOf({ outcome, tries, addresses, pauseMs, fraction }: RetryState): number {
  if (tries % addresses !== 0) return 0;
  const rounds = tries / addresses - 1;
  return Math.max(pauseOf(pauseMs, outcome) ?? 0, backOffMs(rounds, BACK_OFF, { fraction: () => fraction }));
}

/**
 * `Retry-After` (RFC 9110 §10.2.3) in ms: seconds, or a time, which is compared with the answer's own `Date` so that no clock of ours counts.
 * Null: there is none, or it cannot be read.
 */
export function readRetryAfter(value: string | null, date: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  // IMF-fixdate, the one form that is written (RFC 9110 §5.6.7); the parser takes much else for a date.
  if (!/^[A-Z][a-z]{2}, .* GMT$/.test(value)) return null;
  const span = Date.parse(value) - Date.parse(date ?? '');
  return Number.isNaN(span) ? null : Math.max(0, span);
}
