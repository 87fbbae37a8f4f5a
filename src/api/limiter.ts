import type { Clock } from '../core/ports.ts';

/** `burst`: what a name may use at once; `perSecond`: how much of it comes back; `names`: how many names are remembered. */
export interface Limit {
  readonly burst: number;
  readonly perSecond: number;
  readonly names: number;
}

/** Counts per name (an address, a key) in buckets that refill. */
export interface Limiter {
  mayTry(name: string): boolean;
  count(name: string): void;
}

/** Opens a limiter; memory is bounded by forgetting the name that was counted longest ago. */
export function createLimiter(clock: Clock, limit: Limit): Limiter {
  const buckets = new Map<string, { used: number; at: number }>();
  const used = (name: string) => {
    const bucket = buckets.get(name);
    if (!bucket) return 0;
    return Math.max(0, bucket.used - ((clock.monotonic() - bucket.at) / 1000) * limit.perSecond);
  };
  return {
    // As much as one whole use must be left.
    mayTry: (name) => used(name) <= limit.burst - 1,
    count: (name) => {
      const now = used(name) + 1;
      buckets.delete(name);
      const oldest = buckets.keys().next();
      if (buckets.size >= limit.names && !oldest.done) buckets.delete(oldest.value);
      buckets.set(name, { used: now, at: clock.monotonic() });
    },
  };
}

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

/** Counts wrong logins over all doors of a listener. Each region counts for itself. */
export interface LoginLimiter {
  /** `isKnown`: did this account log in from this address before, as the database knows? Only queried where it matters. */
  mayTry(attempt: LoginAttempt, isKnown: () => Promise<boolean>): Promise<boolean>;
  count(attempt: LoginAttempt): void;
  /** The login was right: from now on only its own wrong ones count there. */
  remember(attempt: LoginAttempt): void;
}

/** Opens one. */
export function createLoginLimiter(clock: Clock): LoginLimiter {
  const ofBoth = createLimiter(clock, LOGINS.ofBoth);
  const byAddress = createLimiter(clock, LOGINS.byAddress);
  const byAccount = createLimiter(clock, LOGINS.byAccount);
  const known = new Set<string>();
  const nameOf = ({ source, account }: LoginAttempt) => `${source} ${account.toLowerCase()}`;
  const remember = (attempt: LoginAttempt) => {
    const name = nameOf(attempt);
    known.delete(name);
    const [oldest] = known;
    if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    known.add(name);
  };
  return {
    async mayTry(attempt, isKnown) {
      if (!ofBoth.mayTry(nameOf(attempt))) return false;
      if (byAddress.mayTry(attempt.source) && byAccount.mayTry(attempt.account.toLowerCase())) return true;
      if (known.has(nameOf(attempt))) return true;
      if (!(await isKnown())) return false;
      remember(attempt);
      return true;
    },
    count(attempt) {
      ofBoth.count(nameOf(attempt));
      byAddress.count(attempt.source);
      byAccount.count(attempt.account.toLowerCase());
    },
    remember,
  };
}

/** The peer of a request as limits know it: an IPv4 address, the /64 of an IPv6 one (one host has all of it), `unix` without an address. */
export function sourceOf(address: string | undefined): string {
  if (!address) return 'unix';
  const v4 = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1];
  if (v4 !== undefined) return v4;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const groups = head === '' ? [] : head.split(':');
  if (tail === undefined) return `${groups.slice(0, 4).join(':')}::/64`;
  const rest = tail === '' ? [] : tail.split(':');
  const full = [...groups, ...Array.from({ length: Math.max(0, 8 - groups.length - rest.length) }, () => '0'), ...rest];
  return `${full.slice(0, 4).join(':')}::/64`;
}
