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
/** Pairs of address and account that are remembered after a right login. */
const KNOWN_MAX = 10_000;

/** Who tries to log in: `source` as limits know it. */
export interface LoginAttempt {
  readonly source: string;
  readonly account: string;
}

/**
 * Counts wrong logins over all doors of all regions. This process counts its own in memory, so that a flood costs the database nothing; the database has
 * the sum of all regions.
 */
export interface LoginLimiter {
  /** `isKnown`: did this account log in from this address before, as the database knows? Only queried where it matters. */
  mayTry(attempt: LoginAttempt, isKnown: () => Promise<boolean>): Promise<boolean>;
  count(attempt: LoginAttempt): Promise<void>;
  /** The login was right: from now on only its own wrong ones count there. */
  remember(attempt: LoginAttempt): void;
}

/** Opens one. */
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
    async count(attempt) {
      const { both, address, account } = namesOf(attempt);
      ofBoth.count(both);
      byAddress.count(address);
      byAccount.count(account);
      await counts.add([
        { name: both, perSecond: LOGINS.ofBoth.perSecond },
        { name: address, perSecond: LOGINS.byAddress.perSecond },
        { name: account, perSecond: LOGINS.byAccount.perSecond },
      ]);
    },
    remember,
  };
}

function namesOf({ source, account }: LoginAttempt) {
  const lower = account.toLowerCase();
  return { both: `both ${source} ${lower}`, address: `address ${source}`, account: `account ${lower}` };
}
