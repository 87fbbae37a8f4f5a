import { type RawBuilder, sql } from 'kysely';
import type { Desired } from '../contract/agent.ts';
import { digestOf } from '../core/digest.ts';
import type { Rejected } from '../core/errors.ts';
import type { Version } from '../model/snapshot.ts';
import type { Database } from './database.ts';
import { storeEvents } from './queries/events.ts';
import type { Place } from './queries/place.ts';
import type { Tx } from './tx.ts';

/** A lint or compile result of a service (services' `ServiceFinding` as the store sees it). */
export interface StoredFinding {
  readonly service: string;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly subject: string;
  readonly sentence: string;
  readonly held?: string;
  readonly remedy?: string;
  /** When it was found first, ISO 8601; the store sees to it. */
  readonly since?: string;
}

/** What one process compiled from one snapshot for the whole site. */
export interface SitePublication {
  /** Version of the compiler: only the one that the gate row names publishes. */
  readonly compiler: string;
  /** This process, for the record. */
  readonly process: string;
  /** Of the snapshot that was compiled. */
  readonly revision: number;
  readonly observed: number;
  /** `snapshot.versions`: what the compile started from. */
  readonly versionsBefore: readonly Version[];
  /** `CompiledSite.versions`: all rows, new numbers included. */
  readonly versions: readonly Version[];
  readonly nodes: ReadonlyMap<string, { readonly body: Desired['body']; readonly findings: readonly StoredFinding[] }>;
}

/** `lost`: another process was ahead; read again. `observer`: another compiler version publishes. */
export type PublishResult =
  | { readonly kind: 'published'; readonly nodes: readonly Desired[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'observer'; readonly compiler: string };

/** What is published for a node. `compiledRevision`: the newest snapshot that was compiled for it, changed or not. */
export interface Head extends Desired {
  readonly publishedAt: string;
  readonly compiledRevision: number;
}

/** What an agent says that it holds; 0 and '' for nothing. */
export interface HeldState {
  readonly generation: number;
  readonly digest: string;
}

interface HeadRow {
  readonly generation: number;
  readonly digest: string;
  readonly revision: number;
  readonly compiledRevision: number;
}

/** Publications of a node that are kept. */
export const PUBLICATIONS_KEPT = 50;

/**
 * How far above the last known generation an agent's is believed. A restored database is behind by its lost
 * publications, thousands at most; a broken agent must not use the numbers up.
 */
export const HELD_AHEAD_MAX = 1_000_000;

/** Generation of the next publication: above the last one and above what the agent holds, where that is believable. */
export function nextGeneration(latest: number, held: number): number {
  return 1 + (held <= latest + HELD_AHEAD_MAX ? Math.max(latest, held) : latest);
}

/**
 * Must a node get a new generation? Its digest changed; or the agent holds a number that this database never gave (a
 * restore), or holds this number with other content. The same number with another digest gets a new number, never silence.
 */
export function needsGeneration(head: HeldState | null, digest: string, held: HeldState | null): boolean {
  if (!head || head.digest !== digest) return true;
  if (!held || held.generation > head.generation + HELD_AHEAD_MAX) return false;
  return held.generation > head.generation || (held.generation === head.generation && held.digest !== head.digest);
}

/**
 * Publishes by compare-and-set, the whole site in one transaction (architecture.md §3). It holds the gate row, so
 * publishers come one after the other; each proves that nobody went further: neither revision nor the number of what was observed is
 * lower than the newest one compiled for any node, and every version row is as its snapshot had it.
 */
export function publishSite(db: Database, site: SitePublication): Promise<PublishResult | Rejected> {
  return db.repeatable(async (tx) => {
    const gate = await tx.one(
      sql<{ value: string }>`select value from gates where name = 'compiler' for no key update`,
    );
    if (gate?.value !== site.compiler) return { kind: 'observer', compiler: gate?.value ?? '' } as const;
    const ahead = await tx.one(sql<Place & { id: string }>`
      select node_id as id, compiled_revision as revision, compiled_observed as observed from desired
      where node_id = any(${[...site.nodes.keys()]}::text[])
        and (compiled_revision > ${site.revision} or compiled_observed > ${site.observed}) limit 1`);
    if (ahead) {
      const done = `revision ${ahead.revision} (observed ${ahead.observed}) was compiled for ${ahead.id} already`;
      return lost(`${done}; this snapshot is ${site.revision} (observed ${site.observed})`);
    }
    const clash = await storeVersions(tx, site);
    if (clash) return lost(clash);
    const published: Desired[] = [];
    const before = await storedFindings(tx);
    for (const [nodeId, { body, findings }] of site.nodes) {
      const desired = await publishNode(tx, site, nodeId, body);
      if (desired) published.push(desired);
      await storeFindings(tx, nodeId, site.revision, since(findings, before, nodeId));
    }
    await storeEvents(
      tx,
      'system:publish',
      published.map(({ nodeId, generation, revision }) => ({
        kind: 'config.published',
        subject: nodeId,
        data: { generation, revision },
      })),
    );
    return published.length > 0 ? { kind: 'published', nodes: published } : { kind: 'unchanged' };
  });
}

/** Desired states of all nodes, or of one, in id order. */
export function readHeads(tx: Tx, nodeId?: string): Promise<Head[]> {
  return tx.all(headQuery(nodeId === undefined ? sql`true` : sql`node_id = ${nodeId}`));
}

/** As `readHeads`, with `{}` for what a service is to be: whether it is wanted, not how. A large site's bodies are megabytes. */
export function readOutlines(tx: Tx, nodeId?: string): Promise<Head[]> {
  const where = nodeId === undefined ? sql`true` : sql`node_id = ${nodeId}`;
  return tx.all(sql<Head>`select node_id as "nodeId", generation, digest, revision, outline as body,
    published_at as "publishedAt", compiled_revision as "compiledRevision" from desired where ${where} order by node_id collate "C"`);
}

/** The newest snapshot that was compiled for each node, by id: without the bodies. */
export async function readCompiled(tx: Tx): Promise<ReadonlyMap<string, Place>> {
  const rows = await tx.all(sql<Place & { id: string }>`
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
export function readPublication(tx: Tx, nodeId: string, at: { generation: number }): Promise<Head | null> {
  return tx.one(sql<Head>`select node_id as "nodeId", generation, digest, revision, body, published_at as "publishedAt",
      revision as "compiledRevision" from publications where node_id = ${nodeId} and generation = ${at.generation}`);
}

/** Since when nodes are behind: the time of a node's first publication after the generation that it has; no entry when there is none. */
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

/** Findings of the last compile, of all nodes or of one. */
export async function readFindings(tx: Tx, nodeId?: string): Promise<(StoredFinding & { readonly nodeId: string })[]> {
  const rows = await tx.all(sql<{ nodeId: string; findings: StoredFinding[] }>`
    select node_id as "nodeId", findings from findings
    where ${nodeId === undefined ? sql`true` : sql`node_id = ${nodeId}`} order by node_id collate "C", service collate "C"`);
  return rows.flatMap(({ nodeId: id, findings }) => findings.map((finding) => ({ nodeId: id, ...finding })));
}

/** What is published for a node, without its body, and what the database remembers that its agent holds. */
export interface Holding {
  readonly head: HeldState | null;
  readonly held: HeldState | null;
}

/** Reads both in one statement, fit for `glance`: a hundred waiting pulls look at each wake. */
export async function readHolding(tx: Tx, nodeId: string): Promise<Holding> {
  const row = await tx.one(sql<
    Record<'headGeneration' | 'heldGeneration', number | null> & Record<'headDigest' | 'heldDigest', string | null>
  >`
    select d.generation as "headGeneration", d.digest as "headDigest", h.generation as "heldGeneration", h.digest as "heldDigest"
    from (select ${nodeId}::text as id) as n left join desired d on d.node_id = n.id left join held h on h.node_id = n.id`);
  const stateOf = (generation: number | null | undefined, digest: string | null | undefined) =>
    generation == null || digest == null ? null : { generation, digest };
  return { head: stateOf(row?.headGeneration, row?.headDigest), held: stateOf(row?.heldGeneration, row?.heldDigest) };
}

/** What an agent holds is not what is published or will be: a publication is due (wake the task). */
export function isPublicationDue(head: HeldState | null, held: HeldState): boolean {
  return head === null || needsGeneration(head, head.digest, held);
}

/**
 * Remembers what an agent holds. True: a publication is due (`isPublicationDue`).
 */
export async function recordHeld(tx: Tx, nodeId: string, held: HeldState): Promise<boolean> {
  await tx.run(sql`insert into held as h (node_id, generation, digest) values (${nodeId}, ${held.generation}, ${held.digest})
    on conflict (node_id) do update set generation = excluded.generation, digest = excluded.digest, reported_at = now()
    where h.generation <> excluded.generation or h.digest <> excluded.digest`);
  return isPublicationDue(await headRow(tx, nodeId), held);
}

async function publishNode(
  tx: Tx,
  site: SitePublication,
  nodeId: string,
  body: Desired['body'],
): Promise<Desired | null> {
  const digest = digestOf(body);
  const head = await headRow(tx, nodeId);
  const held = await tx.one(sql<HeldState>`select generation, digest from held where node_id = ${nodeId}`);
  if (!needsGeneration(head, digest, held)) {
    // Nothing new, but an older snapshot must not publish any more.
    await tx.run(sql`update desired set compiled_revision = ${site.revision}, compiled_observed = ${site.observed}
      where node_id = ${nodeId} and (compiled_revision < ${site.revision} or compiled_observed < ${site.observed})`);
    return null;
  }
  const generation = nextGeneration(head?.generation ?? 0, held?.generation ?? 0);
  const text = JSON.stringify(body);
  const { revision, observed, compiler, process } = site;
  // A node that was deleted since the snapshot gets nothing.
  const rows = await tx.run(sql`
    insert into desired as d (node_id, generation, digest, revision, compiled_revision, compiled_observed, body, outline, compiler, process)
    select id, ${generation}, ${digest}, ${revision}, ${revision}, ${observed}, ${text}::json, ${JSON.stringify(outlineOf(body))}::json,
      ${compiler}, ${process} from nodes where id = ${nodeId}
    on conflict (node_id) do update set generation = excluded.generation, digest = excluded.digest,
      revision = excluded.revision, compiled_revision = excluded.compiled_revision,
      compiled_observed = excluded.compiled_observed, body = excluded.body, outline = excluded.outline, compiler = excluded.compiler, process = excluded.process, published_at = now()`);
  if (rows === 0) return null;
  await tx.run(sql`
    insert into publications (node_id, generation, digest, revision, after_revision, body, compiler, process)
    values (${nodeId}, ${generation}, ${digest}, ${revision}, ${head?.revision ?? 0}, ${text}::json, ${compiler}, ${process})`);
  // Steady changes publish several times a second: the bound holds at once, not only after the next purge.
  await tx.run(sql`
    delete from publications where node_id = ${nodeId} and generation <= (
      select generation from publications where node_id = ${nodeId} order by generation desc offset ${PUBLICATIONS_KEPT} limit 1)`);
  return { nodeId, generation, digest, revision, body };
}

/** Null when stored, else the sentence of the clash. */
async function storeVersions(tx: Tx, site: SitePublication): Promise<string | null> {
  const stored = await tx.all(sql<Version>`select service, key, digest, version from versions`);
  const before = new Map(site.versionsBefore.map((row) => [nameOf(row), row]));
  const clash =
    stored.find((row) => !isSame(before.get(nameOf(row)), row)) ??
    site.versionsBefore.find((row) => !stored.some((other) => nameOf(other) === nameOf(row)));
  if (clash) return `the number of ${clash.service} ${clash.key} has changed since the snapshot`;
  const changed = site.versions.filter((row) => !isSame(before.get(nameOf(row)), row));
  if (changed.length === 0) return null;
  await tx.run(sql`
    insert into versions (service, key, digest, version)
    select v ->> 'service', v ->> 'key', v ->> 'digest', (v ->> 'version')::bigint
    from jsonb_array_elements(${JSON.stringify(changed)}::jsonb) as v
    on conflict (service, key) do update set digest = excluded.digest, version = excluded.version, updated_at = now()`);
  return null;
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

async function storeFindings(
  tx: Tx,
  nodeId: string,
  revision: number,
  findings: readonly StoredFinding[],
): Promise<void> {
  const services = [...Map.groupBy(findings, ({ service }) => service)];
  await tx.run(
    sql`delete from findings where node_id = ${nodeId} and service <> all(${services.map(([name]) => name)}::text[])`,
  );
  for (const [service, list] of services) {
    await tx.run(sql`insert into findings as f (node_id, service, revision, findings)
      select id, ${service}, ${revision}, ${JSON.stringify(list)}::jsonb from nodes where id = ${nodeId}
      on conflict (node_id, service) do update set revision = excluded.revision, findings = excluded.findings, since = now()
      where f.findings is distinct from excluded.findings`);
  }
}

function headRow(tx: Tx, nodeId: string): Promise<HeadRow | null> {
  return tx.one(sql<HeadRow>`select generation, digest, revision, compiled_revision as "compiledRevision"
    from desired where node_id = ${nodeId}`);
}

function headQuery(where: RawBuilder<unknown>): RawBuilder<Head> {
  return sql<Head>`select node_id as "nodeId", generation, digest, revision, body, published_at as "publishedAt",
      compiled_revision as "compiledRevision" from desired where ${where} order by node_id collate "C"`;
}

function outlineOf(body: Desired['body']): Desired['body'] {
  const services = Object.entries(body.services).map(([name, part]) => [
    name,
    { desired: part.desired && {}, restart: part.restart },
  ]);
  return { services: Object.fromEntries(services) };
}

function lost(why: string): PublishResult {
  return { kind: 'lost', why };
}

function nameOf(row: Pick<Version, 'service' | 'key'>): string {
  return `${row.service} ${row.key}`;
}

function isSame(a: Version | undefined, b: Version): boolean {
  return a?.digest === b.digest && a.version === b.version;
}
