import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';

/** What a parameter's value is. `storage`, `interface`: a disk or a card of the machine, or `all` of them. */
export const PARAMETER_TYPES = ['storage', 'interface', 'string', 'url', 'password', 'runtime'] as const;
export type ParameterType = (typeof PARAMETER_TYPES)[number];

/** A parameter of a script, in MAAS's form. `argument_format`: the argument that carries its value, such as `--disk={path}`. */
export interface ScriptParameter {
  readonly type: ParameterType;
  readonly title?: string;
  readonly description?: string;
  readonly default?: string;
  readonly required: boolean;
  readonly argument_format?: string;
}
export type ScriptParameters = Readonly<Record<string, ScriptParameter>>;

/** Values by parameter. */
export type ParameterValues = Readonly<Record<string, string>>;

const PARAMETERS_MAX = 16;
/** Of a text of a parameter, and of a value. */
const TEXT_MAX = 256;
export const VALUE_MAX = 1024;
const MEMBERS = ['type', 'title', 'description', 'default', 'required', 'argument_format'];
const RULE = `an object by name, of type (${PARAMETER_TYPES.join(', ')}), default, required, title, description, argument_format`;

/** Parses the parameters of a script, from JSON or from its comment. */
export function parseParameters(given: unknown, field = 'parameters'): ScriptParameters | Rejected {
  if (!isRecord(given)) return invalid(field, 'they are no object', RULE);
  const entries = Object.entries(given);
  if (entries.length > PARAMETERS_MAX)
    return invalid(field, `${entries.length} are too many`, `at most ${PARAMETERS_MAX}`);
  const parsed: Record<string, ScriptParameter> = {};
  for (const [name, value] of entries) {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,31}$/.test(name))
      return invalid(field, `the name ${show(name)} is not usable`, '1–32 of letters, digits, _ and -, a letter first');
    const parameter = parseParameter(name, value, field);
    if (isRejected(parameter)) return parameter;
    parsed[name] = parameter;
  }
  return parsed;
}

function parseParameter(name: string, given: unknown, field: string): ScriptParameter | Rejected {
  if (!isRecord(given)) return invalid(field, `${name} is not an object`, RULE);
  const unknown = Object.keys(given).find((member) => !MEMBERS.includes(member));
  if (unknown !== undefined) return invalid(field, `${name} has the member ${show(unknown)}`, RULE);
  const type = PARAMETER_TYPES.find((known) => known === given['type']);
  if (type === undefined) return invalid(field, `${name} has the type ${show(given['type'])}`, RULE);
  const required = flagOf(given['required'] ?? true);
  if (required === undefined)
    return invalid(field, `required of ${name} is ${show(given['required'])}`, 'true or false');
  const texts: Record<string, string> = {};
  for (const member of ['title', 'description', 'default', 'argument_format']) {
    const text = given[member];
    if (text === undefined) continue;
    if (typeof text !== 'string' || text.length > TEXT_MAX || hasControl(text))
      return invalid(field, `${member} of ${name} is not usable`, `a line of at most ${TEXT_MAX} characters`);
    texts[member] = text;
  }
  if (type === 'password' && texts['default'] !== undefined)
    return invalid(field, `${name} is a password with a default`, 'a password is given when the script is run');
  const wrong = /\{(?!(?:input|name|path|model|serial|mac|vendor|product)\})/.exec(texts['argument_format'] ?? '');
  if (wrong !== null)
    return invalid(
      field,
      `argument_format of ${name} has a place that is not known`,
      '{input}; of a disk {name}, {path}, {model}, {serial}; of a card {name}, {mac}, {vendor}, {product}',
    );
  return { type, required, ...texts };
}

/** A flag as JSON or YAML has it; `undefined`: it is none. Pure. */
export function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  const answer = typeof value === 'string' ? value.toLowerCase() : '';
  if (['true', 'yes', 'on'].includes(answer)) return true;
  return ['false', 'no', 'off'].includes(answer) ? false : undefined;
}

/**
 * The values that a run gives a script: those that are given, else the defaults; `all` for a disk or a card that has none. Refused: one that the script
 * does not have, one that is wrong, or a missing one. A refusal names no value of a password.
 */
export function fillParameters(
  script: { readonly name: string; readonly parameters: ScriptParameters },
  given: ParameterValues,
): ParameterValues | Rejected {
  const { name: of, parameters } = script;
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(parameters, name));
  if (unknown !== undefined) {
    const known = Object.keys(parameters);
    const rule = known.length === 0 ? 'it has none' : `one of ${known.join(', ')}`;
    return invalid('parameters', `${of} has no parameter ${show(unknown)}`, rule);
  }
  const values: Record<string, string> = {};
  for (const [name, parameter] of Object.entries(parameters)) {
    const { type, required } = parameter;
    const isDevice = type === 'storage' || type === 'interface';
    const value = Object.hasOwn(given, name) ? given[name] : (parameter.default ?? (isDevice ? 'all' : undefined));
    if (value === undefined || value === '') {
      if (required) return invalid('parameters', `${of} needs ${name}`, `--param ${of}.${name}=VALUE`);
      continue;
    }
    const problem = problemOf(type, value);
    if (problem !== null) return invalid('parameters', `${of}.${name} ${problem[0]}`, problem[1]);
    values[name] = value;
  }
  return values;
}

function problemOf(type: ParameterType, value: string): readonly [problem: string, rule: string] | null {
  if (value.length > VALUE_MAX || hasControl(value))
    return ['is not usable', `one line of at most ${VALUE_MAX} characters, no control characters`];
  if (type === 'url' && !URL.canParse(value)) return [`is ${show(value)}`, 'a URL, such as http://192.0.2.1/'];
  if (type === 'runtime' && !/^[1-9][0-9]{0,5}$/.test(value)) return [`is ${show(value)}`, 'seconds, 1 to 999999'];
  return null;
}

/** Disks and cards of a machine, as far as arguments need them. */
export interface KnownDevices {
  readonly disks: readonly { readonly name: string; readonly model?: string; readonly serial?: string }[];
  readonly interfaces: readonly {
    readonly name: string;
    readonly mac: string;
    readonly vendor?: string;
    readonly product?: string;
  }[];
}

/**
 * What a script is started with. `arguments`: in the order of its parameters; `environment`: all its values, as `PARAM_NAME=value`. A password is in the
 * environment only: arguments are seen by everybody on a machine.
 */
export type Invocation = { readonly arguments: readonly string[]; readonly environment: readonly string[] };

/** Makes arguments of values. A disk or card that is not known is passed on as it was named. Pure. */
export function invocationOf(parameters: ScriptParameters, values: ParameterValues, known: KnownDevices): Invocation {
  const given = Object.entries(parameters).filter(([name]) => Object.hasOwn(values, name));
  return {
    arguments: given.flatMap(([name, parameter]) =>
      argumentsOf(name, parameter, places(parameter, values[name] ?? '', known)),
    ),
    environment: given.map(([name, parameter]) => {
      const { path, input = '' } = places(parameter, values[name] ?? '', known);
      return `PARAM_${name.toUpperCase().replaceAll('-', '_')}=${parameter.type === 'storage' ? (path ?? input) : input}`;
    }),
  };
}

type Places = Readonly<Record<string, string>>;

function argumentsOf(name: string, { type, argument_format: format }: ScriptParameter, at: Places): string[] {
  if (type === 'password') return [];
  const usual =
    type === 'storage' ? `--${name}={path}` : type === 'interface' ? `--${name}={name}` : `--${name}={input}`;
  const parts = (format ?? usual).split(/ +/).filter((part) => part !== '');
  return parts.map((part) => part.replaceAll(/\{([a-z]+)\}/g, (_all, place: string) => at[place] ?? ''));
}

function places({ type }: ScriptParameter, value: string, known: KnownDevices): Places {
  if (type === 'storage') {
    const disk = diskOf(value, known);
    const name = disk?.name ?? value.replace(/^\/dev\//, '');
    const path = value === 'all' ? 'all' : `/dev/${name}`;
    return { name, path, model: disk?.model ?? '', serial: disk?.serial ?? '', input: value === 'all' ? 'all' : name };
  }
  if (type === 'interface') {
    const card = known.interfaces.find(({ name, mac }) => name === value || mac === value.toLowerCase());
    const name = card?.name ?? value;
    return { name, mac: card?.mac ?? '', vendor: card?.vendor ?? '', product: card?.product ?? '', input: name };
  }
  return { input: value };
}

/** By name, path or serial number; a model only if it is the only one. */
function diskOf(value: string, { disks }: KnownDevices): KnownDevices['disks'][number] | undefined {
  const exact = disks.find(({ name, serial }) => name === value || `/dev/${name}` === value || serial === value);
  const alike = disks.filter(({ model }) => model === value);
  return exact ?? (alike.length === 1 ? alike[0] : undefined);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const hasControl = (text: string): boolean => /\p{Cc}/u.test(text);
