import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding } from '../kit/contract.ts';
import type { DhcpDesired } from './desired.ts';

/** What Kea will not do although it was asked for, and VLANs where nobody can get an address. */
export function lintDhcp(desired: DhcpDesired): readonly Finding[] {
  const vlans = desired.lostVlans.map(({ vlan, interface: nic, other }) => {
    const why =
      other === undefined
        ? `${nic} has no address in an IPv4 subnet of it`
        : `it is on ${nic} like VLAN ${other}, and an interface belongs to one VLAN`;
    return warning('vlan_lost', `VLAN ${vlan}`, `VLAN ${vlan} gets no DHCP from this node: ${why}.`);
  });
  const leases = desired.lostLeases.map(({ mac, address, kept }) =>
    warning(
      'lease_lost',
      `interface ${mac}`,
      `${mac} gets ${kept} by DHCP and never ${address}: an interface has one static lease in a subnet.`,
    ),
  );
  const poor = desired.networks
    .filter(({ subnets }) => subnets.every((subnet) => subnet.pools.length === 0))
    .map(({ vlan }) =>
      warning(
        'no_dynamic_range',
        `VLAN ${vlan}`,
        `VLAN ${vlan} has DHCP on and no dynamic address left: only interfaces with a static lease get one.`,
      ),
    );
  return [...vlans, ...leases, ...poor];
}

/** VLANs with DHCP that no accepted rack stands on: nobody serves them, and that is not what was asked for. */
export function lintSiteDhcp(snapshot: Snapshot): readonly Finding[] {
  const racks = new Set(snapshot.racks.map((rack) => rack.nodeId));
  const useful = snapshot.sights.filter(
    (sight) => racks.has(sight.nodeId) && sight.addresses.some((address) => !address.includes(':')),
  );
  const seen = new Set(useful.map((sight) => sight.vlanId));
  return snapshot.vlans
    .filter((vlan) => vlan.dhcpOn && !seen.has(vlan.id))
    .map((vlan) => ({
      code: 'vlan_unserved',
      severity: 'error',
      subject: `VLAN ${vlan.name}`,
      sentence: `VLAN ${vlan.name} has DHCP on, but no accepted rack has an IPv4 address in a subnet of it: nobody serves it.`,
    }));
}

function warning(code: string, subject: string, sentence: string): Finding {
  return { code, severity: 'warning', subject, sentence };
}
