import type { Finding } from '../kit/contract.ts';
import type { DnsDesired, Zone } from './desired.ts';
import { type Problem, problemsOfOwner, problemsOfServers } from './rules.ts';

/**
 * Rules of the whole that no single value shows. The API refuses most of this earlier, and `holdBackZones` keeps the rest out of what is
 * published; this is the last line.
 */
export function lintDns(desired: DnsDesired): readonly Finding[] {
  const seen = new Set<string>();
  return desired.zones.flatMap((zone) => {
    const isDouble = seen.has(zone.name);
    seen.add(zone.name);
    const double = isDouble ? [error(zone, { code: 'zone_duplicate', what: 'is there twice' })] : [];
    return [...double, ...lintZone(zone)];
  });
}

function lintZone(zone: Zone): readonly Finding[] {
  const owners = [...Map.groupBy(zone.records, (record) => record.name)];
  const problems = owners.flatMap(([name, records]) => problemsOfOwner(zone.name, name, records));
  return [...problems, ...problemsOfServers(zone)].map((problem) => error(zone, problem));
}

function error(zone: Zone, { code, what }: Problem): Finding {
  const subject = `zone ${zone.name}`;
  return { code, severity: 'error', subject, sentence: `${subject} ${what}.` };
}
