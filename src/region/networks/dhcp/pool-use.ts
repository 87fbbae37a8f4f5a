import type { Pool, PoolUse } from '../../../contract/networks/pool.ts';
import { forecastOf, type PoolCount, sumPools } from '../../../model/networks/pool.ts';
import type { PoolRow } from '../../../store/queries/networks/pool-use.ts';

/** Pools by subnet as the wire shows them, in their order. Pure; `now` in ms. */
export function viewPools(rows: readonly PoolRow[], now: number): PoolUse[] {
  return [...Map.groupBy(rows, (row) => row.cidr)].map(([subnet, pools]) => ({
    subnet,
    ...viewCount(sumPools(pools), sumSides(pools), now),
    pools: pools.map((pool): Pool => {
      const { first, last, sides } = pool;
      return { first, last, ...viewCount(pool, sides, now) };
    }),
  }));
}

function viewCount(count: PoolCount, sides: PoolRow['sides'], now: number) {
  const { free, perHour, fullAt } = forecastOf(count, now);
  return {
    size: count.size,
    used: count.used,
    free,
    sides: sides.map((side) => ({ ...side })),
    perHour: perHour === null ? null : Math.round(perHour * 10) / 10,
    fullAt: fullAt === null ? null : new Date(fullAt).toISOString(),
  };
}

function sumSides(pools: readonly PoolRow[]): PoolRow['sides'] {
  const all = Map.groupBy(
    pools.flatMap((pool) => pool.sides),
    (side) => side.node,
  );
  return [...all]
    .map(([node, sides]) => ({ node, used: sides.reduce((total, side) => total + side.used, 0) }))
    .sort((a, b) => (a.node < b.node ? -1 : 1));
}
