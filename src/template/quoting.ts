import { show } from '../core/errors.ts';

/** A character string of a zone file holds at most 255 bytes (RFC 1035 §3.3). */
const STRING_BYTES = 255;
const BARE_TOKEN = /^[A-Za-z0-9._:/*@+-]+$/;
// The parser of named.conf takes a backslash away only before a quote, so a final one would swallow the closing quote.
const NAMED_UNSAFE = /["\\]/;
/** Characters without a special meaning in iPXE and GRUB: paths, URLs, kernel parameters. No blank, quote, `$`, `&`, `|`, `;`, `#`, brace, backslash. */
const BOOT_TOKEN = /^[A-Za-z0-9._:/=?,%@+!~-]+$/;
/** A sentence that both print as it is. A part that begins with "-" would be an option of `echo`. */
const CONSOLE_TEXT = /^[A-Za-z0-9][A-Za-z0-9 ._:/,()=?!%@+-]*$/;
const CONTROL = /[\u0000-\u001f\u007f]/;

/** A token without a special meaning in any daemon's syntax: names, addresses, networks, paths. Refuses everything else. */
export function bareToken(text: string): string {
  if (BARE_TOKEN.test(text)) return text;
  throw new TypeError(`${show(text)} is not a plain token`);
}

/** A line of base64, as in PEM files. */
export function base64(text: string): string {
  if (/^[A-Za-z0-9+/]{1,76}={0,2}$/.test(text)) return text;
  throw new TypeError(`${show(text)} is not base64`);
}

/** A token of a boot script. Anything that iPXE or GRUB might give a meaning to is refused. */
export function bootToken(text: string): string {
  if (BOOT_TOKEN.test(text)) return text;
  throw new TypeError(`${show(text)} is not a token of a boot script`);
}

/** A sentence that a boot script prints. */
export function consoleText(text: string): string {
  if (CONSOLE_TEXT.test(text) && !text.includes(' -')) return text;
  throw new TypeError(`${show(text)} cannot be printed by a boot script`);
}

/** A string of named.conf. Quotes, backslashes and control characters are refused: nothing of ours has them. */
export function namedString(text: string): string {
  if (NAMED_UNSAFE.test(text) || CONTROL.test(text)) throw new TypeError(`${show(text)} cannot stand in named.conf`);
  return `"${text}"`;
}

/**
 * A text as the character strings of a TXT record in a zone file: cut by bytes of UTF-8, `"` and `\` escaped,
 * everything outside printable ASCII as `\DDD` (RFC 1035 §5.1). An empty text is one empty string.
 */
export function zoneStrings(text: string): string {
  const bytes = new TextEncoder().encode(text);
  const strings: string[] = [];
  for (let start = 0; start === 0 || start < bytes.length; start += STRING_BYTES) {
    strings.push(`"${Array.from(bytes.subarray(start, start + STRING_BYTES), zoneByte).join('')}"`);
  }
  return strings.join(' ');
}

function zoneByte(byte: number): string {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
  if (byte >= 0x20 && byte <= 0x7e) return String.fromCharCode(byte);
  return `\\${String(byte).padStart(3, '0')}`;
}
