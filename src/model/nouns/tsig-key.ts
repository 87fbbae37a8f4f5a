import { invalid, type Rejected, show } from '../../core/errors.ts';
import { COPY_KEY } from '../trust/signing-key.ts';

/** Names that named.conf has already. */
const RESERVED = [COPY_KEY, 'rndc-key'];

/** The grammar of a key's name in words: it is a domain name on the wire (RFC 8945 §4.2). */
export const TSIG_NAME_RULE = `1–63 of a–z, 0–9 and -, starting and ending with a letter or digit, not digits alone, not "none", ${RESERVED.map((name) => `"${name}"`).join(' or ')}`;
/** The grammar of a secret in words. */
export const TSIG_SECRET_RULE = 'base64 of 16 to 64 bytes, or "new": the region makes one';
/** Asks for a secret that the region makes. */
export const NEW_SECRET = 'new';

const SECRET = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BYTES = { least: 16, most: 64 };

/** Parses a key's name. */
export function parseTsigName(text: string, field = 'name'): string | Rejected {
  const isName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text) && !/^\d+$/.test(text);
  if (isName && text !== 'none' && !RESERVED.includes(text)) return text;
  return invalid(field, `${show(text)} is not usable`, TSIG_NAME_RULE);
}

/** Parses a secret, or the wish for one. A refusal does not repeat it. */
export function parseTsigSecret(text: string, field = 'secret'): string | Rejected {
  if (text === NEW_SECRET) return text;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = (text.length / 4) * 3 - padding;
  if (SECRET.test(text) && bytes >= BYTES.least && bytes <= BYTES.most) return text;
  return invalid(field, 'it is not usable', TSIG_SECRET_RULE);
}
