import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import { flagOf, parseParameters, type ScriptParameters } from './script-parameter.ts';
import { parseComment, type MetadataValue } from './script-yaml.ts';

/** When a script runs. */
export const SCRIPT_PURPOSES = ['commissioning', 'testing'] as const;
/** The release has scripts besides that install a machine's system and erase its disks: a site does not make such ones. */
export const ALL_PURPOSES = [...SCRIPT_PURPOSES, 'deploying', 'erasing'] as const;
export type ScriptPurpose = (typeof ALL_PURPOSES)[number];

/** What a script examines; scripts of one kind may run beside each other. */
export const SCRIPT_HARDWARE = ['node', 'cpu', 'memory', 'storage', 'network'] as const;
export type ScriptHardware = (typeof SCRIPT_HARDWARE)[number];

/** Characters of a script; seconds that it may be given. */
export const SCRIPT_MAX = 131_072;
export const TIMEOUT_MAX = 604_800;
/** Names of ours begin so. */
export const BUILT_IN_PREFIX = 'regent-';
/** This tag makes a script one of those that run when none is named. */
export const DEFAULT_TAG = 'default';

/** A script that machines run. `timeout`: seconds, 0: as long as it takes. `parallel`: beside others of the same kind. */
export interface Script {
  readonly name: string;
  readonly comment: string;
  readonly purpose: ScriptPurpose;
  readonly hardware: ScriptHardware;
  readonly timeout: number;
  readonly parallel: boolean;
  readonly destructive: boolean;
  readonly tags: readonly string[];
  readonly parameters: ScriptParameters;
  readonly content: string;
}

/** What a script's comment says of it. */
export type ScriptMetadata = Partial<Omit<Script, 'content'>>;

export const SCRIPT_NAME_RULE =
  '1–64 of letters, digits and . _ -, starting and ending with a letter or digit, not only digits, not "none", not ending in .out, .err or .yaml';
export const SCRIPT_TAG_RULE = '1–64 of letters, digits and . _ -';

/** Parses a script's name, which is also that of the files with its outputs. */
export function parseScriptName(text: string, field = 'name'): string | Rejected {
  const isName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/.test(text);
  if (!isName || /^\d+$|^none$|\.(?:out|err|yaml)$/.test(text))
    return invalid(field, `${show(text)} is not usable`, SCRIPT_NAME_RULE);
  return text;
}

/** Parses tags of a script: sorted, each once. */
export function parseScriptTags(given: readonly string[], field = 'tags'): string[] | Rejected {
  const tags = [...new Set(given)].sort();
  if (tags.length > 32) return invalid(field, `${tags.length} are too many`, 'at most 32');
  const wrong = tags.find((tag) => !/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(tag));
  return wrong === undefined ? tags : invalid(field, `${show(wrong)} is not usable`, SCRIPT_TAG_RULE);
}

/** Parses the text of a script: it says by its first line what runs it. */
export function parseContent(text: string, field = 'content'): string | Rejected {
  const size = Buffer.byteLength(text);
  if (size > SCRIPT_MAX) return invalid(field, `it has ${size} bytes`, `at most ${SCRIPT_MAX}`);
  if (text.includes('\0')) return invalid(field, 'it is not a text', 'a script, which is text');
  if (/^[^\n]*\r\n/.test(text)) return invalid(field, 'its lines end with CR and LF', 'lines end with LF alone');
  if (text.startsWith('\uFEFF'))
    return invalid(field, 'it begins with a byte order mark', 'a first line such as #!/bin/sh, with nothing before it');
  if (!/^#! *\/[!-~]/.test(text))
    return invalid(field, 'its first line does not say what runs it', 'a first line such as #!/bin/sh');
  return text;
}

const BLOCK =
  /^[ \t]*# --- Start MAAS 1\.0 script metadata ---[ \t]*\n((?:[ \t]*#.*\n)*?)[ \t]*# --- End MAAS 1\.0 script metadata ---/m;

/** What the comment in a script says of it, in MAAS's form; empty: there is none. Refused: it says what is not usable here. */
export function readMetadata(content: string): ScriptMetadata | Rejected {
  const members = parseMembers(content);
  return isRejected(members) ? members : readMembers(members.value);
}

/** All that the comment in a script says, as it is written there; empty: there is none, or it cannot be read. */
export function readMembersOf(content: string): Readonly<Record<string, MetadataValue>> {
  const members = parseMembers(content);
  return isRejected(members) ? {} : members.value;
}

function parseMembers(given: string): { readonly value: Readonly<Record<string, MetadataValue>> } | Rejected {
  // Ends of lines are judged with the text as a whole: what stands in the comment is read all the same.
  const content = given.replaceAll('\r\n', '\n');
  const [, block] = BLOCK.exec(content) ?? [];
  if (block === undefined)
    return content.includes('# --- Start MAAS')
      ? invalid(
          'content',
          'its metadata does not end',
          'comment lines between "# --- Start MAAS 1.0 script metadata ---" and "# --- End MAAS 1.0 script metadata ---"',
        )
      : { value: {} };
  const parsed = parseComment(block.replaceAll(/^[ \t]*# ?/gm, ''));
  if (isRejected(parsed)) return parsed;
  const { value } = parsed;
  if (typeof value === 'string' || Array.isArray(value)) return metadata('it is not "name: value"');
  return { value: value as Readonly<Record<string, MetadataValue>> };
}

function readMembers(members: Readonly<Record<string, MetadataValue>>): ScriptMetadata | Rejected {
  let read: ScriptMetadata = {};
  for (const [name, value] of Object.entries(members)) {
    const reader = READERS[name];
    if (reader === undefined)
      return metadata(`${show(name)} is not known. Known are ${Object.keys(READERS).join(', ')}`);
    const part = reader(value, name);
    if (isRejected(part)) return part;
    read = { ...read, ...part };
  }
  return read;
}

type MetadataReader = (value: MetadataValue, name: string) => ScriptMetadata | Rejected;

const PURPOSE: Readonly<Record<string, ScriptPurpose>> = {
  commissioning: 'commissioning',
  '0': 'commissioning',
  testing: 'testing',
  test: 'testing',
  '2': 'testing',
  deploying: 'deploying',
  erasing: 'erasing',
};
const PARALLEL: Readonly<Record<string, boolean>> = {
  disabled: false,
  none: false,
  '0': false,
  instance: true,
  '1': true,
  any: true,
  enabled: true,
  '2': true,
};

const readPurpose: MetadataReader = (value, name) => {
  const purpose = typeof value === 'string' ? PURPOSE[value] : undefined;
  return purpose === undefined ? metadata(`${name} is ${show(value)}. Rule: commissioning or testing`) : { purpose };
};
const readNothing: MetadataReader = () => ({});
/** What MAAS does and this product does not: a script that asks for it would not run as its author wants. */
const refuse =
  (why: string): MetadataReader =>
  (value, name) => {
    const isEmpty =
      value === '' || flagOf(value) === false || (typeof value === 'object' && Object.keys(value).length === 0);
    return isEmpty ? {} : metadata(`${name} is not supported: ${why}`);
  };

const READERS: Readonly<Record<string, MetadataReader>> = {
  name: (value) => {
    const name = parseScriptName(textOf(value));
    return isRejected(name) ? name : { name };
  },
  title: (value, name) => readComment(value, name),
  description: (value, name) => readComment(value, name),
  script_type: readPurpose,
  type: readPurpose,
  hardware_type: (value, name) => {
    const hardware = SCRIPT_HARDWARE.find((one, index) => one === value || String(index) === value);
    return hardware === undefined
      ? metadata(`${name} is ${show(value)}. Rule: ${SCRIPT_HARDWARE.join(', ')}`)
      : { hardware };
  },
  parallel: (value, name) => {
    const parallel = typeof value === 'string' ? PARALLEL[value] : undefined;
    return parallel === undefined
      ? metadata(`${name} is ${show(value)}. Rule: disabled, instance or any`)
      : { parallel };
  },
  timeout: (value, name) => {
    const timeout = secondsOf(value);
    return timeout === null
      ? metadata(`${name} is ${show(value)}. Rule: seconds or H:MM:SS, at most ${TIMEOUT_MAX} s`)
      : { timeout };
  },
  destructive: (value, name) => {
    const destructive = flagOf(value);
    return destructive === undefined ? metadata(`${name} is ${show(value)}. Rule: true or false`) : { destructive };
  },
  tags: (value) => {
    const texts = typeof value === 'string' ? value.split(/[, ]+/) : Object.values(value);
    const tags = parseScriptTags(texts.filter((one): one is string => typeof one === 'string' && one !== ''));
    return isRejected(tags) ? tags : { tags };
  },
  parameters: (value) => {
    const parameters = parseParameters(value === '' ? {} : value);
    return isRejected(parameters) ? parameters : { parameters };
  },
  // It names what the result file holds, which is stored whatever it holds.
  results: readNothing,
  comment: readNothing,
  packages: refuse('the image has its packages, and none is installed'),
  for_hardware: refuse('choose machines by their tags'),
  may_reboot: refuse('a script runs within one boot'),
  recommission: refuse('commission the machine again'),
  apply_configured_networking: refuse('the network is that of DHCP'),
};

function readComment(value: MetadataValue, name: string): ScriptMetadata | Rejected {
  if (typeof value !== 'string') return metadata(`${name} is not a text`);
  return { comment: value.replaceAll(/\p{Cc}/gu, ' ').slice(0, 200) };
}

/** A text; what is none is usable nowhere. */
const textOf = (value: MetadataValue): string => (typeof value === 'string' ? value : '');

/** Seconds, or hours, minutes and seconds. */
function secondsOf(value: MetadataValue): number | null {
  const [, hours = '', minutes = '', last = ''] = /^(?:(?:(\d{1,3}):)?(\d{1,2}):)?(\d{1,6})$/.exec(textOf(value)) ?? [];
  if (last === '') return null;
  const seconds = (Number(hours) * 60 + Number(minutes)) * 60 + Number(last);
  return seconds <= TIMEOUT_MAX ? seconds : null;
}

function metadata(problem: string): Rejected {
  return invalid(
    'content',
    `its metadata is not usable: ${problem}`,
    'the metadata of MAAS 1.0 scripts, as far as docs/scripts.md names it',
  );
}

/** Reads a script of the release from its text. Refused: its metadata has no name. */
export function parseBuiltIn(content: string): Script | Rejected {
  const parsed = readMetadata(content);
  if (isRejected(parsed)) return parsed;
  const { name, purpose = 'commissioning' } = parsed;
  if (name === undefined) return metadata('it does not name the script');
  const usual = {
    comment: '',
    hardware: 'node',
    timeout: 300,
    parallel: false,
    destructive: false,
    parameters: {},
  } as const;
  return {
    ...usual,
    ...parsed,
    name,
    purpose,
    content,
    tags: [...new Set([...(parsed.tags ?? []), 'built-in'])].sort(),
  };
}
