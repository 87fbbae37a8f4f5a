import type { WhatIfEvent } from '../../../contract/cluster/what-if.ts';

/** For how long something is out, ms; `mostMs` null: until the node is back. */
export type Range = { readonly leastMs: number; readonly mostMs: number | null; readonly why: string };

const NONE: Range = { leastMs: 0, mostMs: 0, why: 'nothing of it is on this node' };

/**
 * Every figure of the model. Measured: whole hosts in a lab of three region nodes on one machine of two cores, through the floating address,
 * every 50 ms (ha/README.md: `host-kill-*`, `net-cut-*`, `planned-*`). The prototype: an earlier lab of the same shape. Bound: not measured
 * apart; the limit of the drill of that hazard. Other hardware, other links and load have other figures.
 */
export const RANGES = {
  none: NONE,
  untilBack: { leastMs: 0, mostMs: null, why: 'nobody else can take it over' },
  /** The keeper's lease of 2 s, then the promotion. */
  primaryReleased: {
    leastMs: 2_700,
    mostMs: 5_000,
    why: 'measured: the keeper ends its term after 2 s, then a standby is promoted; the most where etcd elects too',
  },
  /** No keeper vouches for it. Patroni's lease of 20 s, then the promotion: 24 s for a death, 26 s for a cut. */
  primaryGone: {
    leastMs: 20_000,
    mostMs: 26_000,
    why: "measured: Patroni's lease of 20 s ends, then a standby is promoted",
  },
  /** 1.9 s for a switchover; 3.3 s if the request comes while the third node sleeps for 2 s. */
  primaryHanded: {
    leastMs: 1_900,
    mostMs: 3_300,
    why: 'measured for a switchover, 3.3 s in a prototype; a drain was not measured apart',
  },
  /** Each commit waits for both standbys: `wal_sender_timeout` of 3 s, then /sync is rewritten. 4.5 s at most. */
  standbyGoneWrites: {
    leastMs: 3_300,
    mostMs: 4_500,
    why: 'commits wait until the lost standby is given up: 4.5 s measured, the least in a prototype',
  },
  /** A replica in order that no commit waits for. */
  looseStandby: { leastMs: 0, mostMs: 2_000, why: "the drill's bound: no commit waits for this node" },
  reads: { leastMs: 0, mostMs: 2_000, why: "the drill's bound: calls to it that were in flight are sent again" },
  /** Nine adverts of 0.1 s are missed, and the skew of the priority. */
  vipGone: { leastMs: 600, mostMs: 1_000, why: 'measured: nine adverts of 0.1 s are missed' },
  /** 0.05 to 0.13 s, and 0.15 s before in which new connections wait; the target is 0.3 s. */
  vipHanded: {
    leastMs: 100,
    mostMs: 300,
    why: '0.13 s measured for a move, the most is its target; a call that starts at that moment waits for a second',
  },
  /** With two resolvers configured no lookup failed; a client waits for the first one, then asks the next. */
  lookup: { leastMs: 0, mostMs: 2_000, why: "the drills' bound: a client with two resolvers queries the next one" },
  /** A rack that is cut off from the regions, not from its VLAN. */
  ledger: { leastMs: 0, mostMs: 0, why: 'the rack serves on from its ledger' },
  /** Two racks with real Kea (ha/dhcp/README.md: the primary's host dies, or is cut from all); the target is 3 s. */
  rackTaken: {
    leastMs: 1_800,
    mostMs: 3_000,
    why: 'measured: 2 s until the secondary rack serves, the most is its target; leases that are held go on',
  },
  /** The same table: the primary is drained by an operator. */
  rackDrained: {
    leastMs: 900,
    mostMs: 1_200,
    why: 'measured: the rack ends its Kea before its partner serves; leases that are held go on',
  },
  /** The same table: the standby's host dies, or both are cut from each other. */
  rackUnaffected: { leastMs: 0, mostMs: 1_000, why: 'measured: the rack that serves waits up to 1 s for its partner' },
} as const satisfies Record<string, Range>;

/** The ranges of one event, where death and cut differ from what is planned. `isArmed`: the keeper vouches for the primary. */
export function rangesOf(event: WhatIfEvent, isArmed: boolean) {
  const isPlanned = event === 'drains';
  return {
    primary: isPlanned ? RANGES.primaryHanded : isArmed ? RANGES.primaryReleased : RANGES.primaryGone,
    standbyWrites: isPlanned ? RANGES.none : RANGES.standbyGoneWrites,
    vip: isPlanned ? RANGES.vipHanded : RANGES.vipGone,
  };
}

/** The longer of two, by its end. */
export function longer(a: Range, b: Range): Range {
  const end = ({ mostMs }: Range) => mostMs ?? Number.POSITIVE_INFINITY;
  const [long, short] = end(b) > end(a) ? [b, a] : [a, b];
  return { ...long, leastMs: Math.max(long.leastMs, short.mostMs === null ? 0 : short.leastMs) };
}
