import type { TSchema } from 'typebox';

/** What is left of a value that anybody may have made: what its schema allows. `problems`: what was left out or cut, by its place. */
export type CutValue = { readonly value: unknown; readonly problems: readonly string[] };

/** Largest number of sentences. The last one counts the rest. */
const PROBLEMS_MAX = 50;

interface SchemaShape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, TSchema>>;
  readonly required?: readonly string[];
  readonly items?: TSchema;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly anyOf?: readonly { readonly const?: unknown }[];
  readonly enum?: readonly unknown[];
}

/** Printable ASCII without more: such a text may be cut and mended, others are right or wrong. */
const FREE = '^[ -~]*$';
const WRONG = Symbol('wrong');

/**
 * Takes of a value what a schema allows, member by member: only a member that breaks its grammar is left out; free
 * texts and lists that are too long are cut; characters of free texts that nobody can read become "?". The place of a
 * problem is made of the schema's own names, never of the value's. Pure.
 */
export function cutTo(schema: TSchema, value: unknown): CutValue {
  const problems: string[] = [];
  let more = 0;
  const report = (problem: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push(problem);
    else more += 1;
  };
  const taken = take(schema as SchemaShape, value, 'inventory', report);
  if (more > 0) problems.push(`and ${more} more`);
  return { value: taken === WRONG ? {} : taken, problems };
}

type ReportProblem = (problem: string) => void;

function take(shape: SchemaShape, value: unknown, at: string, report: ReportProblem): unknown {
  if (shape.type === 'object') return takeObject(shape, value, at, report);
  if (shape.type === 'array') return takeList(shape, value, at, report);
  if (shape.type === 'string' && shape.pattern === FREE) return takeText(shape, value, at, report);
  return isRight(shape, value) ? value : wrong(`${at}: left out, it breaks its grammar`, report);
}

function takeObject(shape: SchemaShape, value: unknown, at: string, report: ReportProblem): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return wrong(`${at}: left out, it is no object`, report);
  const given = value as Readonly<Record<string, unknown>>;
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(shape.properties ?? {})) {
    const found = Object.hasOwn(given, name) ? given[name] : undefined;
    // What is not known is null or empty in some programs.
    if (found === undefined || found === null || found === '') continue;
    const taken = take(member as SchemaShape, found, `${at}.${name}`, report);
    if (taken !== WRONG && taken !== '') result[name] = taken;
  }
  const known = shape.properties ?? {};
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(known, name)).length;
  if (unknown > 0) report(`${at}: ${unknown} members that are not known are left out`);
  const missing = (shape.required ?? []).filter((name) => !Object.hasOwn(result, name));
  return missing.length === 0 ? result : wrong(`${at}: left out, it has no usable ${missing.join(', ')}`, report);
}

function takeList(shape: SchemaShape, value: unknown, at: string, report: ReportProblem): unknown {
  if (!Array.isArray(value)) return wrong(`${at}: left out, it is no list`, report);
  const most = shape.maxItems ?? 0;
  if (value.length > most) report(`${at}: ${most} of ${value.length} are stored`);
  const { items } = shape;
  if (items === undefined) return [];
  const taken = value
    .slice(0, most)
    .map((item: unknown, index) => take(items as SchemaShape, item, `${at}[${index}]`, report));
  return taken.filter((item) => item !== WRONG);
}

/** Readable characters stay. Blanks at the ends are firmware's padding. */
function takeText({ maxLength = 0 }: SchemaShape, value: unknown, at: string, report: ReportProblem): unknown {
  if (typeof value !== 'string') return wrong(`${at}: left out, it is no text`, report);
  // Only the part that can be stored is read.
  const head = value
    .slice(0, maxLength * 2)
    .replace(/[^ -~]+/g, '?')
    .trim();
  if (head.length > maxLength || value.length > maxLength * 2) report(`${at}: cut to ${maxLength} characters`);
  return head.slice(0, maxLength);
}

function isRight(shape: SchemaShape, value: unknown): boolean {
  const { type, pattern, maxLength = 0, minimum = 0, maximum = 0 } = shape;
  const literals = shape.enum ?? shape.anyOf?.map((one) => one.const);
  if (literals !== undefined) return literals.includes(value);
  if (type === 'boolean') return typeof value === 'boolean';
  if (type === 'integer') return Number.isSafeInteger(value) && Number(value) >= minimum && Number(value) <= maximum;
  return (
    typeof value === 'string' && value.length <= maxLength && pattern !== undefined && new RegExp(pattern).test(value)
  );
}

function wrong(problem: string, report: ReportProblem): typeof WRONG {
  report(problem);
  return WRONG;
}
