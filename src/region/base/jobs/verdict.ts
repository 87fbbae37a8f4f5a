import { ATTEMPTS_MAX, WIND_UP_MS } from './limits.ts';
import type { JobEnd } from './kind.ts';

/** What a holder goes by. Monotonic ms; `lateMs` since the job's deadline, negative before. */
export type LeaseStanding = { readonly now: number; readonly holdsUntil: number; readonly lateMs: number };

/** Why a run is given up. lease: it may be another's; overdue: it did not even wind up in time; stop: this process ends. */
export type GivenUp = 'lease' | 'overdue' | 'stop';

/** Must a run be given up, and if not, when is the next check (ms from now)? */
export function judge({ now, holdsUntil, lateMs }: LeaseStanding): GivenUp | { readonly againMs: number } {
  if (now >= holdsUntil) return 'lease';
  if (lateMs >= WIND_UP_MS) return 'overdue';
  return { againMs: Math.min(holdsUntil - now, WIND_UP_MS - lateMs) };
}

/** How a run came to its end. `returned` null: it threw `error`. */
export interface Leaving {
  readonly returned: JobEnd | null;
  readonly error: string;
  readonly givenUp: GivenUp | null;
  readonly isAbortWanted: boolean;
  readonly lateMs: number;
  readonly attempts: number;
}

/** What becomes of the job: it ends, it is given back (`failure`: what it failed with), or it is left to its lease. */
export type JobFate =
  | { readonly kind: 'end'; readonly end: JobEnd }
  | { readonly kind: 'give-back'; readonly failure: string | null }
  | { readonly kind: 'leave' };

/** Decides what becomes of a job whose run is over. */
export function afterRun({ returned, error, givenUp, isAbortWanted, lateMs, attempts }: Leaving): JobFate {
  if (givenUp === 'overdue') return failed('The deadline of the job passed, and the job did not end in time.');
  // A run that was interrupted has not come to an end by itself, whatever it says, unless it had done everything.
  if (givenUp !== null && returned?.state !== 'done')
    return givenUp === 'stop' ? { kind: 'give-back', failure: null } : { kind: 'leave' };
  if (returned === null)
    return attempts >= ATTEMPTS_MAX ? failed(`The job failed ${attempts} times: ${error}`) : again(error);
  const isOnlyLate = returned.state === 'aborted' && !isAbortWanted && lateMs > 0;
  return isOnlyLate ? failed(`The deadline of the job passed. ${returned.result}`) : { kind: 'end', end: returned };
}

const failed = (result: string): JobFate => ({ kind: 'end', end: { state: 'failed', result } });

const again = (failure: string): JobFate => ({ kind: 'give-back', failure });
