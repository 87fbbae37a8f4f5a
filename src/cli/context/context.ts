import { show } from '../../core/errors.ts';
import { type Addresses, readAddresses } from './addresses.ts';
import type { GlobalOptions } from '../global-options.ts';
import { CliError, EXIT, usageError } from '../exit.ts';
import type { CliIo } from '../io.ts';

/** A region's address and key. `source` names their origin, for messages; `apiKey` null: ask for it. */
export type Context = Addresses & { readonly apiKey: string | null; readonly source: string };

/** Content of the files of contexts: one context, or several by name. */
type ContextFile = { readonly current: string | null; readonly contexts: ReadonlyMap<string, Omit<Context, 'source'>> };

const KEY = /^[!-9;-~]+:[!-9;-~]+:[!-9;-~]+$/;
const KEY_RULE = 'consumer:token:secret, three parts without blanks';

const HOW_TO_GET_ONE = [
  'In a checkout: sudo scripts/up starts a site and writes .regent/context.json.',
  'On a region host, as root: regent init --single writes /root/.config/regent/config.json.',
  'Elsewhere: set REGENT_URL and REGENT_API_KEY, or write ~/.config/regent/config.json (mode 0600):',
  '  {"current": "site", "contexts": {"site": {"url": "http://ADDRESS:5240", "apiKey": "CONSUMER:TOKEN:SECRET"}}}',
];

/**
 * Finds the region to talk to. The first of these that is there decides: `--url`, `--context`, REGENT_URL, REGENT_CONTEXT,
 * the current context of `~/.config/regent/config.json`, the checkout's `.regent/context.json`. With `--url` and
 * REGENT_URL the key comes from REGENT_API_KEY or the file REGENT_API_KEY_FILE, else from a stored context with the same URL.
 */
export async function resolveContext(io: CliIo, global: GlobalOptions): Promise<Context> {
  if (global.url !== undefined && global.context !== undefined)
    throw usageError('--url and --context exclude each other.');
  const given = global.url ?? (global.context === undefined ? filled(io.env['REGENT_URL']) : undefined);
  if (given !== undefined) return explicit(io, given, global.url === undefined ? 'REGENT_URL' : '--url');
  const name = global.context ?? filled(io.env['REGENT_CONTEXT']);
  if (name === undefined && filled(io.env['REGENT_API_KEY']) !== undefined)
    throw new CliError(EXIT.error, 'REGENT_API_KEY is set, but not the region that it is for.', [
      'Also set REGENT_URL, or unset REGENT_API_KEY to use a stored context.',
    ]);
  for (const path of contextPaths(io)) {
    const file = await readContexts(io, path);
    if (file === null) continue;
    const wanted = name ?? file.current ?? (file.contexts.size === 1 ? [...file.contexts.keys()][0] : undefined);
    const context = wanted === undefined ? undefined : file.contexts.get(wanted);
    if (context) return { ...context, source: `${path}, context ${show(wanted)}` };
    if (name === undefined && file.contexts.size > 0)
      throw new CliError(EXIT.error, `${path} holds several contexts and none is the current one.`, [
        `Choose one with --context or REGENT_CONTEXT: ${[...file.contexts.keys()].join(', ')}.`,
      ]);
  }
  if (name !== undefined) throw await unknownContext(io, name);
  throw new CliError(EXIT.error, 'No region is configured: there is no context.', HOW_TO_GET_ONE);
}

/** Files that may hold contexts, in the order of precedence. */
export function contextPaths(io: Pick<CliIo, 'home' | 'checkout' | 'env'>): string[] {
  const config = filled(io.env['XDG_CONFIG_HOME']) ?? (io.home === null ? undefined : `${io.home}/.config`);
  return [
    ...(config === undefined ? [] : [`${config}/regent/config.json`]),
    ...(io.checkout === null ? [] : [`${io.checkout}/.regent/context.json`]),
  ];
}

async function explicit(io: CliIo, url: string, source: string): Promise<Context> {
  const addresses = readAddresses(url, source);
  const key = await keyFromEnvironment(io);
  if (key !== null) return { ...addresses, apiKey: key, source };
  for (const path of contextPaths(io)) {
    const file = await readContexts(io, path);
    for (const context of file?.contexts.values() ?? []) {
      if (context.url === addresses.url && context.apiKey !== null)
        return { ...addresses, apiKey: context.apiKey, source: `${source}, key of ${path}` };
    }
  }
  return { ...addresses, apiKey: null, source };
}

async function keyFromEnvironment(io: CliIo): Promise<string | null> {
  const key = filled(io.env['REGENT_API_KEY']);
  if (key !== undefined) return checkKey(key, 'REGENT_API_KEY');
  const path = filled(io.env['REGENT_API_KEY_FILE']);
  if (path === undefined) return null;
  const text = await readOrExplain(io, path);
  if (text === null) throw new CliError(EXIT.error, `REGENT_API_KEY_FILE: there is no file ${path}.`);
  return checkKey(text.trim(), path);
}

async function readContexts(io: CliIo, path: string): Promise<ContextFile | null> {
  const text = await readOrExplain(io, path);
  if (text === null) return null;
  const bad = (why: string) =>
    new CliError(EXIT.error, `${path}: ${why}.`, ['Correct it, or move it away and make a new one.']);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be a key.
    throw bad('this is not JSON');
  }
  if (!isObject(value)) throw bad('an object is needed');
  const contexts = new Map<string, Omit<Context, 'source'>>();
  const entries = isObject(value['contexts']) ? Object.entries(value['contexts']) : [['default', value] as const];
  for (const [name, entry] of entries) {
    if (!isObject(entry) || typeof entry['url'] !== 'string') throw bad(`the context ${show(name)} has no "url"`);
    const key = entry['apiKey'];
    if (key !== undefined && key !== null && typeof key !== 'string')
      throw bad(`the "apiKey" of the context ${show(name)} is not a text`);
    contexts.set(name, { ...readAddresses(entry['url'], path), apiKey: key ? checkKey(key, path) : null });
  }
  return { current: typeof value['current'] === 'string' ? value['current'] : null, contexts };
}

async function readOrExplain(io: CliIo, path: string): Promise<string | null> {
  try {
    return await io.readFile(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.error, `${path} cannot be read: ${why}.`, [
      'The file holds an API key, and only its owner may read it; run the command as that user (sudo), or set REGENT_URL and REGENT_API_KEY.',
    ]);
  }
}

async function unknownContext(io: CliIo, name: string): Promise<CliError> {
  const known: string[] = [];
  for (const path of contextPaths(io)) known.push(...((await readContexts(io, path))?.contexts.keys() ?? []));
  const next = known.length > 0 ? [`The contexts: ${known.join(', ')}.`] : HOW_TO_GET_ONE;
  return new CliError(EXIT.error, `There is no context ${show(name)}.`, next);
}

/** Checks an API key's form; an error never shows it. */
export function checkKey(key: string, source: string): string {
  if (KEY.test(key)) return key;
  throw new CliError(EXIT.error, `${source}: this is not an API key. Rule: ${KEY_RULE}.`);
}

const filled = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
