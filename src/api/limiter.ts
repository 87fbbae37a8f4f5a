import type { Clock } from '../core/ports.ts';

/** `burst`: what a name may use at once; `perSecond`: how much of it comes back; `names`: how many names are remembered. */
export type Limit = { readonly burst: number; readonly perSecond: number; readonly names: number };

/** Counts per name (an address, a key) in buckets that refill. */
export type Limiter = { mayTry(name: string): boolean; count(name: string): void };

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
