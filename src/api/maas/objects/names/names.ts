import type { MachineInterface } from '../../../../contract/machines/machine-interface.ts';
import type { Node } from '../../../../contract/cluster/node.ts';
import type { DnsRecord } from '../../../../contract/names/record.ts';
import { interfaceLabel } from '../../../../model/machines/machine.ts';
import { UNKNOWN_MOMENT, numberOf, uriOf } from '../base/uri.ts';

/** A name with all that it has. `addresses`: its A and AAAA records. */
export interface DnsResource {
  readonly id: number;
  readonly fqdn: string;
  readonly domain: string;
  readonly addresses: readonly DnsRecord[];
  readonly others: readonly DnsRecord[];
  /** Was it made without any record? */
  readonly isBare: boolean;
}

/** The subnet that holds an address, as it is shown. */
export type Holders = { readonly holderOf: (ip: string) => object | null };

export const isAddress = ({ type }: { readonly type: string }): boolean => type === 'A' || type === 'AAAA';

/**
 * The names of records, in the order of the records. A name's number follows from the name, so it stays when its records change. `renamed`: numbers that
 * stayed with what got another name; who takes the old name then gets a number of its own. Pure.
 */
export function resourcesOf(
  records: readonly DnsRecord[],
  renamed: ReadonlyMap<string, number>,
): Omit<DnsResource, 'isBare'>[] {
  const taken = new Set(renamed.values());
  const numberFor = (fqdn: string) => {
    const number = numberOf('dnsresource', fqdn);
    return taken.has(number) ? numberOf('dnsresource', `${fqdn} again`) : number;
  };
  return [...Map.groupBy(records, ({ fqdn }) => fqdn)].map(([fqdn, own]) => ({
    id: renamed.get(fqdn) ?? numberFor(fqdn),
    fqdn,
    domain: own[0]?.domain ?? '',
    addresses: own.filter(isAddress),
    others: own.filter((record) => !isAddress(record)),
  }));
}

/** A record with its data as it was given: clients compare it with what they have. */
export function viewRecord({ id, fqdn, ttl, type, data, written = data }: DnsRecord) {
  return { ttl, rrtype: type, rrdata: written, fqdn, id, resource_uri: uriOf('dnsresourcerecords', id) };
}

export function viewResource({ id, fqdn, addresses, others }: DnsResource, holders: Holders) {
  return {
    address_ttl: addresses[0]?.ttl ?? null,
    ip_addresses: addresses.map(({ data }) => viewNamed(data, holders)),
    fqdn,
    id,
    resource_records: others.map(viewRecord),
    resource_uri: uriOf('dnsresources', id),
  };
}

/** A host with a name of its own. `nodeType`: MAAS's number of its kind. */
interface NamedHost {
  readonly id: string;
  readonly nodeType: number;
  readonly hostname: string;
  readonly domain: string;
  readonly fqdn: string;
  readonly interfaces: readonly (Pick<MachineInterface, 'name'> & {
    readonly addresses: readonly { readonly address: string }[];
  })[];
}

/** A rack or a region node as a host with one interface. */
export function hostOfNode({ id, name, isRack, isRegion, addresses }: Node, domain: string): NamedHost {
  const nodeType = isRack && isRegion ? 4 : isRack ? 2 : 3;
  const own = { name: 'eth0', addresses: addresses.map((address) => ({ address })) };
  return { id, nodeType, hostname: name, domain, fqdn: `${name}.${domain}`, interfaces: [own] };
}

/**
 * Names that follow from a host: nobody wrote them, so they have no number, only records. The first interface has the
 * host's name.
 */
export function impliedNames(
  { id, nodeType, hostname, domain, fqdn, interfaces }: NamedHost,
  ttl: number | null,
  passes: (record: Pick<DnsRecord, 'fqdn' | 'name' | 'domain' | 'type'>) => boolean,
) {
  return interfaces.flatMap(({ name: card, addresses }, index) => {
    const label = index === 0 ? '' : `${interfaceLabel(card)}.`;
    const name = `${label}${hostname}`;
    const records = addresses.flatMap(({ address }) => {
      const type = address.includes(':') ? ('AAAA' as const) : ('A' as const);
      if (!passes({ fqdn: `${label}${fqdn}`, name, domain, type })) return [];
      const own = { ttl, rrtype: type, rrdata: address, system_id: id, node_type: nodeType };
      return [{ ...own, user_id: null, dnsresource_id: null, dnsdata_id: null }];
    });
    if (records.length === 0) return [];
    return [
      {
        address_ttl: null,
        ip_addresses: null,
        fqdn: `${label}${fqdn}`,
        id: -1,
        resource_records: records,
        resource_uri: uriOf('dnsresources', -1),
      },
    ];
  });
}

/** An address of a name: nobody's own, and of the subnet that holds it. */
function viewNamed(ip: string, { holderOf }: Holders) {
  return {
    alloc_type: 4,
    alloc_type_name: 'User reserved',
    created: UNKNOWN_MOMENT,
    ip,
    owner: null,
    interface_set: [],
    subnet: holderOf(ip),
    resource_uri: uriOf('ipaddresses'),
  };
}
