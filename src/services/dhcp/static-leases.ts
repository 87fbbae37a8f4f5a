import { compareText } from '../../core/order.ts';
import { knownAddresses } from '../../model/cluster/cluster.ts';
import { isTagged } from '../../model/machines/interfaces/topology.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { CustomOption } from './custom/desired.ts';
import { hostOptions, optionsOf } from './custom/options.ts';
import type { DhcpSubnet, LostLease, NamedClient, StaticLease } from './desired.ts';
import type { Domain } from '../../model/names/domain.ts';

/** All static leases of the site by subnet, and those that DHCP cannot give. */
export interface StaticLeases {
  readonly bySubnet: ReadonlyMap<number, readonly StaticLease[]>;
  readonly lost: ReadonlyMap<number, readonly LostLease[]>;
}

interface Owner {
  readonly hostname: string;
  readonly domain?: string;
  readonly options?: CustomOption[];
}

interface Candidate extends StaticLease {
  readonly subnetId: number;
}

/**
 * Static leases: machines' interface addresses, and reservations with a MAC. One MAC has one address in a subnet (Kea refuses a second):
 * a machine's own address comes first, then the order of the configuration; the others are lost. An address of the cluster's own is given to
 * nobody: `lintOwnAddresses` reports it.
 */
export function staticLeases(snapshot: Snapshot): StaticLeases {
  const owners = ownersOf(snapshot);
  const bySubnet = new Map<number, StaticLease[]>();
  const lost = new Map<number, LostLease[]>();
  const addressByKey = new Map<string, string>();
  const own = new Set(knownAddresses(snapshot));
  for (const { subnetId, ...lease } of [...ofMachines(snapshot, owners), ...ofReservations(snapshot, owners)]) {
    if (own.has(lease.address)) continue;
    const key = `${subnetId} ${lease.mac}`;
    const other = addressByKey.get(key);
    if (other === undefined) {
      addressByKey.set(key, lease.address);
      add(bySubnet, subnetId, lease);
    } else if (other !== lease.address) {
      add(lost, subnetId, { mac: lease.mac, address: lease.address, kept: other });
    }
  }
  return { bySubnet, lost };
}

/**
 * Machines' interfaces on these VLANs, or on a VLAN that nobody knows, whose IPv4 address comes by DHCP: they get their names with any address of a
 * pool. A static lease in the client's subnet counts before this.
 */
export function namedClients(snapshot: Snapshot, vlanIds: ReadonlySet<number>): readonly NamedClient[] {
  const owners = ownersOf(snapshot);
  const v6 = new Set(snapshot.subnets.flatMap(({ id, cidr }) => (cidr.includes(':') ? [id] : [])));
  const clients = snapshot.machines.flatMap(({ interfaces }) =>
    interfaces.flatMap((nic): NamedClient[] => {
      const isClient = nic.links?.some(({ mode, subnetId }) => mode === 'dhcp' && !v6.has(subnetId ?? 0)) ?? false;
      const isHere = nic.vlanId === null || vlanIds.has(nic.vlanId);
      const owner = owners.get(nic.mac);
      return isClient && isHere && owner !== undefined && !isTagged(interfaces, nic)
        ? [{ mac: nic.mac, ...owner }]
        : [];
    }),
  );
  return [...new Map(clients.map((client) => [client.mac, client])).values()].sort((a, b) => compareText(a.mac, b.mac));
}

/** The MACs that have a static lease in one of these subnets. */
export function fixedMacs(subnets: readonly Pick<DhcpSubnet, 'leases'>[]): ReadonlySet<string> {
  return new Set(subnets.flatMap(({ leases }) => leases.map(({ mac }) => mac)));
}

/** Whom a MAC belongs to. */
function ownersOf(snapshot: Snapshot): ReadonlyMap<string, Owner> {
  const domains = new Map(snapshot.domains.map((domain) => [domain.id, domain]));
  return new Map(
    snapshot.machines.flatMap((machine) => {
      const { hostname, domainId, dhcpOptions = [] } = machine;
      const owner = { hostname, ...domainOf(domains.get(domainId), snapshot), ...optionsOf(dhcpOptions) };
      return machine.interfaces.map((nic) => [nic.mac, owner] as const);
    }),
  );
}

function domainOf(domain: Domain | undefined, snapshot: Snapshot): { domain?: string } {
  return domain === undefined || domain.name === snapshot.settings.default_domain ? {} : { domain: domain.name };
}

/** What speaks in a VLAN of the wire has the MAC address of a card and no lease: its system, which knows its address, is the only one that speaks there. */
function ofMachines(snapshot: Snapshot, owners: ReadonlyMap<string, Owner>): Candidate[] {
  return snapshot.machines.flatMap(({ interfaces }) =>
    interfaces.flatMap((nic) =>
      (isTagged(interfaces, nic) ? [] : nic.addresses)
        .filter((item) => !item.address.includes(':'))
        .map(({ subnetId, address }) => ({ subnetId, mac: nic.mac, address, ...owners.get(nic.mac) })),
    ),
  );
}

function ofReservations(snapshot: Snapshot, owners: ReadonlyMap<string, Owner>): Candidate[] {
  return snapshot.reservations.flatMap(({ subnetId, mac, address, hostname, dhcpOptions }) => {
    if (mac === null || address.includes(':')) return [];
    const owner = owners.get(mac) ?? (hostname === null ? {} : { hostname });
    const options = hostOptions(owners.get(mac)?.options ?? [], optionsOf(dhcpOptions).options ?? []);
    return [{ subnetId, mac, address, ...owner, ...options }];
  });
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
