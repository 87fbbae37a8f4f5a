import { sql } from 'kysely';
import type { Tx } from '../tx.ts';

/** A lint or compile result of a service (services' `ServiceFinding` in the store's form). */
export interface StoredFinding {
  readonly service: string;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly subject: string;
  readonly sentence: string;
  readonly held?: string;
  readonly remedy?: string;
  /** When it was first found, ISO 8601; the store sets it. */
  readonly since?: string;
}

/** A finding with the node that it is of. */
export type NodeFinding = StoredFinding & { readonly nodeId: string };

/** Findings of the last compile, of all nodes or of one. */
export async function readFindings(tx: Tx, nodeId?: string): Promise<NodeFinding[]> {
  const rows = await tx.all(sql<{ nodeId: string; findings: StoredFinding[] }>`
    select node_id as "nodeId", findings from findings
    where ${nodeId === undefined ? sql`true` : sql`node_id = ${nodeId}`} order by node_id collate "C", service collate "C"`);
  return rows.flatMap(({ nodeId: id, findings }) => findings.map((finding) => ({ nodeId: id, ...finding })));
}

/** Replaces the findings of these nodes, and returns them. Each keeps the time when it was found first. */
export async function storeFindings(
  tx: Tx,
  revision: number,
  nodes: ReadonlyMap<string, { readonly findings: readonly StoredFinding[] }>,
): Promise<NodeFinding[]> {
  const before = await storedFindings(tx);
  const all = [...nodes].map(([nodeId, { findings }]) => ({ nodeId, findings: since(findings, before, nodeId) }));
  const rows = all.flatMap(({ nodeId, findings }) =>
    [...Map.groupBy(findings, ({ service }) => service)].map(([service, list]) => ({
      nodeId,
      service,
      text: JSON.stringify(list),
    })),
  );
  await replaceFindings(tx, revision, { nodeIds: [...nodes.keys()], rows });
  return all.flatMap(({ nodeId, findings }) => findings.map((finding) => ({ nodeId, ...finding })));
}

interface FindingRows {
  readonly nodeIds: readonly string[];
  readonly rows: readonly { readonly nodeId: string; readonly service: string; readonly text: string }[];
}

async function replaceFindings(tx: Tx, revision: number, { nodeIds, rows }: FindingRows): Promise<void> {
  const incoming = sql`unnest(${rows.map(({ nodeId }) => nodeId)}::text[], ${rows.map(({ service }) => service)}::text[],
    ${rows.map(({ text }) => text)}::text[]) as incoming (node_id, service, findings)`;
  await tx.run(sql`delete from findings as f where node_id = any(${nodeIds}::text[])
    and not exists (select from ${incoming} where incoming.node_id = f.node_id and incoming.service = f.service)`);
  if (rows.length === 0) return;
  await tx.run(sql`insert into findings as f (node_id, service, revision, findings)
    select n.id, incoming.service, ${revision}, incoming.findings::jsonb from ${incoming} join nodes n on n.id = incoming.node_id
    on conflict (node_id, service) do update set revision = excluded.revision, findings = excluded.findings, since = now()
    where f.findings is distinct from excluded.findings`);
}

/** When each finding that is there now was found first, by node and finding; and the time of this transaction. */
async function storedFindings(tx: Tx): Promise<{ readonly now: string; readonly found: ReadonlyMap<string, string> }> {
  const moment = await tx.one(sql<{ now: string }>`select now() as now`);
  const found = (await readFindings(tx)).flatMap((finding) =>
    finding.since === undefined ? [] : [[identityOf(finding.nodeId, finding), finding.since] as const],
  );
  return { now: moment?.now ?? '', found: new Map(found) };
}

function since(
  findings: readonly StoredFinding[],
  before: { readonly now: string; readonly found: ReadonlyMap<string, string> },
  nodeId: string,
): StoredFinding[] {
  return findings.map((finding) => ({
    ...finding,
    since: before.found.get(identityOf(nodeId, finding)) ?? before.now,
  }));
}

function identityOf(nodeId: string, { service, code, subject, held = '' }: StoredFinding): string {
  return JSON.stringify([nodeId, service, code, subject, held]);
}
