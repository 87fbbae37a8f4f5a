import type { ConfigChange } from '../../contract/site/config.ts';
import type { Event } from '../../contract/site/event.ts';
import { HISTORY_OBJECTS_MAX, type HistoryObject } from '../../contract/base/history.ts';
import type { AuditEntry } from '../../contract/people/audit.ts';
import { objectIn } from '../../contract/site/wire/object-detail.ts';
import type { EventRow } from '../../store/queries/base/events.ts';
import type { AuditRow } from '../../store/queries/people/audit.ts';
import type { ChangeRow } from '../../store/queries/site/changes.ts';
import {
  eventsOfOperations,
  lastRows,
  namesOfIds,
  type OperationEvent,
  rowsOfOperations,
  type TouchedRow,
} from '../../store/queries/site/history-names.ts';
import type { Tx } from '../../store/tx.ts';

/** Verbs of events that say what somebody did to an object. */
const DEEDS: readonly string[] = [
  'created',
  'changed',
  'deleted',
  'added',
  'revoked',
  'stored',
  'accepted',
  'rejected',
];

/** Tables whose rows are objects of their own, and their nouns. */
const NOUN_OF: Readonly<Record<string, string>> = {
  settings: 'setting',
  vlans: 'vlan',
  subnets: 'subnet',
  fabrics: 'fabric',
  spaces: 'space',
  ip_ranges: 'range',
  reservations: 'reservation',
  domains: 'domain',
  records: 'record',
  machines: 'machine',
  nodes: 'node',
  racks: 'rack',
  tags: 'tag',
  zones: 'zone',
  resource_pools: 'resource-pool',
  static_routes: 'static-route',
  dhcp_snippets: 'dhcp-snippet',
  package_repositories: 'package-repository',
  contacts: 'contact',
};
const TABLE_OF: ReadonlyMap<string, string> = new Map(Object.entries(NOUN_OF).map(([table, noun]) => [noun, table]));
const VERB_OF = { insert: 'created', update: 'changed', delete: 'deleted' } as const;

/** Events with the names of the identifiers that they have. */
export async function nameEvents(tx: Tx, rows: readonly EventRow[]): Promise<Event[]> {
  const names = await namesOfIds(tx, [...new Set(rows.flatMap(idsOf))]);
  return rows.map(({ operation, ...event }) => ({
    ...event,
    ...(operation === null ? {} : { operation }),
    names: pick(names, idsOf(event)),
  }));
}

/** Changes with what they touched, by name. */
export async function nameChanges(tx: Tx, rows: readonly ChangeRow[]): Promise<ConfigChange[]> {
  const known = await readNames(
    tx,
    rows.map(({ operation, who, summary }) => ({ operation, who, action: summary })),
  );
  return rows.map(({ operation, ...change }) => ({ ...change, ...known(operation, change.who, change.summary) }));
}

/** Entries of the audit trail with what they touched, by name. */
export async function nameAudit(tx: Tx, rows: readonly AuditRow[]): Promise<AuditEntry[]> {
  const known = await readNames(tx, rows);
  return rows.map(({ operation, ...entry }) => ({ ...entry, ...known(operation, entry.who, entry.action) }));
}

interface Entry {
  readonly operation: string | null;
  readonly who: string;
  readonly action: string;
}

type Known = { objects: HistoryObject[]; names: Record<string, string> };

/** Reads what these entries touched, at once. Gives what is known of one of them. */
async function readNames(
  tx: Tx,
  entries: readonly Entry[],
): Promise<(operation: string | null, who: string, action: string) => Known> {
  const operations = entries.flatMap(({ operation }) => (operation === null ? [] : [operation]));
  const events = Map.groupBy(
    (await eventsOfOperations(tx, operations, HISTORY_OBJECTS_MAX)).filter(isDeed),
    ({ operation }) => operation,
  );
  const unnamed = operations.filter((operation) => !events.has(operation));
  const rows = Map.groupBy(
    (await rowsOfOperations(tx, unnamed, HISTORY_OBJECTS_MAX)).filter(({ table }) => Object.hasOwn(NOUN_OF, table)),
    ({ operation }) => operation,
  );
  const numbers = entries.flatMap(({ action }) => numbersIn(action));
  const last = new Map(
    (numbers.length === 0 ? [] : await lastRows(tx, numbers)).map((row) => [
      `${NOUN_OF[row.table]} ${row.id}`,
      [rowName(row), rowDetail(row)].filter((text) => text !== '').join(' '),
    ]),
  );
  const ids = entries.flatMap(({ who, action }) => [...actorId(who), ...idsInAction(action)]);
  const names = new Map([...last, ...(await namesOfIds(tx, [...new Set(ids)]))]);
  return (operation, who, action) => ({
    objects: [
      ...(events.get(operation ?? '') ?? []).map(objectOfEvent),
      ...(rows.get(operation ?? '') ?? []).map(objectOfRow),
    ],
    names: pick(names, [
      ...actorId(who),
      ...idsInAction(action),
      ...numbersIn(action).map(({ table, id }) => `${NOUN_OF[table]} ${id}`),
    ]),
  });
}

const isDeed = ({ kind }: OperationEvent): boolean => DEEDS.includes(kind.slice(kind.indexOf('.') + 1));

function objectOfEvent({ kind, subject, data }: OperationEvent): HistoryObject {
  return { verb: kind.slice(kind.indexOf('.') + 1), ...objectIn(kind, subject, data) };
}

function objectOfRow(row: TouchedRow): HistoryObject {
  return { verb: VERB_OF[row.op], noun: NOUN_OF[row.table] ?? row.table, name: rowName(row), detail: rowDetail(row) };
}

type NamedRow = Pick<TouchedRow, 'table' | 'row' | 'domain'>;

/** The name of a row as people know its object. */
function rowName({ table, row, domain }: NamedRow): string {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : '');
  if (table === 'records') return underDomain(text('name'), domain);
  if (table === 'machines') return underDomain(text('hostname'), domain);
  if (table === 'ip_ranges') return `${text('first')}–${text('last')}`;
  if (table === 'subnets') return text('cidr');
  if (table === 'reservations') return text('address');
  return text('name');
}

function underDomain(name: string, domain: string | null): string {
  if (domain === null) return name;
  return name === '@' || name === '' ? domain : `${name}.${domain}`;
}

const rowDetail = ({ table, row }: NamedRow): string =>
  table === 'records' ? `${String(row['type'])} ${String(row['data'])}`.slice(0, 120) : '';

/** Objects that an action calls by their number: `record delete 35`, `vlan delete id:7`. */
function numbersIn(action: string): { table: string; id: number }[] {
  return [...action.matchAll(/\b([a-z][a-z-]*) [a-z][a-z-]* (?:id:)?(\d{1,9})\b/g)].flatMap(([, noun = '', id]) => {
    const table = TABLE_OF.get(noun);
    return table === undefined ? [] : [{ table, id: Number(id) }];
  });
}

/** Identifiers of nodes and machines in an action, such as `metadata status 3pncwr`. */
function idsInAction(action: string): string[] {
  return action
    .split(/[ ,]+/)
    .filter((part) => /^([0-9a-z]{6}|[0-9a-f]{16}|[0-9a-f-]{36}|[0-9a-f]{64})$/.test(part) && /\d/.test(part));
}

/** The identifier of who did it, if it is a node, a machine or a rack. */
function actorId(who: string): string[] {
  const [kind = '', id] = who.split(':');
  return id !== undefined && ['node', 'machine', 'rack'].includes(kind) ? [id] : [];
}

function idsOf({ who, kind, subject, data }: Pick<Event, 'who' | 'kind' | 'subject' | 'data'>): string[] {
  const target = (data as { readonly target?: unknown } | null)?.target;
  return [
    ...actorId(who),
    ...(kind === 'config.published' || kind.startsWith('image.') ? [subject] : []),
    ...(typeof target === 'string' ? [target.replace(/^[a-z]+:/, '')] : []),
  ];
}

const pick = (names: ReadonlyMap<string, string>, ids: readonly string[]): Record<string, string> =>
  Object.fromEntries(ids.flatMap((id) => (names.has(id) ? [[id, names.get(id) as string]] : [])));
