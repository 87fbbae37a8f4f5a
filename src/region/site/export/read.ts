import { EXPORT_KINDS, type ExportKind } from '../../../contract/export-kinds.ts';
import { SPECIAL_KINDS } from '../../../contract/site/export-specials.ts';
import { LIMITS } from '../../../contract/base/common.ts';
import { type Declaration, tableOf } from '../../../contract/base/declare.ts';
import { ENTRIES } from '../../../contract/entries.ts';
import { NOUNS } from '../../../contract/registry.ts';
import type { RouteId } from '../../../contract/routes.ts';
import { type Rejected, rejected } from '../../../core/errors.ts';
import { readVersions } from '../../../store/queries/site/versions.ts';
import type { Tx } from '../../../store/tx.ts';
import type { CaseContext } from '../../base/use-case.ts';
import type { ListedItem, Names } from './members.ts';
import { aliasesOf, autosOf, hiddenOf, isLasting, membersOf, referencesOf } from './members.ts';
import { compareNames, nameOf, type SiteObject } from './objects.ts';

/** Objects of the site, and the kinds that the caller may not see. */
export interface SiteReading {
  readonly objects: readonly SiteObject[];
  readonly names: Names;
  readonly forbidden: ReadonlyMap<string, Rejected>;
}

/** Kinds whose names stand in members of others. */
const NAMING = ['fabric', 'space', 'domain', 'vlan', 'subnet', 'machine'];

/** Reads the objects of these kinds, in the order of an export. */
export async function readObjects(tx: Tx, context: CaseContext, kinds: ReadonlySet<string>): Promise<SiteReading> {
  const forbidden = new Map<string, Rejected>();
  const items = new Map<ExportKind, readonly ListedItem[]>();
  const versions = new Map<ExportKind, ReadonlyMap<string, number>>();
  const named = namingOf(kinds);
  for (const kind of EXPORT_KINDS) {
    if (!kinds.has(kind.noun) && !named.has(kind.noun)) continue;
    const refusal = mayRead(kind, context);
    if (refusal) {
      forbidden.set(kind.noun, refusal);
      continue;
    }
    // First: an object that changes meanwhile has an older version here, and its change is refused.
    const table = TABLES.get(kind.noun);
    if (table !== undefined && kinds.has(kind.noun)) versions.set(kind, await readVersions(tx, table));
    items.set(kind, await readItems(tx, context, kind));
  }
  const names = namesOf(items);
  const objects = [...items].flatMap(([kind, found]) => {
    if (!kinds.has(kind.noun)) return [];
    const known = found.map((item) => objectOf(kind, item, { names, versions: versions.get(kind) }));
    return distinct(known).sort((a, b) => compareNames(a.name, b.name));
  });
  return { objects, names, forbidden };
}

/** An annotation names an object of any kind; a machine names VLANs. */
function namingOf(kinds: ReadonlySet<string>): ReadonlySet<string> {
  if (kinds.has('annotation')) return new Set(NAMING);
  const named = new Set<string>();
  if (kinds.has('machine') || kinds.has('device') || kinds.has('subnet')) named.add('vlan');
  if (kinds.has('device')) named.add('machine');
  return named;
}

function mayRead({ noun }: ExportKind, context: CaseContext): Rejected | null {
  const { user, role } = context.caller;
  const readers = SPECIAL_KINDS.find((special) => special.noun === noun)?.readers;
  if (readers !== undefined && !readers.some((reader) => reader === role))
    return rejected('forbidden', `${user} has the role ${role}; all objects of ${noun} need ${readers.join(' or ')}.`);
  return context.mayCall(`${noun}.list` as RouteId);
}

async function readItems(tx: Tx, context: CaseContext, { noun }: ExportKind): Promise<readonly ListedItem[]> {
  const all: ListedItem[] = [];
  let cursor: string | null = null;
  do {
    const own = noun === 'notification' ? { all: true } : noun === 'script' ? { built_in: false } : {};
    const query = { ...own, limit: LIMITS.page, ...(cursor === null ? {} : { cursor }) };
    const { body } = await context.perform(tx, `${noun}.list` as RouteId, { params: {}, query, body: undefined });
    const page = body as { readonly items: readonly ListedItem[]; readonly next: string | null };
    all.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  if (noun !== 'script') return all;
  // Lists leave their texts out.
  const whole: ListedItem[] = [];
  for (const { id } of all) {
    const params = { script: String(id) };
    const { body } = await context.perform(tx, 'script.show', { params, query: {}, body: undefined });
    whole.push(body as ListedItem);
  }
  return whole;
}

type Known = { readonly names: Names; readonly versions: ReadonlyMap<string, number> | undefined };

/** An answer of a call as an object of the site. */
export function objectOf(kind: ExportKind, item: ListedItem, { names, versions }: Known): SiteObject {
  const members = membersOf(kind, item, names);
  const ref = refOf(kind, item);
  const version = versions?.get(String(item['id'] ?? item['name']));
  const autos = autosOf(item);
  const hidden = hiddenOf(kind, item);
  return {
    kind,
    name: nameOf(kind, members),
    ref,
    ...(version === undefined ? {} : { version }),
    members,
    aliases: aliasesOf(kind, item),
    references: referencesOf(kind, members, item),
    ...(hidden.length === 0 ? {} : { hidden }),
    ...(autos === undefined ? {} : { autos }),
    isLasting: isLasting(kind, item, WITH_DEFAULT.has(kind.noun)),
  };
}

/** How calls name an object: by its id where it has one. A VLAN's alone could be the VID of another. */
function refOf({ noun }: ExportKind, item: ListedItem): string {
  if (noun === 'annotation') return '';
  return noun === 'vlan' ? `id:${String(item['id'])}` : String(item['id'] ?? item['name']);
}

function distinct(objects: readonly SiteObject[]): SiteObject[] {
  return [...new Map(objects.map((object) => [object.name, object])).values()];
}

function namesOf(items: ReadonlyMap<ExportKind, readonly ListedItem[]>): Names {
  const of = <K>(noun: string, name: (item: ListedItem) => string): Map<K, string> => {
    const found = [...items].find(([kind]) => kind.noun === noun)?.[1] ?? [];
    return new Map(found.map((item) => [item['id'] as K, name(item)]));
  };
  const plain = ({ name }: ListedItem) => String(name);
  return {
    fabrics: of('fabric', plain),
    spaces: of('space', plain),
    domains: of('domain', plain),
    vlans: of('vlan', ({ fabric, name }) => `${String(fabric)}/${String(name)}`),
    subnets: of('subnet', ({ cidr }) => String(cidr)),
    machines: of('machine', ({ fqdn }) => String(fqdn)),
  };
}

const WITH_DEFAULT: ReadonlySet<string> = new Set(
  NOUNS.filter((declaration: Declaration) => declaration.hasDefault === true).map(({ noun }) => noun),
);

/** Tables whose rows have versions, by noun. */
const TABLES: ReadonlyMap<string, string> = new Map([
  ...NOUNS.map((declaration) => [declaration.noun, tableOf(declaration)] as const),
  ...ENTRIES.map(({ noun, tables: [table = 'machines'] }) => [noun, table] as const),
]);
