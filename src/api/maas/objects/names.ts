import type { DnsRecord } from '../../../contract/record.ts';
import type { Networks } from './networks.ts';
import { numberOf, uriOf } from './uri.ts';

/** A name with all that it has. `addresses`: its A and AAAA records. */
export interface DnsResource {
  readonly id: number;
  readonly fqdn: string;
  readonly addresses: readonly DnsRecord[];
  readonly others: readonly DnsRecord[];
}

export function isAddress({ type }: { readonly type: string }): boolean {
  return type === 'A' || type === 'AAAA';
}

/**
 * The names of records, in the order of the records. A name's number follows from the name, so it stays when its records change. `renamed`: numbers that
 * stayed with what got another name; who takes the old name then gets a number of its own. Pure.
 */
export function resourcesOf(records: readonly DnsRecord[], renamed: ReadonlyMap<string, number>): DnsResource[] {
  const taken = new Set(renamed.values());
  const numberFor = (fqdn: string) => {
    const number = numberOf('dnsresource', fqdn);
    return taken.has(number) ? numberOf('dnsresource', `${fqdn} again`) : number;
  };
  return [...Map.groupBy(records, ({ fqdn }) => fqdn)].map(([fqdn, own]) => ({
    id: renamed.get(fqdn) ?? numberFor(fqdn),
    fqdn,
    addresses: own.filter(isAddress),
    others: own.filter((record) => !isAddress(record)),
  }));
}

/** A record with its data as it was given: clients compare it with what they have. */
export function viewRecord({ id, fqdn, ttl, type, data, written = data }: DnsRecord) {
  return { ttl, rrtype: type, rrdata: written, fqdn, id, resource_uri: uriOf('dnsresourcerecords', id) };
}

export function viewResource({ id, fqdn, addresses, others }: DnsResource, networks: Networks) {
  return {
    address_ttl: addresses[0]?.ttl ?? null,
    ip_addresses: addresses.map(({ data }) => viewNamed(data, networks)),
    fqdn,
    id,
    resource_records: others.map(viewRecord),
    resource_uri: uriOf('dnsresources', id),
  };
}

/** An address of a name: nobody's own, and of the subnet that holds it. */
function viewNamed(ip: string, { holderOf }: Networks) {
  return {
    alloc_type: 4,
    alloc_type_name: 'User reserved',
    created: '',
    ip,
    owner: null,
    interface_set: [],
    subnet: holderOf(ip),
    resource_uri: uriOf('ipaddresses'),
  };
}
