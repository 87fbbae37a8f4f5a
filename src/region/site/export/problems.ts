import { type ExportKind, EXPORT_KINDS } from '../../../contract/export-kinds.ts';
import { type FieldProblem, type Rejected, type RejectionCode, rejected, show } from '../../../core/errors.ts';
import { nearestHint } from '../../../core/nearest.ts';
import { referencesOf } from './members.ts';
import type { MemberValues, SiteObject, WantedObject } from './objects.ts';
import { isNamed, keyOf, pairObjects, type Pairing, type PlanInput, prunedOf, usesByName, usersOf } from './plan.ts';
import { isSame } from './same.ts';

/** Problems of one answer, at most. */
const PROBLEMS_MAX = 50;

/** What is known besides the objects. `known`: nouns of which all objects were read. `user`: who applies the file. */
export type Judging = PlanInput & { readonly known: ReadonlySet<string>; readonly user: string };

/** All that is wrong with a file beside the site, before anything is done; null: nothing. Pure. */
export function judgeFile(input: Judging): Rejected | null {
  const doubled = twice(input.wanted);
  // What follows pairs objects by their names.
  if (doubled.length > 0) return refusal('conflict', doubled);
  const pairings = pairObjects(input);
  const gone = prunedOf(input, pairings);
  const problems = [
    ...pairings.flatMap(missing),
    ...pairings.flatMap(fixed),
    ...strayReferences(input, gone),
    ...circles(input.wanted),
  ];
  if (problems.length > 0) return refusal('invalid_value', problems);
  const used = [...usedObjects(input, pairings, gone), ...ownUser(gone, input.user)];
  return used.length > 0 ? refusal('in_use', used) : null;
}

function refusal(code: RejectionCode, problems: readonly FieldProblem[]): Rejected {
  const shown = problems.slice(0, PROBLEMS_MAX);
  const sentences = shown.map(({ field, problem, rule }) => `${field}: ${problem}.${rule ? ` Rule: ${rule}.` : ''}`);
  const more = problems.length - shown.length;
  return rejected(code, `${sentences.join(' ')}${more > 0 ? ` And ${more} more.` : ''}`, shown);
}

function twice(wanted: readonly WantedObject[]): FieldProblem[] {
  const rule = 'a set of files has each object once';
  return [...Map.groupBy(wanted, keyOf).values()].flatMap((same) =>
    same.length < 2
      ? []
      : same.map(({ kind, name, place }) => ({
          field: place,
          problem: `${kind.noun} ${show(name)} is there twice`,
          rule,
        })),
  );
}

/** What a new object needs. */
function missing({ wanted: { kind, members, place }, current }: Pairing): FieldProblem[] {
  if (current !== null) return [];
  const names = kind.needed.filter((member) => members[member] === undefined);
  return names.map((name) => ({
    field: `${place}/${name}`,
    problem: 'it is missing',
    rule: `a new ${kind.noun} needs it`,
  }));
}

/** What stays as an object was made. */
function fixed({ wanted: { kind, members, place }, current, isMadeWith }: Pairing): FieldProblem[] {
  if (current === null || isMadeWith) return [];
  return Object.entries(members).flatMap(([member, value]) => {
    if ([...kind.settable, ...kind.identity, ...kind.once].includes(member)) return [];
    if (isSame(value, current.members[member])) return [];
    const problem = `${show(value)} is not what it is: ${show(current.members[member])}`;
    return [{ field: `${place}/${member}`, problem, rule: `it stays as the ${kind.noun} was made; delete that first` }];
  });
}

/** Names that nothing has. */
function strayReferences({ current, wanted, known }: Judging, gone: readonly SiteObject[]): FieldProblem[] {
  const isGone = new Set(gone);
  const names = new Map<string, Set<string>>();
  const add = (noun: string, texts: readonly string[]) => {
    const own = names.get(noun) ?? new Set<string>();
    names.set(noun, own);
    for (const text of texts) own.add(text);
  };
  for (const object of current) if (!isGone.has(object)) add(object.kind.noun, [object.name, ...object.aliases]);
  for (const object of wanted) add(object.kind.noun, [object.name, ...wantedAliases(object)]);
  return wanted.flatMap(({ kind, place, members }) =>
    referencesOf(kind, members, {}).flatMap(({ noun, name, member }) => {
      if (member === undefined || !known.has(noun) || names.get(noun)?.has(name) === true) return [];
      const field = `${place}/${member}`;
      if (gone.some((object) => isNamed(object, { noun, name }))) {
        const problem = `${noun} ${show(name)} is deleted, because no file lists it`;
        return [{ field, problem, rule: 'a file that prunes a kind lists all its objects that are in use' }];
      }
      const hint = nearestHint(name, names.get(noun) ?? []);
      return [
        {
          field,
          problem: `there is no ${noun} ${show(name)}${hint}`,
          rule: 'a name of one that the site or a file has',
        },
      ];
    }),
  );
}

function wantedAliases({ kind, members }: WantedObject): readonly string[] {
  const { name, vid, fabric, hostname } = members;
  if (kind.noun === 'vlan') return [`${String(fabric)}/${String(vid)}`, String(name), String(vid)];
  if (kind.noun === 'subnet') return typeof name === 'string' ? [name] : [];
  return kind.noun === 'machine' ? [String(hostname)] : [];
}

/** Objects of one kind that refer to each other in a circle. */
function circles(wanted: readonly WantedObject[]): FieldProblem[] {
  return EXPORT_KINDS.flatMap((kind) => {
    const own = Object.keys(kind.refersTo).filter((member) => kind.refersTo[member] === kind.noun);
    return own.flatMap((member) =>
      circlesOf(
        wanted.filter((object) => object.kind === kind),
        member,
      ),
    );
  });
}

function circlesOf(objects: readonly WantedObject[], member: string): FieldProblem[] {
  const find = (name: unknown) =>
    objects.find((object) => object.name === name || wantedAliases(object).some((alias) => alias === name));
  const seen = new Set<WantedObject>();
  return objects.flatMap((start) => {
    const path: WantedObject[] = [];
    for (let at: WantedObject | undefined = start; at !== undefined && !seen.has(at); at = find(at.members[member])) {
      if (path.includes(at)) {
        const circle = [...path.slice(path.indexOf(at)), at];
        for (const object of path) seen.add(object);
        const problem = `${circle.map(({ name }) => name).join(' → ')} is a circle`;
        return [{ field: `${at.place}/${member}`, problem, rule: 'references lead to an end' }];
      }
      path.push(at);
    }
    for (const object of path) seen.add(object);
    return [];
  });
}

/** Objects that would go, and that an object refers to that stays. */
function usedObjects(
  { current }: PlanInput,
  pairings: readonly Pairing[],
  gone: readonly SiteObject[],
): FieldProblem[] {
  if (gone.length === 0) return [];
  const isGone = new Set(gone);
  const after = new Map(pairings.map((pairing) => [pairing.current, pairing.wanted.members]));
  const stays = current.filter((object) => !isGone.has(object));
  const uses = usesByName(
    stays.flatMap((user) => referencesAfter(user, after.get(user)).map((reference) => ({ user, reference }))),
  );
  return gone.flatMap((object) => {
    const users = usersOf(object, uses);
    if (users.length === 0) return [];
    const named = users.slice(0, 5).map(({ kind, name }) => `${kind.noun} ${name}`);
    const problem = `${object.kind.noun} ${show(object.name)} is in use by ${named.join(', ')}${users.length > 5 ? ', …' : ''}`;
    return [{ field: 'prune', problem, rule: 'only what nothing refers to is deleted' }];
  });
}

/** What an object refers to when the file counts. */
function referencesAfter(object: SiteObject, wanted: MemberValues | undefined) {
  if (wanted === undefined) return object.references;
  const named = referencesOf(object.kind, { ...object.members, ...wanted }, {});
  return [
    ...named,
    ...object.references.filter(({ noun, member }) => member === undefined && !isPlace(object.kind, noun)),
  ];
}

/** Interfaces name VLANs and subnets, so these follow from the members. */
function isPlace({ noun: kind }: ExportKind, noun: string): boolean {
  return (kind === 'machine' || kind === 'device') && (noun === 'vlan' || noun === 'subnet');
}

function ownUser(gone: readonly SiteObject[], user: string): FieldProblem[] {
  const own = gone.find(({ kind, name }) => kind.noun === 'user' && name === user);
  if (own === undefined) return [];
  return [{ field: 'prune', problem: `user ${show(user)} is the one who applies the file`, rule: 'list it in a file' }];
}
