/**
 * A member of the database's cluster, as Patroni reports it. `role`: leader, sync_standby, replica, …; `lagBytes` null:
 * not known.
 */
export interface PatroniMember {
  readonly name: string;
  readonly role: string;
  readonly state: string;
  readonly lagBytes: number | null;
}

/** The database's cluster as etcd has it. `leader` null: nobody leads just now. */
export interface PatroniState {
  readonly leader: string | null;
  readonly isPaused: boolean;
  readonly members: readonly PatroniMember[];
}

/**
 * Patroni's answer to an order. `refused`: nothing started; `doubtful`: perhaps something did, query who leads. `why`:
 * its own message.
 */
export type PatroniAnswer = { readonly kind: 'done' | 'refused' | 'doubtful'; readonly why: string };

/** Patroni of the region nodes, by their main addresses. */
export interface PatroniPort {
  /** The state from the first of these nodes that answers; null: none does. */
  cluster(addresses: readonly string[]): Promise<PatroniState | null>;
  /**
   * Asks the Patroni at `address` to hand the database from `leader` to `candidate` (null: to any synchronous standby), unless another one leads
   * by now; waits for the outcome.
   */
  switchover(
    address: string,
    change: { readonly leader: string; readonly candidate: string | null },
    signal: AbortSignal,
  ): Promise<PatroniAnswer>;
}

/** The most standbys that a commit waits for (`synchronous_node_count`). */
export const SYNCHRONOUS = 2;

/** Standbys that may lead next: a commit waits for them and they stream; the nearest first. */
export function heirsOfDatabase(state: PatroniState, avoid: readonly string[]): readonly string[] {
  return state.members
    .filter(
      ({ name, role, state: memberState }) => isAwaited(role) && memberState === 'streaming' && !avoid.includes(name),
    )
    .toSorted((a, b) => (a.lagBytes ?? Infinity) - (b.lagBytes ?? Infinity) || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

/** Does a commit wait for a member of this role? */
export const isAwaited = (role: string): boolean => role === 'sync_standby';
