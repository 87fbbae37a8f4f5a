import type { TestLab } from '../lab.ts';

/** Tables that tell what is just now; all others hold what people and the product decided, and keep every row. */
const LIVING = [
  'body_parts',
  'chores',
  'counters',
  'desired',
  'gates',
  'heartbeats',
  'held',
  'lease_reports',
  'lease_series',
  'leases',
  'node_credentials',
  'node_observations',
  'observations',
  'publications',
  'rack_calls',
  'rack_nonces',
];

/** Where a version has its database, and as whom one reaches it. */
export interface DatabasePlace {
  readonly user: string;
  readonly sockets: string;
}

/** Version 0.2.0's private one. */
export const PRIVATE: DatabasePlace = { user: 'regent-db', sockets: '/run/regent-db' };
/** A cluster's. */
export const CLUSTERED: DatabasePlace = { user: 'postgres', sockets: '/run/postgresql' };

type Row = Readonly<Record<string, unknown>>;
/** Rows by table. */
export type Rows = ReadonlyMap<string, readonly Row[]>;

/** All rows of r1's database but those of living tables. */
export async function readRows(lab: TestLab, { user, sockets }: DatabasePlace): Promise<Rows> {
  const as = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--init-groups', '--'];
  const psql = [...as, 'psql', '-XqAt', '-h', sockets, '-U', 'postgres', '-d', 'regent', '-c'];
  const ask = async (sql: string) => await lab.ask('r1', [...psql, sql]);
  const names = (await ask("select tablename from pg_tables where schemaname = 'public' order by 1")).split('\n');
  const kept = names.filter((name) => !LIVING.includes(name));
  const each = kept.map(
    (name) => `select '${name}' as name, (select coalesce(jsonb_agg(to_jsonb(t)), '[]') from public.${name} t) as rows`,
  );
  const all = JSON.parse(
    await ask(`select jsonb_object_agg(name, rows) from (${each.join(' union all ')}) as tables`),
  ) as Record<string, Row[]>;
  return new Map(Object.entries(all));
}

/** Rows of before that are not there any more as they were, each with its table; later columns do not count. */
export function lostRows(before: Rows, after: Rows): string[] {
  return [...before].flatMap(([table, rows]) => {
    const texts = new Map<string, Set<string>>();
    const isThere = (row: Row) => {
      const columns = Object.keys(row).sort();
      const name = columns.join();
      const pick = (of: Row) => JSON.stringify(columns.map((column) => of[column]));
      const have = texts.get(name) ?? new Set((after.get(table) ?? []).map(pick));
      texts.set(name, have);
      return have.has(pick(row));
    };
    return rows.filter((row) => !isThere(row)).map((row) => `${table}: ${JSON.stringify(row)}`);
  });
}
