import { sql } from 'kysely';
import type { Rejected } from '../../../core/errors.ts';
import type { Node } from '../../../model/cluster/node.ts';
import { containing, listPage, type ListPage, type PageQuery } from '../../page.ts';
import { deleteRow, findRow, insertRow, type Noun, type VersionedKey, updateRow } from '../../rows.ts';
import { canonicalAddress } from '../../snapshot.ts';
import type { Tx } from '../../tx.ts';

export interface NodeRow extends Node {
  readonly version: number;
  readonly isDrained: boolean;
  /** Since when; null: it is not, or an earlier release has done it. */
  readonly drainedAt: string | null;
}

const NODES: Noun = {
  table: 'nodes',
  key: 'id',
  label: 'node',
  columns: sql`t.id, t.name, t.is_region as "isRegion", t.is_rack as "isRack", t.version, t.state, t.is_drained as "isDrained",
    case when t.is_drained then t.drained_at end as "drainedAt",
    array(select host(a) from unnest(t.addresses) with ordinality as u (a, n) order by n) as addresses`,
  from: sql`nodes t`,
};

export async function findNode(tx: Tx, by: { id: string } | { name: string }): Promise<NodeRow | null> {
  const row = await findRow<NodeRow>(tx, NODES, 'id' in by ? sql`t.id = ${by.id}` : sql`t.name = ${by.name}`);
  return row && { ...row, addresses: row.addresses.map(canonicalAddress) };
}

/** A new node is a member unless `state` says otherwise. */
export function createNode(tx: Tx, node: Omit<Node, 'state'> & Partial<Pick<Node, 'state'>>): Promise<NodeRow> {
  return insertRow(tx, NODES, { id: node.id, ...columnsOf(node) });
}

export function updateNode(
  tx: Tx,
  target: VersionedKey,
  change: Partial<Omit<Node, 'id'>>,
): Promise<NodeRow | Rejected> {
  return updateRow(tx, NODES, target, { ...columnsOf(change), drained_at: drainedAt(change.isDrained) });
}

/** A mark that is there already keeps its time. */
function drainedAt(isDrained: boolean | undefined) {
  if (isDrained === undefined) return undefined;
  return isDrained ? sql`case when is_drained and drained_at is not null then drained_at else now() end` : null;
}

/** Its desired state, observations and credential go with it. */
export const deleteNode = (tx: Tx, target: VersionedKey): Promise<NodeRow | Rejected> => deleteRow(tx, NODES, target);

/** Is any node drained? */
export async function hasDrainedNode(tx: Tx): Promise<boolean> {
  const row = await tx.one(sql<{ has: boolean }>`select exists (select from nodes where is_drained) as has`);
  return row?.has === true;
}

/** Gives the node a new secret; the old one is void. `secretSha256`: lower-case hex. */
export async function setNodeCredential(tx: Tx, nodeId: string, secretSha256: string): Promise<void> {
  await tx.run(sql`insert into node_credentials (node_id, secret_sha256) values (${nodeId}, ${secretSha256})
    on conflict (node_id) do update set secret_sha256 = excluded.secret_sha256, created_at = now()`);
}

/** SHA-256 of the node's secret; null when it has none. Compare in constant time. */
export async function readNodeCredential(tx: Tx, nodeId: string): Promise<string | null> {
  const row = await tx.one(sql<{ hash: string }>`
    select secret_sha256 as hash from node_credentials where node_id = ${nodeId}`);
  return row?.hash ?? null;
}

/** Sorts: id, name. `name`: part of the name. */
export function listNodes(tx: Tx, query: PageQuery & { name?: string | undefined } = {}): Promise<ListPage<NodeRow>> {
  const filters = [query.name === undefined ? undefined : sql`t.name like ${containing(query.name)}`];
  const id = sql`t.id collate "C"`;
  return listPage(
    tx,
    { ...NODES, id, sorts: { id, name: sql`t.name collate "C"` }, defaultSort: 'name' },
    filters,
    query,
  );
}

function columnsOf(node: Partial<Omit<Node, 'id'>>) {
  const addresses = node.addresses === undefined ? undefined : [...node.addresses];
  const { name, isRegion: is_region, isRack: is_rack, state, isDrained: is_drained } = node;
  return { name, is_region, is_rack, addresses, state, is_drained };
}

/** Is this the address of a node? `address` is one. */
export async function isNodeAddress(tx: Tx, address: string): Promise<boolean> {
  const row = await tx.one(sql<{ is: boolean }>`
    select exists (select from nodes where ${address}::inet = any(addresses)) as is`);
  return row?.is === true;
}
