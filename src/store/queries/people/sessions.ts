import { sql } from 'kysely';
import type { Role } from '../../../contract/base/role.ts';
import { isOlder } from '../../elapsed.ts';
import { listPage, type ListPage, type PageQuery, plainClient } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** A session of a browser, without what proves it. `keyToken`: of the API key that opened it. Times are ISO 8601. */
export interface SessionRow {
  readonly id: string;
  readonly user: string;
  readonly role: Role;
  readonly keyToken: string | null;
  readonly isWall: boolean;
  readonly address: string;
  readonly agent: string;
  readonly createdAt: string;
  readonly seenAt: string;
  readonly expiresAt: string;
}

/** A session that begins. `days`: until its end. */
export interface NewSession extends Pick<SessionRow, 'id' | 'user' | 'keyToken' | 'isWall' | 'address' | 'agent'> {
  readonly tokenSha256: string;
  readonly days: number;
}

/** Hours after its last use until a session ends. */
export const SESSION_IDLE_HOURS = 12;
/** Sessions that a user may have: a new one ends the oldest. */
const SESSIONS_MOST = 50;
/** How exact the time of the last use is. */
const SEEN_AGE = sql`interval '5 minutes'`;

const COLUMNS = sql`t.id, t.user_name as "user", u.role, t.key_token as "keyToken", t.is_wall as "isWall", ${plainClient(sql`t.address`)} as address, t.agent,
  t.created_at as "createdAt", t.seen_at as "seenAt", t.expires_at as "expiresAt"`;
const FROM = sql`sessions t join users u on u.name = t.user_name left join api_keys k on k.token = t.key_token`;
/** By the database's clock. One that a key opened ends with the key. */
const IN_FORCE = sql`t.expires_at > now() and (t.is_wall or t.seen_at > now() - make_interval(hours => ${SESSION_IDLE_HOURS}::int))
  and (t.key_token is null or (k.token is not null and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())))`;

/** Begins a session; the user's oldest ones end when there are too many. Null: there is no such user (any more). */
export async function openSession(tx: Tx, session: NewSession): Promise<SessionRow | null> {
  const { id, user, keyToken, isWall, address, agent, tokenSha256, days } = session;
  await tx.run(sql`
    insert into sessions (id, token_sha256, user_name, key_token, is_wall, address, agent, expires_at)
    select ${id}, ${tokenSha256}, name, ${keyToken}, ${isWall}, ${address}, ${agent}, now() + make_interval(days => ${days}::int)
    from users where name = ${user} on conflict (id) do nothing`);
  await tx.run(sql`delete from sessions where id in (
    select id from sessions where user_name = ${user} order by created_at desc, id offset ${SESSIONS_MOST}::int)`);
  return tx.one(sql<SessionRow>`select ${COLUMNS} from ${FROM} where t.id = ${id}`);
}

/** The session in force whose proof has this digest. */
export function findSession(tx: Tx, tokenSha256: string): Promise<SessionRow | null> {
  return tx.one(sql<SessionRow>`select ${COLUMNS} from ${FROM} where t.token_sha256 = ${tokenSha256} and ${IN_FORCE}`);
}

/** Did a session of this user begin at this address? One that is over counts until it is purged. */
export async function hasSessionAt(tx: Tx, user: string, address: string): Promise<boolean> {
  const row = await tx.one(sql<{ is: boolean }>`
    select exists (select from sessions where user_name = ${user} and ${plainClient(sql`address`)} = ${address}) as is`);
  return row?.is === true;
}

/** Notes that a session is used, at most every five minutes. */
export async function touchSession(tx: Tx, id: string): Promise<void> {
  await tx.run(sql`update sessions set seen_at = now()
    where id = ${id} and ${isOlder(sql`seen_at`, SEEN_AGE)}`);
}

/** Ends a session, of this user only if one is named; null: there is none. */
export async function endSession(tx: Tx, id: string, user?: string): Promise<SessionRow | null> {
  const row = await tx.one(sql<SessionRow>`select ${COLUMNS} from ${FROM}
    where t.id = ${id} and ${user === undefined ? sql`true` : sql`t.user_name = ${user}`}`);
  if (row !== null) await tx.run(sql`delete from sessions where id = ${id}`);
  return row;
}

/** Ends all sessions of a user but this one. */
export async function endSessionsOf(tx: Tx, user: string, except: string | null): Promise<void> {
  await tx.run(sql`delete from sessions where user_name = ${user} and id is distinct from ${except}`);
}

/** Sessions in force. Sorts: id, user, created. */
export function listSessions(
  tx: Tx,
  query: PageQuery & { user?: string | undefined } = {},
): Promise<ListPage<SessionRow>> {
  const filters = [IN_FORCE, query.user === undefined ? undefined : sql`t.user_name = ${query.user}`];
  const id = sql`t.id collate "C"`;
  const sorts = { id, user: sql`t.user_name collate "C"`, created: sql`t.created_at` };
  return listPage(tx, { columns: COLUMNS, from: FROM, id, sorts, defaultSort: '-created' }, filters, query);
}

/** Notes that a key is used, at most every five minutes. */
export async function touchApiKey(tx: Tx, token: string): Promise<void> {
  await tx.run(sql`update api_keys set used_at = now()
    where token = ${token} and (used_at is null or ${isOlder(sql`used_at`, SEEN_AGE)})`);
}
