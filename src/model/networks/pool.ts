/**
 * What is known of a pool of dynamic addresses, or of several. `used`: addresses with a lease now, declined ones too; `before`: those that had one
 * `seconds` ago, at most an hour; `seconds`: how far back leases are known.
 */
export interface PoolCount {
  readonly size: number;
  readonly used: number;
  readonly before: number;
  readonly seconds: number;
}

/** `perHour`: leases that come less those that end; null: not known yet. `fullAt`: when no address is free at that rate, ms; null: never, or not known. */
export type PoolForecast = { readonly free: number; readonly perHour: number | null; readonly fullAt: number | null };

/** A shorter time would take the start of some machines for the usual rate. */
const KNOWN_SECONDS = 600;
const HOUR = 3600;
const DAY_MS = 86_400_000;
/** Below this share of free addresses a pool is short. */
const SHORT = 0.05;
/** A rate matters from here on: before, machines that start on a new VLAN would fill every pool "within a day". */
const HALF = 0.5;

/** When a pool is full at the present rate. Pure; `now` in ms. */
export function forecastOf({ size, used, before, seconds }: PoolCount, now: number): PoolForecast {
  const free = Math.max(0, size - used);
  if (free === 0 && size > 0) return { free, perHour: rateOf(used - before, seconds), fullAt: now };
  const perHour = rateOf(used - before, seconds);
  const isGrowing = perHour !== null && perHour > 0;
  return { free, perHour, fullAt: isGrowing ? now + Math.round((free / perHour) * HOUR * 1000) : null };
}

/** Several pools as one: a client gets an address of any of them. */
export function sumPools(pools: readonly PoolCount[]): PoolCount {
  const sum = (of: (pool: PoolCount) => number) => pools.reduce((total, pool) => total + of(pool), 0);
  return {
    size: sum((pool) => pool.size),
    used: sum((pool) => pool.used),
    before: sum((pool) => pool.before),
    seconds: Math.max(0, ...pools.map((pool) => pool.seconds)),
  };
}

/** Why a pool is short of addresses, or soon will be: `full`, `short`, `filling`; null: it is not. */
export function shortageOf(pool: PoolCount, now: number): 'full' | 'short' | 'filling' | null {
  const { free, fullAt } = forecastOf(pool, now);
  if (pool.size === 0) return null;
  if (free === 0) return 'full';
  if (free / pool.size < SHORT) return 'short';
  return fullAt !== null && fullAt - now < DAY_MS && pool.used / pool.size >= HALF ? 'filling' : null;
}

function rateOf(more: number, seconds: number): number | null {
  return seconds < KNOWN_SECONDS ? null : (more * HOUR) / seconds;
}
