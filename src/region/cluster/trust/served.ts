import { isRejected } from '../../../core/errors.ts';
import { contains, type Network, parseAddress, parseNetwork } from '../../../core/ip.ts';
import { servingOf } from '../../../model/networks/serving.ts';
import { listFormerVlans } from '../../../store/queries/networks/former-vlans.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';

/** What a node may report about: the VLANs that it serves, and their IPv4 networks. */
export interface ReportScope {
  /** It is the primary or the secondary rack of the VLAN now, or was a moment ago. */
  serves(vlanId: number): boolean;
  /** VLANs that other racks of ours serve. */
  readonly foreign: readonly number[];
  /** A rack of ours serves DHCP on the VLAN. */
  hasServer(vlanId: number): boolean;
  /** The VLAN of an address; null: it lies in no subnet. */
  vlanOf(address: string): number | null;
}

/**
 * Reads what a node serves by the configuration, and what it served until a moment ago: after a VLAN has moved, its former rack reports leases that it gave
 * before it took the change over.
 */
export async function readServed(tx: Tx, nodeId: string): Promise<ReportScope> {
  const site = await readServingSite(tx);
  const serving = servingOf(site);
  // Whether it stands there at this moment does not matter: a cable may be off.
  const now = new Set(
    [...serving.servers].flatMap(([vlanId, { primary, secondary }]) =>
      primary.nodeId === nodeId || secondary?.nodeId === nodeId ? [vlanId] : [],
    ),
  );
  const former = new Set(await listFormerVlans(tx, nodeId));
  const networks = site.subnets.flatMap(({ cidr, vlanId }): { network: Network; vlanId: number }[] => {
    const network = parseNetwork(cidr);
    return isRejected(network) ? [] : [{ network, vlanId }];
  });
  const serves = (vlanId: number) => now.has(vlanId) || former.has(vlanId);
  return {
    foreign: [...serving.servers.keys()].filter((vlanId) => !serves(vlanId)),
    serves,
    hasServer: (vlanId) => serving.servers.has(vlanId),
    vlanOf: (text) => {
      const address = parseAddress(text);
      if (isRejected(address)) return null;
      return networks.find(({ network }) => contains(network, address))?.vlanId ?? null;
    },
  };
}
