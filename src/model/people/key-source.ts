import { invalid, isRejected, type Rejected, show } from '../../core/errors.ts';
import { parseSshKey, type SshKey } from './ssh-key.ts';

/** Who keeps public keys of people: Launchpad and GitHub. */
export const KEY_KEEPERS = { lp: 'launchpad.net', gh: 'github.com' } as const;

/** Whose keys, and who keeps them. `name`: only letters, digits and `+.-`, so it changes nothing of an address. */
export type KeySource = { readonly keeper: keyof typeof KEY_KEEPERS; readonly name: string };

/** The grammar as a sentence. */
export const KEY_SOURCE_RULE =
  'lp:NAME for launchpad.net, gh:NAME for github.com; a name has letters, digits and -, on Launchpad + and . too';
const GRAMMAR = { lp: /^[a-z0-9][a-z0-9+.-]{0,63}$/, gh: /^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/ } as const;

/** Parses `lp:NAME` or `gh:NAME`. Pure. */
export function parseKeySource(text: string): KeySource | Rejected {
  const [, keeper, name = ''] = /^(lp|gh):([^]*)$/.exec(text.trim()) ?? [];
  if (keeper !== 'lp' && keeper !== 'gh') return bad(`${show(text)} names no known source of keys`);
  return GRAMMAR[keeper].test(name) ? { keeper, name } : bad(`${show(name)} is not a name on ${KEY_KEEPERS[keeper]}`);
}

/** As it is stored and shown. */
export function formatKeySource({ keeper, name }: KeySource): string {
  return `${keeper}:${name}`;
}

/** The keys of an answer, a line each and each once, and why the others are not taken. `refused`: the type and the end of a key, and what is wrong with it. */
export type KeysRead = { readonly keys: readonly SshKey[]; readonly refused: readonly string[] };

/** Reads the keys of an answer. Refused: there are none, or none that is taken. Pure. */
export function readKeys(source: KeySource, text: string): KeysRead | Rejected {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'));
  const parsed = lines.map((line) => ({ line, key: parseSshKey(line) }));
  const found = new Map(parsed.flatMap(({ key }) => (isRejected(key) ? [] : [[key.data, key] as const])));
  const refused = parsed.flatMap(({ line, key }) => (isRejected(key) ? [`${nameOf(line)}: ${problemOf(key)}`] : []));
  const whose = `${source.name} on ${KEY_KEEPERS[source.keeper]}`;
  if (lines.length === 0) return invalid('source', `${whose} has no public keys`, `${whose} has one at least`);
  if (found.size === 0)
    return invalid('source', `no key of ${whose} is taken: ${refused.join('; ')}`, 'one at least is');
  return { keys: [...found.values()], refused };
}

function nameOf(line: string): string {
  const [type = '', data = ''] = line.trim().split(/\s+/);
  return show(`${type} …${data.slice(-12)}`, 60);
}

const problemOf = ({ fields, message }: Rejected): string => fields?.[0]?.problem ?? message;

const bad = (problem: string): Rejected => invalid('source', problem, KEY_SOURCE_RULE);
