import type { ConfigChange } from '../../../contract/site/config.ts';
import type { SearchAnswer } from '../../../contract/search.ts';
import { linkTo } from '../base/address.ts';

/** A member of a row that a change touched: its values before and after, as text; null: it was not there. */
export type Member = { readonly name: string; readonly before: string | null; readonly after: string | null };

/** Members of a row that differ, or all where the row is new or gone. */
export function membersOf(row: Pick<ConfigChange['rows'][number], 'before' | 'after'>): readonly Member[] {
  const [before, after] = [entriesOf(row.before), entriesOf(row.after)];
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names
    .map((name) => ({ name, before: before.get(name) ?? null, after: after.get(name) ?? null }))
    .filter((member) => member.before !== member.after);
}

/** The key of a row in one line. */
export function keyText(key: unknown): string {
  if (typeof key !== 'object' || key === null) return textOf(key);
  return Object.entries(key)
    .map(([name, value]) => `${name} ${textOf(value)}`)
    .join(', ');
}

type Hit = SearchAnswer['items'][number];

/** Hits of one kind. */
export type HitGroup = { readonly kind: Hit['kind']; readonly hits: readonly Hit[] };

/** Hits by kind, in the order of the answer. */
export function hitGroups(hits: readonly Hit[]): readonly HitGroup[] {
  const kinds = [...new Set(hits.map((hit) => hit.kind))];
  return kinds.map((kind) => ({ kind, hits: hits.filter((hit) => hit.kind === kind) }));
}

/** The page of a hit; a list that holds it, where it has none of its own. */
export function hitLink(hit: Pick<Hit, 'kind' | 'ref' | 'name'>): string {
  const filter = { filter: hit.name };
  switch (hit.kind) {
    case 'node':
      return linkTo(['nodes', hit.name]);
    case 'rack':
      return linkTo(['racks'], filter);
    case 'vlan':
      return linkTo(['vlans', ...hit.name.split('/')]);
    case 'subnet':
      return linkTo(['subnets', hit.name]);
    case 'reservation':
      return linkTo(['leases', 'reservations'], filter);
    case 'lease':
      return linkTo(['leases'], filter);
    case 'user':
      return linkTo(['access', 'users'], filter);
    case 'domain':
      return linkTo(['dns', 'domains', hit.name]);
    case 'record':
      return linkTo(['dns', 'records'], filter);
    case 'machine':
      return linkTo(['machines', hit.ref]);
    case 'contact':
    default:
      return linkTo(['catalog', hit.kind], filter);
  }
}

function entriesOf(row: unknown): ReadonlyMap<string, string> {
  if (typeof row !== 'object' || row === null) return new Map();
  return new Map(Object.entries(row).map(([name, value]) => [name, textOf(value)]));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
