/** What the health program has seen. Times are milliseconds of the host's monotonic clock; null: never. */
export interface HealthInputs {
  readonly now: number;
  /** This node. */
  readonly name: string;
  /** The region nodes of the cluster, this one too. */
  readonly regions: number;
  readonly isMember: boolean;
  /** An operator has drained this node. */
  readonly isDrained: boolean;
  readonly isHolder: boolean;
  /** How long this node has held the address; null: it does not. */
  readonly heldMs: number | null;
  /** Its cluster was recovered without this node (`ha/epoch`). Left out: it was not. */
  readonly isOver?: boolean;
  /** An operator wants the address elsewhere. */
  readonly isReleased: boolean;
  /** Its haproxy is silent, or sees no region, and has waited for a processor most of the time since then. */
  readonly isStarved: boolean;
  /** Last answer of this host's haproxy; `isRefused`: since then nobody listens there. */
  readonly proxy: { readonly answeredAt: number | null; readonly isRefused: boolean };
  /** When the last question was sent that a regiond has answered through that haproxy. */
  readonly regionAt: number | null;
  /** When the last question was sent that etcd answered with its majority. */
  readonly etcdAt: number | null;
  /** Other region nodes: when we sent the last message that each has answered, and what it says of itself. */
  readonly peers: readonly {
    readonly name: string;
    readonly seenAt: number;
    /** Another node that holds the address, as this peer hears it from that node itself. Null: none. */
    readonly holder: string | null;
    readonly hasEtcd: boolean;
    readonly seesRegion: boolean;
    /** The node may hold the address, can take it over, and is not drained. */
    readonly canTake: boolean;
  }[];
}

/** May this node hold the floating address, and why (not). */
export interface Verdict {
  readonly isFit: boolean;
  readonly why: string;
  /** Only an operator's request is against it. */
  readonly isPlanned?: true;
}

/**
 * Proof of a majority is valid for so long. Another node takes over 0.8 s after a cut at the earliest, so a holder that is cut off has released the
 * address before.
 */
export const MAJORITY_MS = 600;
const PROXY_MS = 2000;
const REGION_MS = 3000;
/**
 * A node that has just taken the address has also got all connections, and may be slow only for that reason. The next node would be as slow. So for
 * `FRESH_MS` after a move only silence longer than `LOADED_MS` counts. The time is not longer, because a haproxy that hangs 12 s after a move is not
 * slow: with 20 s here it cost 8 s of calls.
 */
const FRESH_MS = 10_000;
const LOADED_MS = 10_000;
/**
 * A haproxy without a processor does not hang: it serves late, and its checks of regions are also late. On hosts that
 * were all full the address moved every ten seconds; each move cut every call, and the repeated calls kept the hosts
 * full. If something else takes every processor of a host, the host releases the address when nothing at all has come
 * for so long.
 */
const STARVED_MS = 30_000;
/** An election of etcd, or its restart on one node, is no reason to move. */
const ETCD_GRACE_MS = 5000;
/**
 * Beacons go out ten times a second. A node does not report a holder whose beacons it has not received itself for so long. Listeners wait longer, as long as
 * proof of a majority is valid: by then nobody reports a dead holder.
 */
const HOLDER_MS = 400;
/** After a split has healed the lower priority steps back within a few adverts. */
const BOTH_MS = 800;

/** Decides. If a majority is in doubt, the answer is no. If nothing would be better elsewhere, the holder keeps the address. */
export function decide(inputs: HealthInputs): Verdict {
  const verdict = judgeOwn(inputs);
  if (verdict.isFit && inputs.isReleased)
    return { ...no('an operator has released it (/run/regent-vip/released)'), isPlanned: true };
  return verdict;
}

function judgeOwn(inputs: HealthInputs): Verdict {
  if (inputs.isOver === true) return no('the cluster was recovered without this node: its epoch has ended');
  if (!inputs.isMember) return no('this node is still joining');
  if (inputs.proxy.isRefused) return no('haproxy does not listen on this host');
  const peers = inputs.peers.filter((peer) => isFresh(inputs, peer.seenAt, MAJORITY_MS));
  const service = judgeService(inputs, peers);
  if (!service.isFit) return service;
  const majority = judgeMajority(inputs, peers);
  if (!majority.isFit) return majority;
  const far = farHolder(inputs, peers);
  if (far) return no(`${far.name} hears ${far.holder} as holder of the address, but this node does not`);
  // The last node that can serve keeps the address, drained or not.
  if (inputs.isDrained && peers.some((peer) => peer.canTake))
    return { ...no('this node was drained, and another node can hold the address'), isPlanned: true };
  return { isFit: true, why: `${service.why}; ${majority.why}` };
}

/** The node among these that has just reported that it holds the address. */
export function findHolder(now: number, peers: Superseding['peers']): string | null {
  return peers.find((peer) => peer.heldMs !== null && now - peer.seenAt <= HOLDER_MS)?.name ?? null;
}

/**
 * A third node reaches both of two nodes that do not reach each other. Without its report each of the two would be a holder. While the holder's
 * messages come here directly, only its adverts and its own messages count.
 */
function farHolder(
  { now, name, isHolder, peers: all }: HealthInputs,
  peers: HealthInputs['peers'],
): HealthInputs['peers'][number] | null {
  if (isHolder) return null;
  const isNear = (other: string) => all.some((peer) => peer.name === other && now - peer.seenAt <= MAJORITY_MS);
  return peers.find(({ holder }) => holder !== null && holder !== name && !isNear(holder)) ?? null;
}

/**
 * Has another node taken the address while this one still has it? Then the keepalived of this node is frozen or deaf: the latest holder is the right
 * one. In every move both hold it for a moment.
 */
export function isSuperseded(inputs: Superseding): boolean {
  const { now, heldMs, peers } = inputs;
  if (heldMs === null || heldMs < BOTH_MS) return false;
  const others = peers.filter((peer) => now - peer.seenAt <= MAJORITY_MS);
  return others.some((peer) => peer.heldMs !== null && peer.heldMs >= BOTH_MS && peer.heldMs < heldMs);
}

/** `heldMs`: how long the address has been held; null: it is not held. */
export interface Superseding {
  readonly now: number;
  readonly heldMs: number | null;
  readonly peers: readonly { readonly name: string; readonly seenAt: number; readonly heldMs: number | null }[];
}

function judgeService(inputs: HealthInputs, peers: HealthInputs['peers']): Verdict {
  const isLoaded = inputs.heldMs !== null && inputs.heldMs < FRESH_MS;
  const limit = (ms: number) => {
    if (inputs.isHolder && inputs.isStarved) return STARVED_MS;
    return isLoaded ? LOADED_MS : ms;
  };
  const { answeredAt } = inputs.proxy;
  if (!isFresh(inputs, answeredAt, limit(PROXY_MS))) {
    // Load makes all of them silent. A slow address is better than none.
    const isLast = inputs.isHolder && answeredAt !== null && !peers.some((peer) => peer.canTake);
    return isLast
      ? yes('haproxy is silent, and no other node can take over')
      : no('haproxy does not answer on this host');
  }
  if (!isFresh(inputs, answeredAt, PROXY_MS))
    return yes(`haproxy is slow, and ${isLoaded ? 'the address has just come here' : 'waits for a processor'}`);
  if (isFresh(inputs, inputs.regionAt, limit(REGION_MS))) return yes('haproxy and a region answer');
  if (peers.some((peer) => peer.seesRegion)) return no('no region answers through the haproxy of this host');
  // No node is well. A move would help nobody, and callers at least learn that they must wait.
  return inputs.isHolder ? yes('haproxy answers, but no node sees a region') : no('no region answers');
}

function judgeMajority(inputs: HealthInputs, peers: HealthInputs['peers']): Verdict {
  if (isFresh(inputs, inputs.etcdAt, MAJORITY_MS)) return yes('etcd answers with its majority');
  const needed = Math.floor(inputs.regions / 2) + 1;
  const seen = peers.length + 1;
  if (seen < needed)
    return no(`etcd does not answer, and ${seen} of ${inputs.regions} region nodes are seen (${needed} needed)`);
  const quorum = `${seen} of ${inputs.regions} region nodes are seen`;
  if (isFresh(inputs, inputs.etcdAt, ETCD_GRACE_MS)) return yes(`etcd paused a moment ago, ${quorum}`);
  if (peers.some((peer) => peer.hasEtcd)) return no('etcd answers other nodes but not this one');
  return inputs.isHolder
    ? yes(`etcd is gone everywhere, ${quorum}`)
    : no('etcd does not answer, and only the holder may keep the address then');
}

function isFresh({ now }: HealthInputs, at: number | null, limitMs: number): boolean {
  return at !== null && now - at <= limitMs;
}

function yes(why: string): Verdict {
  return { isFit: true, why };
}

function no(why: string): Verdict {
  return { isFit: false, why };
}
