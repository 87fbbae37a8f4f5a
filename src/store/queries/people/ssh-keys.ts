import { sql } from 'kysely';
import type { SshKeyType } from '../../../model/people/ssh-key.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** A user's public key. `data`: base64; `fingerprint`: `SHA256:` and base64 without padding, as OpenSSH shows it. */
export interface SshKeyRow {
  readonly id: number;
  readonly user: string;
  readonly type: SshKeyType;
  readonly data: string;
  readonly comment: string;
  readonly bits: number;
  readonly fingerprint: string;
  readonly createdAt: string;
  /** The source of an imported key, `lp:NAME` or `gh:NAME`; empty: a user added the key. */
  readonly source: string;
}

const COLUMNS = sql`t.id, t.user_name as "user", t.type, t.data, t.comment, t.bits, t.fingerprint, t.created_at as "createdAt", t.source`;

/** Stores a key. The database refuses one that the user has already, and one more than a user may have. */
export async function createSshKey(
  tx: Tx,
  key: Omit<SshKeyRow, 'id' | 'createdAt' | 'fingerprint'>,
): Promise<SshKeyRow> {
  const row = await tx.one(sql<SshKeyRow>`
    insert into ssh_keys as t (user_name, type, data, comment, bits, source)
    values (${key.user}, ${key.type}, ${key.data}, ${key.comment}, ${key.bits}, ${key.source})
    returning ${COLUMNS}`);
  if (!row) throw new Error('the SSH key that was just written is not there');
  return row;
}

/** Keys of a number or a fingerprint, of this user only if one is named. Several users may have one key. */
export function findSshKeys(
  tx: Tx,
  which: { readonly id: number } | { readonly fingerprint: string },
  user?: string,
): Promise<SshKeyRow[]> {
  const named = 'id' in which ? sql`t.id = ${which.id}` : sql`t.fingerprint = ${which.fingerprint}`;
  return tx.all(sql<SshKeyRow>`select ${COLUMNS} from ssh_keys t where ${named}
    and ${user === undefined ? sql`true` : sql`t.user_name = ${user}`} order by t.id`);
}

/** Deletes a key. */
export async function deleteSshKey(tx: Tx, id: number): Promise<void> {
  await tx.run(sql`delete from ssh_keys where id = ${id}`);
}

/** All keys of a user: they are few. */
export function keysOfUser(tx: Tx, user: string): Promise<SshKeyRow[]> {
  return tx.all(sql<SshKeyRow>`select ${COLUMNS} from ssh_keys t where t.user_name = ${user} order by t.id`);
}

/** How many keys a user has. */
export async function countSshKeys(tx: Tx, user: string): Promise<number> {
  const row = await tx.one(
    sql<{ number: number }>`select count(*)::int as number from ssh_keys where user_name = ${user}`,
  );
  return row?.number ?? 0;
}

/** Keys by their users. Sorts: id, user, created. */
export function listSshKeys(
  tx: Tx,
  query: PageQuery & { user?: string | undefined } = {},
): Promise<ListPage<SshKeyRow>> {
  const filters = [query.user === undefined ? undefined : sql`t.user_name = ${query.user}`];
  const id = sql`t.id`;
  const sorts = { id, user: sql`t.user_name collate "C"`, created: sql`t.created_at` };
  return listPage(tx, { columns: COLUMNS, from: sql`ssh_keys t`, id, sorts, defaultSort: 'user' }, filters, query);
}

/**
 * Lines of `authorized_keys` of those who may log in to the system of a machine's run: who owns the machine, and who began the run, as far as the run lets
 * anybody in. Ordered, each key once.
 */
export async function keysOfRun(tx: Tx, run: number): Promise<string[]> {
  const rows = await tx.all(sql<{ line: string }>`
    select k.type || ' ' || k.data || case when k.comment = '' then '' else ' ' || k.comment end as line
    from (select distinct on (k.type, k.data) k.type, k.data, k.comment, k.id
      from machine_tokens r join machines m on m.id = r.machine_id left join machine_states s on s.machine_id = r.machine_id
      join ssh_keys k on k.user_name in (s.owner, r.begun_by)
      where r.id = ${run} and r.ended_at is null and (r.enable_ssh or r.purpose in ('deploying', 'rescue'))
      order by k.type, k.data, k.id) k
    order by k.id`);
  return rows.map(({ line }) => line);
}

/** How many keys these users have together. */
export async function countKeysOf(tx: Tx, users: readonly string[]): Promise<number> {
  const row = await tx.one(
    sql<{ number: number }>`select count(*)::int as number from ssh_keys where user_name = any(${[...users]}::text[])`,
  );
  return row?.number ?? 0;
}
