import { type RawBuilder, sql } from 'kysely';
import type { Desired } from '../../contract/cluster/agent.ts';
import type { DesiredParts } from '../../contract/cluster/desired-parts.ts';
import type { BodyPart, PartText, PartTexts } from '../../contract/base/wire/body-parts.ts';
import { createJoiner, createSplitter, namesOf } from '../../contract/base/wire/body-parts.ts';
import { AppError } from '../../core/errors.ts';
import type { Feature } from '../../model/cluster/cluster.ts';
import { SEALED } from '../queries/base/sealing.ts';
import type { Tx } from '../tx.ts';
import { type HeldState, PUBLICATIONS_RETAINED } from './held.ts';
import { openPart, openParts, type PartRow, sealParts } from './sealed-parts.ts';

/** A row with a body: whole, as earlier releases wrote it, or the root of its parts. */
export type StoredBody = { readonly body: Desired['body'] | null; readonly root: string | null };

/** Columns of `StoredBody` in a row of `desired` or `publications`. */
export const BODY_COLUMNS = sql`body, encode(root, 'hex') as root`;

/** Digests of all parts that these roots reach: a common table expression `named (digest)`. `roots`: a query of one column. */
function named(roots: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`recursive named (digest) as (${roots}
    union select unnest(p.names) from named n join body_parts p on p.digest = n.digest)`;
}

/** Content of a row's part. Each is read by its key (`offset 0`); otherwise the planner would read all parts. */
function contentOf(row: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`lateral (select content from body_parts where digest = ${row}.digest offset 0)`;
}

/** How often the moment of a part in use is noted again; a part goes that much later than the publications that name it. */
const NOTED_EVERY = sql`interval '1 hour'`;
/** A publisher's transaction may be so much older than its commit. */
const PUBLISHING_MOST = sql`interval '10 minutes'`;

/**
 * Notes that parts are in use now: those of each node's newest publications, and of all that were published since the last purge. So a part of a publication
 * was noted later than that publication was made.
 */
export async function noteNamedParts(tx: Tx): Promise<void> {
  const roots = sql`select root from desired where root is not null
    union select p.root from nodes n cross join lateral (
      select root from publications where node_id = n.id order by generation desc limit ${PUBLICATIONS_RETAINED}) p where p.root is not null
    union select root from publications where root is not null
      and published_at > (select last_ran from chores where name = 'purge') - ${PUBLISHING_MOST}`;
  // Far fewer parts are read than the plan guesses. JIT compilation would take longer.
  await tx.run(sql`set local jit = off`);
  await tx.run(sql`with ${named(roots)} update body_parts p set named_at = now() from named n
    where p.digest = n.digest and p.named_at < now() - ${NOTED_EVERY}`);
}

/** Parts that no stored publication names: `oldest` is the time of the oldest one that stays for its age. Call `noteNamedParts` first. */
export function unnamedSince(oldest: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`named_at < ${oldest} - ${NOTED_EVERY} and not exists (select from desired where root = body_parts.digest)
    and not exists (select from publications where root = body_parts.digest)`;
}

/**
 * Waits for a running publisher. Others wait for the end of this transaction. `compiler`: the version that publishes, '' for none yet. `isByParts`:
 * bodies are stored by parts; a region of an earlier release can read only whole ones.
 */
export async function lockPublishers(tx: Tx): Promise<PublisherGate> {
  const feature: Feature = 'parts';
  const gate = await tx.one(sql<PublisherGate>`
    select value as compiler, exists (select from features where name in (${feature}, ${SEALED})) as "isByParts",
      exists (select from features where name = ${SEALED}) as "isSealing"
    from gates where name = 'compiler' for no key update of gates`);
  return gate ?? { compiler: '', isByParts: false, isSealing: false };
}

/** What a publisher goes by. `isSealing`: parts with a secret are stored sealed, and no body whole. */
export type PublisherGate = { readonly compiler: string; readonly isByParts: boolean; readonly isSealing: boolean };

/**
 * Stores the new parts of these bodies and gives their roots in the same order. A row that names them must follow in this transaction. Parts in
 * `known` are read from it, not sent. Afterwards `known` also holds these parts, so that the next reading only reads what others publish. Parts that hold one
 * of `secrets` are stored sealed.
 */
export async function storeBodies(
  tx: Tx,
  bodies: readonly Desired['body'][],
  known: KnownParts = new Map(),
  secrets: readonly string[] = [],
): Promise<readonly string[]> {
  const { parts, split } = createSplitter();
  const roots = bodies.map(split);
  const [old, fresh] = [new Map<string, PartText>(), new Map<string, PartText>()];
  for (const [digest, part] of parts) (known.has(digest) ? old : fresh).set(digest, part);
  const there = await insertParts(tx, await sealParts(tx, fresh, secrets), [...old.keys()]);
  // Read in a transaction that was undone, or purged since.
  if (there < old.size) await insertParts(tx, await sealParts(tx, old, secrets), []);
  for (const [digest, { text }] of fresh) known.set(digest, JSON.parse(text) as BodyPart);
  return roots;
}

/** One statement, because each costs a round trip. Gives how many of `others` are stored. */
async function insertParts(tx: Tx, parts: PartTexts, others: readonly string[]): Promise<number> {
  const list = [...parts];
  const texts = list.map(([, { text }]) => text);
  const names = list.map(([, part]) => part.names.join(','));
  const row = await tx.one(sql<{ there: number }>`with fresh as (
      insert into body_parts (digest, content, names)
      select decode(digest, 'hex'), content::json,
        array(select decode(name, 'hex') from unnest(string_to_array(names, ',')) as name)
      from unnest(${list.map(([digest]) => digest)}::text[], ${texts}::text[], ${names}::text[]) as fresh (digest, content, names)
      on conflict (digest) do nothing
    )
    select count(*)::int as there from unnest(${[...others]}::text[]) as other (digest)
      join body_parts p on p.digest = decode(other.digest, 'hex')`);
  return row?.there ?? 0;
}

/** Parts by digest that a reader keeps between readings. A digest always means the same content. */
export type KnownParts = Map<string, BodyPart>;

/**
 * Puts the bodies of rows together. Rows that name the same part share its content, so nobody may change it. It reads only parts that are not in
 * `known`. Afterwards `known` holds exactly the parts of these bodies. A row with a part that another authority sealed is left out.
 */
export async function joinBodies<R extends StoredBody>(
  tx: Tx,
  rows: readonly R[],
  known: KnownParts = new Map(),
): Promise<(Omit<R, 'root' | 'body'> & Pick<Desired, 'body'>)[]> {
  const closed = await readParts(
    tx,
    rows.flatMap(({ root }) => root ?? []),
    known,
  );
  const join = createJoiner((digest) => known.get(digest));
  return rows.flatMap(({ root, body, ...row }) => {
    const whole = body ?? bodyOf(root, join, closed);
    return whole === null ? [] : [{ ...row, body: whole }];
  });
}

/** Null: a part of it does not open. */
function bodyOf(
  root: string | null,
  join: ReturnType<typeof createJoiner>,
  closed: ReadonlySet<string>,
): Desired['body'] | null {
  const joined = root === null ? null : join(root);
  if (joined?.kind === 'missing' && joined.digests.some((digest) => closed.has(digest))) return null;
  // Within one moment no part is missing. The next reading is of another moment.
  if (joined?.kind !== 'whole') throw new AppError('database', 'parts of a published body are not there');
  return joined.body as Desired['body'];
}

/** Gives the digests of parts that do not open. Reads level by level, each in one statement. A recursive statement would also read known parts, and its plan is a guess. */
async function readParts(tx: Tx, roots: readonly string[], known: KnownParts): Promise<ReadonlySet<string>> {
  const closed = new Set<string>();
  const reached = new Set<string>();
  let level = new Set(roots);
  while (level.size > 0) {
    const unknown = [...level].filter((digest) => !known.has(digest));
    const rows =
      unknown.length === 0
        ? []
        : await tx.all(sql<{ digest: string; content: PartRow }>`
            select encode(p.digest, 'hex') as digest, p.content from body_parts p
            where p.digest = any(array(select decode(digest, 'hex') from unnest(${unknown}::text[]) as digest))`);
    for (const { digest, content } of rows) {
      const part = await openPart(tx, digest, content);
      if (part === null) closed.add(digest);
      else known.set(digest, part);
    }
    for (const digest of level) reached.add(digest);
    const names = [...level].flatMap((digest) => namesOf(known.get(digest)));
    level = new Set(names.filter((digest) => !reached.has(digest)));
  }
  for (const digest of known.keys()) if (!reached.has(digest)) known.delete(digest);
  return closed;
}

/**
 * The published state of a node, with only those parts that the agent's generation does not have. Null: the parts of that generation, or of the
 * published one, are unknown; then the body goes whole. One statement, so it sees one moment.
 */
export async function readDesiredParts(tx: Tx, nodeId: string, held: HeldState): Promise<DesiredParts | null> {
  const row = await tx.one(sql<Omit<DesiredParts, 'parts'> & { parts: Record<string, PartRow> | null }>`
    with recursive head as (
      select node_id, generation, digest, revision, root from desired where node_id = ${nodeId} and root is not null
    ), had (digest) as (
      select root from publications
        where node_id = ${nodeId} and generation = ${held.generation} and digest = ${held.digest} and root is not null
      union select unnest(p.names) from had h join body_parts p on p.digest = h.digest
    ), wanted (digest) as (
      select root from head where root not in (select digest from had)
      union select name from (
        select unnest(p.names) as name from wanted w join body_parts p on p.digest = w.digest
      ) as inner_parts where name not in (select digest from had)
    )
    select node_id as "nodeId", generation, digest, revision, encode(root, 'hex') as root, (
      select json_object_agg(encode(w.digest, 'hex'), p.content) from wanted w, ${contentOf(sql`w`)} p
    ) as parts from head where exists (select from had)`);
  return row && { ...row, parts: await openParts(tx, row.parts) };
}

/** These parts, if the node's published state names them. A node reads no other node's parts. */
export async function readOwnParts(
  tx: Tx,
  nodeId: string,
  digests: readonly string[],
): Promise<Readonly<Record<string, BodyPart>>> {
  const row = await tx.one(sql<{ parts: Record<string, PartRow> | null }>`
    with ${named(sql`select root from desired where node_id = ${nodeId} and root is not null`)}
    select json_object_agg(encode(n.digest, 'hex'), p.content) as parts from named n, ${contentOf(sql`n`)} p
    where n.digest in (select decode(requested, 'hex') from unnest(${[...digests]}::text[]) as requested)`);
  return await openParts(tx, row?.parts ?? null);
}
