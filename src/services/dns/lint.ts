import { show } from '../../core/errors.ts';
import type { Finding } from '../kit/contract.ts';
import type { DnsDesired, Zone, ZoneRecord } from './desired.ts';

const NAME_MAX = 253;
const LABEL_MAX = 63;

/** Rules of the whole that no single value shows. The API refuses most of this earlier; this is the second line. */
export function lintDns(desired: DnsDesired): readonly Finding[] {
  const seen = new Set<string>();
  return desired.zones.flatMap((zone) => {
    const isDouble = seen.has(zone.name);
    seen.add(zone.name);
    const double = isDouble ? [error('zone_duplicate', zone, 'is there twice')] : [];
    return [...double, ...lintZone(zone)];
  });
}

/** What stands at one name of a zone. */
interface Owner {
  readonly types: Set<string>;
  cnames: number;
}

function lintZone(zone: Zone): readonly Finding[] {
  const findings: Finding[] = [];
  const owners = new Map<string, Owner>();
  for (const record of zone.records) {
    const owner = owners.get(record.name) ?? { types: new Set<string>(), cnames: 0 };
    owner.types.add(record.type);
    if (record.type === 'CNAME') owner.cnames += 1;
    owners.set(record.name, owner);
  }
  for (const [name, owner] of owners) findings.push(...lintOwner(zone, name, owner));
  return [...findings, ...lintServers(zone, owners)];
}

function lintOwner(zone: Zone, name: string, owner: Owner): readonly Finding[] {
  const findings: Finding[] = [];
  const fqdn = name === '@' ? zone.name : `${name}.${zone.name}`;
  if (fqdn.length > NAME_MAX) {
    findings.push(error('name_too_long', zone, `has ${show(fqdn)}, ${fqdn.length} characters: a name has at most 253`));
  }
  if (fqdn.split('.').some((label) => label.length > LABEL_MAX || label === '')) {
    findings.push(error('label_length', zone, `has ${show(fqdn)}: a label has 1 to 63 characters`));
  }
  if (owner.cnames > 0 && (owner.types.size > 1 || name === '@')) {
    const others = [...owner.types].filter((type) => type !== 'CNAME').join(', ') || 'the zone itself';
    findings.push(error('cname_beside_data', zone, `has a CNAME at ${fqdn} beside ${others} (RFC 1034 §3.6.2)`));
  } else if (owner.cnames > 1) {
    findings.push(error('cname_twice', zone, `has ${owner.cnames} CNAME records at ${fqdn} (RFC 2181 §10.1)`));
  }
  return findings;
}

function lintServers(zone: Zone, owners: ReadonlyMap<string, Owner>): readonly Finding[] {
  const servers = zone.records.filter((record) => record.type === 'NS' && record.name === '@');
  if (servers.length === 0) {
    return [error('zone_without_ns', zone, 'has no name server: no region node has an address')];
  }
  return servers
    .filter((record) => isMissingHere(zone, record, owners))
    .map((record) => error('ns_without_address', zone, `has no address for its name server ${record.data}`));
}

/** BIND refuses a zone whose name server lies in it without an address. */
function isMissingHere(zone: Zone, record: ZoneRecord, owners: ReadonlyMap<string, Owner>): boolean {
  if (!record.data.endsWith(`.${zone.name}`)) return false;
  const types = owners.get(record.data.slice(0, -zone.name.length - 1))?.types;
  return !types?.has('A') && !types?.has('AAAA');
}

function error(code: string, zone: Zone, what: string): Finding {
  const subject = `zone ${zone.name}`;
  return { code, severity: 'error', subject, sentence: `${subject} ${what}.` };
}
