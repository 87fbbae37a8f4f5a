import type { Node } from '../../../contract/cluster/node.ts';
import { readVlanLabels } from '../../../store/queries/cluster/rack-views.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import type { SeenNode } from '../../base/seen.ts';
import { vlanServers } from './servers.ts';

type Drain = NonNullable<Node['drain']>;

/**
 * Reads of each drained node, by id, since when it is and who serves its VLANs now. `seen`: all nodes, because partners report it; `now` in ms. Nothing is read
 * where no rack is drained.
 */
export async function drainsOf(tx: Tx, seen: readonly SeenNode[], now: number): Promise<ReadonlyMap<string, Drain>> {
  const drained = seen.filter(({ row }) => row.isDrained);
  if (!drained.some(({ row }) => row.isRack)) return new Map(drained.map((node) => [node.id, drainOf(node, [])]));
  const servers = vlanServers(await readServingSite(tx), seen, now);
  const labels = await readVlanLabels(tx);
  return new Map(
    drained.map((node) => {
      const own = [...servers].filter(([, { primary, secondary }]) => [primary, secondary].includes(node.name));
      const vlans = own.map(([id, { servedBy }]) => ({ vlan: labels.get(id) ?? String(id), servedBy }));
      return [node.id, drainOf(node, vlans)] as const;
    }),
  );
}

function drainOf({ row }: SeenNode, vlans: Drain['vlans']): Drain {
  return { since: row.drainedAt, vlans };
}
