import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { formatAddress, parseAddress } from '../../core/ip.ts';
import { parseDomainName } from '../names/names.ts';

/** Protocols that switch a machine on and off, by MAAS's names. */
export const POWER_TYPES = ['ipmi', 'redfish', 'virsh', 'webhook', 'manual'] as const;
export type PowerType = (typeof POWER_TYPES)[number];

/** States of a machine's power, MAAS's names. `unknown`: nobody knows; `error`: its BMC was queried and did not answer. */
export const POWER_STATES = ['on', 'off', 'unknown', 'error'] as const;
export type PowerState = (typeof POWER_STATES)[number];

/** How a machine is switched off. `soft`: its operating system shuts it down. */
export const STOP_MODES = ['hard', 'soft'] as const;
export type StopMode = (typeof STOP_MODES)[number];

/** What a machine starts from at its next start. */
export const BOOT_DEVICES = ['pxe', 'disk'] as const;
export type BootDevice = (typeof BOOT_DEVICES)[number];

/** A value that may be chosen. */
export type PowerChoice = { readonly value: string; readonly label: string };

/**
 * One parameter of a power type. `name`: MAAS's where MAAS has it. `scope`: does it belong to the BMC or to one machine of it?
 * `several`: a list of choices. A secret is written, and never read back.
 */
export interface PowerSetting {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'password' | 'choice' | 'several';
  readonly scope: 'bmc' | 'machine';
  readonly isRequired?: true;
  readonly isSecret?: true;
  /** Where secrets go, or what protects them in transit: a stored secret is given again when it changes. */
  readonly bindsSecrets?: true;
  readonly choices?: readonly PowerChoice[];
  readonly default?: string | readonly string[];
  /** The canonical form of a text, or its refusal. A refusal of a secret does not repeat it. */
  parse?(text: string, field: string): string | Rejected;
}

/** Parameters by name: a text, or a list of choices. What is not given is not there. */
export type PowerParameters = Readonly<Record<string, string | readonly string[]>>;

/** What stands where a secret is. */
export const MASKED_SECRET = '********';

const TEXT_MAX = 1024;
const TEXT_RULE = `at most ${TEXT_MAX} characters, no control characters`;

/**
 * The law of a power type's parameters: gives them in canonical form with defaults filled in, or the refusal of the first bad one.
 * An empty text means that it is not given, as MAAS's clients send it. `prefix` stands before the name in a refusal.
 */
export function parsePowerParameters(
  settings: readonly PowerSetting[],
  given: Readonly<Record<string, unknown>>,
  prefix = '',
): PowerParameters | Rejected {
  const unknown = Object.keys(given).find((name) => !settings.some((setting) => setting.name === name));
  if (unknown !== undefined) {
    const names = settings.map((setting) => setting.name).join(', ');
    return invalid(
      `${prefix}${show(unknown)}`,
      'there is no such parameter',
      names === '' ? 'none' : `one of ${names}`,
    );
  }
  const parameters: Record<string, string | readonly string[]> = {};
  for (const setting of settings) {
    const value = parseOne(setting, given[setting.name], `${prefix}${setting.name}`);
    if (isRejected(value)) return value;
    if (value !== null) parameters[setting.name] = value;
  }
  return parameters;
}

/** The parameters as everybody may see them: a secret that is set is masked. */
export function maskPowerParameters(settings: readonly PowerSetting[], parameters: PowerParameters): PowerParameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const setting = settings.find((item) => item.name === name);
      // An unknown parameter may be anything, also a secret.
      return [name, setting !== undefined && setting.isSecret !== true ? value : MASKED_SECRET];
    }),
  );
}

/** The secrets among the parameters, by name. */
export function secretsIn(
  settings: readonly PowerSetting[],
  parameters: PowerParameters,
): Readonly<Record<string, string>> {
  const secrets = settings.flatMap(({ name, isSecret }): [string, string][] => {
    const value = parameters[name];
    return isSecret === true && typeof value === 'string' && value !== '' ? [[name, value]] : [];
  });
  return Object.fromEntries(secrets);
}

/** A BMC's parameters in two parts: what everybody may see, with secrets masked, and the secrets. */
export type SplitParameters = { readonly shown: PowerParameters; readonly secrets: Readonly<Record<string, string>> };

/** What the law of a power type needs to know of it. `inClear`: the parameters by which a secret would travel without encryption. */
export interface PowerLaw {
  readonly type: PowerType;
  readonly settings: readonly PowerSetting[];
  inClear?(parameters: PowerParameters): readonly string[];
}

/** What is stored of a BMC before a change. `shown`: with secrets masked. */
export interface StoredParameters {
  readonly law: PowerLaw;
  readonly shown: PowerParameters;
  readonly secrets: Readonly<Record<string, string>>;
}

/**
 * What an operator gave, by the law of the power type. What is of one machine may be missing: each machine of the BMC may have its own. Defaults are
 * not filled in: what is stored is what was given. A masked secret means the stored one, so what was read can be written back; but a stored secret
 * goes only where it was entered for. `old`: what is stored; null: nothing.
 */
export function splitParameters(
  law: PowerLaw,
  given: Readonly<Record<string, unknown>>,
  old: StoredParameters | null,
): SplitParameters | Rejected {
  const settings = law.settings.map((setting) => (setting.scope === 'machine' ? optional(setting) : setting));
  const masked = settings.filter(({ name, isSecret }) => isSecret === true && given[name] === MASKED_SECRET);
  const stored: Record<string, unknown> = {};
  for (const { name } of masked) {
    const secret = old?.secrets[name];
    if (secret === undefined)
      return invalid(`parameters/${name}`, 'it is masked, but no secret is stored', 'the secret itself');
    stored[name] = secret;
  }
  const parsed = parsePowerParameters(settings, { ...given, ...stored }, 'parameters/');
  if (isRejected(parsed)) return parsed;
  const [first] = masked;
  const moved = first === undefined || old === null ? null : changedPlace(old, law, parsed);
  if (first !== undefined && moved !== null)
    return invalid(`parameters/${first.name}`, `it is masked, and ${moved}`, BOUND_RULE);
  const explicit = Object.fromEntries(
    Object.entries(parsed).filter(([name]) => given[name] !== undefined && given[name] !== ''),
  );
  const secrets = secretsIn(settings, explicit);
  // A stored secret whose place did not change goes on as before: the doctor names such a BMC.
  const fresh = Object.keys(secrets).find((name) => given[name] !== MASKED_SECRET);
  const [clear] = fresh === undefined ? [] : (law.inClear?.(parsed) ?? []);
  if (clear !== undefined) return invalid(`parameters/${clear}`, `${fresh} would be sent unencrypted`, CLEAR_RULE);
  return { shown: maskPowerParameters(settings, explicit), secrets };
}

const BOUND_RULE =
  'a stored secret is sent only to the address for which it was entered; give the secret again, or leave it out to remove it';
const CLEAR_RULE = 'https:// with a secret; http:// only without one';

/** Why the stored secrets of a BMC would go elsewhere by these parameters, or less protected; null: they would not. */
function changedPlace(old: StoredParameters, law: PowerLaw, parsed: PowerParameters): string | null {
  if (old.law.type !== law.type) return `the power type changes from ${old.law.type} to ${law.type}`;
  const changed = law.settings.find(
    (setting) => setting.bindsSecrets === true && placeText(setting, old.shown) !== placeText(setting, parsed),
  );
  return changed === undefined ? null : `${changed.name} changes`;
}

/** The value in one form: what an earlier release stored may be written otherwise, or be refused by now. */
function placeText(setting: PowerSetting, parameters: PowerParameters): string {
  const value = parameters[setting.name];
  const canonical = parseOne(optional(setting), value, setting.name);
  return JSON.stringify((isRejected(canonical) ? value : canonical) ?? null);
}

/** A machine's own parameters at its BMC, by the law of the power type. `ofBmc`: what the BMC has; a machine's own come before these. */
export function parseMachineParameters(
  settings: readonly PowerSetting[],
  given: Readonly<Record<string, unknown>>,
  ofBmc: PowerParameters,
): PowerParameters | Rejected {
  const own = settings.filter(({ scope }) => scope === 'machine');
  const merged = Object.fromEntries(
    own.flatMap(({ name }) => {
      const value = given[name] ?? ofBmc[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const parsed = parsePowerParameters(own, { ...given, ...merged }, 'powerParameters/');
  if (isRejected(parsed)) return parsed;
  return Object.fromEntries(Object.entries(parsed).filter(([name]) => given[name] !== undefined && given[name] !== ''));
}

function optional(setting: PowerSetting): PowerSetting {
  const { isRequired: _, ...rest } = setting;
  return rest;
}

/** Where something answers: a name or an address without brackets, and a port. */
export type PowerPlace = { readonly host: string; readonly port: number };

const PLACE = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([^:\s[\]]{1,254}))(?::(\d{1,5}))?$/;
const PLACE_RULE = 'an address or a name, with :PORT if it is not the usual one; IPv6 with a port in brackets';

/** Parses HOST or HOST:PORT; `port` is the usual one. */
export function parsePlace(text: string, field: string, port: number): PowerPlace | Rejected {
  const bare = parseAddress(text, field);
  if (!isRejected(bare)) return { host: formatAddress(bare), port };
  const match = PLACE.exec(text);
  if (!match) return invalid(field, `${show(text)} is not a place on a network`, PLACE_RULE);
  const given = Number(match[3] ?? port);
  if (given < 1 || given > 65_535) return invalid(field, `${show(text)} has the port ${given}`, '1 to 65535');
  const host = match[1] ?? match[2] ?? '';
  const address = parseAddress(host, field);
  if (!isRejected(address)) return { host: formatAddress(address), port: given };
  const name = parseDomainName(host, field);
  return isRejected(name)
    ? invalid(field, `${show(text)} is not a place on a network`, PLACE_RULE)
    : { host: name, port: given };
}

/** A place as text; the usual port is left out. */
export function formatPlace({ host, port }: PowerPlace, usual: number): string {
  if (port === usual) return host;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function parseOne(setting: PowerSetting, given: unknown, field: string): string | readonly string[] | null | Rejected {
  if (setting.kind === 'several') return parseSeveral(setting, given, field);
  if (given === undefined || given === null || given === '') return absent(setting, field);
  if (typeof given !== 'string') return invalid(field, 'it is not a text', TEXT_RULE);
  const isSecret = setting.isSecret === true;
  const shown = isSecret ? 'it' : show(given);
  if (given.length > TEXT_MAX || /[\u0000-\u001f\u007f]/.test(given))
    return invalid(field, `${shown} is not usable`, TEXT_RULE);
  if (setting.choices !== undefined && !setting.choices.some(({ value }) => value === given))
    return invalid(field, `${shown} is not one of them`, choicesOf(setting));
  return setting.parse?.(given, field) ?? given;
}

function parseSeveral(setting: PowerSetting, given: unknown, field: string): readonly string[] | null | Rejected {
  if (given === undefined || given === null || given === '')
    return setting.default === undefined ? null : [setting.default].flat();
  // MAAS's clients send a list as several fields or as one text with commas.
  const items = typeof given === 'string' ? given.split(',') : given;
  if (!Array.isArray(items)) return invalid(field, 'it is not a list', choicesOf(setting));
  const values: string[] = [];
  for (const item of items as readonly unknown[]) {
    if (item === '') continue;
    const choice = setting.choices?.find(({ value }) => value === item);
    if (choice === undefined) return invalid(field, `${show(item)} is not one of them`, choicesOf(setting));
    if (!values.includes(choice.value)) values.push(choice.value);
  }
  return values;
}

function absent(setting: PowerSetting, field: string): string | null | Rejected {
  if (typeof setting.default === 'string') return setting.default === '' ? null : setting.default;
  return setting.isRequired === true ? invalid(field, 'it is missing', `${setting.label} is needed`) : null;
}

function choicesOf(setting: PowerSetting): string {
  return `one of ${(setting.choices ?? [])
    .map(({ value }) => value)
    .filter((value) => value !== '')
    .join(', ')}`;
}
