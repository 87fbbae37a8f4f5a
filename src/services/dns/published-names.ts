import type { RecordType } from '../../model/record.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { absoluteName } from '../../model/names.ts';

/** Who published a name; in the order in which they own an address's PTR record. */
export const SOURCES = ['node', 'machine', 'record'] as const;
type Source = (typeof SOURCES)[number];

/** A name and one datum of it. `ttl` in seconds. */
export interface PublishedName {
  readonly fqdn: string;
  readonly type: RecordType;
  readonly data: string;
  readonly ttl: number;
  readonly source: Source;
}

/** A region node that answers for the zones. */
export interface NameServer {
  readonly fqdn: string;
  readonly addresses: readonly string[];
}

/** The region nodes that have an address, by name: the NS records of every zone. */
export function nameServers(snapshot: Snapshot): readonly NameServer[] {
  return snapshot.nodes
    .filter((node) => node.isRegion && node.addresses.length > 0)
    .map((node) => ({ fqdn: nodeName(snapshot, node.name), addresses: node.addresses }))
    .sort((a, b) => (a.fqdn < b.fqdn ? -1 : 1));
}

/**
 * Every name of the site with its data: nodes in the default domain, machines (the first interface under the host name,
 * the others under `<interface>.<host name>`), records. The same name, type and datum from two sources comes once, from the
 * first source; data of one name and type have one TTL, the lowest (RFC 2181 §5.2).
 */
export function publishedNames(snapshot: Snapshot): readonly PublishedName[] {
  const all = [...ofNodes(snapshot), ...ofMachines(snapshot), ...ofRecords(snapshot)];
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

function ofNodes(snapshot: Snapshot): PublishedName[] {
  const ttl = snapshot.domains.find((domain) => domain.name === snapshot.settings.default_domain)?.ttl;
  return snapshot.nodes.flatMap((node) =>
    addressesOf(nodeName(snapshot, node.name), node.addresses, ttl ?? snapshot.settings.default_ttl, 'node'),
  );
}

function ofMachines(snapshot: Snapshot): PublishedName[] {
  const domains = new Map(snapshot.domains.map((domain) => [domain.id, domain]));
  return snapshot.machines.flatMap((machine) => {
    const domain = domains.get(machine.domainId);
    if (!domain) throw new TypeError(`machine ${machine.id}: there is no domain ${machine.domainId}`);
    const host = `${machine.hostname}.${domain.name}`;
    const ttl = domain.ttl ?? snapshot.settings.default_ttl;
    return machine.interfaces.flatMap((nic, index) => {
      const fqdn = index === 0 ? host : `${nic.name}.${host}`;
      return addressesOf(
        fqdn,
        nic.addresses.map((item) => item.address),
        ttl,
        'machine',
      );
    });
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

function addressesOf(fqdn: string, addresses: readonly string[], ttl: number, source: Source): PublishedName[] {
  return addresses.map((data) => ({ fqdn, type: data.includes(':') ? 'AAAA' : 'A', data, ttl, source }));
}
