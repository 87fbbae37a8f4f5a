import type { Snapshot } from '../../model/snapshot.ts';
import type { PartList } from '../kit/contract.ts';
import type { NtpDesired } from './desired.ts';

/** chrony asks and serves each of these for itself. */
export const NTP_PARTS: readonly PartList[] = [
  {
    path: 'servers/*',
    name: (server) => `time source ${String(server)}`,
    remedy: 'Take it out of the setting ntp_servers.',
  },
  {
    path: 'clients/*',
    name: (network) => `network ${String(network)}`,
    remedy: 'Change the subnet: regent subnet list.',
  },
];

/** chrony runs on every node and serves every subnet. A node that is a time source of the site does not ask itself. */
export function compileNtp(snapshot: Snapshot, nodeId: string): NtpDesired | null {
  const node = snapshot.nodes.find((item) => item.id === nodeId);
  if (!node) return null;
  const own = new Set([...node.addresses, `${node.name}.${snapshot.settings.default_domain}`]);
  return {
    servers: snapshot.settings.ntp_servers.filter((server) => !own.has(server)),
    clients: snapshot.subnets.map((subnet) => subnet.cidr).sort(),
  };
}
