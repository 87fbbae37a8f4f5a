import { type FieldProblem, type Rejected, rejected, show } from '../../core/errors.ts';
import type { Operation, Parameter } from './catalog/base/parse.ts';
import constraints from './catalog/base/filters.json' with { type: 'json' };
import type { CallForm, FormFile } from './request.ts';

/**
 * Of constraints: parameters that are none and are ignored beside them, by MAAS's own list; what MAAS's documents have for `allocate`, and it refuses like
 * unknown ones; and its sentences about numbers that are none.
 */
const { besideConstraints, noConstraints } = constraints;
const NUMBER_SENTENCES: Readonly<Record<string, string>> = constraints.numberSentences;

/** The parameters of a call, checked by the table: each is of its type where it is there. */
export interface Args {
  /** Was it given, be it empty? */
  has(name: string): boolean;
  /** The last value that was given; undefined: none. */
  text(name: string): string | undefined;
  /** As `text`; an empty one clears: null. */
  clearable(name: string): string | null | undefined;
  /** All values; those in one text with commas between count each. Empty ones are left out. */
  list(name: string): readonly string[];
  number(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  file(name: string): FormFile | undefined;
  /** All files of the form, whatever their names. */
  files(): readonly FormFile[];
  /** All that was given, the last value of each name. */
  entries(): readonly (readonly [string, string])[];
}

const TRUE = ['true', '1', 'yes', 'on', 't', 'y'];
const FALSE = ['false', '0', 'no', 'off', 'f', 'n', 'none'];
const NUMBER = /^-?\d{1,15}(?:\.\d{1,9})?$/;
const BYTES = /^(-?\d{1,15}(?:\.\d{1,3})?)\s*([kmgtpe]?)(?:i?b)?$/i;
const POWERS = ['', 'k', 'm', 'g', 't', 'p', 'e'];

/** Bytes of a text such as `10737418240`, `10G` or `1.5T`, in steps of a thousand as MAAS has them; undefined: it is none. Pure. */
export function bytesIn(text: string): number | undefined {
  const [, count, unit = ''] = BYTES.exec(text.trim()) ?? [];
  const bytes = Math.floor(Number(count) * 1000 ** POWERS.indexOf(unit.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Why a value of a type is not usable; null: it is. An empty one clears, whatever the type. */
function problemOf({ name, type }: Parameter, value: string): FieldProblem | null {
  if (value === '') return null;
  const low = value.toLowerCase();
  const describeProblem = (rule: string) => ({ field: name, problem: `${show(value)} is not usable`, rule });
  if (type === 'int')
    return NUMBER.test(value) && Number.isInteger(Number(value)) ? null : describeProblem('a whole number');
  if (type === 'bytes')
    return bytesIn(value) === undefined ? describeProblem('bytes, such as 10737418240 or 10G') : null;
  if (type === 'float') return NUMBER.test(value) ? null : describeProblem('a number');
  if (type === 'boolean') return TRUE.includes(low) || FALSE.includes(low) ? null : describeProblem('true or false');
  return null;
}

/** Names that the operation has no constraint for, where its parameters are constraints. */
function unknownConstraints({ parameters, isConstrained }: Taken, given: Iterable<string>): FieldProblem[] {
  if (!isConstrained) return [];
  const known = new Set([...parameters.map(({ name }) => name), ...besideConstraints, 'op']);
  for (const name of noConstraints) known.delete(name);
  return [...new Set(given)]
    .filter((name) => !known.has(name))
    .map((field) => ({ field, problem: 'No such constraint' }));
}

/** Values of a part of a form that came as a file, where the parameter is a text: `curl -F value=@FILE` sends it so. */
function textOfFile(file: FormFile | undefined): readonly string[] {
  if (file === undefined) return [];
  const text = file.content.toString('utf8');
  return Buffer.from(text, 'utf8').equals(file.content) ? [text] : [];
}

type Taken = Pick<Operation, 'parameters'> & Partial<Pick<Operation, 'isConstrained'>>;

/** Reads the parameters of an operation. `form` comes before `query`, which has what is not in it. The refusal names each bad or missing one. Pure. */
export function readArgs(operation: Taken, form: CallForm, query: CallForm): Args | Rejected {
  const texts = new Map<string, readonly string[]>();
  for (const { name, type } of operation.parameters)
    if (type !== 'file' && form.files.has(name)) texts.set(name, textOfFile(form.files.get(name)));
  const valuesOf = (name: string): readonly string[] =>
    form.values.get(name) ?? texts.get(name) ?? query.values.get(name) ?? [];
  const has = (name: string) => valuesOf(name).length > 0 || form.files.has(name);
  const problems = operation.parameters.flatMap((parameter): FieldProblem[] => {
    const { name, isRequired } = parameter;
    if (isRequired && !(valuesOf(name).some((value) => value !== '') || form.files.has(name)))
      return [{ field: name, problem: 'This field is required' }];
    if (texts.get(name)?.length === 0)
      return [
        { field: name, problem: 'the file is not UTF-8 text', rule: 'a text; bytes in base64 where they are taken' },
      ];
    const found = valuesOf(name)
      .map((value) => problemOf(parameter, value))
      .find((problem) => problem !== null);
    if (!found) return [];
    const sentence = operation.isConstrained ? NUMBER_SENTENCES[name] : undefined;
    return [sentence === undefined ? found : { field: name, problem: sentence }];
  });
  problems.push(
    ...unknownConstraints(operation, [...query.values.keys(), ...form.values.keys(), ...form.files.keys()]),
  );
  if (problems.length > 0)
    return rejected('invalid_value', problems.map(({ field, problem }) => `${field}: ${problem}.`).join(' '), problems);
  const text = (name: string) => valuesOf(name).at(-1);
  const sizes = new Set(operation.parameters.filter(({ type }) => type === 'bytes').map(({ name }) => name));
  return {
    has,
    text,
    clearable: (name) => text(name) || (has(name) ? null : undefined),
    list: (name) =>
      valuesOf(name)
        .flatMap((value) => value.split(','))
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    number: (name) => {
      const value = text(name);
      if (value === undefined || value === '') return undefined;
      return sizes.has(name) ? bytesIn(value) : Number(value);
    },
    flag: (name) => {
      const value = text(name);
      return value === undefined || value === '' ? undefined : TRUE.includes(value.toLowerCase());
    },
    file: (name) => form.files.get(name),
    files: () => [...form.files.values()],
    entries: () =>
      [...new Set([...query.values.keys(), ...form.values.keys()])]
        .filter((name) => name !== 'op')
        .map((name) => [name, text(name) ?? ''] as const),
  };
}
