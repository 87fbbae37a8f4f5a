import { sql } from 'kysely';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/**
 * A join token without its secret. `usedByKey`: digest of the public key that it is bound to. `state` by the database's clock: a used token
 * that has expired is still `used`; `isOver`: it is past its end.
 */
export interface TokenRow {
  readonly id: string;
  readonly isRegion: boolean;
  readonly isRack: boolean;
  /** Name of the node whose place the host takes; null: it is a new node. */
  readonly place: string | null;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly isOver: boolean;
  readonly usedAt: string | null;
  readonly usedByKey: string | null;
  readonly usedByNode: string | null;
  readonly usedBy: string | null;
  readonly revokedAt: string | null;
  readonly state: 'open' | 'used' | 'expired' | 'revoked';
}

const STATE = sql`case when t.revoked_at is not null then 'revoked' when t.used_at is not null then 'used'
  when t.expires_at <= now() then 'expired' else 'open' end`;
const COLUMNS = sql`t.id, t.is_region as "isRegion", t.is_rack as "isRack", t.place, t.created_by as "createdBy", t.created_at as "createdAt",
  t.expires_at as "expiresAt", t.expires_at <= now() as "isOver", t.used_at as "usedAt", t.used_by_key as "usedByKey",
  t.used_by_node as "usedByNode", coalesce(n.name, t.used_by_node) as "usedBy", t.revoked_at as "revokedAt", ${STATE} as state`;
const FROM = sql`join_tokens t left join nodes n on n.id = t.used_by_node`;

/** The token, by its id. */
export function findToken(tx: Tx, id: string): Promise<TokenRow | null> {
  return tx.one(sql<TokenRow>`select ${COLUMNS} from ${FROM} where t.id = ${id}`);
}

/** SHA-256 of a token's secret, lower-case hex; null without such a token. Compare in constant time. Waits for others that use the token. */
export async function lockTokenSecret(tx: Tx, id: string): Promise<string | null> {
  const row = await tx.one(sql<{ hash: string }>`
    select secret_sha256 as hash from join_tokens where id = ${id} for no key update`);
  return row?.hash ?? null;
}

/** As `lockTokenSecret`, without a lock. */
export async function readTokenSecret(tx: Tx, id: string): Promise<string | null> {
  const row = await tx.one(sql<{ hash: string }>`select secret_sha256 as hash from join_tokens where id = ${id}`);
  return row?.hash ?? null;
}

/** Stores a token. It is valid for so many minutes by the database's clock. */
export async function createToken(
  tx: Tx,
  token: Pick<TokenRow, 'id' | 'isRegion' | 'isRack' | 'createdBy'> & {
    readonly secretSha256: string;
    readonly minutes: number;
    readonly place?: string | null;
  },
): Promise<TokenRow> {
  await tx.run(sql`insert into join_tokens (id, secret_sha256, is_region, is_rack, place, created_by, expires_at)
    values (${token.id}, ${token.secretSha256}, ${token.isRegion}, ${token.isRack}, ${token.place ?? null}, ${token.createdBy},
      now() + make_interval(mins => ${token.minutes}))`);
  const row = await findToken(tx, token.id);
  if (!row) throw new Error('the token that was just written is not there');
  return row;
}

/** Binds the token to the key that showed it and to its new node. */
export async function useToken(
  tx: Tx,
  id: string,
  by: { readonly key: string; readonly nodeId: string },
): Promise<void> {
  await tx.run(sql`update join_tokens set used_at = coalesce(used_at, now()), used_by_key = ${by.key}, used_by_node = ${by.nodeId}
    where id = ${id}`);
}

/** The node that joined with this key (its digest); null: none, or it is gone. */
export async function nodeOfKey(tx: Tx, key: string): Promise<string | null> {
  const row = await tx.one(sql<{ id: string }>`
    select n.id from join_tokens t join nodes n on n.id = t.used_by_node where t.used_by_key = ${key} order by t.used_at desc limit 1`);
  return row?.id ?? null;
}

/** Revokes a token; null when there is none that is not revoked. */
export async function revokeToken(tx: Tx, id: string): Promise<TokenRow | null> {
  const rows = await tx.run(sql`update join_tokens set revoked_at = now() where id = ${id} and revoked_at is null`);
  return rows === 0 ? null : findToken(tx, id);
}

/** Tokens of the last days. Sorts: created, id. */
export function listTokens(
  tx: Tx,
  query: PageQuery & { state?: TokenRow['state'] | undefined } = {},
): Promise<ListPage<TokenRow>> {
  const id = sql`t.id collate "C"`;
  // As a text in its own order, so that a cursor compares with it.
  const spec = {
    columns: COLUMNS,
    from: FROM,
    id,
    sorts: { id, created: sql`to_char(t.created_at, 'YYYYMMDDHH24MISSUS') collate "C"` },
  };
  const filters = [query.state === undefined ? undefined : sql`${STATE} = ${query.state}`];
  return listPage(tx, { ...spec, defaultSort: '-created' }, filters, query);
}

/** When the joining region node was admitted, ISO 8601; null: no region node is joining. */
export async function joiningSince(tx: Tx): Promise<string | null> {
  const row = await tx.one(sql<{ at: string }>`
    select coalesce(t.used_at, n.created_at) as at from nodes n left join join_tokens t on t.used_by_node = n.id
    where n.is_region and n.state = 'joining' order by at desc limit 1`);
  return row?.at ?? null;
}
