import { type ExportKind, EXPORT_KINDS } from '../../../contract/export-kinds.ts';
import { MASKED_SECRET } from '../../../model/machines/power.ts';
import type { MemberValues, Reference, SiteObject, WantedObject } from './objects.ts';
import { isSame, isSameSet, mergeInterfaces } from './same.ts';

/** What a file and the site are. `prune`: nouns of which objects go that the file does not list. */
export interface PlanInput {
  readonly current: readonly SiteObject[];
  readonly wanted: readonly WantedObject[];
  readonly prune: ReadonlySet<string>;
}

/** One change. `current` null: the object is made. */
export interface Step {
  readonly action: 'create' | 'set' | 'delete';
  readonly kind: ExportKind;
  readonly name: string;
  /** Where the file has the object; null: nowhere. */
  readonly place: string | null;
  readonly members: MemberValues;
  readonly current: (Pick<SiteObject, 'ref' | 'members'> & Partial<SiteObject>) | null;
  /** A part of a change whose other part came before. */
  readonly isMore: boolean;
}

/** A file's object beside the site's. */
export interface Pairing {
  readonly wanted: WantedObject;
  readonly current: Step['current'];
  /** It is there as soon as another object is made: a fabric has its untagged VLAN. */
  readonly isMadeWith: boolean;
}

/** The changes that make the site as the file has it, in an order in which each is possible. Pure. */
export function planSteps(input: PlanInput): readonly Step[] {
  const pairings = pairObjects(input);
  const gone = prunedOf(input, pairings);
  const names = new Set(gone.map(keyOf));
  const uses = usesByName(input.current.flatMap((user) => user.references.map((reference) => ({ user, reference }))));
  const free = new Set(gone.filter((object) => usersOf(object, uses).every((other) => names.has(keyOf(other)))));
  const steps = pairings.flatMap(stepsOf);
  const place = (step: { readonly kind: ExportKind }) => EXPORT_KINDS.indexOf(step.kind);
  const inOrder = (phase: Phase) =>
    steps.filter((step) => step.phase === phase).sort((a, b) => place(a) - place(b) || a.rank - b.rank);
  const goneInOrder = gone
    .filter(({ isLasting }) => !isLasting)
    .sort((a, b) => place(b) - place(a) || rankOf(b.kind, b.members) - rankOf(a.kind, a.members));
  return [
    ...inOrder('off'),
    ...gone.flatMap(switchedOff),
    ...goneInOrder.filter((object) => free.has(object)).map(removal),
    ...inOrder('usual'),
    ...inOrder('late'),
    ...goneInOrder.filter((object) => !free.has(object)).map(removal),
  ];
}

/** Each object of the file beside that of the site which it is. */
export function pairObjects({ current, wanted }: PlanInput): Pairing[] {
  const byName = new Map(current.map((object) => [keyOf(object), object]));
  const byAlias = new Map(
    current.flatMap((object) => object.aliases.map((alias) => [`${object.kind.noun} ${alias}`, object] as const)),
  );
  const wantedNames = new Set(wanted.map(keyOf));
  return wanted.map((object) => {
    const { kind, name, members } = object;
    const same = byName.get(keyOf(object));
    if (same !== undefined) return { wanted: object, current: same, isMadeWith: false };
    if (kind.noun === 'record')
      return { wanted: object, current: byAlias.get(`record ${name}`) ?? null, isMadeWith: false };
    if (kind.noun !== 'vlan' || members['vid'] !== 0) return { wanted: object, current: null, isMadeWith: false };
    // A fabric's untagged VLAN, which has another name or comes with the fabric.
    const untagged = `${String(members['fabric'])}/0`;
    const known = byAlias.get(`vlan ${untagged}`);
    if (known !== undefined && !wantedNames.has(keyOf(known)))
      return { wanted: object, current: known, isMadeWith: false };
    return { wanted: object, current: { ref: untagged, members: {} }, isMadeWith: true };
  });
}

/** Objects of the site that go; among them those that belong to one that goes. */
export function prunedOf({ current, prune }: PlanInput, pairings: readonly Pairing[]): SiteObject[] {
  const stays = new Set(pairings.map((pairing) => pairing.current));
  const gone = current.filter((object) => prune.has(object.kind.noun) && !stays.has(object) && !object.isLasting);
  const fabrics = new Set(gone.filter(({ kind }) => kind.noun === 'fabric').map(({ name }) => name));
  const parts = current.filter(
    (object) => object.isLasting && object.kind.noun === 'vlan' && fabrics.has(String(object.members['fabric'])),
  );
  return [...gone, ...parts.filter((object) => !stays.has(object))];
}

/** A reference, and the object that has it. */
export type ReferenceUse = { readonly user: SiteObject; readonly reference: Reference };
export type UsesByName = ReadonlyMap<string, readonly (ReferenceUse & { readonly at: number })[]>;

/** References by what they name: one walk over all, however many objects are searched in it. */
export function usesByName(uses: readonly ReferenceUse[]): UsesByName {
  const numbered = uses.map((use, at) => ({ ...use, at }));
  return Map.groupBy(numbered, ({ reference: { noun, name } }) => `${noun} ${name}`);
}

/** Objects besides itself that refer to this one, once for each reference, in the order of the uses. */
export function usersOf(object: SiteObject, uses: UsesByName): readonly SiteObject[] {
  const names = new Set([object.name, ...object.aliases]);
  const found = [...names].flatMap((name) => uses.get(`${object.kind.noun} ${name}`) ?? []);
  const others = found.filter(({ user }) => user !== object);
  return others.toSorted((one, other) => one.at - other.at).map(({ user }) => user);
}

/** Does a reference name this object? */
export function isNamed(object: SiteObject, { noun, name }: { readonly noun: string; readonly name: string }): boolean {
  return object.kind.noun === noun && (object.name === name || object.aliases.includes(name));
}

export function keyOf({ kind, name }: { readonly kind: ExportKind; readonly name: string }): string {
  return `${kind.noun} ${name}`;
}

type Phase = 'off' | 'usual' | 'late';
type PhasedStep = Step & { readonly phase: Phase; readonly rank: number };

function stepsOf(pairing: Pairing): PhasedStep[] {
  const { wanted, current, isMadeWith } = pairing;
  const { kind, name, place, members } = wanted;
  const common = { kind, name, place, rank: rankOf(kind, members) };
  if (current === null) {
    const isFirst = (member: string) => kind.created.includes(member) && !kind.late.includes(member);
    const rest = partOf(members, (member) => !isFirst(member) && kind.settable.includes(member));
    // Null is what a new object has by itself.
    const given = partOf(members, (member) => isFirst(member) && members[member] !== null);
    const create = { ...common, action: 'create', members: given, current, isMore: false } as const;
    if (Object.keys(rest).length === 0) return [{ ...create, phase: 'usual' }];
    const more = { ...common, action: 'set', members: rest, current: { ref: '', members: {} }, isMore: true } as const;
    return [
      { ...create, phase: 'usual' },
      { ...more, phase: 'late' },
    ];
  }
  const changes = changesOf(pairing);
  const isOff = (member: string) => kind.late.includes(member) && changes[member] === false;
  const isLate = (member: string) => kind.late.includes(member) && !isOff(member);
  const parts: readonly (readonly [Phase, MemberValues])[] = [
    ['off', partOf(changes, isOff)],
    ['usual', partOf(changes, (member) => !kind.late.includes(member))],
    ['late', partOf(changes, isLate)],
  ];
  const some = parts.filter(([, part]) => Object.keys(part).length > 0);
  return some.map(([phase, part], index) => ({
    ...common,
    // What comes with another object is there after that one.
    phase: isMadeWith && phase === 'off' ? 'late' : phase,
    action: 'set',
    members: part,
    current,
    isMore: index > 0,
  }));
}

/** MemberValues that the file has otherwise than the site. */
export function changesOf({ wanted, current }: Pairing): MemberValues {
  const { kind, members } = wanted;
  const own = current?.members ?? {};
  const differing = partOf(members, (member) => {
    if (!kind.settable.includes(member)) return false;
    if (kind.refersTo[member] !== undefined && Array.isArray(members[member]))
      return !isSameSet(members[member], own[member]);
    return !isSame(members[member], own[member], current?.autos);
  });
  return withSecrets(kind, merged(differing, own), { members, current });
}

function merged(changes: MemberValues, own: MemberValues): MemberValues {
  const { interfaces } = changes;
  if (!Array.isArray(interfaces) || !Array.isArray(own['interfaces'])) return changes;
  return { ...changes, interfaces: mergeInterfaces(interfaces as MemberValues[], own['interfaces'] as MemberValues[]) };
}

/** A map that is given replaces the one before: secrets that the file leaves out stay by their mask. */
function withSecrets(
  { secrets }: ExportKind,
  changes: MemberValues,
  { members, current }: { readonly members: MemberValues; readonly current: Step['current'] },
): MemberValues {
  const masked = secrets.flatMap(({ member, within = [] }) => {
    const map = changes[member];
    const stays = ['powerType'].every((name) => changes[name] === undefined);
    if (typeof map !== 'object' || map === null || within.length === 0 || !stays) return [];
    const hidden = (current?.hidden ?? []).filter((name) => within.includes(name) && !(name in map));
    return [[member, { ...map, ...Object.fromEntries(hidden.map((name) => [name, MASKED_SECRET])) }] as const];
  });
  const given = secrets.flatMap(({ member, within }) =>
    within === undefined && members[member] !== undefined ? [[member, members[member]] as const] : [],
  );
  return { ...changes, ...Object.fromEntries([...masked, ...given]) };
}

function partOf(members: MemberValues, isIn: (member: string) => boolean): MemberValues {
  return Object.fromEntries(Object.entries(members).filter(([member, value]) => value !== undefined && isIn(member)));
}

function removal(object: SiteObject): Step {
  const { kind, name, members } = object;
  return { action: 'delete', kind, name, place: null, members, current: object, isMore: false };
}

/** A flag that needs other objects is off before one of them goes. */
function switchedOff(object: SiteObject): Step[] {
  const { kind, name, members } = object;
  const flags = kind.late.filter((member) => members[member] === true);
  if (flags.length === 0) return [];
  const off = Object.fromEntries(flags.map((member) => [member, false]));
  return [{ action: 'set', kind, name, place: null, members: off, current: object, isMore: true }];
}

/** Addresses come before records that name their hosts. */
function rankOf({ noun }: ExportKind, { type }: MemberValues): number {
  if (noun !== 'record') return 0;
  return type === 'A' || type === 'AAAA' ? 0 : 1;
}
