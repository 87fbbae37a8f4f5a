import type { ClusterSite } from '../site.ts';
import { pairsNow } from './now.ts';

/** How many racks can be lost so that every VLAN with DHCP goes on being served, whichever they are; null: no VLAN has DHCP. Without a full stop. */
export function racksWord(site: Pick<ClusterSite, 'nodes' | 'served' | 'now'>): string | null {
  const all = site.served.length;
  if (all === 0) return null;
  const whole = pairsNow(site).filter(({ isWhole }) => isWhole);
  const lost = all - whole.reduce((count, { vlans }) => count + vlans.length, 0);
  return lost === 0 ? '1 rack' : `no rack: ${lost} of ${all} VLANs with DHCP would have no other one`;
}
