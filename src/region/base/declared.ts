import type { Declaration, Field, NounVerb, Referent } from '../../contract/base/declare.ts';
import { DEFAULT_ID, isReferent, paramOf } from '../../contract/base/declare.ts';
import { type DeclaredNoun, NOUNS } from '../../contract/registry.ts';
import type { DeclaredObject, DeclaredRouteId } from '../../contract/noun-routes.ts';
import { accept, refuse } from '../../core/errors.ts';
import * as rows from '../../store/declared/rows.ts';
import { carriersOf, keysOf, usersOf } from '../../store/declared/labels.ts';
import type { Tx } from '../../store/tx.ts';
import type { WriteTx } from '../../store/write.ts';
import { resolveName } from './known-names.ts';
import { type ListInput, pageBody } from './paging.ts';
import { noSuch, parseRef, some } from './refs.ts';
import { type CaseContext, type ReadCase, target, type WriteCase } from './use-case.ts';

type AnyDeclaredRow = rows.DeclaredRow<DeclaredNoun>;

/** The object of a declared noun that an operator names by id or name. */
export function declaredByRef<N extends DeclaredNoun>(tx: Tx, noun: N, text: string): Promise<rows.DeclaredRow<N>> {
  return resolveName(tx, noun, text, () => readByRef(tx, noun, text));
}

async function readByRef<N extends DeclaredNoun>(tx: Tx, noun: N, text: string): Promise<rows.DeclaredRow<N>> {
  const ref = parseRef(text);
  const row = await rows.findDeclared(tx, noun, 'id' in ref ? ref : { name: text });
  if (row) return row;
  const known: { readonly items: readonly AnyDeclaredRow[] } = await rows.listDeclared<DeclaredNoun>(tx, noun, {
    limit: 11,
    sort: 'name',
  });
  refuse(
    noSuch(
      noun,
      text,
      known.items.map(({ name }) => name),
    ),
  );
}

/** A row as answers and events show it. */
export function viewDeclared<N extends DeclaredNoun>(row: rows.DeclaredRow<N>): DeclaredObject<N> {
  const { version: _version, ...shown } = row;
  return shown as unknown as DeclaredObject<N>;
}

/**
 * The values of a body, or of a list's query, by the model's laws: canonical, objects that are named by their ids; or the first refusal.
 * Members that are not given are not in it.
 */
export async function readFields(
  tx: Tx,
  fields: Declaration['fields'],
  body: Readonly<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [member, field] of Object.entries<Field>(fields)) {
    const given = body[member];
    if (given === undefined) continue;
    const value = accept(await readField(tx, field, { member, given }));
    values[member] = value;
  }
  return values;
}

async function readField(
  tx: Tx,
  field: Field,
  { member, given }: { readonly member: string; readonly given: unknown },
): Promise<unknown> {
  if (typeof given !== 'string') return given;
  const { refersTo } = field;
  if (refersTo === undefined) return field.parse ? field.parse(given, member) : given;
  if (isReferent(refersTo)) return await keyByRef(tx, refersTo, given);
  const other = NOUNS.find(({ noun }) => noun === refersTo);
  if (other === undefined) throw new Error(`${member} names ${refersTo}, which is not declared`);
  return (await declaredByRef(tx, other.noun, given)).id;
}

/** The key of the machine or rack that an operator names. */
async function keyByRef(tx: Tx, noun: Referent, text: string): Promise<string> {
  const [key, other] = await keysOf(tx, noun, text);
  if (key === undefined) return refuse(noSuch(noun, text));
  if (other === undefined) return key;
  return refuse('conflict', `Several ${noun}s are called ${text}. Give the full name or the id of one.`);
}

/** What a call takes, as its noun's schemas let it through. */
interface Input {
  readonly params: Readonly<Record<string, string>>;
  readonly query?: ListInput;
  readonly body: Readonly<Record<string, unknown>> & { readonly name?: string };
}
type NounDeclaration = Declaration & { readonly noun: DeclaredNoun };
type CaseAnswer = Promise<{ readonly body: unknown; readonly version?: number }>;

const MAKERS: Readonly<Record<NounVerb, (own: NounDeclaration) => object>> = {
  list: listCase,
  show: showCase,
  create: createCase,
  set: setCase,
  delete: deleteCase,
};

/** The use cases of all declared nouns; what is special about a verb of a noun stands in for its entry (cases.ts). */
export const declaredCases = Object.fromEntries(NOUNS.flatMap(casesOf)) as unknown as {
  [I in DeclaredRouteId]: ReadCase<I> | WriteCase<I>;
};

function casesOf(own: NounDeclaration): [string, object][] {
  return own.verbs.map((verb) => [`${own.noun}.${verb}`, MAKERS[verb](own)]);
}

function reads(run: (tx: Tx, input: Input) => CaseAnswer): object {
  return { kind: 'read', isAutocommit: true, run };
}

function writes(
  summary: (input: Input) => string,
  run: (tx: WriteTx, input: Input, context: CaseContext) => CaseAnswer,
): object {
  return { kind: 'write', isUnaudited: false, summary, run };
}

function listCase({ noun, fields }: NounDeclaration): object {
  const named = Object.fromEntries(Object.entries<Field>(fields).filter(([, { refersTo }]) => refersTo !== undefined));
  return reads(async (tx, { query }) => {
    const wanted = await readFields(tx, named as Declaration['fields'], { ...query });
    const page = await rows.listDeclared<DeclaredNoun>(tx, noun, { ...query, ...wanted });
    return pageBody<AnyDeclaredRow, object>(page, viewDeclared, query);
  });
}

function showCase({ noun }: NounDeclaration): object {
  return reads(async (tx, { params }) => {
    const row = await declaredByRef(tx, noun, params[paramOf(noun)] ?? '');
    return { body: viewDeclared(row), version: row.version };
  });
}

function createCase({ noun, fields }: NounDeclaration): object {
  return writes(
    ({ body }) => `${noun} create ${body.name ?? ''}`,
    async (tx, { body }) => {
      const values = await readFields(tx, fields, body);
      const row = await rows.createDeclared(tx, noun, values);
      tx.emit({ kind: `${noun}.created`, subject: row.name, data: viewDeclared(row) });
      return { body: viewDeclared(row), version: row.version };
    },
  );
}

function setCase({ noun, fields }: NounDeclaration): object {
  return writes(
    ({ params }) => `${noun} set ${params[paramOf(noun)] ?? ''}`,
    async (tx, { params, body }, context) => {
      const old = await declaredByRef(tx, noun, params[paramOf(noun)] ?? '');
      const values = await readFields(tx, fields, body);
      const row = accept(await rows.updateDeclared(tx, noun, target(old.id, context), values));
      tx.emit({ kind: `${noun}.changed`, subject: row.name, data: viewDeclared(row) });
      return { body: viewDeclared(row), version: row.version };
    },
  );
}

function deleteCase(own: NounDeclaration): object {
  const { noun, usedBy } = own;
  return writes(
    ({ params }) => `${noun} delete ${params[paramOf(noun)] ?? ''}`,
    async (tx, { params }, context) => {
      const old = await declaredByRef(tx, noun, params[paramOf(noun)] ?? '');
      if (own.hasDefault && old.id === DEFAULT_ID) refuse('in_use', defaultStays(noun, old.name));
      for (const use of usedBy) {
        const users = use.refusal ? await usersOf(tx, use, old.id, 6) : [];
        if (use.refusal && users.length > 0) refuse('in_use', use.refusal(old.name, some(users)));
      }
      const carriers = await carriersOf(tx, own, old.id, 6);
      if (carriers.length > 0)
        refuse(
          'in_use',
          `${old.name} is on the ${own.carriedBy}s ${some(carriers)}. Remove ${old.name} from them first.`,
        );
      const row = accept(await rows.deleteDeclared(tx, noun, target(old.id, context)));
      tx.emit({ kind: `${noun}.deleted`, subject: row.name, data: viewDeclared(row) });
      return { body: viewDeclared(row) };
    },
  );
}

function defaultStays(noun: string, name: string): string {
  return `${name} is the ${noun} of everything that names none. Rule: it stays; it may have another name.`;
}
