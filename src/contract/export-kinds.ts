import Type, { type TSchema } from 'typebox';
import { strict } from './base/common.ts';
import type { Declaration, Field } from './base/declare.ts';
import type { NounEntry } from './base/entry.ts';
import { ENTRIES } from './entries.ts';
import { NOUN_ROUTES } from './noun-routes.ts';
import { NOUNS } from './registry.ts';
import { SPECIAL_KINDS, type SpecialKind } from './site/export-specials.ts';

/** A member that is a secret, or a map with such members. */
export interface SecretMember {
  readonly member: string;
  /** Left out: the member itself is the secret. */
  readonly within?: readonly string[];
}

/** A noun whose objects stand in configuration files. */
export interface ExportKind {
  readonly noun: string;
  /** The member of a file that lists its objects. */
  readonly plural: string;
  /** Members that together name an object. */
  readonly identity: readonly string[];
  /** An object in a file. */
  readonly schema: TSchema;
  /** Its members, in the order of an export. */
  readonly members: readonly string[];
  /** Members that a new object needs. */
  readonly needed: readonly string[];
  /** Members that its calls `create` and `set` take. */
  readonly created: readonly string[];
  readonly settable: readonly string[];
  readonly refersTo: Readonly<Record<string, string>>;
  readonly after: readonly string[];
  readonly late: readonly string[];
  /** See `FileRules.once`. */
  readonly once: readonly string[];
  readonly secrets: readonly SecretMember[];
  /** There is one of each from the beginning, and it stays: `--prune` does not delete it. */
  readonly isFixed: boolean;
}

/** Orders of a call that are no property of the object. */
const ORDERS = ['force', 'allowShort', 'password'];

/** Every noun of configuration files, each behind those that its objects refer to. A new declared noun is one of them by its declaration. */
export const EXPORT_KINDS: readonly ExportKind[] = inOrder([
  ...NOUNS.map(ofDeclaration),
  ...ENTRIES.map(ofEntry),
  ...SPECIAL_KINDS.map(ofSpecial),
]);

function ofDeclaration(declaration: Declaration): ExportKind {
  const { noun, plural, fields, file } = declaration;
  const routes = NOUN_ROUTES as unknown as Readonly<Record<string, { readonly body: TSchema }>>;
  const created = bodyOf(routes[`${noun}.create`]?.body);
  const names = Object.keys(fields);
  const links = Object.entries<Field>(fields).flatMap(([member, { refersTo }]) =>
    refersTo === undefined ? [] : [[member, refersTo] as const],
  );
  return {
    noun,
    plural,
    identity: ['name'],
    schema: created,
    members: names,
    needed: names.filter((member) => fields[member]?.isOptional !== true),
    created: names,
    settable: names,
    refersTo: Object.fromEntries(links),
    after: file?.after ?? [],
    late: [],
    once: [],
    secrets: Object.entries<Field>(fields).flatMap(secretOf),
    isFixed: false,
  };
}

function secretOf([member, { isHidden, secretMembers }]: [string, Field]): SecretMember[] {
  if (isHidden) return [{ member }];
  return secretMembers === undefined ? [] : [{ member, within: secretMembers }];
}

function ofEntry({ noun, plural, file, schemas }: Pick<NounEntry, 'noun' | 'plural' | 'file' | 'schemas'>): ExportKind {
  return ofSchemas({ noun, plural, file, create: schemas.create, set: schemas.set, secrets: [], isFixed: false });
}

function ofSpecial({ noun, plural, file, create, set, isFixed = false }: SpecialKind): ExportKind {
  return ofSchemas({ noun, plural, file, create, set, secrets: [], isFixed });
}

type SchemaKind = Omit<Required<SpecialKind>, 'readers'> & Pick<ExportKind, 'secrets'>;

function ofSchemas({ noun, plural, file, create, set, secrets, isFixed }: SchemaKind): ExportKind {
  const created = membersOf(create);
  const settable = membersOf(set);
  // What may be taken away again may be null in a file.
  const own = { ...created, ...settable };
  const { identity, refersTo, after = [], late = [], once = [] } = file;
  return {
    noun,
    plural,
    identity,
    schema: fileSchema(own, identity, create),
    members: [...new Set([...identity, ...Object.keys(own)])],
    needed: requiredOf(create),
    created: Object.keys(created),
    settable: Object.keys(settable),
    refersTo,
    after,
    late,
    once,
    secrets,
    isFixed,
  };
}

/** An object in a file needs the members that name it; what a new one needs besides is judged when one is made. */
function fileSchema(own: Readonly<Record<string, TSchema>>, identity: readonly string[], create: TSchema): TSchema {
  const members = Object.entries(own).map(([name, schema]) => [
    name,
    identity.includes(name) ? withoutMark(schema) : Type.Optional(schema),
  ]);
  const schema = strict(Object.fromEntries(members) as Record<string, TSchema>);
  return JSON.stringify(schema) === JSON.stringify(create) ? create : schema;
}

/** A member that its call may leave out, and that a file must have. */
function withoutMark(schema: TSchema): TSchema {
  const { '~optional': _mark, ...bare } = schema as TSchema & { readonly '~optional'?: unknown };
  return bare as TSchema;
}

function bodyOf(schema: TSchema | undefined): TSchema {
  if (schema === undefined) throw new Error('a declared noun without its call `create` cannot stand in a file');
  return schema;
}

function membersOf(schema: TSchema): Record<string, TSchema> {
  const { properties = {} } = schema as { readonly properties?: Record<string, TSchema> };
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !ORDERS.includes(name)));
}

function requiredOf(schema: TSchema): readonly string[] {
  const { required } = schema as { readonly required?: unknown };
  return Array.isArray(required) ? (required as string[]) : [];
}

/** Each kind behind those that it refers to or comes after; a kind that refers to itself has such members set last (late). */
function inOrder(kinds: readonly ExportKind[]): ExportKind[] {
  const placed: ExportKind[] = [];
  const rest = new Map(kinds.map((kind) => [kind.noun, kind]));
  while (rest.size > 0) {
    const next = [...rest.values()].find(
      (kind) => !earlierOf(kind).some((noun) => noun !== kind.noun && rest.has(noun)),
    );
    if (next === undefined) throw new Error(`these nouns refer to each other: ${[...rest.keys()].join(', ')}`);
    rest.delete(next.noun);
    const own = Object.keys(next.refersTo).filter((member) => next.refersTo[member] === next.noun);
    placed.push({ ...next, late: [...next.late, ...own] });
  }
  return placed;
}

function earlierOf({ refersTo, after }: ExportKind): readonly string[] {
  return [...Object.values(refersTo), ...after];
}

/** The kind of a noun, or of the member of a file that lists its objects. */
export function exportKindOf(name: string): ExportKind | undefined {
  return EXPORT_KINDS.find(({ noun, plural }) => noun === name || plural === name);
}

/** Nouns that no file has, with the reason. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'alert-target': 'its secret is shown only once; set it up again with `alert-target create`',
  'api-key': 'its secret is stored only as a digest: make a new one',
  audit: 'a record of what was done',
  backup: 'a copy in the store',
  'backup-target': 'a store takes the backups of only one site, and its recovery key is shown once',
  certificate: 'the cluster signs and renews it',
  cluster: 'state of the hosts',
  command: 'work in progress',
  config: 'the configuration as a whole, and its history',
  dns: 'a question',
  drill: 'a record of rehearsals',
  event: 'a record of what happened',
  file: 'a tool keeps it for its user, such as Juju its controller’s address',
  finding: 'what the region finds at the moment; a mute ends by its date',
  'ignored-machine': 'made when an enlisted machine is rejected',
  image: 'bytes: boot sources and their selections stand in a file, uploads come with `image import`',
  'image-sync': 'work in progress',
  interface: 'stands in its machine',
  job: 'work in progress',
  lease: 'state of DHCP',
  'machine-inventory': 'the hardware that a machine reports',
  me: 'a question',
  metric: 'numbers of the moment',
  node: 'a host joins by its token',
  pairing: 'stands in its VLAN: `primaryRack` and `secondaryRack`',
  place: 'of a lost node, until another host takes it',
  'power-type': 'a part of the release',
  rack: 'a host registers by itself, and an admin accepts it',
  search: 'a question',
  series: 'numbers of the past',
  service: 'state of the hosts',
  session: 'a login of the moment',
  'site-certificate': 'its private key never leaves the site',
  status: 'a question',
  storage: 'follows the disks that a machine reports',
  'support-bundle': 'a question',
  token: 'used once, within minutes',
  upgrade: 'work in progress',
};
