import { sql } from 'kysely';
import type { Desired } from '../../contract/cluster/agent.ts';
import { digestOf } from '../../core/stable-json.ts';
import type { Rejected } from '../../core/errors.ts';
import type { Version } from '../../model/snapshot.ts';
import type { Database } from '../database.ts';
import { storeEvents } from '../queries/base/events.ts';
import { type SubnetMoves, storeReleases } from '../queries/networks/subnet-releases.ts';
import type { Watermark } from '../queries/base/watermark.ts';
import type { Tx } from '../tx.ts';
import { compiledRevision, keepCompile } from './compiles.ts';
import { type StoredFinding, storeFindings } from './findings.ts';
import { needsGeneration, nextGeneration, PUBLICATIONS_RETAINED, readHoldings } from './held.ts';
import { type KnownParts, lockPublishers, storeBodies } from './parts.ts';

/** The result of one process's compile of one snapshot for the whole site. */
export interface SitePublication {
  /** Version of the compiler. Only the version in the gate row publishes. */
  readonly compiler: string;
  /** This process, for the record. */
  readonly process: string;
  /** The revision of the compiled snapshot. */
  readonly revision: number;
  readonly observed: number;
  /** `snapshot.versions`: what the compile started from. */
  readonly versionsBefore: readonly Version[];
  /** `CompiledSite.versions`: all rows, new numbers included. */
  readonly versions: readonly Version[];
  readonly nodes: ReadonlyMap<string, { readonly body: Desired['body']; readonly findings: readonly StoredFinding[] }>;
  /** Networks that change hands, by node; left out: none. */
  readonly moves?: ReadonlyMap<string, SubnetMoves>;
  /** Parts that were read for the compile (`readHeads`). */
  readonly known?: KnownParts;
  /** Secrets that bodies may hold: they are stored sealed. */
  readonly secrets?: readonly string[];
}

/** `lost`: another process was ahead; read again. `observer`: another compiler version publishes. */
export type PublishResult =
  | { readonly kind: 'published'; readonly nodes: readonly Desired[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'observer'; readonly compiler: string };

/**
 * Publishes by compare-and-set, the whole site in one transaction. It locks the gate row, so publishers come one after the
 * other. Each proves that nobody went further: neither the revision nor the number of observations is lower than the newest one compiled for any
 * node, and every version row is as its snapshot had it.
 */
export function publishSite(db: Database, site: SitePublication): Promise<PublishResult | Rejected> {
  return db.repeatable(async (tx) => {
    const { compiler, isByParts, isSealing } = await lockPublishers(tx);
    if (compiler !== site.compiler) return { kind: 'observer', compiler } as const;
    const ahead = await tx.one(sql<Watermark & { id: string }>`
      select node_id as id, compiled_revision as revision, compiled_observed as observed from desired
      where node_id = any(${[...site.nodes.keys()]}::text[])
        and (compiled_revision > ${site.revision} or compiled_observed > ${site.observed}) limit 1`);
    if (ahead) {
      const done = `revision ${ahead.revision} (observed ${ahead.observed}) was compiled for ${ahead.id} already`;
      return lost(`${done}; this snapshot is ${site.revision} (observed ${site.observed})`);
    }
    const clash = await storeVersions(tx, site);
    if (clash) return lost(clash);
    const before = await compiledRevision(tx);
    const published = await publishNodes(tx, isSealing ? site : { ...site, secrets: [] }, isByParts);
    const findings = await storeFindings(tx, site.revision, site.nodes);
    await keepCompile(tx, { revision: site.revision, before, findings });
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

/** A node that gets a new generation. `afterRevision`: of the one before. */
interface Due {
  readonly nodeId: string;
  readonly generation: number;
  readonly digest: string;
  readonly afterRevision: number;
  readonly body: Desired['body'];
}

async function publishNodes(tx: Tx, site: SitePublication, isByParts: boolean): Promise<Desired[]> {
  const due = await dueNodes(tx, site);
  // Nothing is new, but an older snapshot must not publish any more.
  const others = [...site.nodes.keys()].filter((id) => !due.some(({ nodeId }) => nodeId === id));
  if (others.length > 0)
    await tx.run(sql`update desired set compiled_revision = ${site.revision}, compiled_observed = ${site.observed}
    where node_id = any(${others}::text[]) and (compiled_revision < ${site.revision} or compiled_observed < ${site.observed})`);
  if (due.length === 0) return [];
  const bodies = due.map(({ body }) => body);
  const roots = isByParts ? await storeBodies(tx, bodies, site.known, site.secrets) : [];
  const there = new Set(await storeGenerations(tx, site, due, roots));
  for (const item of due) {
    const moves = site.moves?.get(item.nodeId);
    if (moves) await storeReleases(tx, item, moves);
  }
  return due
    .filter(({ nodeId }) => there.has(nodeId))
    .map(({ nodeId, generation, digest, body }) => ({ nodeId, generation, digest, revision: site.revision, body }));
}

async function dueNodes(tx: Tx, site: SitePublication): Promise<Due[]> {
  const known = await readHoldings(tx, [...site.nodes.keys()]);
  return [...site.nodes].flatMap(([nodeId, { body }]) => {
    const digest = digestOf(body);
    const { head, held, revision } = known.get(nodeId) ?? { head: null, held: null, revision: 0 };
    if (!needsGeneration(head, digest, held)) return [];
    const generation = nextGeneration(head?.generation ?? 0, held?.generation ?? 0);
    return [{ nodeId, generation, digest, afterRevision: revision, body }];
  });
}

/** Gives the nodes that still exist. A node that was deleted since the snapshot gets nothing. `roots` empty: bodies go whole. */
async function storeGenerations(
  tx: Tx,
  { revision, observed, compiler, process }: SitePublication,
  due: readonly Due[],
  roots: readonly string[],
): Promise<readonly string[]> {
  const of = <T>(pick: (item: Due, at: number) => T) => due.map(pick);
  const texts = of(({ body }) => (roots.length === 0 ? JSON.stringify(body) : null));
  const outlines = of(({ body }) => JSON.stringify(outlineOf(body)));
  const rows = await tx.all(sql<{ id: string }>`
    with due as (
      select due.* from unnest(${of(({ nodeId }) => nodeId)}::text[], ${of((item) => item.generation)}::bigint[],
        ${of(({ digest }) => digest)}::text[], ${of((item) => item.afterRevision)}::bigint[], ${texts}::text[],
        ${of((_, at) => roots[at] ?? null)}::text[], ${outlines}::text[])
        as due (id, generation, digest, after_revision, body, root, outline) join nodes using (id)
    ), history as (
      insert into publications (node_id, generation, digest, revision, after_revision, body, root, compiler, process)
      select id, generation, digest, ${revision}, after_revision, body::json, decode(root, 'hex'), ${compiler}, ${process} from due
    )
    insert into desired (node_id, generation, digest, revision, compiled_revision, compiled_observed, body, root, outline, compiler, process)
    select id, generation, digest, ${revision}, ${revision}, ${observed}, body::json, decode(root, 'hex'), outline::json,
      ${compiler}, ${process} from due
    on conflict (node_id) do update set generation = excluded.generation, digest = excluded.digest,
      revision = excluded.revision, compiled_revision = excluded.compiled_revision, compiled_observed = excluded.compiled_observed,
      body = excluded.body, root = excluded.root, outline = excluded.outline, compiler = excluded.compiler, process = excluded.process, published_at = now()
    returning node_id as id`);
  // A whole body may have megabytes. Steady changes publish several times a second, so the limit holds at once, not only after the next purge.
  if (roots.length === 0)
    await tx.run(sql`delete from publications as p using unnest(${of(({ nodeId }) => nodeId)}::text[]) as due (id)
    where p.node_id = due.id and p.generation <= (
      select generation from publications where node_id = due.id order by generation desc offset ${PUBLICATIONS_RETAINED} limit 1)`);
  return rows.map(({ id }) => id);
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

function outlineOf(body: Desired['body']): Desired['body'] {
  const services = Object.entries(body.services).map(([name, part]) => [
    name,
    { desired: part.desired && {}, restart: part.restart },
  ]);
  return { services: Object.fromEntries(services) };
}

const lost = (why: string): PublishResult => ({ kind: 'lost', why });

function nameOf(row: Pick<Version, 'service' | 'key'>): string {
  return `${row.service} ${row.key}`;
}

const isSame = (a: Version | undefined, b: Version): boolean => a?.digest === b.digest && a.version === b.version;
