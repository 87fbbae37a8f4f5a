import { servingRegions } from '../../model/cluster/cluster.ts';
import { masterOf } from '../../model/machines/interfaces/topology.ts';
import { interfaceLabel, type MachineInterface } from '../../model/machines/machine.ts';
import type { RecordType } from '../../model/names/record.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { absoluteName } from '../../model/names/names.ts';

/** Who published a name, in the order of the right to an address's PTR record. */
export const SOURCES = ['node', 'machine', 'reservation', 'record', 'lease'] as const;
type NameSource = (typeof SOURCES)[number];

/** A name and one datum of it. `ttl` in seconds. */
export interface PublishedName {
  readonly fqdn: string;
  readonly type: RecordType;
  readonly data: string;
  readonly ttl: number;
  readonly source: NameSource;
}

/** A region node that answers for the zones. */
export type NameServer = { readonly fqdn: string; readonly addresses: readonly string[] };

/** The region nodes that serve and have an address, by name: the NS records of every zone. */
export function nameServers(snapshot: Snapshot): readonly NameServer[] {
  return servingRegions(snapshot)
    .filter((node) => node.addresses.length > 0)
    .map((node) => ({ fqdn: nodeName(snapshot, node.name), addresses: node.addresses }))
    .sort((a, b) => (a.fqdn < b.fqdn ? -1 : 1));
}

/** Longest name, characters (RFC 1035 §3.1). */
const NAME_MAX = 253;
/** Longest TTL of a name that a DHCP client chose, seconds: the name goes with the lease, and the address to another client. */
const LEASE_TTL_MAX = 60;

/**
 * Every name of the site with its data: nodes in the default domain, machines (the first interface under the host name, the others under
 * `<interface>.<host name>`), reserved addresses, records, machines' leases, and last the names that DHCP clients chose. If two sources have the same name, type and
 * datum, the first one counts. Data of one name and type have one TTL, the lowest (RFC 2181 §5.2).
 */
export function publishedNames(snapshot: Snapshot): readonly PublishedName[] {
  const interfaces = interfaceNames(snapshot);
  const records = ofRecords(snapshot);
  const reserved = ofReservations(snapshot, interfaces, records);
  const configured = [...ofNodes(snapshot), ...interfaces.flatMap(ofInterface), ...reserved, ...records];
  const leased = ofMachineLeases(snapshot, interfaces, configured);
  const all = [...configured, ...leased, ...ofLeases(snapshot, interfaces, [...configured, ...leased])];
  const lowest = new Map<string, number>();
  const unique = new Map<string, PublishedName>();
  for (const item of all) {
    const set = `${item.fqdn} ${item.type}`;
    lowest.set(set, Math.min(lowest.get(set) ?? item.ttl, item.ttl));
    const id = `${set} ${item.data}`;
    if (!unique.has(id)) unique.set(id, item);
  }
  return Array.from(unique.values(), (item) => {
    const ttl = lowest.get(`${item.fqdn} ${item.type}`) ?? item.ttl;
    return ttl === item.ttl ? item : { ...item, ttl };
  });
}

function nodeName(snapshot: Snapshot, name: string): string {
  return `${name}.${snapshot.settings.default_domain}`;
}

function defaultTtl(snapshot: Snapshot): number {
  const own = snapshot.domains.find((domain) => domain.name === snapshot.settings.default_domain)?.ttl;
  return own ?? snapshot.settings.default_ttl;
}

function ofNodes(snapshot: Snapshot): PublishedName[] {
  const ttl = defaultTtl(snapshot);
  return snapshot.nodes.flatMap((node) => addressesOf(nodeName(snapshot, node.name), node.addresses, ttl, 'node'));
}

interface InterfaceName {
  readonly fqdn: string;
  readonly ttl: number;
  readonly nic: MachineInterface;
  /** It is in a bond or bridge. */
  readonly isPort: boolean;
}

/** The name of each interface of a machine, whether it has an address or not. */
function interfaceNames(snapshot: Snapshot): InterfaceName[] {
  const domains = new Map(snapshot.domains.map((domain) => [domain.id, domain]));
  return snapshot.machines.flatMap((machine) => {
    const domain = domains.get(machine.domainId);
    if (!domain) throw new TypeError(`machine ${machine.id}: there is no domain ${machine.domainId}`);
    const host = `${machine.hostname}.${domain.name}`;
    const ttl = domain.ttl ?? snapshot.settings.default_ttl;
    return machine.interfaces.map((nic, index) => ({
      fqdn: index === 0 ? host : `${interfaceLabel(nic.name)}.${host}`,
      ttl,
      nic,
      isPort: masterOf(machine.interfaces, nic.name) !== null,
    }));
  });
}

function ofInterface({ fqdn, ttl, nic }: InterfaceName): PublishedName[] {
  const addresses = nic.addresses.map((item) => item.address);
  return addressesOf(fqdn, addresses, ttl, 'machine');
}

/** A static lease of a machine's interface has that interface's name, any other reserved address its own. */
function ofReservations(
  snapshot: Snapshot,
  interfaces: readonly InterfaceName[],
  records: readonly PublishedName[],
): PublishedName[] {
  if (snapshot.reservations.length === 0) return [];
  const owners = ownersOf(interfaces);
  const ttl = defaultTtl(snapshot);
  // The API refuses such a name. A zone with it would not be published at all.
  const aliases = new Set(records.flatMap((item) => (item.type === 'CNAME' ? [item.fqdn] : [])));
  return snapshot.reservations.flatMap(({ mac, hostname, address }) => {
    const own = mac === null ? undefined : owners.get(mac);
    if (own) return addressesOf(own.fqdn, [address], own.ttl, 'machine');
    const fqdn = hostname === null ? null : nodeName(snapshot, hostname);
    return fqdn === null || aliases.has(fqdn) ? [] : addressesOf(fqdn, [address], ttl, 'reservation');
  });
}

/** Whose name a lease has, among interfaces with one MAC address: the highest. A port has no address; its bond or bridge has what it was. */
function askingOf({ nic, isPort }: InterfaceName): number {
  if (nic.kind === 'physical') return isPort ? 1 : 3;
  return nic.kind === 'vlan' ? 0 : 2;
}

/** A machine whose address comes by DHCP has its name as long as the lease, unless the address has a name in the configuration. */
function ofMachineLeases(
  snapshot: Snapshot,
  interfaces: readonly InterfaceName[],
  configured: readonly PublishedName[],
): PublishedName[] {
  const { machineLeases = [] } = snapshot;
  if (machineLeases.length === 0) return [];
  const owners = ownersOf(interfaces);
  const addresses = addressesIn(configured);
  return machineLeases.flatMap(({ address, mac }) => {
    const owner = owners.get(mac);
    if (owner === undefined || addresses.has(address)) return [];
    return addressesOf(owner.fqdn, [address], Math.min(owner.ttl, LEASE_TTL_MAX), 'lease');
  });
}

/** The interface that each MAC's lease belongs to. What stands on a card borrows its address, and the card asks for the lease. A VLAN interface asks nobody. */
function ownersOf(interfaces: readonly InterfaceName[]): ReadonlyMap<string, InterfaceName> {
  return new Map(interfaces.toSorted((a, b) => askingOf(a) - askingOf(b)).map((item) => [item.nic.mac, item]));
}

/** Addresses that have a name; a wildcard is none. */
function addressesIn(names: readonly PublishedName[]): ReadonlySet<string> {
  return new Set(names.flatMap((item) => (item.fqdn.startsWith('*') ? [] : [item.data])));
}

/**
 * Configured names win: no client gets the name of a node, a machine (also one without an address), a reserved address, a record or a zone. An
 * address with a configured name has only that name.
 */
function ofLeases(
  snapshot: Snapshot,
  interfaces: readonly InterfaceName[],
  configured: readonly PublishedName[],
): PublishedName[] {
  if (snapshot.leaseNames.length === 0) return [];
  const domains = new Map(snapshot.domains.map((domain) => [domain.id, domain]));
  const names = new Set([
    ...configured.map((item) => item.fqdn),
    ...interfaces.map((item) => item.fqdn),
    ...snapshot.nodes.map((node) => nodeName(snapshot, node.name)),
    ...snapshot.domains.map((domain) => domain.name),
  ]);
  const addresses = addressesIn(configured);
  return snapshot.leaseNames.flatMap(({ hostname, address, domainId }) => {
    const domain = domains.get(domainId);
    const fqdn = domain && `${hostname}.${domain.name}`;
    if (fqdn === undefined || fqdn.length > NAME_MAX || names.has(fqdn) || addresses.has(address)) return [];
    const ttl = Math.min(domain?.ttl ?? snapshot.settings.default_ttl, LEASE_TTL_MAX);
    return addressesOf(fqdn, [address], ttl, 'lease');
  });
}

function ofRecords(snapshot: Snapshot): PublishedName[] {
  const domains = new Map(snapshot.domains.map((domain) => [domain.id, domain]));
  return snapshot.records.map((record) => {
    const domain = domains.get(record.domainId);
    if (!domain) throw new TypeError(`record ${record.id}: there is no domain ${record.domainId}`);
    const ttl = record.ttl ?? domain.ttl ?? snapshot.settings.default_ttl;
    const fqdn = absoluteName(record.name, domain.name);
    return { fqdn, type: record.type, data: record.data, ttl, source: 'record' };
  });
}

function addressesOf(fqdn: string, addresses: readonly string[], ttl: number, source: NameSource): PublishedName[] {
  return addresses.map((data) => ({ fqdn, type: data.includes(':') ? 'AAAA' : 'A', data, ttl, source }));
}
