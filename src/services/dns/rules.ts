import { show } from '../../core/errors.ts';
import { isInDomain } from '../../model/names/names.ts';
import { hostOfRecord } from '../../model/names/record.ts';
import type { ZoneContent, ZoneRecord } from './desired.ts';

/** Longest name and longest label, characters (RFC 1035 §3.1). */
const NAME_MAX = 253;
const LABEL_MAX = 63;

/** What is wrong: a stable code, and a sentence's end such as `has no name server`. */
export type Problem = { readonly code: string; readonly what: string };

/** The full name of an owner. `name` relative, `@` for the zone itself. */
export function ownerName(zone: string, name: string): string {
  return name === '@' ? zone : `${name}.${zone}`;
}

/** The data at one name that BIND would refuse. `records`: all of this owner. */
export function problemsOfOwner(zone: string, name: string, records: readonly ZoneRecord[]): readonly Problem[] {
  const problems: Problem[] = [];
  const fqdn = ownerName(zone, name);
  if (fqdn.length > NAME_MAX)
    problems.push({
      code: 'name_too_long',
      what: `has ${show(fqdn)}, ${fqdn.length} characters: a name has at most 253`,
    });
  if (fqdn.split('.').some((label) => label.length > LABEL_MAX || label === ''))
    problems.push({ code: 'label_length', what: `has ${show(fqdn)}: a label has 1 to 63 characters` });
  const types = new Set(records.map((record) => record.type));
  const cnames = records.filter((record) => record.type === 'CNAME').length;
  if (cnames > 0 && (types.size > 1 || name === '@')) {
    const others = [...types].filter((type) => type !== 'CNAME').join(', ') || 'the zone itself';
    problems.push({ code: 'cname_beside_data', what: `has a CNAME at ${fqdn} beside ${others} (RFC 1034 §3.6.2)` });
  } else if (cnames > 1) {
    problems.push({ code: 'cname_twice', what: `has ${cnames} CNAME records at ${fqdn} (RFC 2181 §10.1)` });
  }
  return problems;
}

/** The faults for which BIND would refuse a zone as a whole: it needs a name server, and the address of a name server inside it. */
export function problemsOfServers(zone: Pick<ZoneContent, 'name' | 'records'>): readonly Problem[] {
  const servers = zone.records.filter((record) => record.type === 'NS' && record.name === '@');
  if (servers.length === 0)
    return [{ code: 'zone_without_ns', what: 'has no name server: no region node has an address' }];
  const addressed = new Set(
    zone.records.filter(({ type }) => type === 'A' || type === 'AAAA').map(({ name }) => ownerName(zone.name, name)),
  );
  return servers
    .filter(({ data }) => data.endsWith(`.${zone.name}`) && !addressed.has(data))
    .map(({ data }) => ({ code: 'ns_without_address', what: `has no address for its name server ${data}` }));
}

/**
 * Records that name a host of their own zone without an address there, and the host. What lies below a name that is given to others is not of the zone,
 * unless it is where the record itself leads: then the address is needed as glue.
 */
export function lostHosts(zone: Pick<ZoneContent, 'name' | 'records'>): ReadonlyMap<ZoneRecord, string> {
  const naming = zone.records.flatMap((record) => {
    const host = record.type === 'NS' && record.name === '@' ? null : hostOfRecord(record);
    return host !== null && isInDomain(host, zone.name) ? [{ record, host }] : [];
  });
  if (naming.length === 0) return new Map();
  const owners = (is: (record: ZoneRecord) => boolean) =>
    new Set(zone.records.filter(is).map(({ name }) => ownerName(zone.name, name)));
  const addressed = owners(({ type }) => type === 'A' || type === 'AAAA');
  const given = [...owners(({ type, name }) => type === 'NS' && name !== '@')];
  const lost = naming.filter(({ record, host }) => {
    if (addressed.has(host)) return false;
    const own = record.type === 'NS' ? ownerName(zone.name, record.name) : null;
    return !given.some((name) => name !== own && isInDomain(host, name));
  });
  return new Map(lost.map(({ record, host }) => [record, host]));
}

/**
 * Records at or below a name that NS records of the zone give to others, and that name: resolvers never see them. Addresses of name servers (glue) and
 * NS records are no such records. `zone`: the names of a child zone of the site are not in it.
 */
export function hiddenRecords(zone: Pick<ZoneContent, 'name' | 'records'>): ReadonlyMap<ZoneRecord, string> {
  const delegating = zone.records.filter(({ type, name }) => type === 'NS' && name !== '@');
  if (delegating.length === 0) return new Map();
  const given = new Set(delegating.map(({ name }) => ownerName(zone.name, name)));
  const servers = new Set(delegating.map(({ data }) => data));
  const hidden = zone.records.flatMap((record): [ZoneRecord, string][] => {
    const fqdn = ownerName(zone.name, record.name);
    const isGlue = (record.type === 'A' || record.type === 'AAAA') && servers.has(fqdn);
    if (record.type === 'NS' || isGlue) return [];
    const cut = coveringName(fqdn, given);
    return cut === null ? [] : [[record, cut]];
  });
  return new Map(hidden);
}

/** A set of names, or a map by names. */
type Names = Pick<ReadonlySet<string>, 'has'>;

/** The first of a name and the names above it that is among these: of zones the longest one that holds it. Null: none is. */
export function coveringName(fqdn: string, names: Names): string | null {
  return names.has(fqdn) ? fqdn : nameAbove(fqdn, names);
}

/** The nearest name above a name that is among these; null: none is. */
export function nameAbove(fqdn: string, names: Names): string | null {
  for (let dot = fqdn.indexOf('.'); dot >= 0; dot = fqdn.indexOf('.', dot + 1)) {
    const above = fqdn.slice(dot + 1);
    if (names.has(above)) return above;
  }
  return null;
}
