import type { Snapshot } from '../../src/model/snapshot.ts';
import type { Vlan } from '../../src/model/networks/vlan.ts';
import { aRange, aSubnet, aVlan, clusterSnapshot } from './snapshots.ts';
import type { VlanAttachment } from '../../src/model/networks/vlan-attachments.ts';

/** Where a rack stands on a VLAN of the snapshot below. */
export function attachmentOf(rack: 1 | 2, vlanId: number): VlanAttachment {
  const addresses = [`10.10.${vlanId}.${rack + 1}/24`];
  return { nodeId: `n-k${rack}`, vlanId, interface: `eth${vlanId}`, addresses };
}

/** VLAN 3, of two subnets, has no rack and is relayed to VLAN 1, on which k1 stands. `vlans`: changes to each. */
export function relayedSnapshot(
  vlans: Readonly<Record<number, Partial<Vlan>>> = {},
  changes: Partial<Snapshot> = {},
): Snapshot {
  return clusterSnapshot({
    vlans: [aVlan(1, 10, { dhcpOn: true, ...vlans[1] }), aVlan(3, 30, { dhcpOn: true, relayVlanId: 1, ...vlans[3] })],
    subnets: [1, 3, 4].map((id) => aSubnet(id, `lab${id}`, `10.10.${id}.0/24`, { vlanId: id === 4 ? 3 : id })),
    ranges: [1, 3, 4].map((id) => aRange(id, id, 'dynamic', [`10.10.${id}.100`, `10.10.${id}.199`])),
    attachments: [attachmentOf(1, 1)],
    ...changes,
  });
}
