import { sql } from 'kysely';
import type { Role } from '../../../contract/base/role.ts';
import type { Tx } from '../../tx.ts';

/** What a user's password is checked against. `hash`: PHC text; null: the user has none. */
export type PasswordCheck = { readonly user: string; readonly role: Role; readonly hash: string | null };

/** The user of this name, with the hash; null: there is no such user. */
export function findPassword(tx: Tx, user: string): Promise<PasswordCheck | null> {
  return tx.one(sql<PasswordCheck>`
    select u.name as "user", u.role, p.hash from users u left join password_hashes p on p.user_name = u.name where u.name = ${user}`);
}

/** Sets a user's password; the one before is gone. */
export async function setPassword(tx: Tx, user: string, hash: string): Promise<void> {
  await tx.run(sql`insert into password_hashes (user_name, hash) values (${user}, ${hash})
    on conflict (user_name) do update set hash = excluded.hash, set_at = now()`);
}

/** Takes a user's password away; false: there was none. */
export async function dropPassword(tx: Tx, user: string): Promise<boolean> {
  return (await tx.run(sql`delete from password_hashes where user_name = ${user}`)) > 0;
}
