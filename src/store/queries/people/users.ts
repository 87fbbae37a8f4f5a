import { formatCount } from '../../../core/count-text.ts';
import { sql } from 'kysely';
import type { Role } from '../../../contract/base/role.ts';
import type { Rejected } from '../../../core/errors.ts';
import { containing, listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import type { Tx } from '../../tx.ts';

export interface UserRow {
  readonly name: string;
  readonly role: Role;
  readonly email: string;
  readonly hasPassword: boolean;
  readonly createdAt: string;
  readonly version: number;
}

const USERS: Noun = {
  table: 'users',
  key: 'name',
  label: 'user',
  columns: sql`t.name, t.role, t.email, exists (select from password_hashes p where p.user_name = t.name) as "hasPassword", t.created_at as "createdAt", t.version`,
  from: sql`users t`,
};

export function findUser(tx: Tx, name: string): Promise<UserRow | null> {
  return findRow(tx, USERS, sql`t.name = ${name}`);
}

export function createUser(
  tx: Tx,
  user: Pick<UserRow, 'name' | 'role'> & { readonly email?: string | undefined },
): Promise<UserRow> {
  return insertRow(tx, USERS, { name: user.name, role: user.role, email: user.email });
}

export function updateUser(
  tx: Tx,
  target: VersionedKey,
  change: { readonly role?: Role | undefined; readonly email?: string | undefined },
): Promise<UserRow | Rejected> {
  return updateRow(tx, USERS, target, { role: change.role, email: change.email });
}

/** What a user took, or made for himself, and others would lose. Names, the first ten of each. */
export async function ownedBy(
  tx: Tx,
  name: string,
): Promise<readonly { readonly what: string; readonly names: readonly string[] }[]> {
  const rows = await tx.all(sql<{ what: string; names: string[]; count: number }>`
    select what, (array_agg(label order by label))[1:10] as names, count(*)::int as count from (
      select case when m.is_device then 'device' else 'machine' end as what, m.hostname as label
        from machine_states s join machines m on m.id = s.machine_id where s.owner = ${name}) as owned
    group by what order by what desc`);
  return rows.map(({ what, names, count }) => ({
    what: formatCount(count, what),
    names: count > names.length ? [...names, '…'] : names,
  }));
}

/** Makes another user the owner of machines and devices, and of files whose names that one has not. */
export async function transferOwned(tx: Tx, from: string, to: string): Promise<void> {
  await tx.run(sql`update machine_states set owner = ${to} where owner = ${from}`);
  await tx.run(sql`update files f set owner = ${to} where owner = ${from}
    and not exists (select from files o where o.owner = ${to} and o.name = f.name)`);
}

/** Its API keys go with it. */
export const deleteUser = (tx: Tx, target: VersionedKey): Promise<UserRow | Rejected> => deleteRow(tx, USERS, target);

/** Number of users with a role. Locks those rows until the transaction ends, so that the last admin stays. */
export async function countUsers(tx: Tx, role: Role): Promise<number> {
  return (await tx.all(sql`select name from users where role = ${role} for no key update`)).length;
}

export type UserFilter = PageQuery & { readonly name?: string | undefined; readonly role?: Role | undefined };

/** Sorts: name. `name`: part of the name. */
export function listUsers(tx: Tx, query: UserFilter = {}): Promise<ListPage<UserRow>> {
  const filters = [
    query.name === undefined ? undefined : sql`t.name like ${containing(query.name)}`,
    query.role === undefined ? undefined : sql`t.role = ${query.role}`,
  ];
  const id = sql`t.name collate "C"`;
  return listPage(tx, { ...USERS, id, sorts: { name: id }, defaultSort: 'name' }, filters, query);
}
