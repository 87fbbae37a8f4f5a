import { sql } from 'kysely';
import { digestOf } from '../../core/stable-json.ts';
import type { Tx } from '../tx.ts';
import type { NodeFinding, StoredFinding } from './findings.ts';

/** A compile that took in the changes above `afterRevision`, up to `revision`. */
export interface Compile {
  readonly id: number;
  readonly revision: number;
  readonly afterRevision: number;
  readonly at: string;
}

/** A finding of a past compile. `untilAt`: when a compile no longer had it; null: it stands. */
export interface PastFinding extends StoredFinding {
  readonly node: string;
  readonly nodeId: string;
  /** The compile before did not have it. */
  readonly isNew: boolean;
  readonly untilAt: string | null;
}

/** What one compile found, and what the one before had and it had not. `isCut`: there is more. */
export interface CompileFindings {
  readonly items: readonly PastFinding[];
  readonly gone: readonly PastFinding[];
  readonly isCut: boolean;
}

/** Rows of one insert: enough for any site, and a message that PostgreSQL takes. */
const AT_ONCE = 1000;

/**
 * Keeps what a compile found. It writes only the differences from the compile before, so a finding that stands for a
 * year is one row. `before`: the newest revision that was compiled until now. Publishers come one after the other, so
 * the order of ids is that of compiles.
 */
export async function keepCompile(
  tx: Tx,
  { revision, before, findings }: { revision: number; before: number; findings: readonly NodeFinding[] },
): Promise<void> {
  const rows = await tx.all(sql<{ digest: string }>`select digest from compile_findings where until_compile is null`);
  const standing = new Set(rows.map(({ digest }) => digest));
  const found = new Map(findings.map((finding) => [digestOf({ ...finding, since: null }), finding]));
  const fresh = [...found].filter(([digest]) => !standing.has(digest));
  const gone = [...standing].filter((digest) => !found.has(digest));
  if (revision <= before && fresh.length + gone.length === 0) return;
  const compile = await tx.one(sql<{ id: number }>`insert into compiles (revision, after_revision)
    values (${revision}, least(${before}::bigint, ${revision}::bigint)) returning id`);
  if (compile === null) return;
  if (gone.length > 0)
    await tx.run(sql`update compile_findings set until_compile = ${compile.id}
      where until_compile is null and digest = any(${gone}::text[])`);
  for (let at = 0; at < fresh.length; at += AT_ONCE) await begin(tx, compile.id, fresh.slice(at, at + AT_ONCE));
}

/** Stores findings that begin with a compile. One of a node that was deleted meanwhile goes with it. */
async function begin(tx: Tx, compile: number, fresh: readonly (readonly [string, NodeFinding])[]): Promise<void> {
  const of = (pick: (finding: NodeFinding) => string) => fresh.map(([, finding]) => pick(finding));
  const bodies = of(({ nodeId: _node, service: _service, since: _since, ...finding }) => JSON.stringify(finding));
  await tx.run(sql`insert into compile_findings (node_id, node_name, service, finding, digest, since, first_compile)
    select n.id, n.name, incoming.service, incoming.finding::jsonb, incoming.digest, incoming.since, ${compile}
    from unnest(${of(({ nodeId }) => nodeId)}::text[], ${of(({ service }) => service)}::text[], ${bodies}::text[],
      ${fresh.map(([digest]) => digest)}::text[], ${of(({ since }) => since ?? '')}::timestamptz[])
      as incoming (node_id, service, finding, digest, since) join nodes n on n.id = incoming.node_id`);
}

/** The newest revision that was compiled for any node; 0: none yet. */
export async function compiledRevision(tx: Tx): Promise<number> {
  const row = await tx.one(sql<{ revision: number | null }>`select max(compiled_revision) as revision from desired`);
  return row?.revision ?? 0;
}

/** The compile that was the first to take in a change. `waiting`: none has yet; `lost`: it is not stored any more, or was not stored then. */
export async function compileOf(tx: Tx, revision: number): Promise<Compile | 'waiting' | 'lost'> {
  const compile = await tx.one(sql<Compile>`select id, revision, after_revision as "afterRevision", at
    from compiles where revision >= ${revision} order by revision, id limit 1`);
  if (compile !== null) return compile.afterRevision < revision ? compile : 'lost';
  return (await compiledRevision(tx)) < revision ? 'waiting' : 'lost';
}

type SpanRow = Omit<PastFinding, keyof StoredFinding | 'isNew'> & {
  readonly service: string;
  readonly finding: Omit<StoredFinding, 'service' | 'since'>;
  readonly since: string;
};

/** What a compile found, at most so many of either kind: errors first, then by node and service. */
export async function findingsOfCompile(tx: Tx, compile: Compile, most: number): Promise<CompileFindings> {
  const read = (condition: ReturnType<typeof sql>) =>
    tx.all(sql<SpanRow>`select f.node_id as "nodeId", coalesce(n.name, f.node_name) as node, f.service, f.finding, f.since,
        u.at as "untilAt"
      from compile_findings f left join nodes n on n.id = f.node_id left join compiles u on u.id = f.until_compile
      where ${condition}
      order by f.finding ->> 'severity', coalesce(n.name, f.node_name) collate "C", f.service collate "C",
        f.finding ->> 'subject', f.id limit ${most + 1}`);
  const active = await read(sql`int8range(f.first_compile, f.until_compile) @> ${compile.id}::bigint`);
  const ended = await read(sql`f.until_compile = ${compile.id}`);
  // With another text it is the same finding.
  const same = new Set(active.map(identityOf));
  const gone = ended.filter((row) => !same.has(identityOf(row)));
  const items = active.map((row) => pastFinding(row, compile));
  return {
    items: items.slice(0, most),
    gone: gone.slice(0, most).map((row) => pastFinding(row, compile)),
    isCut: active.length > most || ended.length > most,
  };
}

function pastFinding({ finding, ...row }: SpanRow, compile: Compile): PastFinding {
  return { ...row, ...finding, isNew: Date.parse(row.since) >= Date.parse(compile.at) };
}

function identityOf({ nodeId, service, finding: { code, subject, held = '' } }: SpanRow): string {
  return JSON.stringify([nodeId, service, code, subject, held]);
}
