import { invalid, type Rejected, show } from '../../core/errors.ts';

/** Longest TXT data, characters of its canonical text. */
export const TXT_MAX = 4096;
/** Longest character-string, bytes (RFC 1035 §3.3). */
const STRING_MAX = 255;
const RULE =
  'one text, or character-strings in quotes as a zone file has them ("v=spf1 -all", "a" "b"); \\" is a quote, \\\\ a backslash';

/**
 * Parses the data of a TXT record into its canonical text. Data that starts with a quote or a bracket is presentation form (RFC 1035 §5.1), as `dig`
 * and zone files print it. Other data is one text, in which `\;`, `\"`, `\\`, `\(`, `\)` and `\DDD` are escapes. The canonical text of one string is
 * the string itself, or presentation form if the string has a quote or a backslash or starts or ends with a blank; several strings are presentation form.
 */
export function parseTxt(data: string): string | Rejected {
  if (!/^[\x20-\x7e]+$/.test(data)) return refuse(data, 'has other characters than printable ASCII');
  const strings = /^\s*["(]/.test(data) ? readPresentation(data) : readText(data);
  if (typeof strings === 'string') return refuse(data, strings);
  const long = strings.length > 1 ? strings.find((text) => byteLength(text) > STRING_MAX) : undefined;
  if (long !== undefined)
    return refuse(data, `has a string of ${byteLength(long)} bytes; a string has at most ${STRING_MAX}`);
  const canonical = writeStrings(strings);
  if (canonical.length <= TXT_MAX) return canonical;
  return refuse(data, `has ${canonical.length} characters; TXT data has at most ${TXT_MAX}`);
}

/**
 * The character-strings of stored data. Data of an earlier release that starts with a quote and is not presentation form is one text, as that
 * release served it.
 */
export function txtStrings(data: string): readonly string[] {
  if (!data.startsWith('"')) return [data];
  const strings = readPresentation(data);
  return typeof strings === 'string' ? [data] : strings;
}

function refuse(data: string, what: string): Rejected {
  return invalid('data', `${show(data)} ${what}`, RULE);
}

const byteLength = (text: string): number => new TextEncoder().encode(text).length;

function writeStrings(strings: readonly string[]): string {
  const [only = ''] = strings;
  if (strings.length === 1 && /^[!-~](?:[ -~]*[!-~])?$/.test(only) && !/["\\]/.test(only) && !only.startsWith('('))
    return only;
  return strings.map((text) => `"${Array.from(new TextEncoder().encode(text), escapeByte).join('')}"`).join(' ');
}

function escapeByte(byte: number): string {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  return byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`;
}

/** One text; a sentence's end if it has an escape that a reader could take for something else. */
function readText(data: string): readonly string[] | string {
  const odd = /\\(?![;"\\()]|\d{3})(.?)/.exec(data.replaceAll('\\\\', '  '));
  if (odd) return odd[1] ? `has "\\${odd[1]}"; a backslash is written \\\\` : 'ends with a backslash';
  const text = unescape(data);
  return text === null ? 'has an escape of bytes that are not UTF-8 text' : [text];
}

/** The strings of presentation form; a sentence's end if it is none. */
function readPresentation(data: string): readonly string[] | string {
  const opened = data.trim();
  const hasBracket = opened.startsWith('(');
  const inner = hasBracket ? opened.replace(/^\(\s*/, '').replace(/\s*\)$/, '') : opened;
  if (hasBracket && !/[^\\]\)$/.test(opened)) return 'has a bracket that is not closed';
  const token = /"((?:[^"\\]|\\\d{3}|\\\D)*)"|((?:[^\s"\\();]|\\\d{3}|\\\D)+)/y;
  const strings: string[] = [];
  for (let at = 0; at < inner.length; ) {
    token.lastIndex = at;
    const [whole, quoted, bare] = token.exec(inner) ?? [];
    if (whole === undefined)
      return inner[at] === '"'
        ? 'has a quote that is not closed'
        : `has ${show(inner.slice(at, at + 20))} outside of quotes`;
    const text = unescape(quoted ?? bare ?? '');
    if (text === null) return 'has an escape of bytes that are not UTF-8 text';
    strings.push(text);
    at += whole.length;
    const blanks = /^\s*/.exec(inner.slice(at))?.[0].length ?? 0;
    if (quoted !== undefined && blanks === 0 && at < inner.length && !/["();]/.test(inner[at] ?? ''))
      return 'has text directly after a closing quote';
    at += blanks;
  }
  return strings.length === 0 ? 'has no character-string' : strings;
}

/** Takes escapes away: `\DDD` is a byte, `\X` is X. Null: the bytes are no UTF-8 text, or have a control character. */
function unescape(text: string): string | null {
  const bytes: number[] = [];
  for (const [part = ''] of text.matchAll(/\\\d{3}|\\.|[^\\]/g)) {
    const byte = /^\\\d/.test(part) ? Number(part.slice(1)) : part.charCodeAt(part.length - 1);
    if (byte < 0x20 || byte === 0x7f || byte > 0xff) return null;
    bytes.push(byte);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}
