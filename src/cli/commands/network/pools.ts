import type { Pool, PoolUse } from '../../../contract/network/pool.ts';
import { ahead } from '../../format/when.ts';

/** Lines of a subnet's pools; of several, all of them together first. `now` in ms. */
export function poolLines({ pools, ...all }: PoolUse, now: number): string[] {
  const lines = pools.map((pool) => `${pool.first}-${pool.last}  ${poolText(pool, now)}`);
  return pools.length < 2 ? lines : [`all  ${poolText(all, now)}`, ...lines];
}

/** `5 of 20 in use, 15 free (k1 5, k2 4); full in 3 h at the present rate`. */
export function poolText(pool: Omit<Pool, 'first' | 'last'>, now: number): string {
  const { size, used, free, sides } = pool;
  const known = sides.length < 2 ? '' : ` (${sides.map((side) => `${side.node} ${side.used}`).join(', ')})`;
  return `${used} of ${size} in use, ${free} free${known}; ${whenFull(pool, now)}`;
}

function whenFull({ free, perHour, fullAt }: Omit<Pool, 'first' | 'last'>, now: number): string {
  if (free === 0) return 'full';
  if (perHour === null) return 'less than 10 minutes of leases: no rate yet';
  if (fullAt === null) return 'never full at the present rate';
  return `full in ${ahead(fullAt, now)} at the present rate (${perHour} more an hour)`;
}
