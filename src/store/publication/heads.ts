import { sql } from 'kysely';
import type { Desired } from '../../contract/cluster/agent.ts';
import type { Watermark } from '../queries/base/watermark.ts';
import type { Tx } from '../tx.ts';
import { BODY_COLUMNS, joinBodies, type KnownParts, type StoredBody } from './parts.ts';

/** What is published for a node. `compiledRevision`: the newest snapshot that was compiled for it, changed or not. */
export type PublicationHead = Desired & { readonly publishedAt: string; readonly compiledRevision: number };

type HeadRow = Omit<PublicationHead, 'body'> & StoredBody;

/** Desired states of all nodes, or of one, in id order. `known`: parts of the last reading, which are not read again. */
export async function readHeads(tx: Tx, nodeId?: string, known?: KnownParts): Promise<PublicationHead[]> {
  const where = nodeId === undefined ? sql`true` : sql`node_id = ${nodeId}`;
  const rows = await tx.all(sql<HeadRow>`select node_id as "nodeId", generation, digest, revision, ${BODY_COLUMNS},
      published_at as "publishedAt", compiled_revision as "compiledRevision"
    from desired where ${where} order by node_id collate "C"`);
  return await joinBodies(tx, rows, known);
}

/**
 * As `readHeads`, with `{}` in place of each service's content: it shows whether a service is wanted, not how. A large site's bodies are megabytes.
 */
export function readOutlines(tx: Tx, nodeId?: string): Promise<PublicationHead[]> {
  const where = nodeId === undefined ? sql`true` : sql`node_id = ${nodeId}`;
  return tx.all(sql<PublicationHead>`select node_id as "nodeId", generation, digest, revision, outline as body,
    published_at as "publishedAt", compiled_revision as "compiledRevision" from desired where ${where} order by node_id collate "C"`);
}

/** The newest snapshot that was compiled for each node, by id: without the bodies. */
export async function readCompiled(tx: Tx): Promise<ReadonlyMap<string, Watermark>> {
  const rows = await tx.all(sql<Watermark & { id: string }>`
    select node_id as id, compiled_revision as revision, compiled_observed as observed from desired`);
  return new Map(rows.map((row) => [row.id, row]));
}

/** The desired state of a node; null before its first publication. */
export async function readDesired(tx: Tx, nodeId: string): Promise<Desired | null> {
  const [head] = await readHeads(tx, nodeId);
  if (!head) return null;
  const { publishedAt: _, compiledRevision: __, ...desired } = head;
  return desired;
}

/** An earlier publication of a node, or its last one before `generation`; null when it is gone or never was. */
export async function readPublication(
  tx: Tx,
  nodeId: string,
  at: { generation: number },
): Promise<PublicationHead | null> {
  const rows = await tx.all(sql<HeadRow>`select node_id as "nodeId", generation, digest, revision, ${BODY_COLUMNS},
      published_at as "publishedAt", revision as "compiledRevision"
    from publications where node_id = ${nodeId} and generation = ${at.generation}`);
  return (await joinBodies(tx, rows))[0] ?? null;
}

/** A publication that took in a change. `afterRevision`: the revision that the one before it was made from. */
export interface ChangePublication {
  readonly nodeId: string;
  readonly generation: number;
  readonly revision: number;
  readonly afterRevision: number;
  readonly publishedAt: string;
}

/**
 * The publication of each node that was the first to take in this revision, as far as it is stored. `compiledAs`: the revision of the compile that did, so
 * that a node to which it gave nothing new is not there; null: nobody knows by now.
 */
export function publicationsOf(tx: Tx, revision: number, compiledAs: number | null): Promise<ChangePublication[]> {
  const isFirst = compiledAs === null ? sql`revision >= ${revision}` : sql`revision = ${compiledAs}`;
  return tx.all(sql<ChangePublication>`select node_id as "nodeId", generation, revision, after_revision as "afterRevision",
      published_at as "publishedAt"
    from publications where after_revision < ${revision} and ${isFirst} order by node_id collate "C"`);
}

/** Nodes whose publications of the time of this revision have been purged: nobody knows whether it changed a file there. */
export async function nodesWithoutPublicationOf(tx: Tx, revision: number): Promise<readonly string[]> {
  const rows = await tx.all(sql<{ id: string }>`select n.id from nodes n cross join lateral (
      select after_revision from publications where node_id = n.id order by generation limit 1
    ) as oldest where oldest.after_revision >= ${revision} order by n.id collate "C"`);
  return rows.map(({ id }) => id);
}

/** The last publication of a node before a generation; null: it is not stored, or there was none. */
export async function readPublicationBefore(
  tx: Tx,
  nodeId: string,
  generation: number,
): Promise<PublicationHead | null> {
  const row = await tx.one(sql<{ generation: number | null }>`select max(generation) as generation from publications
    where node_id = ${nodeId} and generation < ${generation}`);
  return row === null || row.generation === null ? null : readPublication(tx, nodeId, { generation: row.generation });
}

/**
 * Since when nodes are behind: the time of a node's first publication after its present generation. A node without such a publication has no entry.
 */
export async function readBehindSince(
  tx: Tx,
  applied: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, string>> {
  const rows = await tx.all(sql<{ nodeId: string; since: string }>`
    select p.node_id as "nodeId", min(p.published_at) as since
    from publications p
      join unnest(${[...applied.keys()]}::text[], ${[...applied.values()]}::bigint[]) as a (node_id, generation)
      on p.node_id = a.node_id and p.generation > a.generation
    group by p.node_id`);
  return new Map(rows.map((row) => [row.nodeId, row.since]));
}
