import { level, type Move } from './balance.ts';
import { type Draft, keepsLeases, lineOf, type PairingLine, settle } from './draft.ts';
import { candidatesOf, type PairingRack, type PairingSite } from './site.ts';

/**
 * `stays`: VLANs whose pair is good. `left`: those for which nothing better is to be had now, and why. `limit`: of how many VLANs a rack should be
 * primary rack at most.
 */
export interface PairingPlan {
  readonly changes: readonly PairingLine[];
  readonly stays: readonly number[];
  readonly left: readonly { readonly vlan: number; readonly why: string }[];
  readonly limit: number;
}

/** Everything that is decided so far. `primaries`, `secondaries`: roles of each rack. */
interface PairingWork {
  readonly racks: readonly PairingRack[];
  readonly drafts: readonly Draft[];
  readonly primaries: number[];
  readonly secondaries: number[];
}

/** A change of a VLAN that changes anyhow costs nothing more; a swap of its two racks less than another rack. */
const COST = { changing: 0, swap: 1, other: 2 } as const;

/**
 * Plans a primary and a secondary rack for every VLAN. A good pair stays; a rack that cannot serve is replaced where another one can; then no rack has
 * more than its share of either role and one more, where that can be had, and the fewest VLANs move for it. While clients hold leases, one of the
 * racks that know of them stays in the pair. The same for the same site. Reasons are sentences without a full stop.
 */
export function planPairs(site: PairingSite): PairingPlan {
  let plan = planOnce(site);
  // A rack that is free of one VLAN may have an interface for another: the plan treats it as if it had one.
  for (let turn = 0; turn < TURNS_MAX; turn += 1) {
    const next = planOnce(withPlan(site, plan)).changes.filter(({ vlan }) => hasNoLeases(site, vlan));
    if (next.length === 0) break;
    plan = joined(site, plan, next);
  }
  return plan;
}

const TURNS_MAX = 4;

/** The site as if a plan had been applied. */
export function withPlan({ racks, vlans }: PairingSite, { changes }: Pick<PairingPlan, 'changes'>): PairingSite {
  const after = new Map(changes.map((line) => [line.vlan, line.after]));
  return {
    racks,
    vlans: vlans.map((one) => {
      const pair = after.get(one.id);
      return pair ? { ...one, pair, chosen: pair.primary === null ? one.chosen : null } : one;
    }),
  };
}

function hasNoLeases({ vlans }: PairingSite, vlan: number): boolean {
  return vlans.some((one) => one.id === vlan && one.leases === 0);
}

/** One plan of two that follow each other. What comes back to where it was is no change. */
function joined(site: PairingSite, plan: PairingPlan, next: readonly PairingLine[]): PairingPlan {
  const lines = new Map(plan.changes.map((line) => [line.vlan, line]));
  for (const line of next) {
    const first = lines.get(line.vlan);
    const before = first?.before ?? line.before;
    const isBack = before.primary === line.after.primary && before.secondary === line.after.secondary;
    if (isBack) lines.delete(line.vlan);
    else lines.set(line.vlan, { ...line, before, reasons: [...new Set([...(first?.reasons ?? []), ...line.reasons])] });
  }
  const left = plan.left.filter(({ vlan }) => !lines.has(vlan));
  const isLeft = (id: number) => left.some(({ vlan }) => vlan === id);
  return {
    ...plan,
    changes: [...lines.values()].sort((a, b) => a.vlan - b.vlan),
    stays: site.vlans.map(({ id }) => id).filter((id) => !lines.has(id) && !isLeft(id)),
    left,
  };
}

function planOnce(site: PairingSite): PairingPlan {
  const { racks } = site;
  const all = candidatesOf(site);
  const settled = all.map((one) => settle(one, racks));
  const drafts = settled.flatMap((one) => (one.kind === 'draft' ? [one.draft] : []));
  const work: PairingWork = { racks, drafts, primaries: racks.map(() => 0), secondaries: racks.map(() => 0) };
  for (const one of settled) add(work.primaries, one.kind === 'draft' ? one.draft.primary : one.primary);
  const able = new Set(all.flatMap(({ usable }) => usable)).size;
  const shareOf = (count: number) => Math.ceil(count / Math.max(1, able));
  const served = settled.filter((one) => one.kind === 'draft' || one.primary >= 0).length;
  fillPrimaries(work);
  level(work.primaries, shareOf(served) + 1, (rack) => primaryMoves(work, rack, shareOf(served) + 1));
  for (const draft of drafts) add(work.secondaries, draft.secondary);
  fillSecondaries(work, shareOf(drafts.length));
  level(work.secondaries, shareOf(drafts.length) + 1, (rack) => secondaryMoves(work, rack, shareOf(drafts.length) + 1));
  const lines = settled.flatMap((one) =>
    one.kind === 'draft' ? [lineOf(one.draft, racks)] : one.kind === 'single' ? [one.line] : [],
  );
  return {
    changes: lines.filter(({ reasons }) => reasons.length > 0),
    stays: lines.filter(({ reasons }) => reasons.length === 0).map(({ vlan }) => vlan),
    left: settled.flatMap((one) => (one.kind === 'left' ? [{ vlan: one.vlan, why: one.why }] : [])),
    limit: shareOf(served) + 1,
  };
}

/** A VLAN with few racks to choose from chooses first. */
function bySpace(drafts: readonly Draft[]): Draft[] {
  return drafts.toSorted((a, b) => a.usable.length - b.usable.length || a.vlan.id - b.vlan.id);
}

function fillPrimaries({ drafts, primaries }: PairingWork): void {
  for (const draft of bySpace(drafts.filter(({ primary }) => primary < 0))) {
    const chosen = draft.placeOf(draft.vlan.chosen);
    draft.primary = least(draft.usable, (rack) => [primaries[rack] ?? 0, rack === chosen ? 0 : 1, rack]);
    add(primaries, draft.primary);
  }
}

/**
 * A pair of racks in one direction is one Kea instance on both: a primary rack has one secondary rack for all of its VLANs, as long as that one has no
 * more than its share.
 */
function fillSecondaries({ drafts, racks, secondaries }: PairingWork, share: number): void {
  const pairs = new Set(drafts.map(({ primary, secondary }) => `${primary} ${secondary}`));
  for (const draft of bySpace(drafts.filter(({ secondary }) => secondary < 0))) {
    const { primary } = draft;
    const able = draft.usable.filter((rack) => rack !== primary && keepsLeases(draft, [primary, rack]));
    const rank = (rack: number) => {
      const count = secondaries[rack] ?? 0;
      const isPartner = count < share && pairs.has(`${primary} ${rack}`);
      return [isPartner ? 0 : 1, count, (rack - primary + racks.length) % racks.length];
    };
    draft.secondary = least(able, rank);
    pairs.add(`${primary} ${draft.secondary}`);
    add(secondaries, draft.secondary);
  }
}

function primaryMoves({ drafts, racks }: PairingWork, rack: number, limit: number): Move[] {
  return drafts
    .filter(({ primary }) => primary === rack)
    .flatMap((draft) =>
      draft.usable
        .filter((to) => to !== rack)
        .map((to): Move => {
          const isSwap = to === draft.secondary;
          const make = () => {
            draft.primary = to;
            // The racks that know of the leases: this one, where neither of the others is one.
            if (isSwap || (draft.secondary >= 0 && !keepsLeases(draft, [to, draft.secondary]))) draft.secondary = rack;
            draft.reasons.push(`${racks[rack]?.name} would be primary rack of more than ${limit} VLANs`);
          };
          return { to, cost: costOf(draft, isSwap), make };
        }),
    );
}

function secondaryMoves({ drafts, racks }: PairingWork, rack: number, limit: number): Move[] {
  return drafts
    .filter(({ secondary }) => secondary === rack)
    .flatMap((draft) =>
      draft.usable
        .filter((to) => to !== rack && to !== draft.primary && keepsLeases(draft, [draft.primary, to]))
        .map((to): Move => {
          const make = () => {
            draft.secondary = to;
            draft.reasons.push(`${racks[rack]?.name} would be secondary rack of more than ${limit} VLANs`);
          };
          return { to, cost: costOf(draft, false), make };
        }),
    );
}

function costOf(draft: Draft, isSwap: boolean): number {
  if (draft.reasons.length > 0) return COST.changing;
  return isSwap ? COST.swap : COST.other;
}

/** The first by its rank, compared number by number. */
function least(racks: readonly number[], rank: (rack: number) => readonly number[]): number {
  let best = -1;
  let bestRank: readonly number[] = [];
  for (const rack of racks) {
    const own = rank(rack);
    const at = own.findIndex((value, place) => value !== bestRank[place]);
    if (best < 0 || (at >= 0 && (own[at] ?? 0) < (bestRank[at] ?? 0))) [best, bestRank] = [rack, own];
  }
  return best;
}

function add(counts: number[], rack: number): void {
  if (rack >= 0) counts[rack] = (counts[rack] ?? 0) + 1;
}
