import { invalid, type Rejected, show } from '../../core/errors.ts';

/** What signs a transfer (RFC 8945 §6): older algorithms are not offered. */
export const TSIG_ALGORITHMS = ['hmac-sha256', 'hmac-sha384', 'hmac-sha512'] as const;
export type TsigAlgorithm = (typeof TSIG_ALGORITHMS)[number];

/**
 * A key that two name servers share. `secret`: base64. `number`: which of the key's secrets it is; it grows with each new one, so that a
 * secret can be distinguished from the last one without being shown.
 */
export interface SigningKey {
  readonly name: string;
  readonly algorithm: TsigAlgorithm;
  readonly secret: string;
  readonly number: number;
}

/** The key by which racks copy the zones of the regions: made with the database, known only to nodes. */
export const COPY_KEY = 'regent-racks';

/** A key to show: its secret is replaced by a text of the same grammar that has only its number. */
export function maskedKey(key: SigningKey): SigningKey {
  return { ...key, secret: `masked${String(key.number).padStart(10, '0')}` };
}

/** Names that named.conf has already. */
const RESERVED = [COPY_KEY, 'rndc-key'];

/** The grammar of a key's name: it is a domain name on the wire (RFC 8945 §4.2). */
export const TSIG_NAME_RULE = `1–63 of a–z, 0–9 and -, starting and ending with a letter or digit, not only digits, not "none", ${RESERVED.map((name) => `"${name}"`).join(' or ')}`;
/** The grammar of a secret. */
export const TSIG_SECRET_RULE = 'base64 of 16 to 64 bytes, or "new": the region makes one';
/** Requests a secret that the region makes. */
export const NEW_SECRET = 'new';

const SECRET = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BYTES = { least: 16, most: 64 };

/** Parses a key's name. */
export function parseTsigName(text: string, field = 'name'): string | Rejected {
  const isName = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text) && !/^\d+$/.test(text);
  if (isName && text !== 'none' && !RESERVED.includes(text)) return text;
  return invalid(field, `${show(text)} is not usable`, TSIG_NAME_RULE);
}

/** Parses a secret, or the request for one. A refusal does not repeat it. */
export function parseTsigSecret(text: string, field = 'secret'): string | Rejected {
  if (text === NEW_SECRET) return text;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = (text.length / 4) * 3 - padding;
  if (SECRET.test(text) && bytes >= BYTES.least && bytes <= BYTES.most) return text;
  return invalid(field, 'it is not usable', TSIG_SECRET_RULE);
}
