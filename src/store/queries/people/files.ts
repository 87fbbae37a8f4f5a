import { sql } from 'kysely';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** A file of a user, without its content. `size`: bytes. */
export interface FileRow {
  readonly name: string;
  readonly key: string;
  readonly size: number;
  readonly updatedAt: string;
}

const COLUMNS = sql`t.name, t.key, length(t.content) as size, t.updated_at as "updatedAt"`;
/** In one line: PostgreSQL breaks base64 into several. */
const CONTENT = sql`translate(encode(t.content, 'base64'), E'\n', '') as content`;

/** Stores a file; one of the same name gets this content and keeps its key. `content`: base64. Null: no such user. */
export function storeFile(
  tx: Tx,
  file: { readonly owner: string; readonly name: string; readonly key: string; readonly content: string },
): Promise<FileRow | null> {
  return tx.one(sql<FileRow>`insert into files as t (owner, name, key, content)
    select name, ${file.name}, ${file.key}, decode(${file.content}, 'base64') from users where name = ${file.owner}
    on conflict on constraint files_once do update set content = excluded.content, updated_at = now() returning ${COLUMNS}`);
}

/** A file with its content in base64. */
export function findFile(
  tx: Tx,
  by: { readonly owner: string; readonly name: string } | { readonly key: string },
): Promise<(FileRow & { readonly content: string }) | null> {
  const which = 'key' in by ? sql`t.key = ${by.key}` : sql`t.owner = ${by.owner} and t.name = ${by.name}`;
  return tx.one(sql<FileRow & { content: string }>`select ${COLUMNS}, ${CONTENT} from files t where ${which}`);
}

/** Deletes a file; null: there is none. */
export function deleteFile(tx: Tx, owner: string, name: string): Promise<FileRow | null> {
  return tx.one(sql<FileRow>`delete from files t where t.owner = ${owner} and t.name = ${name} returning ${COLUMNS}`);
}

export async function countFiles(tx: Tx, owner: string): Promise<number> {
  return (
    (await tx.one(sql<{ count: number }>`select count(*)::int as count from files where owner = ${owner}`))?.count ?? 0
  );
}

/** Files of a user whose names begin so. */
export function listFiles(
  tx: Tx,
  query: PageQuery & { readonly owner: string; readonly prefix?: string | undefined },
): Promise<ListPage<FileRow>> {
  const { owner, prefix } = query;
  const filters = [sql`t.owner = ${owner}`, prefix === undefined ? undefined : sql`starts_with(t.name, ${prefix})`];
  const id = sql`t.id`;
  const spec = {
    columns: COLUMNS,
    from: sql`files t`,
    id,
    sorts: { name: sql`t.name collate "C"` },
    defaultSort: 'name',
  };
  return listPage(tx, spec, filters, query);
}
