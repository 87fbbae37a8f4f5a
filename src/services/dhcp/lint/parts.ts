import { isRejected } from '../../../core/errors.ts';
import { compareAddresses, contains, type Network, parseAddress, parseNetwork } from '../../../core/ip.ts';
import type { Finding, PartList } from '../../kit/contract.ts';
import { memberText } from '../../kit/parts.ts';
import { classNames } from '../custom/boot.ts';
import { customParts } from '../custom/lint.ts';
import { lintSnippetParts } from '../custom/lint-snippets.ts';
import type { DhcpDesired, DhcpSubnet } from '../desired.ts';

/** Kea serves each VLAN, subnet and client for itself. */
export const DHCP_PARTS: readonly PartList[] = [
  {
    path: 'networks/*',
    name: (network) => `VLAN ${memberText(network, 'vlan')}`,
    remedy: 'Correct its subnets (regent subnet list), or switch DHCP off on it (regent vlan set).',
    key: 'vlanId',
    isNeeded: true,
  },
  {
    path: 'networks/*/subnets/*',
    name: (subnet) => `subnet ${memberText(subnet, 'cidr')}`,
    remedy: 'Change the subnet: regent subnet list.',
    key: 'id',
  },
  {
    path: 'networks/*/subnets/*/leases/*',
    name: (lease) => `static lease ${memberText(lease, 'address')} of ${memberText(lease, 'mac')}`,
    remedy: 'Change the machine (regent machine list) or the reservation (regent reservation list).',
  },
  {
    path: 'networks/*/subnets/*/pools/*',
    name: (pool) => `range ${memberText(pool, 'first')} to ${memberText(pool, 'last')}`,
    remedy: 'Change the dynamic range: regent range list.',
  },
  {
    path: 'networks/*/subnets/*/resolvers/*',
    name: (address) => `resolver ${String(address)}`,
    remedy: "Change the subnet's resolvers: regent subnet list.",
  },
  ...customParts(),
  {
    path: 'search/*',
    name: (domain) => `search domain ${String(domain)}`,
    remedy: 'Change the domain: regent domain list.',
  },
  { path: 'lostVlans/*', name: (vlan) => `VLAN ${memberText(vlan, 'vlan')}`, remedy: 'Check it: regent vlan list.' },
  {
    path: 'lostLeases/*',
    name: (lease) => `static lease ${memberText(lease, 'address')}`,
    remedy: 'Check it: regent machine list, regent reservation list.',
  },
];

/** For what Kea refuses its whole file (tried with `kea-dhcp4 -t`): reported element by element, so that the rest is served. */
export function lintDhcpParts(desired: DhcpDesired): readonly Finding[] {
  const snippets = desired.snippets === undefined ? [] : lintSnippetParts(desired, classNames(desired));
  return [...lintSubnets(desired), ...snippets];
}

function lintSubnets(desired: DhcpDesired): readonly Finding[] {
  const ids = new Set<number>();
  return desired.networks.flatMap((network, at) =>
    network.subnets.flatMap((subnet, index) => {
      const part = `/networks/${at}/subnets/${index}`;
      const isDouble = ids.has(subnet.id);
      ids.add(subnet.id);
      const net = parseNetwork(subnet.cidr);
      const name = `Subnet ${subnet.cidr}`;
      if (isRejected(net)) return [fault(part, 'subnet_malformed', name, net.message)];
      if (isDouble) return [fault(part, 'subnet_duplicate', name, `number ${subnet.id} is there twice`)];
      return [...poolFaults(subnet, net, part), ...leaseFaults(subnet, net, part)];
    }),
  );
}

function poolFaults(subnet: DhcpSubnet, net: Network, part: string): Finding[] {
  return subnet.pools.flatMap(({ first, last }, index) => {
    const [from, to] = [parseAddress(first), parseAddress(last)];
    const isGood = !isRejected(from) && !isRejected(to) && contains(net, from) && contains(net, to);
    if (isGood && compareAddresses(from, to) <= 0) return [];
    return [
      fault(
        `${part}/pools/${index}`,
        'range_outside',
        `Range ${first} to ${last}`,
        `it does not lie in ${subnet.cidr}`,
      ),
    ];
  });
}

/** One address belongs to one client, and one client has one address in a subnet. */
function leaseFaults(subnet: DhcpSubnet, net: Network, part: string): Finding[] {
  const addresses = new Map<string, string>();
  const clients = new Map<string, string>();
  return subnet.leases.flatMap(({ mac, address }, index) => {
    const where = `${part}/leases/${index}`;
    const name = `Static lease ${address} of ${mac}`;
    const at = parseAddress(address);
    if (isRejected(at) || !contains(net, at)) {
      return [fault(where, 'lease_outside', name, `the address does not lie in ${subnet.cidr}`)];
    }
    const owner = addresses.get(address);
    if (owner !== undefined) return [fault(where, 'lease_taken', name, `the address is ${owner}'s`)];
    const other = clients.get(mac);
    if (other !== undefined) return [fault(where, 'lease_second', name, `${mac} has ${other} in this subnet`)];
    addresses.set(address, mac);
    clients.set(mac, address);
    return [];
  });
}

function fault(part: string, code: string, name: string, why: string): Finding {
  const subject = `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`;
  return { code, severity: 'error', subject, sentence: `${name} cannot be given to Kea: ${why}`, part };
}
