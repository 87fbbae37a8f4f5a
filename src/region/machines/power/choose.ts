import type { ReachRow } from '../../../store/queries/machines/power-states.ts';

/** A node that has reported nothing for so long comes last, ms. */
const SILENT_MS = 30_000;
/** A route that worked so lately needs no probe, ms. */
const FRESH_MS = 600_000;

/** A node, and whether its route to the BMC is known or must be probed before an order. */
export type BmcRoute = { readonly nodeId: string; readonly node: string; readonly isKnown: boolean };

/**
 * The nodes that can reach a BMC, the best first: those that report before silent ones, drained ones after the others, then the one whose order came
 * about last, then those that reach it, the quickest first, those that stand on its subnet, all others, and those that did not reach it. Pure.
 */
export function rankRoutes(rows: readonly ReachRow[]): BmcRoute[] {
  return rows
    .toSorted((one, other) => compare(rankOf(one), rankOf(other)))
    .map((row) => ({ nodeId: row.nodeId, node: row.node, isKnown: isKnown(row) }));
}

/** Is there a node left that may reach it? Pure. */
export function hasOtherRoute(rows: readonly ReachRow[]): boolean {
  return rows.some((row) => !isSilent(row) && reachOf(row) !== 'no');
}

/** A failure that is long ago says nothing. */
function reachOf({ isReachable, agoMs }: ReachRow): 'yes' | 'no' | 'unknown' {
  if (isReachable === null || agoMs === null) return 'unknown';
  if (isReachable) return 'yes';
  return agoMs <= FRESH_MS ? 'no' : 'unknown';
}

function isKnown(row: ReachRow): boolean {
  return row.isReachable === true && !isSilent(row) && row.agoMs !== null && row.agoMs <= FRESH_MS;
}

const isSilent = ({ silentMs }: ReachRow): boolean => silentMs === null || silentMs > SILENT_MS;

function rankOf(row: ReachRow): number[] {
  const { isDrained, isOnSubnet, workedMs, ms } = row;
  const reach = ['yes', 'unknown', 'no'].indexOf(reachOf(row));
  const worked = reach === 0 && workedMs !== null ? workedMs : Infinity;
  const near = isOnSubnet ? 0 : 1;
  return [Number(isSilent(row)), Number(isDrained), reach, worked, reach === 0 ? (ms ?? Infinity) : 0, near];
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (const [index, value] of one.entries()) {
    const against = other[index] ?? 0;
    if (value !== against) return value < against ? -1 : 1;
  }
  return 0;
}
