import { isRejected, type Rejected } from '../core/errors.ts';
import { parseConfFile } from '../core/conf-file.ts';
import { PORTS } from '../model/cluster/cluster.ts';

/**
 * Sets keys of a KEY=VALUE file that a person edits: an active line of the key is replaced in its place (the last one;
 * earlier ones go), else the commented default `#KEY=`, else a line is added. All other lines stay as they are.
 */
export function setConfValues(name: string, text: string, values: Readonly<Record<string, string>>): string | Rejected {
  const parsed = parseConfFile(name, text);
  if (isRejected(parsed)) return parsed;
  let lines = text.replace(/\n$/, '').split('\n');
  if (text === '') lines = [];
  for (const [key, value] of Object.entries(values)) {
    if (parsed.get(key) === value) continue;
    lines = setLine(lines, key, `${key}=${value}`);
  }
  return `${lines.join('\n')}\n`;
}

function setLine(lines: readonly string[], key: string, line: string): string[] {
  const active = new RegExp(`^\\s*(?:export\\s+)?${key}\\s*=`);
  const commented = new RegExp(`^\\s*#\\s*${key}\\s*=`);
  const last = lines.findLastIndex((candidate) => active.test(candidate));
  if (last >= 0)
    return lines.flatMap((candidate, index) => (index === last ? [line] : active.test(candidate) ? [] : [candidate]));
  const hint = lines.findIndex((candidate) => commented.test(candidate));
  if (hint >= 0) return lines.with(hint, line);
  return [...lines, line];
}

/** Removes keys from a KEY=VALUE file that a person edits: their lines become comments again, as delivered. */
export function unsetConfValues(text: string, keys: readonly string[]): string {
  return keys.reduce(
    (rest, key) => rest.replace(new RegExp(`^[ \\t]*(?:export[ \\t]+)?${key}[ \\t]*=.*$`, 'gm'), `#${key}=`),
    text,
  );
}

/** Name of the context that init writes. */
const CONTEXT = 'default';

/**
 * The CLI's configuration with the context of this host set and made current; contexts of other sites stay. A text that
 * is no such file is replaced.
 */
export function setContext(text: string | null, context: { readonly url: string; readonly apiKey: string }): string {
  const contexts: Record<string, unknown> = {};
  const before = text === null ? null : parseObject(text);
  const known = before === null ? null : before['contexts'];
  if (typeof known === 'object' && known !== null && !Array.isArray(known)) Object.assign(contexts, known);
  contexts[CONTEXT] = context;
  return `${JSON.stringify({ current: CONTEXT, contexts }, null, 2)}\n`;
}

/** The CLI's configuration without the context that init writes, if its key belongs to this consumer. */
export function removeContext(text: string, consumer: string): string {
  const config = parseObject(text);
  const contexts = config?.['contexts'];
  if (typeof contexts !== 'object' || contexts === null) return text;
  const { [CONTEXT]: own, ...rest } = contexts as Record<string, { readonly apiKey?: unknown }>;
  if (typeof own?.apiKey !== 'string' || !own.apiKey.startsWith(`${consumer}:`)) return text;
  const current = config?.['current'] === CONTEXT ? (Object.keys(rest)[0] ?? null) : config?.['current'];
  return `${JSON.stringify({ ...config, current, contexts: rest }, null, 2)}\n`;
}

/** An object of a JSON text; null for anything else. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The address of an API, plain HTTP. */
export function apiUrl(host: string, port: number = PORTS.http): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Port of a URL or of `ADDRESS:PORT`. */
export const portOf = (text: string): number => Number(text.slice(text.lastIndexOf(':') + 1));

/** A random UUID (RFC 9562 §5.4) of 16 random bytes in hex. */
export function newUuid(hex: string): string {
  const variant = ((Number.parseInt(hex[16] ?? '0', 16) & 3) | 8).toString(16);
  const text = `${hex.slice(0, 12)}4${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
