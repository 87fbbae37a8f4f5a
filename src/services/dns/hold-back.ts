import { Compile } from 'typebox/compile';
import type { Finding } from '../kit/contract.ts';
import { formRule } from '../kit/parts.ts';
import { show } from '../../core/errors.ts';
import { type DnsDesired, Zone, type ZoneContent, ZoneRecord } from './desired.ts';
import { lintAliases } from './aliases.ts';
import { hiddenRecords, lostHosts, ownerName, type Problem, problemsOfOwner, problemsOfServers } from './rules.ts';

const isRecord = Compile(ZoneRecord);
const isZone = Compile(Zone);

/** Zones that BIND accepts, and what is held back for that. */
export interface HeldZones {
  readonly zones: readonly ZoneContent[];
  readonly findings: readonly Finding[];
  /** The newest published content of each zone. */
  readonly last: ReadonlyMap<string, Zone>;
}

/**
 * Holds back as little as BIND allows. A name with data that BIND refuses keeps its last published data, or is left out. A zone that BIND cannot load
 * keeps its last content as a whole, or is left out. Everything else goes on. `before`: what was last published for each node. If there are several
 * contents of a zone, the one with the highest serial counts, so that all nodes get the same.
 */
export function holdBackZones(zones: readonly ZoneContent[], before: readonly DnsDesired[]): HeldZones {
  const last = lastZones(before);
  const findings: Finding[] = [];
  const usableZones = zones.flatMap((zone) => {
    const previous = last.get(zone.name);
    const visible = withoutHidden(zone);
    const usable = withoutLostHosts(visible.zone);
    findings.push(...visible.findings, ...usable.findings);
    const reduced = holdOwners(usable.zone, previous);
    const problem = problemOfFrame(zone) ?? problemsOfServers(reduced.zone)[0];
    if (problem === undefined) {
      findings.push(...reduced.findings);
      return [reduced.zone];
    }
    findings.push(zoneFinding(zone, problem, previous !== undefined));
    return previous === undefined ? [] : [contentOf(previous)];
  });
  return { zones: usableZones, findings: [...findings, ...lintAliases(usableZones)], last };
}

/** Faults of a zone's own values: its name, its times, the names of its SOA. */
function problemOfFrame(zone: ZoneContent): Problem | undefined {
  const frame = { ...zone, serial: 1, records: [] };
  if (isZone.Check(frame)) return undefined;
  const [first] = isZone.Errors(frame);
  const member = first?.instancePath.slice(1) ?? '';
  const value = show(Object.entries(frame).find(([name]) => name === member)?.[1]);
  return {
    code: 'zone_malformed',
    what: `cannot be loaded: its ${member} ${formRule(first?.message)} (it is ${value})`,
  };
}

function holdOwners(zone: ZoneContent, previous: Zone | undefined): { zone: ZoneContent; findings: Finding[] } {
  const owners = Map.groupBy(zone.records, (record) => record.name);
  const good = new Map<string, readonly ZoneRecord[]>();
  const findings: Finding[] = [];
  for (const [name, records] of owners) {
    const [problem] = problemsOf(zone, name, records);
    if (problem === undefined) continue;
    const old = (previous?.records ?? []).filter((record) => record.name === name);
    const isGood = old.length > 0 && problemsOf(zone, name, old).length === 0;
    good.set(name, isGood ? old : []);
    findings.push(ownerFinding(zone, name, { problem, retained: isGood ? old : [] }));
  }
  if (good.size === 0) return { zone, findings };
  const replaced = new Set<string>();
  const records = zone.records.flatMap((record) => {
    const instead = good.get(record.name);
    if (instead === undefined) return [record];
    if (replaced.has(record.name)) return [];
    replaced.add(record.name);
    return instead;
  });
  return { zone: { ...zone, records }, findings };
}

/** Leaves out names that NS records give to other name servers: no resolver would find them here. */
function withoutHidden(zone: ZoneContent): { zone: ZoneContent; findings: Finding[] } {
  const hidden = hiddenRecords(zone);
  if (hidden.size === 0) return { zone, findings: [] };
  const owners = new Map([...hidden].map(([{ name }, cut]) => [ownerName(zone.name, name), cut]));
  const findings = [...owners].map(([fqdn, cut]): Finding => {
    return {
      code: 'name_delegated',
      severity: 'error',
      subject: `name ${fqdn}`,
      sentence: `${fqdn} lies at or below ${cut}, which NS records delegate to other name servers. ${fqdn} is left out of zone ${zone.name}.`,
      held: `name ${fqdn}`,
      remedy: `Move or delete ${fqdn}, or delete the NS records of ${cut}: regent record list --name ${cut}.`,
    };
  });
  return { zone: { ...zone, records: zone.records.filter((record) => !hidden.has(record)) }, findings };
}

/** Leaves out records that name a host of the zone without an address: BIND does not load such a zone. */
function withoutLostHosts(zone: ZoneContent): { zone: ZoneContent; findings: Finding[] } {
  const lost = lostHosts(zone);
  if (lost.size === 0) return { zone, findings: [] };
  const findings = [...lost].map(([{ name, type }, host]): Finding => {
    const fqdn = ownerName(zone.name, name);
    return {
      code: 'host_without_address',
      severity: 'error',
      subject: `name ${fqdn}`,
      sentence: `The ${type} record at ${fqdn} points to ${host}, which has no address. The record is left out of zone ${zone.name}.`,
      held: `name ${fqdn}`,
      remedy: `Give ${host} an address, or delete the record: regent record list --name ${fqdn}.`,
    };
  });
  return { zone: { ...zone, records: zone.records.filter((record) => !lost.has(record)) }, findings };
}

function problemsOf(zone: ZoneContent, name: string, records: readonly ZoneRecord[]): readonly Problem[] {
  const bad = records.find((record) => !isRecord.Check(record));
  if (bad)
    return [{ code: 'record_malformed', what: `has data at ${ownerName(zone.name, name)} that no zone can hold` }];
  return problemsOfOwner(zone.name, name, records);
}

/** The newest published content of each zone. Another release may have published another shape; then it has no zones for us. */
function lastZones(before: readonly Partial<DnsDesired>[]): ReadonlyMap<string, Zone> {
  const last = new Map<string, Zone>();
  for (const zone of before.flatMap(({ zones }) => zones ?? [])) {
    if ((last.get(zone.name)?.serial ?? 0) < zone.serial) last.set(zone.name, zone);
  }
  return last;
}

/** In the order of members of new content, because the digest is that of the text. */
function contentOf({ name, ttl, negativeTtl, primary, contact, records }: Zone): ZoneContent {
  return { name, ttl, negativeTtl, primary, contact, records };
}

function ownerFinding(
  zone: ZoneContent,
  name: string,
  { problem, retained }: { readonly problem: Problem; readonly retained: readonly ZoneRecord[] },
): Finding {
  const fqdn = ownerName(zone.name, name);
  const data = retained.map((record) => `${record.type} ${record.data}`).join(', ');
  const instead =
    retained.length > 0 ? `it keeps its last good data (${data.slice(0, 200)})` : 'it is left out of the zone';
  return {
    code: problem.code,
    severity: 'error',
    subject: `name ${fqdn}`,
    sentence: `Zone ${zone.name} ${problem.what}: ${instead}.`,
    held: `name ${fqdn}`,
    remedy: `Change or delete what does not belong at ${fqdn}: regent record list, regent machine list, regent node list.`,
  };
}

function zoneFinding(zone: ZoneContent, problem: Problem, hasPast: boolean): Finding {
  const instead = hasPast ? 'it keeps its last good content' : 'it is not served';
  return {
    code: problem.code,
    severity: 'error',
    subject: `zone ${zone.name}`,
    sentence: `Zone ${zone.name} ${problem.what}: ${instead}.`,
    held: `zone ${zone.name}`,
    remedy:
      problem.code === 'zone_malformed'
        ? 'Change the domain (regent domain list) or the setting that gives this value.'
        : 'Give every region node an address (regent node list), and free the names of region nodes.',
  };
}
