import { sql } from 'kysely';
import type { Tx } from '../tx.ts';

/** The generation and digest that an agent reports; 0 and '' for none. */
export type HeldState = { readonly generation: number; readonly digest: string };

/** The newest publications of a node stay whatever their age. */
export const PUBLICATIONS_RETAINED = 50;

/**
 * How far an agent's generation may be above the last known one. A restored database lacks publications, thousands at most; a broken agent must not
 * use the numbers up.
 */
export const HELD_AHEAD_MAX = 1_000_000;

/** Generation of the next publication: above the last one and above the agent's, if that is plausible. */
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

/** The published state of a node, without its body, and the agent's state as the database remembers it. */
export interface Holding {
  readonly head: HeldState | null;
  readonly held: HeldState | null;
  /** The published revision; 0: nothing is published. */
  readonly revision: number;
}

/** Reads both in one statement, fit for `autocommitRead`: a hundred waiting pulls read at each wake. */
export async function readHolding(tx: Tx, nodeId: string): Promise<Holding> {
  return (await readHoldings(tx, [nodeId])).get(nodeId) ?? { head: null, held: null, revision: 0 };
}

/** As `readHolding`, of several nodes. */
export async function readHoldings(tx: Tx, nodeIds: readonly string[]): Promise<ReadonlyMap<string, Holding>> {
  const rows = await tx.all(sql<HoldingRow>`
    select n.id, d.generation as "headGeneration", d.digest as "headDigest", d.revision,
      h.generation as "heldGeneration", h.digest as "heldDigest"
    from unnest(${[...nodeIds]}::text[]) as n (id) left join desired d on d.node_id = n.id left join held h on h.node_id = n.id`);
  const stateOf = (generation: number | null, digest: string | null) =>
    generation === null || digest === null ? null : { generation, digest };
  return new Map(
    rows.map(({ id, headGeneration, headDigest, heldGeneration, heldDigest, revision }) => [
      id,
      { head: stateOf(headGeneration, headDigest), held: stateOf(heldGeneration, heldDigest), revision: revision ?? 0 },
    ]),
  );
}

type HoldingRow = { readonly id: string; readonly revision: number | null } & Record<
  'headGeneration' | 'heldGeneration',
  number | null
> &
  Record<'headDigest' | 'heldDigest', string | null>;

/** The agent's state is not the published one, and will not be: a publication is due (wake the task). */
export function isPublicationDue(head: HeldState | null, held: HeldState): boolean {
  return head === null || needsGeneration(head, head.digest, held);
}

/** Stores what an agent holds. True: a publication is due (`isPublicationDue`). */
export async function recordHeld(tx: Tx, nodeId: string, held: HeldState): Promise<boolean> {
  await tx.run(sql`insert into held as h (node_id, generation, digest) values (${nodeId}, ${held.generation}, ${held.digest})
    on conflict (node_id) do update set generation = excluded.generation, digest = excluded.digest, reported_at = now()
    where h.generation <> excluded.generation or h.digest <> excluded.digest`);
  return isPublicationDue((await readHolding(tx, nodeId)).head, held);
}
