import { createHash } from 'node:crypto';

/** Who calls by OAuth 1.0 with PLAINTEXT (RFC 5849 §3.4.4), as MAAS's clients do. `timestamp`: seconds since 1970, as the caller's clock says. */
export interface OAuthCredentials {
  readonly consumer: string;
  readonly token: string;
  readonly secret: string;
  readonly timestamp: number;
  readonly nonce: string;
}

/** Why a header is not taken. 401: it does not say who calls; 400: it says it in a form that nobody can read. */
export type OAuthRefusal = { readonly kind: 'refused'; readonly status: 400 | 401; readonly message: string };

/** Bytes of a header; a real one has 300. */
const HEADER_MAX = 4096;
const PARAMETERS_MAX = 32;
const NEEDED = [
  'oauth_consumer_key',
  'oauth_token',
  'oauth_signature',
  'oauth_signature_method',
  'oauth_timestamp',
  'oauth_nonce',
] as const;
type Needed = (typeof NEEDED)[number];

/** `name="value"`, or `name=value` as recipes for curl have it. A quoted value has no quotes inside: clients write `%22`. */
const PARAMETER = /^([A-Za-z_][A-Za-z0-9_]{0,63})[ \t]*=[ \t]*(?:"([^"]*)"|([^",]*))$/;
/** What keys, secrets and nonces are made of, once they are decoded. */
const PRINTABLE = /^[\x21-\x7e]{1,128}$/;
/** Seconds; clocks of 1970 are clocks too. */
const TIMESTAMP = /^[0-9]{1,12}$/;

/**
 * Reads an `Authorization` header. Names may stand in any order and be of any kind beside those of OAuth (`realm`); values may be quoted or
 * bare; all are percent-encoded. One that stands twice is refused: two readers could take another one of them. Pure.
 */
export function parseOAuth(header: string | undefined): OAuthCredentials | OAuthRefusal {
  if (header === undefined || header.trim() === '')
    return refused(401, 'No Authorization header. Rule: OAuth 1.0 with PLAINTEXT, or a bearer key.');
  if (header.length > HEADER_MAX)
    return refused(400, `The Authorization header is longer than ${HEADER_MAX} characters.`);
  const [, scheme = '', text = ''] = /^[ \t]*([A-Za-z]+)(?:[ \t]+(.*))?$/.exec(header) ?? [];
  if (scheme.toLowerCase() !== 'oauth') return refused(401, 'The Authorization header is not of the scheme OAuth.');
  const found = readParameters(text);
  return found instanceof Map ? credentialsOf(found) : found;
}

/** Was the header understood, and who calls? */
export const isOAuthRefusal = (read: OAuthCredentials | OAuthRefusal): read is OAuthRefusal => 'kind' in read;

function readParameters(text: string): Map<string, string> | OAuthRefusal {
  const parts = splitParts(text);
  if (parts.length > PARAMETERS_MAX)
    return refused(400, `The Authorization header has more than ${PARAMETERS_MAX} parameters.`);
  const found = new Map<string, string>();
  for (const part of parts) {
    const [, name, quoted, bare = ''] = PARAMETER.exec(part) ?? [];
    const value = decode(quoted ?? bare.trimEnd());
    if (name === undefined || value === null)
      return refused(
        400,
        'The Authorization header cannot be read. Rule: name="value", percent-encoded, with commas between.',
      );
    if (found.has(name)) return refused(400, `${name} stands twice in the Authorization header.`);
    found.set(name, value);
  }
  return found;
}

/** The texts between commas; a comma within quotes is part of its value. Empty ones, as at the end, are left out. */
function splitParts(text: string): string[] {
  const parts: string[] = [];
  let [from, isQuoted] = [0, false];
  for (let at = 0; at <= text.length; at += 1) {
    const sign = text.charAt(at);
    if (sign === '"') isQuoted = !isQuoted;
    if (at < text.length && (sign !== ',' || isQuoted)) continue;
    const part = text.slice(from, at).trim();
    if (part !== '') parts.push(part);
    from = at + 1;
  }
  return parts;
}

/** A percent-decoded value; null: it is not correctly encoded. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function credentialsOf(found: ReadonlyMap<string, string>): OAuthCredentials | OAuthRefusal {
  const value = (name: Needed) => found.get(name) ?? '';
  const missing = NEEDED.filter((name) => value(name) === '');
  if (missing.length > 0) return refused(401, `The Authorization header lacks ${missing.join(', ')}.`);
  if (value('oauth_signature_method').toUpperCase() !== 'PLAINTEXT')
    return refused(401, 'The signature method is not known. Rule: PLAINTEXT.');
  if (found.has('oauth_version') && found.get('oauth_version') !== '1.0')
    return refused(401, 'The version of OAuth is not known. Rule: 1.0.');
  if (!TIMESTAMP.test(value('oauth_timestamp')))
    return refused(400, 'oauth_timestamp is no whole number of seconds since 1970.');
  // The secret of the consumer is empty, so what follows the one & is the token's.
  const [, secret = ''] = /^&(.*)$/s.exec(value('oauth_signature')) ?? [];
  const read = {
    consumer: value('oauth_consumer_key'),
    token: value('oauth_token'),
    secret,
    nonce: value('oauth_nonce'),
  };
  if (!Object.values(read).every((text) => PRINTABLE.test(text)))
    return refused(
      401,
      'The Authorization header names no key of ours. Rule: the signature is & and the secret of the token.',
    );
  return { ...read, timestamp: Number(value('oauth_timestamp')) };
}

/** What a header must fulfil besides its secret. `windowSeconds`: how far its clock may be off; null: as far as it likes. */
export type FreshnessRule = { readonly windowSeconds: number | null; readonly nonces: NonceMemory };

/**
 * Null, or why a header is too old, or was seen before from elsewhere. With PLAINTEXT, anybody who can read a header
 * has its secret and can make another one: neither check keeps a thief out, but both reveal one. A header that its own
 * sender repeats is taken: relays and scripts send a request twice when an answer is lost. `source`: the caller's
 * address.
 */
export function refuseStale(
  { consumer, token, timestamp, nonce }: OAuthCredentials,
  rule: FreshnessRule,
  { nowMs, source }: { readonly nowMs: number; readonly source: string },
): OAuthRefusal | null {
  const off = Math.abs(timestamp - nowMs / 1000);
  if (rule.windowSeconds !== null && off > rule.windowSeconds)
    return refused(
      401,
      `Expired timestamp: it is ${Math.round(off)} s off. Rule: at most ${rule.windowSeconds} s; see Date.`,
    );
  const name = createHash('sha256')
    .update(JSON.stringify([consumer, token, timestamp, nonce]))
    .digest('base64');
  const isOwn = rule.nonces.take(name, source);
  return isOwn ? null : refused(401, 'This nonce was used before, from another address.');
}

/** Remembers which nonces were used, and from where. */
export interface NonceMemory {
  /** True: nobody used it, or this source did. It is this source's from then on. */
  take(name: string, source: string): boolean;
}

/** Remembers so many nonces; then the oldest are forgotten. Only for this process. */
export function createNonceMemory(most: number): NonceMemory {
  const sources = new Map<string, string>();
  return {
    take(name, source) {
      const before = sources.get(name);
      if (before !== undefined) return before === source;
      const oldest = sources.keys().next();
      if (sources.size >= most && !oldest.done) sources.delete(oldest.value);
      sources.set(name, source);
      return true;
    },
  };
}

const refused = (status: 400 | 401, message: string): OAuthRefusal => ({ kind: 'refused', status, message });
