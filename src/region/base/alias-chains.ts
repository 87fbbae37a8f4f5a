import type { PublishedName } from '../../services/dns/published-names.ts';

/** `names`: all names of one meaning. `data`: the addresses that they have in the site's DNS. */
type FollowedAliases = { readonly names: ReadonlySet<string>; readonly data: readonly string[] };

/**
 * What these names mean in the site's DNS: the chain of CNAMEs behind each of them, the aliases whose chain comes to one of them, and the addresses at all of
 * these names. A wildcard answers for a name that does not exist (RFC 4592 §3.3). Pure.
 */
export function followAliases(starts: readonly string[], published: readonly PublishedName[]): FollowedAliases {
  const known = indexed(published);
  const names = new Set<string>();
  const queue = [...starts];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (names.has(name)) continue;
    names.add(name);
    const target = known.targets.get(known.ownerOf(name));
    queue.push(...(target === undefined ? [] : [target]), ...(known.aliases.get(name) ?? []));
  }
  return { names, data: [...names].flatMap((name) => known.addresses.get(known.ownerOf(name)) ?? []) };
}

function indexed(published: readonly PublishedName[]) {
  const addresses = new Map<string, string[]>();
  const targets = new Map<string, string>();
  const aliases = new Map<string, string[]>();
  for (const { fqdn, type, data } of published) {
    if (type === 'CNAME') targets.set(fqdn, data);
    // No client can send a name with an asterisk: what a wildcard alias leads to is closed by its address.
    if (type === 'CNAME' && !fqdn.startsWith('*')) added(aliases, data, fqdn);
    if (type === 'A' || type === 'AAAA') added(addresses, fqdn, data);
  }
  const owners = new Set(published.map(({ fqdn }) => fqdn));
  const wildcards = [...owners].some((name) => name.startsWith('*.'));
  const ownerOf = (name: string) => (wildcards && !owners.has(name) ? (wildcardOf(name, owners) ?? name) : name);
  return { addresses, targets, aliases, ownerOf };
}

function added(lists: Map<string, string[]>, name: string, item: string): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [item]);
  else list.push(item);
}

/** The nearest wildcard above a name, of these; null: there is none. */
function wildcardOf(name: string, owners: ReadonlySet<string>): string | null {
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const wildcard = `*.${name.slice(dot + 1)}`;
    if (owners.has(wildcard)) return wildcard;
    if (owners.has(name.slice(dot + 1))) return null;
  }
  return null;
}
