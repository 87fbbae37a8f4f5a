import type { Finding } from '../kit/contract.ts';
import type { ZoneContent } from './desired.ts';
import { nameAbove, ownerName } from './rules.ts';

/**
 * CNAMEs of the site's zones that lead to themselves, over any number of zones. The API refuses such a record; rows of earlier releases, and a wildcard
 * below which a name was deleted, still make them. named serves the records, and clients get no address.
 */
export function lintAliases(zones: readonly ZoneContent[]): readonly Finding[] {
  const aliases = new Map<string, string>();
  for (const zone of zones)
    for (const { name, type, data } of zone.records)
      if (type === 'CNAME') aliases.set(ownerName(zone.name, name), data);
  if (aliases.size === 0) return [];
  const names = existingNames(zones);
  const reported = new Set<string>();
  return [...aliases.keys()].sort().flatMap((start): Finding[] => {
    const loop = loopFrom(start, aliases, names);
    if (loop === null || loop.some((name) => reported.has(name))) return [];
    for (const name of loop) reported.add(name);
    const chain = [...loop, loop[0]].join(' → ');
    return [
      {
        code: 'cname_loop',
        severity: 'warning',
        subject: `name ${start}`,
        sentence: `The CNAME ${start} leads to itself: ${chain}. Clients get no address for these names.`,
        remedy: `Change or delete one of the records: regent record list --name ${start}.`,
      },
    ];
  });
}

/** The names of the loop that a chain from `start` ends in; null: the chain ends at a name that is no CNAME. */
function loopFrom(start: string, aliases: ReadonlyMap<string, string>, names: ReadonlySet<string>): string[] | null {
  const chain: string[] = [];
  for (let next: string | undefined = start; next !== undefined; next = aliases.get(ownerOf(next, names))) {
    const at = chain.indexOf(next);
    if (at >= 0) return chain.slice(at);
    chain.push(next);
  }
  return null;
}

/** The name whose data answer for a name: its own, or a wildcard's if the name does not exist (RFC 4592 §3.3). */
function ownerOf(name: string, names: ReadonlySet<string>): string {
  if (names.has(name)) return name;
  const above = nameAbove(name, names);
  return above === null ? name : `*.${above}`;
}

/** Every name with data, and all names above it within its zone. */
function existingNames(zones: readonly ZoneContent[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const zone of zones) {
    names.add(zone.name);
    for (const record of zone.records) {
      for (let name = ownerName(zone.name, record.name); name !== zone.name; name = name.slice(name.indexOf('.') + 1))
        names.add(name);
    }
  }
  return names;
}
