import { racksAway, servingOf } from '../../../model/networks/serving.ts';
import { type NamedAttachment, readVlanLabels } from '../../../store/queries/cluster/rack-views.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import type { ServedVlan } from '../site.ts';

/** Who is to serve each VLAN with DHCP, in the order of their ids. `attachments`: of all nodes. */
export async function readServed(tx: Tx, attachments: readonly NamedAttachment[]): Promise<ServedVlan[]> {
  const site = await readServingSite(tx);
  const served = site.vlans.filter(({ dhcpOn }) => dhcpOn);
  if (served.length === 0) return [];
  const labels = await readVlanLabels(tx);
  const serving = servingOf(site);
  const { servers } = serving;
  const names = new Map(site.nodes.map((node) => [node.id, node.name]));
  return served.map(({ id }) => {
    const server = servers.get(id);
    const primary = names.get(server?.primary.nodeId ?? '') ?? null;
    const secondary = names.get(server?.secondary?.nodeId ?? '') ?? null;
    const standing = attachments
      .filter((attachment) => attachment.isRack && attachment.vlanId === id)
      .map(({ node }) => node);
    const others = [...new Set(standing)].filter((node) => node !== primary && node !== secondary);
    const away = [...racksAway(site, serving, id)].flatMap((nodeId) => names.get(nodeId) ?? []);
    return {
      vlan: labels.get(id) ?? String(id),
      primary,
      secondary,
      others: others.filter((node) => !away.includes(node)),
      ...(away.length === 0 ? {} : { away }),
    };
  });
}
