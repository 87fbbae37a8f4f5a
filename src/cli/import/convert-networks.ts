import { bitsOf, overlaps, parseAddress, parseNetwork } from '../../core/ip.ts';
import { isRejected } from '../../core/errors.ts';
import { parseDomainName, parseOwnerName, parseTitle } from '../../model/names/names.ts';
import { parseRecordType } from '../../model/names/record.ts';
import type { FileObject } from '../../contract/site/export-form.ts';
import type { MaasSite } from './maas-read.ts';
import type { ImportNotes } from './report.ts';
import { bool, filled, items, nested, num, text, type MaasObject } from './values.ts';

/** The address types of MAAS (`ip_alloc_type`): 4, a user reserved it. */
const USER_RESERVED = 4;

/** Networks of a MAAS as objects of files, and the names by which machines refer to them. */
export interface ImportedNetworks {
  readonly lists: Readonly<Record<string, readonly FileObject[]>>;
  /** FABRIC/NAME by the id of a VLAN; only of those that come along. */
  readonly vlans: ReadonlyMap<number, string>;
  /** CIDRs of subnets that come along. */
  readonly subnets: ReadonlySet<string>;
  /** Does one of them hold the address? */
  readonly inSubnet: (address: string) => boolean;
}

/** Converts fabrics, spaces, VLANs, subnets, ranges, reserved addresses and routes. DHCP stays off: two servers of one VLAN would harm it. Pure. */
export function convertNetworks({ lists }: MaasSite, notes: ImportNotes): ImportedNetworks {
  const fabrics = named(lists['fabrics'] ?? [], 'fabric', notes);
  const spaces = named(
    (lists['spaces'] ?? []).filter((space) => num(space, 'id') !== -1),
    'space',
    notes,
  );
  const vlans = new Map<number, string>();
  const vlanObjects = (lists['fabrics'] ?? []).flatMap((fabric) =>
    items(fabric, 'vlans').flatMap((vlan) => vlanOf(vlan, text(fabric, 'name'), { fabrics, spaces, vlans, notes })),
  );
  const subnets = new Set<string>();
  const subnetObjects = (lists['subnets'] ?? []).flatMap((subnet) => subnetOf(subnet, { vlans, subnets, notes }));
  const inSubnet = holderOf(subnets);
  const known = { inSubnet, notes };
  return {
    lists: {
      fabrics: [...fabrics].map((name) => ({ name })),
      spaces: [...spaces].map((name) => ({ name })),
      vlans: vlanObjects,
      subnets: subnetObjects,
      'static-routes': (lists['static-routes'] ?? []).flatMap((route, index) =>
        routeOf(route, index, { subnets, notes }),
      ),
      ranges: (lists['ipranges'] ?? []).flatMap((range) => rangeOf(range, known)),
      reservations: reservationsOf(lists, known),
    },
    vlans,
    subnets,
    inSubnet,
  };
}

/** Names of a kind that our grammar takes, each once. */
function named(objects: readonly MaasObject[], kind: string, notes: ImportNotes): Set<string> {
  const names = new Set<string>();
  for (const object of objects) {
    const name = text(object, 'name');
    const good = notes.accept(kind, name, parseTitle(name));
    if (good === null) continue;
    if (names.has(good)) notes.leftOut(kind, name, 'another one has this name');
    else names.add(good);
  }
  return names;
}

interface VlanKnown {
  readonly fabrics: ReadonlySet<string>;
  readonly spaces: ReadonlySet<string>;
  readonly vlans: Map<number, string>;
  readonly notes: ImportNotes;
}

function vlanOf(vlan: MaasObject, fabric: string, { fabrics, spaces, vlans, notes }: VlanKnown): FileObject[] {
  const name = text(vlan, 'name') || `vlan-${num(vlan, 'vid')}`;
  const full = `${fabric}/${name}`;
  if (!fabrics.has(fabric)) {
    notes.leftOut('vlan', full, `its fabric ${fabric} does not come along`);
    return [];
  }
  if (notes.accept('vlan', full, parseTitle(name)) === null) return [];
  if ([...vlans.values()].includes(full)) {
    notes.leftOut('vlan', full, 'another one of the fabric has this name');
    return [];
  }
  vlans.set(num(vlan, 'id'), full);
  if (bool(vlan, 'dhcp_on'))
    notes.changed('vlan', full, 'DHCP is off in the file: MAAS serves it until you hand it over');
  if (vlan['relay_vlan'] !== null && vlan['relay_vlan'] !== undefined)
    notes.changed('vlan', full, 'its relay is not set: set relayVlan when DHCP is handed over');
  const space = text(vlan, 'space');
  const mtu = num(vlan, 'mtu');
  return [
    { fabric, name, vid: num(vlan, 'vid'), ...(spaces.has(space) ? { space } : {}), ...(mtu > 0 ? { mtu } : {}) },
  ];
}

interface SubnetKnown {
  readonly vlans: ReadonlyMap<number, string>;
  readonly subnets: Set<string>;
  readonly notes: ImportNotes;
}

function subnetOf(subnet: MaasObject, { vlans, subnets, notes }: SubnetKnown): FileObject[] {
  const cidr = text(subnet, 'cidr');
  const vlan = vlans.get(num(nested(subnet, 'vlan'), 'id'));
  if (vlan === undefined) {
    notes.leftOut('subnet', cidr, 'its VLAN does not come along');
    return [];
  }
  if (notes.accept('subnet', cidr, parseNetwork(cidr)) === null) return [];
  if (subnets.has(cidr)) {
    notes.leftOut('subnet', cidr, 'it is there twice');
    return [];
  }
  const other = [...subnets].find((one) => overlap(one, cidr));
  if (other !== undefined) {
    notes.leftOut('subnet', cidr, `it overlaps ${other}: subnets share no address`);
    return [];
  }
  subnets.add(cidr);
  const name = text(subnet, 'name');
  const hasName = name !== '' && name !== cidr && !isRejected(parseTitle(name));
  if (name !== '' && name !== cidr && !hasName)
    notes.changed('subnet', cidr, 'its name breaks the grammar: it has its CIDR as name');
  const resolvers = listOfTexts(subnet['dns_servers']);
  const description = text(subnet, 'description');
  if (description !== '') notes.changed('subnet', cidr, 'its description does not come along: a subnet has none');
  if (items(subnet, 'disabled_boot_architectures').length > 0)
    notes.changed('subnet', cidr, 'disabled boot architectures have no counterpart');
  return [
    {
      cidr,
      ...(hasName ? { name } : {}),
      vlan,
      ...filled({ gateway: text(subnet, 'gateway_ip') }),
      ...(resolvers.length > 0 ? { resolvers } : {}),
      managed: subnet['managed'] !== false,
      dnsOn: subnet['allow_dns'] !== false,
      proxyOn: subnet['allow_proxy'] !== false,
    },
  ];
}

interface Placed {
  readonly inSubnet: (address: string) => boolean;
  readonly notes: ImportNotes;
}

function rangeOf(range: MaasObject, { inSubnet, notes }: Placed): FileObject[] {
  const [first, last, kind] = [text(range, 'start_ip'), text(range, 'end_ip'), text(range, 'type')];
  const name = `${first}-${last}`;
  if (!inSubnet(first)) {
    notes.leftOut('range', name, 'its subnet does not come along');
    return [];
  }
  if (kind !== 'dynamic' && kind !== 'reserved') {
    notes.leftOut('range', name, `ranges of the type ${kind} have no counterpart`);
    return [];
  }
  return [{ first, last, kind, ...filled({ comment: text(range, 'comment') }) }];
}

/** Reserved addresses with a MAC address (MAAS 3.6), and addresses that users reserved. */
function reservationsOf(lists: MaasSite['lists'], { inSubnet, notes }: Placed): FileObject[] {
  const found = new Map<string, FileObject>();
  const add = (address: string, members: FileObject) => {
    if (isRejected(parseAddress(address)) || !inSubnet(address)) {
      notes.leftOut('reservation', address, 'its subnet does not come along');
      return;
    }
    if (found.has(address)) notes.leftOut('reservation', address, 'it is there twice');
    else found.set(address, { address, ...members });
  };
  for (const reserved of lists['reservedips'] ?? [])
    add(text(reserved, 'ip'), filled({ mac: text(reserved, 'mac_address'), comment: text(reserved, 'comment') }));
  for (const address of lists['ipaddresses'] ?? []) {
    const ip = text(address, 'ip');
    if (num(address, 'alloc_type') !== USER_RESERVED || found.has(ip)) continue;
    const owner = text(nested(address, 'owner'), 'username');
    add(ip, { comment: owner === '' ? 'reserved in MAAS' : `reserved in MAAS by ${owner}` });
  }
  return [...found.values()];
}

interface RouteKnown {
  readonly subnets: ReadonlySet<string>;
  readonly notes: ImportNotes;
}

function routeOf(route: MaasObject, index: number, { subnets, notes }: RouteKnown): FileObject[] {
  const source = text(nested(route, 'source'), 'cidr');
  const destination = text(nested(route, 'destination'), 'cidr');
  const name = `route-${index + 1}`;
  if (!subnets.has(source)) {
    notes.leftOut('static-route', `${source} to ${destination}`, 'its source does not come along');
    return [];
  }
  notes.changed('static-route', `${source} to ${destination}`, 'a route of MAAS has no name: it gets a number');
  return [{ name, source, destination, gateway: text(route, 'gateway_ip'), metric: num(route, 'metric') }];
}

/** Domains and records. Names of machines follow from the machines. Pure. */
export function convertNames({ lists }: MaasSite, notes: ImportNotes): Readonly<Record<string, readonly FileObject[]>> {
  const names = new Set<string>();
  const domains = (lists['domains'] ?? []).flatMap((domain): FileObject[] => {
    const name = text(domain, 'name').toLowerCase();
    if (notes.accept('domain', name, parseDomainName(name)) === null) return [];
    if (domain['authoritative'] === false) {
      notes.leftOut('domain', name, 'MAAS is not authoritative for it: make it with --authoritative off --forward-to');
      return [];
    }
    names.add(name);
    if (bool(domain, 'is_default'))
      notes.changed('domain', name, 'it is the default domain of MAAS: set default_domain');
    const ttl = num(domain, 'ttl');
    return [{ name, ...(ttl > 0 ? { ttl } : {}) }];
  });
  const records = new Map<string, FileObject>();
  for (const resource of lists['dnsresources'] ?? [])
    for (const record of recordsOf(resource, { names, notes })) {
      const key = JSON.stringify([record['fqdn'], record['type'], record['data']]);
      records.set(key, record);
    }
  return { domains, records: [...records.values()] };
}

interface NameKnown {
  readonly names: ReadonlySet<string>;
  readonly notes: ImportNotes;
}

function recordsOf(resource: MaasObject, { names, notes }: NameKnown): FileObject[] {
  const fqdn = text(resource, 'fqdn').toLowerCase();
  if (![...names].some((domain) => fqdn === domain || fqdn.endsWith(`.${domain}`))) {
    notes.leftOut('record', fqdn, 'its domain does not come along');
    return [];
  }
  if (notes.accept('record', fqdn, parseOwnerName(fqdn)) === null) return [];
  const ttl = num(resource, 'address_ttl');
  const addresses = items(resource, 'ip_addresses').flatMap((address): FileObject[] => {
    const data = text(address, 'ip');
    if (data === '') return [];
    return [{ fqdn, type: data.includes(':') ? 'AAAA' : 'A', data, ...(ttl > 0 ? { ttl } : {}) }];
  });
  const others = items(resource, 'resource_records').flatMap((record): FileObject[] => {
    const [type, data, own] = [text(record, 'rrtype'), text(record, 'rrdata'), num(record, 'ttl')];
    if (notes.accept('record', `${fqdn} ${type}`, parseRecordType(type)) === null) return [];
    return [{ fqdn, type, data, ...(own > 0 ? { ttl: own } : {}) }];
  });
  return [...addresses, ...others];
}

function overlap(one: string, other: string): boolean {
  const [a, b] = [parseNetwork(one), parseNetwork(other)];
  return !isRejected(a) && !isRejected(b) && overlaps(a, b);
}

/** Does one of these networks hold an address? */
function holderOf(cidrs: ReadonlySet<string>): (address: string) => boolean {
  const networks = [...cidrs].flatMap((cidr) => {
    const network = parseNetwork(cidr);
    return isRejected(network) ? [] : [{ ...network, free: BigInt(bitsOf(network.family) - network.prefix) }];
  });
  return (address) => {
    const one = parseAddress(address);
    if (isRejected(one)) return false;
    return networks.some(({ family, value, free }) => family === one.family && value >> free === one.value >> free);
  };
}

function listOfTexts(value: unknown): string[] {
  const all = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[\s,]+/) : [];
  return all.filter((item): item is string => typeof item === 'string' && item !== '');
}
