import { readLeaseGaps } from '../../../store/queries/networks/lease-gaps.ts';
import { readPools } from '../../../store/queries/networks/pool-use.ts';
import { readServingSite } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import { vlanServers } from '../../networks/dhcp/servers.ts';
import type { SeenNode } from '../../base/seen.ts';
import type { LeaseOverview } from '../site.ts';

/**
 * Reads leases of all VLANs with DHCP. It reads every lease, so only the doctor calls it, not each status. `now` in ms.
 */
export async function readLeaseOverview(tx: Tx, known: readonly SeenNode[], now: number): Promise<LeaseOverview> {
  const site = await readServingSite(tx);
  const names = new Map(site.vlans.map((vlan) => [vlan.id, vlan.name]));
  const pairs = [...vlanServers(site, known, now)].flatMap(([vlanId, { primary, secondary, isWhole }]) =>
    secondary === null ? [] : [{ vlanId, vlan: names.get(vlanId) ?? String(vlanId), primary, secondary, isWhole }],
  );
  const whole = pairs.filter((pair) => pair.isWhole);
  return { pairs, gaps: await readLeaseGaps(tx, whole), pools: await readPools(tx, 'served') };
}
