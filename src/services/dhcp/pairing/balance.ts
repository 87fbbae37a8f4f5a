/** A change of one VLAN by which a rack has one role less and another one more. Of several between the same two racks the one of the least `cost` is made. */
export interface Move {
  readonly to: number;
  readonly cost: number;
  make(): void;
}

/**
 * Makes moves until no rack has more roles than `limit`, or none can be relieved any more: along the shortest chain of moves to a rack that has room
 * (augmenting paths: no fewer racks stay above the limit by any other choice). `counts`: roles of each rack, always current. `movesFrom` names the
 * moves away from a rack; it is called again after each chain.
 */
export function level(counts: number[], limit: number, movesFrom: (rack: number) => readonly Move[]): void {
  for (const rack of counts.keys()) {
    while ((counts[rack] ?? 0) > limit) {
      const chain = chainFrom(rack, (to) => (counts[to] ?? 0) < limit, movesFrom);
      if (chain === null) break;
      for (const move of chain) move.make();
      counts[rack] = (counts[rack] ?? 0) - 1;
      const end = chain.at(-1)?.to ?? rack;
      counts[end] = (counts[end] ?? 0) + 1;
    }
  }
}

function chainFrom(
  start: number,
  hasRoom: (rack: number) => boolean,
  movesFrom: (rack: number) => readonly Move[],
): Move[] | null {
  const cameBy = new Map<number, { readonly from: number; readonly move: Move }>();
  const queue = [start];
  for (const from of queue) {
    for (const move of bestOf(movesFrom(from))) {
      if (move.to === start || cameBy.has(move.to)) continue;
      cameBy.set(move.to, { from, move });
      if (hasRoom(move.to)) return backFrom(move.to, cameBy);
      queue.push(move.to);
    }
  }
  return null;
}

function backFrom(end: number, cameBy: ReadonlyMap<number, { readonly from: number; readonly move: Move }>): Move[] {
  const chain: Move[] = [];
  for (let step = cameBy.get(end); step !== undefined; step = cameBy.get(step.from)) chain.unshift(step.move);
  return chain;
}

/** The cheapest to each rack, the cheapest of all first. */
function bestOf(moves: readonly Move[]): Move[] {
  const best = new Map<number, Move>();
  for (const move of moves) {
    const known = best.get(move.to);
    if (known === undefined || move.cost < known.cost) best.set(move.to, move);
  }
  return [...best.values()].sort((a, b) => a.cost - b.cost || a.to - b.to);
}
