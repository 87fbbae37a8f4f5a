import { type Rejected, rejected } from '../core/errors.ts';

/**
 * Calls that a region has in hand at once. A switchover of three seconds holds some hundred of them; many more only wait for each other, until
 * their callers give up and call again.
 */
const CALLS_MOST = 200;

/** Bounds the calls in hand, so that a region that has too many says so at once and at little cost. */
export interface CallAdmission {
  /** Does the work, or refuses it as `unavailable` without beginning it. */
  within<T>(work: () => Promise<T>): Promise<T | Rejected>;
}

/** Opens one for a listener; `most`: calls at once. */
export function createAdmission(most = CALLS_MOST): CallAdmission {
  let inHand = 0;
  return {
    async within(work) {
      if (inHand >= most)
        return rejected(
          'unavailable',
          `This region has ${most} calls in hand. Nothing was done; the call may be repeated.`,
        );
      inHand += 1;
      try {
        return await work();
      } finally {
        inHand -= 1;
      }
    },
  };
}
