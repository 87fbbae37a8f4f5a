import { invalid, type Rejected } from '../../../core/errors.ts';
import type { InterfaceKind } from '../machine.ts';
import type { Vlan } from '../../networks/vlan.ts';

/** What counts of an interface for how a machine's interfaces stand on each other. */
export interface InterfaceShape {
  readonly name: string;
  readonly kind: InterfaceKind;
  readonly vlanId: number | null;
  readonly parents?: readonly string[];
  readonly mtu?: number | null;
}
type InterfaceParents = Pick<InterfaceShape, 'name' | 'kind' | 'parents'>;
/** `isLinked`: it has an address, gets one, or is to be up by itself. */
export type LinkedShape = InterfaceShape & { readonly isLinked: boolean };
type AttachedVlan = Pick<Vlan, 'id' | 'name' | 'vid' | 'fabricId'>;

/** What an interface of a kind may stand on, and on how many. */
const BELOW: Readonly<
  Record<InterfaceKind, { readonly kinds: readonly InterfaceKind[]; readonly most: number; readonly rule: string }>
> = {
  physical: { kinds: [], most: 0, rule: 'a card stands on nothing' },
  bond: { kinds: ['physical'], most: 16, rule: 'a bond stands on 1 to 16 cards' },
  bridge: {
    kinds: ['physical', 'bond', 'vlan'],
    most: 16,
    rule: 'a bridge stands on 1 to 16 cards, bonds and VLAN interfaces',
  },
  vlan: { kinds: ['physical', 'bond', 'bridge'], most: 1, rule: 'a VLAN interface stands on one card, bond or bridge' },
};

/** The bond or bridge that has an interface as its port; null: none. */
export function masterOf<S extends InterfaceShape>(all: readonly S[], name: string): S | null {
  return all.find((one) => one.kind !== 'vlan' && one.parents?.includes(name)) ?? null;
}

/**
 * Does it speak in a VLAN of the wire below: a VLAN interface, or a bridge of one? Firmware does not, and nobody there boots or asks DHCP before its system
 * runs.
 */
export function isTagged(all: readonly InterfaceParents[], shape: InterfaceParents): boolean {
  if (shape.kind === 'vlan') return true;
  return shape.kind === 'bridge' && all.some((one) => one.kind === 'vlan' && shape.parents?.includes(one.name));
}

/** In an order in which each stands behind all that it stands on. What is in a circle is left out. */
export function lowestFirst<S extends InterfaceShape>(all: readonly S[]): S[] {
  const done: S[] = [];
  const names = new Set<string>();
  for (;;) {
    const next = all.filter((one) => !names.has(one.name) && (one.parents ?? []).every((name) => names.has(name)));
    if (next.length === 0) return done;
    for (const one of next) names.add(one.name);
    done.push(...next);
  }
}

/** Each bond or bridge before its first port, and else as it was: the first interface has the machine's name, and a port has no address. */
export function mastersFirst<S extends InterfaceShape>(all: readonly S[]): S[] {
  let order = [...all];
  for (const master of lowestFirst(all).filter(({ kind }) => kind === 'bond' || kind === 'bridge')) {
    const first = order.findIndex((one) => master.parents?.includes(one.name));
    const own = order.indexOf(master);
    if (first === -1 || own < first) continue;
    order = [...order.slice(0, first), master, ...order.slice(first).filter((one) => one !== master)];
  }
  return order;
}

/** The longest packet when nobody says otherwise: Ethernet's (RFC 894). */
const MTU_USUAL = 1500;

/**
 * Octets. A bond and its cards have one MTU; what else stands on others has the smallest of theirs if it has none of its own. What is below others carries their
 * packets: it has the largest MTU that was set for any of them, if its own is smaller.
 */
export function mtuOf(all: readonly InterfaceShape[], shape: InterfaceShape): number {
  return Math.max(ownMtu(all, shape), ...setAbove(all, shape));
}

function ownMtu(all: readonly InterfaceShape[], shape: InterfaceShape): number {
  if (shape.mtu != null) return shape.mtu;
  const below = all.filter((one) => shape.parents?.includes(one.name));
  if (shape.kind === 'bond') return below.find(({ mtu }) => mtu != null)?.mtu ?? MTU_USUAL;
  if (shape.kind !== 'physical')
    return Math.min(...below.map((one) => mtuOf(all, one)), below.length > 0 ? Infinity : MTU_USUAL);
  const bond = masterOf(all, shape.name);
  return bond?.kind === 'bond' ? mtuOf(all, bond) : MTU_USUAL;
}

/** MTUs that were set for what stands on it, however high. */
function setAbove(all: readonly InterfaceShape[], { name }: InterfaceShape): number[] {
  const above = all.filter(({ parents }) => parents?.includes(name));
  return above.flatMap((one) => [...(one.mtu == null ? [] : [one.mtu]), ...setAbove(all, one)]);
}

/** May a machine's interfaces stand on each other like this? `vlans`: those that they are on. Fields are `interfaces/INDEX/…`. */
export function checkTopology(all: readonly LinkedShape[], vlans: readonly AttachedVlan[]): Rejected | null {
  for (const [index, shape] of all.entries()) {
    const at = `interfaces/${index}`;
    const refusal = checkParents(all, shape, at) ?? checkPort(all, shape, at);
    if (refusal) return refusal;
  }
  const reached = lowestFirst(all);
  const circle = all.findIndex((one) => !reached.includes(one));
  const stuck = all[circle];
  if (stuck)
    return invalid(
      `interfaces/${circle}/parents`,
      `${stuck.name} stands on itself`,
      'interfaces do not stand on each other in a circle',
    );
  for (const [index, shape] of all.entries()) {
    const at = `interfaces/${index}`;
    const refusal = checkMtu(all, shape, at) ?? checkVlan(all, shape, { vlans, at });
    if (refusal) return refusal;
  }
  return null;
}

function checkParents(all: readonly InterfaceShape[], shape: InterfaceShape, at: string): Rejected | null {
  const { kinds, most, rule } = BELOW[shape.kind];
  const parents = shape.parents ?? [];
  const field = `${at}/parents`;
  if (parents.length > most) return invalid(field, `${shape.name} stands on ${parents.length}`, rule);
  if (parents.length === 0 && most > 0) return invalid(field, `${shape.name} stands on nothing`, rule);
  for (const [number, name] of parents.entries()) {
    const below = all.find((one) => one.name === name);
    if (parents.indexOf(name) !== number) return invalid(field, `${name} is there twice`, 'each lower interface once');
    if (below === undefined)
      return invalid(field, `the machine has no interface ${name}`, `one of ${all.map((one) => one.name).join(', ')}`);
    if (!kinds.includes(below.kind)) return invalid(field, `${name} is a ${below.kind} interface`, rule);
  }
  return null;
}

/** What stands on a port, and what addresses it has, belong to its bond or bridge. */
function checkPort(all: readonly LinkedShape[], shape: LinkedShape, at: string): Rejected | null {
  const masters = all.filter((one) => one.kind !== 'vlan' && one.parents?.includes(shape.name));
  const [master, second] = masters;
  if (!master) return null;
  if (second)
    return invalid(
      `${at}/parents`,
      `${shape.name} is in ${master.name} and in ${second.name}`,
      'an interface is in one bond or bridge',
    );
  if (shape.isLinked)
    return invalid(
      `${at}/addresses`,
      `${shape.name} is in ${master.name}`,
      `the addresses of a ${master.kind} are its own, its ports have none`,
    );
  const onTop = all.find((one) => one.kind === 'vlan' && one.parents?.includes(shape.name));
  if (master.kind === 'bond' && onTop)
    return invalid(
      `${at}/parents`,
      `${onTop.name} stands on ${shape.name}, which is in ${master.name}`,
      'VLAN interfaces stand on the bond, not on its cards',
    );
  const isElsewhere =
    shape.kind !== 'vlan' && shape.vlanId !== null && master.vlanId !== null && shape.vlanId !== master.vlanId;
  if (isElsewhere)
    return invalid(
      `${at}/vlan`,
      `${shape.name} is on another VLAN than ${master.name}`,
      `a ${master.kind} and its ports are on one VLAN`,
    );
  return null;
}

function checkMtu(all: readonly InterfaceShape[], shape: InterfaceShape, at: string): Rejected | null {
  if (shape.kind !== 'bond') return null;
  const own = mtuOf(all, shape);
  for (const name of shape.parents ?? []) {
    const below = all.find((one) => one.name === name);
    const theirs = below ? mtuOf(all, below) : own;
    if (theirs === own) continue;
    const rule = 'a bond and its cards have one MTU';
    return invalid(`${at}/mtu`, `${shape.name} has ${own}, ${name} below has ${theirs}`, rule);
  }
  return null;
}

function checkVlan(
  all: readonly InterfaceShape[],
  shape: InterfaceShape,
  { vlans, at }: { readonly vlans: readonly AttachedVlan[]; readonly at: string },
): Rejected | null {
  const field = `${at}/vlan`;
  const below = all.filter((one) => shape.parents?.includes(one.name));
  const tagged = below.find((one) => one.kind === 'vlan');
  if (shape.kind === 'bridge' && tagged && shape.vlanId !== tagged.vlanId)
    return invalid(
      field,
      `${shape.name} is on another VLAN than ${tagged.name}`,
      'a bridge and its ports are on one VLAN',
    );
  if (shape.kind !== 'vlan') return null;
  const own = vlans.find(({ id }) => id === shape.vlanId);
  if (!own) return invalid(field, 'it is missing', 'a VLAN interface needs the VLAN that it uses');
  if (own.vid === 0)
    return invalid(field, `${own.name} is untagged`, 'a VLAN interface uses a VLAN with a number, 1 to 4094');
  const [parent] = below;
  const twin = all.find(
    (one) => one.kind === 'vlan' && one !== shape && one.vlanId === own.id && one.parents?.[0] === parent?.name,
  );
  if (twin)
    return invalid(
      field,
      `${twin.name} speaks in ${own.name} on ${parent?.name} already`,
      'one VLAN interface for each VLAN on an interface',
    );
  const wire = vlans.find(({ id }) => id === parent?.vlanId);
  if (!wire) return null;
  if (wire.id === own.id)
    return invalid(
      field,
      `${parent?.name} is on ${own.name} itself`,
      'a VLAN interface uses another VLAN than the interface below it',
    );
  if (wire.fabricId !== own.fabricId)
    return invalid(
      field,
      `${own.name} is in another fabric than ${wire.name}, on which ${parent?.name} is`,
      'a VLAN interface and the one below it are in one fabric',
    );
  return null;
}
