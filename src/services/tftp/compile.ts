import { PORTS } from '../../model/cluster/cluster.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { type Serving, servesVlan } from '../../model/networks/serving.ts';
import type { TftpDesired } from './desired.ts';

/** TFTP is where DHCP sends machines: on the racks of a VLAN, the secondary one too, which serves when the primary one dies. */
export function compileTftp(_snapshot: Snapshot, nodeId: string, serving: Serving): TftpDesired | null {
  return servesVlan(serving, nodeId) ? { listenerPort: PORTS.bootScripts } : null;
}
