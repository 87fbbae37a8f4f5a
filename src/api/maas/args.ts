import { type FieldProblem, type Rejected, rejected, show } from '../../core/errors.ts';
import type { Operation, Parameter } from './catalog/parse.ts';
import type { Form, FormFile } from './request.ts';

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

/** Why a value of a type is not usable; null: it is. An empty one clears, whatever the type. */
function problemOf({ name, type }: Parameter, value: string): FieldProblem | null {
  if (value === '') return null;
  const low = value.toLowerCase();
  const told = (rule: string) => ({ field: name, problem: `${show(value)} is not usable`, rule });
  if (type === 'int') return NUMBER.test(value) && Number.isInteger(Number(value)) ? null : told('a whole number');
  if (type === 'float') return NUMBER.test(value) ? null : told('a number');
  if (type === 'boolean') return TRUE.includes(low) || FALSE.includes(low) ? null : told('true or false');
  return null;
}

/** Reads the parameters of an operation. `form` comes before `query`, which has what is not in it. The refusal names each bad or missing one. Pure. */
export function readArgs(operation: Pick<Operation, 'parameters'>, form: Form, query: Form): Args | Rejected {
  const valuesOf = (name: string): readonly string[] => form.values.get(name) ?? query.values.get(name) ?? [];
  const has = (name: string) => valuesOf(name).length > 0 || form.files.has(name);
  const problems = operation.parameters.flatMap((parameter): FieldProblem[] => {
    const { name, isRequired } = parameter;
    if (isRequired && !(valuesOf(name).some((value) => value !== '') || form.files.has(name)))
      return [{ field: name, problem: 'This field is required' }];
    const found = valuesOf(name)
      .map((value) => problemOf(parameter, value))
      .find((problem) => problem !== null);
    return found ? [found] : [];
  });
  if (problems.length > 0)
    return rejected('invalid_value', problems.map(({ field, problem }) => `${field}: ${problem}.`).join(' '), problems);
  const text = (name: string) => valuesOf(name).at(-1);
  return {
    has,
    text,
    clearable: (name) => text(name) || (has(name) ? null : undefined),
    list: (name) =>
      valuesOf(name)
        .flatMap((value) => value.split(','))
        .map((one) => one.trim())
        .filter((one) => one !== ''),
    number: (name) => (text(name) === undefined || text(name) === '' ? undefined : Number(text(name))),
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
