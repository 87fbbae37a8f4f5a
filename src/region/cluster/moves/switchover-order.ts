import { mainAddress } from '../../../model/cluster/cluster.ts';
import type { SiteSnapshot } from './move-run.ts';
import type { SwitchoverPlan } from './preflight.ts';
import type { SwitchoverOrder } from '../../../contract/cluster/move-order.ts';

/** Deadlines of the jobs, s: a switchover is done in seconds, a standby that must be cloned again takes minutes. */
export const SWITCHOVER_S = 300;
export const DRAIN_S = 600;
/** The deadline of a rolling restart, for each node. */
export const RESTART_S = 1800;
/** The deadline of a removal: a drain, and daemons that stop. */
export const REMOVAL_S = 900;

/** What a switchover's job is given. */
export function orderOf(
  { site, nodes }: Pick<SiteSnapshot, 'site' | 'nodes'>,
  { from, to }: SwitchoverPlan,
): SwitchoverOrder {
  return {
    from,
    to,
    drained: site.nodes.flatMap((node) => (node.isDrained ? [node.name] : [])),
    addresses: addressesOf({ site, nodes }),
  };
}

/** Main addresses of the region nodes, by name. */
export function addressesOf({ site, nodes }: Pick<SiteSnapshot, 'site' | 'nodes'>): Record<string, string> {
  const own = new Set(site.nodes.flatMap((node) => (node.isRegion ? [node.id] : [])));
  return Object.fromEntries(nodes.flatMap((node) => (own.has(node.id) ? [[node.name, mainAddress(node)]] : [])));
}
