import { sql } from 'kysely';
import type { Role } from '../../../contract/base/role.ts';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** An API key without its secret. Times are ISO 8601. */
export interface ApiKeyRow {
  readonly user: string;
  readonly label: string;
  readonly consumer: string;
  readonly token: string;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** When it was used last, to five minutes; null: never. */
  readonly usedAt: string | null;
}

/** Data to check a presented key: compare the hashes in constant time. */
export interface ApiKeyCheck {
  readonly usedAt: string | null;
  readonly user: string;
  readonly role: Role;
  readonly consumer: string;
  readonly secretSha256: string;
  /** The setting `api_keys_tls_only`, read with the key: no call asks twice. */
  readonly isTlsOnly: boolean;
}

const COLUMNS = sql`t.user_name as "user", t.label, t.consumer, t.token, t.created_at as "createdAt", t.expires_at as "expiresAt", t.used_at as "usedAt"`;

/** The key of this token, when it is neither revoked nor expired by the database's clock. */
export function findApiKey(tx: Tx, token: string): Promise<ApiKeyCheck | null> {
  return tx.one(sql<ApiKeyCheck>`
    select k.user_name as "user", u.role, k.consumer, k.secret_sha256 as "secretSha256", k.used_at as "usedAt",
      exists (select from settings where name = 'api_keys_tls_only' and value = 'true'::jsonb) as "isTlsOnly"
    from api_keys k join users u on u.name = k.user_name
    where k.token = ${token} and k.revoked_at is null and (k.expires_at is null or k.expires_at > now())`);
}

/** Stores a key; `secretSha256` lower-case hex, `expiresAt` ISO 8601 or null for never. */
export async function createApiKey(
  tx: Tx,
  key: Omit<ApiKeyRow, 'createdAt' | 'usedAt'> & { readonly secretSha256: string },
): Promise<ApiKeyRow> {
  const row = await tx.one(sql<ApiKeyRow>`
    insert into api_keys as t (user_name, label, consumer, token, secret_sha256, expires_at)
    values (${key.user}, ${key.label}, ${key.consumer}, ${key.token}, ${key.secretSha256}, ${key.expiresAt})
    returning ${COLUMNS}`);
  if (!row) throw new Error('the API key that was just written is not there');
  return row;
}

/** Gives a key another title, of this user only if one is named; null when there is none in force. */
export function renameApiKey(tx: Tx, token: string, label: string, user?: string): Promise<ApiKeyRow | null> {
  return tx.one(sql<ApiKeyRow>`
    update api_keys t set label = ${label}
    where t.token = ${token} and t.revoked_at is null and ${user === undefined ? sql`true` : sql`t.user_name = ${user}`}
    returning ${COLUMNS}`);
}

/** Revokes a key, of this user only if one is named; null when there is none in force. */
export function revokeApiKey(tx: Tx, token: string, user?: string): Promise<ApiKeyRow | null> {
  return tx.one(sql<ApiKeyRow>`
    update api_keys t set revoked_at = now()
    where t.token = ${token} and t.revoked_at is null and ${user === undefined ? sql`true` : sql`t.user_name = ${user}`}
    returning ${COLUMNS}`);
}

/** Keys that are not revoked. Sorts: token, label. */
export function listApiKeys(
  tx: Tx,
  query: PageQuery & { user?: string | undefined } = {},
): Promise<ListPage<ApiKeyRow>> {
  const filters = [sql`t.revoked_at is null`, query.user === undefined ? undefined : sql`t.user_name = ${query.user}`];
  const id = sql`t.token collate "C"`;
  const spec = { columns: COLUMNS, from: sql`api_keys t`, id, sorts: { token: id, label: sql`t.label collate "C"` } };
  return listPage(tx, { ...spec, defaultSort: 'label' }, filters, query);
}
