import { servingOf } from '../../../services/dhcp/serving.ts';
import { allRows } from '../../../store/page.ts';
import { listVlans } from '../../../store/queries/network/vlans.ts';
import type { NamedSight } from '../../../store/queries/rack-views.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import type { ServedVlan } from '../site.ts';

/** Who is to serve each VLAN with DHCP, in the order of their ids. `sights`: of all nodes. */
export async function readServed(tx: Tx, sights: readonly NamedSight[]): Promise<ServedVlan[]> {
  const rows = await allRows((page) => listVlans(tx, { ...page, dhcpOn: true }));
  if (rows.length === 0) return [];
  const site = await readServingSite(tx);
  const { servers } = servingOf(site);
  const names = new Map(site.nodes.map((node) => [node.id, node.name]));
  return rows.map(({ id, fabric, name }) => {
    const server = servers.get(id);
    const primary = names.get(server?.primary.nodeId ?? '') ?? null;
    const secondary = names.get(server?.secondary?.nodeId ?? '') ?? null;
    const standing = sights.filter((sight) => sight.isRack && sight.vlanId === id).map(({ node }) => node);
    const others = [...new Set(standing)].filter((node) => node !== primary && node !== secondary);
    return { vlan: `${fabric}/${name}`, primary, secondary, others };
  });
}
