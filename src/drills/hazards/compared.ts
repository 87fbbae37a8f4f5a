import { ANY_FAILOVERS } from '../../judge/rules.ts';
import type { Hazard } from './hazard.ts';
import { HEADLINES } from './headlines.ts';
import { HOLD_MS } from './host.ts';

/** Played with stock settings beside ours: hosts, links, processes, planned moves. Each can be done to any cluster of these engines. */
export const COMPARED: readonly string[] = [
  'host-kill-primary',
  'host-kill-primary-leader',
  'host-kill-holder',
  'net-cut-primary',
  'net-partition-primary',
  'process-kill-postgres',
  'process-kill-regiond',
  'hang-postgres-60',
  'hang-patroni-60',
  'planned-switchover',
  'planned-vip-move',
  'host-kill-rack',
  'net-cut-rack',
];

/** Is it Kea on racks that gets stock settings for it, and not the region nodes' engines? */
export const isOfRacks = ({ headline }: Pick<Hazard, 'headline'>): boolean => headline === HEADLINES.rackLost.name;

/** What must come back while the fault lasts gets so long: a lease of 30 s, a round of 10 s, three checks, and room. */
const STOCK_HOLD_MS = 75_000;
const STOCK_REDUNDANT_MS = 180_000;

/**
 * The hazard for stock settings: what is dead or cut stays so until even they must have taken over, so that it is not its return that ends the
 * outage. The only requirement is that it is recorded: the probes must have been there.
 */
export function forStock(hazard: Hazard): Hazard {
  return {
    ...hazard,
    steps: (cast, chance) =>
      hazard
        .steps(cast, chance)
        .map((step) => (step.afterMs >= HOLD_MS ? { ...step, afterMs: Math.max(step.afterMs, STOCK_HOLD_MS) } : step)),
    expects: hazard.expects.map(({ probe }) => ({ probe })),
    redundantMs: STOCK_REDUNDANT_MS,
    failovers: ANY_FAILOVERS,
  };
}
