import type { Candidates, Pair, PairingRack } from './site.ts';

/** A VLAN that is to have other racks, and why. */
export interface PairingLine {
  readonly vlan: number;
  readonly before: Pair;
  readonly after: Pair;
  readonly reasons: readonly string[];
}

/** A VLAN that can have a pair. Racks by their place in the site's list, -1 for none. */
export interface Draft extends Candidates {
  primary: number;
  secondary: number;
  readonly reasons: string[];
}

/** What is known of a VLAN before any choice: nothing better is to be had; one rack alone can serve it, a new one; it can have a pair. */
export type Settled =
  | { readonly kind: 'left'; readonly vlan: number; readonly why: string; readonly primary: number }
  | { readonly kind: 'single'; readonly line: PairingLine; readonly primary: number }
  | { readonly kind: 'draft'; readonly draft: Draft };

/** Plans one VLAN by itself. Racks of its pair that stay usable remain; a secondary rack takes the place of a primary one that cannot serve. */
export function settle(candidates: Candidates, racks: readonly PairingRack[]): Settled {
  const { vlan, usable, serving } = candidates;
  const faults = faultsOf(candidates);
  const knowing = usable.filter((rack) => serving.includes(rack));
  const left = (why: string): Settled => {
    return { kind: 'left', vlan: vlan.id, why: [...faults, why].join(', '), primary: knowing[0] ?? -1 };
  };
  const [only, second] = usable;
  if (only === undefined) return left('no rack can serve it now');
  if (knowing.length === 0 && vlan.leases > 0) {
    return left(`clients hold leases (${vlan.leases}), and no rack that knows of them can serve it now`);
  }
  if (second !== undefined) return { kind: 'draft', draft: draftOf(candidates, racks, faults) };
  const alone = `only ${racks[only]?.name} can serve it`;
  if (knowing.length > 0) return left(`${alone}, and nobody takes over`);
  const after = { primary: racks[only]?.uuid ?? null, secondary: null };
  return {
    kind: 'single',
    primary: only,
    line: { vlan: vlan.id, before: vlan.pair, after, reasons: [...faults, ...cautionOf(candidates), alone] },
  };
}

function draftOf(candidates: Candidates, racks: readonly PairingRack[], faults: readonly string[]): Draft {
  const { vlan, usable, placeOf } = candidates;
  const { primary, secondary } = vlan.pair;
  const usablePair = [primary, secondary].map(placeOf).filter((rack) => usable.includes(rack));
  const reasons = [...faults, ...cautionOf(candidates)];
  if (primary === null) {
    const name = racks[placeOf(vlan.chosen)]?.name;
    reasons.push(name === undefined ? 'nobody serves it' : `it names no rack, and only ${name} serves it`);
  } else if (secondary === null) reasons.push('it has no secondary rack');
  return { ...candidates, primary: usablePair[0] ?? -1, secondary: usablePair[1] ?? -1, reasons };
}

/** Nobody fences a rack that serves alone. An operator who replaces it must know that it is off. */
function cautionOf({ vlan, whyNot }: Candidates): string[] {
  const { primary, secondary } = vlan.pair;
  const isReplaced = primary !== null && secondary === null && whyNot(primary) !== null;
  return isReplaced ? ['make sure that the replaced rack no longer serves it'] : [];
}

/** Why the racks that it names cannot serve it. */
function faultsOf({ vlan, whyNot }: Candidates): string[] {
  const { primary, secondary } = vlan.pair;
  const named = primary === null && vlan.chosen !== null ? [vlan.chosen] : [primary, secondary];
  const whys = named.flatMap((uuid) => (uuid === null ? [] : (whyNot(uuid) ?? [])));
  return [...new Set(whys)];
}

/** A rack that knows of the leases has to stay in the pair: would it, with these two? */
export function keepsLeases({ vlan, serving }: Draft, racks: readonly number[]): boolean {
  return vlan.leases === 0 || racks.some((rack) => serving.includes(rack));
}

/** The line of a VLAN; without reasons where all stays as it is. */
export function lineOf(draft: Draft, racks: readonly PairingRack[]): PairingLine {
  const { vlan, primary, secondary, serving } = draft;
  const after = { primary: racks[primary]?.uuid ?? null, secondary: racks[secondary]?.uuid ?? null };
  const isSame = after.primary === vlan.pair.primary && after.secondary === vlan.pair.secondary;
  const knows = vlan.leases > 0 && !serving.includes(primary) ? racks[secondary]?.name : undefined;
  const leases = knows === undefined ? [] : [`${knows} stays, because clients hold leases (${vlan.leases})`];
  return { vlan: vlan.id, before: vlan.pair, after, reasons: isSame ? [] : [...new Set(draft.reasons), ...leases] };
}
