import { isRejected, type Rejected, rejected } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { LoginCounts } from '../region/people/accounts/port.ts';
import { createLimiter } from './limiter.ts';

/**
 * Wrong logins: of one account from one address, of one address, and of one account from wherever they come. The last one is so wide that it stops only many
 * addresses together: with the width of the first one anybody could keep a user out.
 */
const LOGINS = {
  ofBoth: { burst: 10, perSecond: 1 / 30, names: 20_000 },
  byAddress: { burst: 20, perSecond: 0.2, names: 10_000 },
  byAccount: { burst: 100, perSecond: 1 / 6, names: 10_000 },
} as const;
export const TOO_MANY_LOGINS = rejected(
  'too_many_requests',
  'There were too many wrong logins. Try again in a minute.',
);
/** Pairs of address and account that are remembered after a right login. */
const KNOWN_MAX = 10_000;

/** Who tries to log in: `source` as limits know it. */
export type LoginAttempt = { readonly source: string; readonly account: string };

/**
 * Counts wrong logins over all doors of all regions. This process counts its own in memory, so that a flood costs the database nothing; the database has
 * the sum of all regions. The count decides which results are answered: of logins at the same moment as many learn that they were wrong as there was room for,
 * and the others, right or wrong, learn only that they were too many. So nothing is reserved, and right logins at the same moment do not hinder each other.
 */
export interface LoginLimiter {
  /**
   * Called before the password is verified, and again after it was right. `isKnown`: did this account log in from this address before, as the database
   * knows? Only queried where it matters.
   */
  mayTry(attempt: LoginAttempt, isKnown: () => Promise<boolean>): Promise<boolean>;
  /** Counts a wrong login. Gives what is answered in place of its result; null: it may be answered that it was wrong. */
  countWrong(attempt: LoginAttempt): Promise<Rejected | null>;
  /** The login was right: from now on only its own wrong ones count there. */
  remember(attempt: LoginAttempt): void;
}

/** Opens a limiter of logins. */
export function createLoginLimiter(clock: Clock, counts: LoginCounts): LoginLimiter {
  const ofBoth = createLimiter(clock, LOGINS.ofBoth);
  const byAddress = createLimiter(clock, LOGINS.byAddress);
  const byAccount = createLimiter(clock, LOGINS.byAccount);
  const known = new Set<string>();
  const remember = (attempt: LoginAttempt) => {
    const { both } = namesOf(attempt);
    known.delete(both);
    const [oldest] = known;
    if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    known.add(both);
  };
  return {
    async mayTry(attempt, isKnown) {
      const { both, address, account } = namesOf(attempt);
      if (!ofBoth.mayTry(both)) return false;
      const used = await counts.used([both, address, account]);
      const isFree = (name: string, { burst }: { readonly burst: number }) => (used.get(name) ?? 0) <= burst - 1;
      if (!isFree(both, LOGINS.ofBoth)) return false;
      const isHere = byAddress.mayTry(address) && byAccount.mayTry(account);
      if (isHere && isFree(address, LOGINS.byAddress) && isFree(account, LOGINS.byAccount)) return true;
      if (known.has(both)) return true;
      if (!(await isKnown())) return false;
      remember(attempt);
      return true;
    },
    async countWrong(attempt) {
      const { both, address, account } = namesOf(attempt);
      const isKnown = known.has(both);
      // Nothing waits between these checks and counts.
      const isOthers = byAddress.mayTry(address) && byAccount.mayTry(account);
      if (!ofBoth.mayTry(both) || !(isOthers || isKnown)) return TOO_MANY_LOGINS;
      ofBoth.count(both);
      byAddress.count(address);
      byAccount.count(account);
      const counted = await counts.add([
        { name: both, ...LOGINS.ofBoth },
        { name: address, ...LOGINS.byAddress },
        { name: account, ...LOGINS.byAccount },
      ]);
      // Without a count nobody learns that it was wrong.
      if (isRejected(counted)) return counted;
      const mayKnow = counted.has(both) && ((counted.has(address) && counted.has(account)) || isKnown);
      return mayKnow ? null : TOO_MANY_LOGINS;
    },
    remember,
  };
}

function namesOf({ source, account }: LoginAttempt) {
  const lower = account.toLowerCase();
  return { both: `both ${source} ${lower}`, address: `address ${source}`, account: `account ${lower}` };
}
