import type { Snapshot } from '../../../model/snapshot.ts';
import type { Finding } from '../../kit/contract.ts';
import type { DhcpDesired } from '../desired.ts';
import { servingOf } from '../../../model/networks/serving.ts';

/** Requested leases that Kea will not give, and VLANs where nobody can get an address. */
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
  const left = desired.searchLeftOut ?? [];
  const search =
    left.length === 0
      ? []
      : [
          warning(
            'search_list_full',
            `domain ${left[0]}`,
            `DHCP names ${desired.search.length} domains to search in; ${left.length} ${left.length === 1 ? 'is' : 'are'} left out: ${some(left)}. Rule: six, older resolvers ignore more (resolv.conf(5), glibc before 2.26); the default domain first, then the oldest.`,
          ),
        ];
  const poor = desired.networks
    .filter(({ subnets }) => subnets.every((subnet) => subnet.pools.length === 0))
    .map(({ vlan }) =>
      warning(
        'no_dynamic_range',
        `VLAN ${vlan}`,
        `VLAN ${vlan} has DHCP on and no dynamic address left: only interfaces with a static lease get one.`,
      ),
    );
  return [...vlans, ...leases, ...search, ...poor];
}

function some(names: readonly string[]): string {
  const most = 5;
  return `${names.slice(0, most).join(', ')}${names.length > most ? ` and ${names.length - most} more` : ''}`;
}

/** A rack stands on a VLAN that has a relay, too: it serves the VLAN itself, and what the relay brings gets no answer. */
export function lintRelays({ racks, attachments, vlans, nodes }: Snapshot): readonly Finding[] {
  const accepted = new Set(racks.map((rack) => rack.nodeId));
  return vlans.flatMap((vlan) => {
    const attachment = attachments.find(({ nodeId, vlanId }) => vlanId === vlan.id && accepted.has(nodeId));
    if (vlan.relayVlanId === null || !vlan.dhcpOn || !attachment) return [];
    const rack = nodes.find(({ id }) => id === attachment.nodeId)?.name ?? 'a rack';
    const sentence = `VLAN ${vlan.name} has a relay VLAN, but ${rack} has an address on ${vlan.name} itself. ${rack} serves it directly, and racks of the relay VLAN do not.`;
    const remedy = `regent vlan set ${vlan.name} --relay-vlan none; then switch the relay off`;
    return [{ ...warning('relay_unused', `VLAN ${vlan.name}`, sentence), remedy }];
  });
}

/** VLANs with DHCP that no accepted rack serves: the configuration requests DHCP there. */
export function lintSiteDhcp(snapshot: Snapshot): readonly Finding[] {
  const { positions, servers } = servingOf(snapshot);
  const racks = [...positions.values()];
  const isServed = (vlanId: number) => {
    const server = servers.get(vlanId);
    const position = server && positions.get(server.primary.nodeId);
    return position?.served.some(({ vlan }) => vlan.id === vlanId) === true;
  };
  return snapshot.vlans
    .filter((vlan) => vlan.dhcpOn && !isServed(vlan.id))
    .map((vlan) => {
      const other = racks.flatMap((rack) => rack.lost).find((lost) => lost.vlan.id === vlan.id)?.other;
      const relay = snapshot.vlans.find(({ id }) => id === vlan.relayVlanId);
      const where = relay ? `its relay VLAN ${relay.name}` : 'it';
      const why = other
        ? `the rack's interface on it belongs to VLAN ${other.name}, and an interface serves one VLAN`
        : `no accepted rack has an IPv4 address in a subnet of ${where}`;
      return {
        code: 'vlan_unserved',
        severity: 'error',
        subject: `VLAN ${vlan.name}`,
        sentence: `VLAN ${vlan.name} has DHCP on, but ${why}: nobody serves it.`,
        held: `VLAN ${vlan.name}`,
        remedy:
          'Give a rack an interface of its own with an address there (regent rack list), or switch DHCP off on it.',
      };
    });
}

function warning(code: string, subject: string, sentence: string): Finding {
  return { code, severity: 'warning', subject, sentence };
}
