import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { type FieldProblem, type Rejected, rejected, show } from '../core/errors.ts';
import { nearestHint } from '../core/nearest.ts';
import { POWER_SECRET_NAMES } from '../model/machines/power-secrets.ts';
import { checkTexts } from './json-body.ts';

/** What a validator says: the value, with the texts of a query made numbers and booleans, or why not. */
type Validated = { readonly kind: 'valid'; readonly value: unknown } | Rejected;

/** Checks one part of a request against its schema. */
export type Validate = (value: unknown) => Validated;

/** Problems in one answer, at most. */
const PROBLEMS_MAX = 8;

interface SchemaError {
  readonly keyword: string;
  readonly schemaPath: string;
  readonly instancePath: string;
  readonly params: object;
  readonly message: string;
}

/** Makes the check of a body. Compiled at its first use: most processes never see most calls. */
export function bodyValidator(schema: TSchema): Validate {
  const check = lazily(schema);
  return (value) => {
    if (value === undefined)
      return rejected('bad_request', 'A JSON body is needed, with Content-Type: application/json.');
    return checkTexts(value) ?? check(value);
  };
}

/** Makes the check of a body whose texts are free, such as a daemon's own output over several lines. */
export function rawValidator(schema: TSchema): Validate {
  const check = lazily(schema);
  return (value) => (value === undefined ? rejected('bad_request', 'A JSON body is needed.') : check(value));
}

/** Makes the check of path parameters or of a query: their texts become numbers and booleans where the schema wants them. */
export function textValidator(schema: TSchema): Validate {
  const check = lazily(schema);
  const members = 'properties' in schema ? (schema.properties as Record<string, { type?: string }>) : {};
  return (value) => {
    const converted: Record<string, unknown> = {};
    for (const [name, text] of Object.entries(value ?? {})) {
      if (Array.isArray(text)) return fieldsRefusal([{ field: name, problem: 'it is given more than once' }]);
      converted[name] = convert(text, Object.hasOwn(members, name) ? members[name]?.type : undefined);
    }
    return checkTexts(converted) ?? check(converted);
  };
}

function convert(text: unknown, type: string | undefined): unknown {
  if (typeof text !== 'string') return text;
  if (type === 'boolean')
    return text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : text;
  if (type === 'integer' && /^-?\d{1,16}$/.test(text)) return Number(text);
  return text;
}

function lazily(schema: TSchema): Validate {
  let validator: ReturnType<typeof Compile> | undefined;
  return (value) => {
    validator ??= Compile(schema);
    if (validator.Check(value)) return { kind: 'valid', value };
    // The library's errors carry more members than we read.
    const errors = validator.Errors(value) as unknown as SchemaError[];
    return fieldsRefusal(problemsOfMeant(schema, errors, value) ?? problemsOf(errors, value, schema));
  };
}

/** Where a value is one of several objects that name themselves by the member `do`, as a change of storage is. */
const NAMED = /^(#.*)\/anyOf\/\d+\/properties\/do$/;

/** The problems of the one object that the member `do` names: those of the other objects are of no use. Null: there are no such objects. */
function problemsOfMeant(schema: TSchema, errors: readonly SchemaError[], root: unknown): FieldProblem[] | null {
  for (const { schemaPath, instancePath } of errors) {
    const union = NAMED.exec(schemaPath)?.[1];
    if (union === undefined || !instancePath.endsWith('/do')) continue;
    const at = instancePath.slice(0, -'/do'.length);
    const parts = valueAt(schema, `${union.slice(1)}/anyOf`) as readonly NamedPart[];
    const names = parts.flatMap((part) => part.properties.do.enum);
    const name = valueAt(root, instancePath);
    const part = parts.find(({ properties }) => properties.do.enum.some((one) => one === name));
    if (!part)
      return [
        { field: instancePath.slice(1), problem: `${show(name)} is not known`, rule: `one of ${names.join(', ')}` },
      ];
    const found = Compile(part).Errors(valueAt(root, at)) as unknown as SchemaError[];
    if (found.length > 0)
      return problemsOf(
        found.map((error) => ({ ...error, instancePath: `${at}${error.instancePath}` })),
        root,
        part,
      );
  }
  return null;
}

type NamedPart = TSchema & { readonly properties: { readonly do: { readonly enum: readonly string[] } } };

function fieldsRefusal(fields: readonly FieldProblem[]): Rejected {
  const sentences = fields.map(
    ({ field, problem, rule }) => `${field || 'the body'}: ${problem}.${rule ? ` Rule: ${rule}.` : ''}`,
  );
  return rejected('invalid_value', sentences.join(' '), fields);
}

function problemsOf(errors: readonly SchemaError[], value: unknown, schema: TSchema): FieldProblem[] {
  const problems = new Map<string, FieldProblem>();
  const unions = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.instancePath);
  for (const error of errors) {
    for (const problem of problemOf(error, value, { unions, schema })) {
      if (!problems.has(problem.field)) problems.set(problem.field, problem);
    }
  }
  return [...problems.values()].slice(0, PROBLEMS_MAX);
}

type ProblemContext = { readonly unions: readonly string[]; readonly schema: TSchema };

function problemOf(error: SchemaError, root: unknown, { unions, schema }: ProblemContext): FieldProblem[] {
  const field = error.instancePath.replace(/^\//, '');
  const param = (name: string): unknown => Object.entries(error.params).find(([key]) => key === name)?.[1];
  const names = (name: string) => (Array.isArray(param(name)) ? (param(name) as unknown[]).map(String) : []);
  const join = (name: string) => (field === '' ? name : `${field}/${name}`);
  const found = isSecret(error.instancePath) ? 'it' : show(valueAt(root, error.instancePath));
  switch (error.keyword) {
    case 'boolean':
      return [];
    case 'additionalProperties':
      return names('additionalProperties').map((name) => ({
        field: join(name.slice(0, 60)),
        problem: `there is no such field${likeOf(schema, error.schemaPath, name)}`,
        rule: 'only the fields of the API document are taken',
      }));
    case 'required':
      return names('requiredProperties').map((name) => ({ field: join(name), problem: 'it is missing' }));
    case 'enum':
      return [{ field, problem: `${found} is not known`, rule: `one of ${names('allowedValues').join(', ')}` }];
    default:
      if (unions.includes(error.instancePath) && error.keyword === 'type' && error.message === 'must be null')
        return [];
      return [{ field, problem: `${found} ${error.message.replaceAll('\n', ' ')}` }];
  }
}

/** Names the member that was probably meant. */
function likeOf(schema: TSchema, schemaPath: string, name: string): string {
  const { properties = {} } = (valueAt(schema, schemaPath.slice(1)) ?? {}) as { readonly properties?: object };
  return nearestHint(name, Object.keys(properties), String);
}

/** Members whose value no refusal repeats: people give secrets in them. */
const SECRETS: ReadonlySet<string> = new Set([
  ...POWER_SECRET_NAMES,
  'current',
  'password',
  'privateKey',
  'secret',
  'userData',
]);

/** Does a secret stand there, or a part of one, or what holds one by its name? */
function isSecret(path: string): boolean {
  return /\/(?:parameters|values)$/.test(path) || path.split('/').some((part) => SECRETS.has(part));
}

function valueAt(root: unknown, path: string): unknown {
  let value = root;
  for (const part of path.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    value =
      typeof value === 'object' && value !== null
        ? Object.entries(value).find(([key]) => key === name)?.[1]
        : undefined;
  }
  return value;
}
