import type { Finding } from '../kit/contract.ts';
import type { DnsDesired, Zone } from './desired.ts';
import { type Problem, problemsOfOwner, problemsOfServers } from './rules.ts';
import { isRejected } from '../../core/errors.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { checkSpecialName } from '../../model/names/special-use.ts';
import { parseSubnetCidr } from '../../model/networks/subnet.ts';

/**
 * Rules that no single value shows. The API refuses most of these cases earlier, and `holdBackZones` keeps the rest out of publications. This is the
 * last check.
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

/** Older subnets and domains with a special purpose, which today's rules refuse. named serves them, and this warns. */
export function lintSpecialUse(snapshot: Snapshot): readonly Finding[] {
  const subnets = snapshot.subnets.flatMap(({ name, cidr }) => {
    const refusal = parseSubnetCidr(cidr);
    return isRejected(refusal) ? [warning('special_network', `subnet ${name}`, refusal.message)] : [];
  });
  const domains = snapshot.domains.flatMap(({ name }) => {
    const refusal = checkSpecialName(name);
    return refusal ? [warning('special_name', `domain ${name}`, refusal.message)] : [];
  });
  return [...subnets, ...domains];
}

function warning(code: string, subject: string, why: string): Finding {
  return { code, severity: 'warning', subject, sentence: `${subject}: ${why} Replace it.` };
}
