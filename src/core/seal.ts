import { createCipheriv, createDecipheriv, hkdfSync } from 'node:crypto';
import { rejected, type Rejected } from './errors.ts';

/** A key that seals secrets before they are stored. `id` identifies a key and reveals nothing of it. */
export type SealingKey = { readonly id: string; readonly bytes: Uint8Array };

/** AES-256-GCM (NIST SP 800-38D): key, nonce and tag, bytes. A nonce is drawn for each text: good for 2^32 texts of one key. */
const CIPHER = { name: 'aes-256-gcm', key: 32, nonce: 12, tag: 16 } as const;
const FORM = 'v1';
/** Bytes of the id. */
const ID = 4;
/** Bytes of a derived secret. */
const DERIVED = 64;

/**
 * The key that follows from a secret which all region nodes have and the database has not (the private key of the cluster's authority), by HKDF
 * (RFC 5869). `purpose` gives each use a key of its own.
 */
export function sealingKeyFrom(secret: string, purpose: string): SealingKey {
  const derive = (what: string, bytes: number) =>
    new Uint8Array(hkdfSync('sha256', secret, '', `regent ${purpose} ${what}`, bytes));
  return { id: Buffer.from(derive('id', ID)).toString('hex'), bytes: derive('key', CIPHER.key) };
}

/** A secret of 64 bytes in base64 that follows from the same secret and from its place, so that it is stored nowhere. */
export function deriveSecret(secret: string, place: string): string {
  return Buffer.from(hkdfSync('sha256', secret, '', `regent secret of ${place}`, DERIVED)).toString('base64');
}

/** What a random nonce must have, bytes. */
export const NONCE_BYTES = CIPHER.nonce;

/**
 * Seals a text. `place`: where it is stored; it opens there and nowhere else, so that nobody with the database alone puts one machine's
 * secret to another. `nonce`: lower-case hex of `NONCE_BYTES` random bytes, never twice.
 */
export function seal(key: SealingKey, place: string, text: string, nonce: string): string {
  const bytes = Buffer.from(nonce, 'hex');
  if (bytes.length !== CIPHER.nonce) throw new RangeError(`a nonce has ${CIPHER.nonce} bytes`);
  const cipher = createCipheriv(CIPHER.name, key.bytes, bytes, { authTagLength: CIPHER.tag });
  cipher.setAAD(boundTo(key.id, place));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return [FORM, key.id, bytes.toString('base64url'), sealed.toString('base64url')].join('.');
}

/** Opens a text with one of the keys. A refusal (`unavailable`) says why it does not open; it shows nothing of text and key. */
export function unseal(keys: readonly SealingKey[], place: string, sealed: string): string | Rejected {
  const [form, id, nonce = '', body = '', ...rest] = sealed.split('.');
  if (form !== FORM || id === undefined || rest.length > 0)
    return closed('it has a form that this release does not know');
  const key = keys.find((item) => item.id === id);
  if (key === undefined) {
    const known = keys.map((item) => item.id).join(', ') || 'none';
    return closed(
      `it was sealed by the key ${/^[0-9a-f]{8}$/.test(id) ? id : 'of another form'}, and this cluster has ${known}`,
    );
  }
  const bytes = Buffer.from(body, 'base64url');
  const iv = Buffer.from(nonce, 'base64url');
  if (bytes.length < CIPHER.tag || iv.length !== CIPHER.nonce) return closed('a part of it is missing');
  const decipher = createDecipheriv(CIPHER.name, key.bytes, iv, { authTagLength: CIPHER.tag });
  decipher.setAAD(boundTo(key.id, place));
  decipher.setAuthTag(bytes.subarray(-CIPHER.tag));
  try {
    return decipher.update(bytes.subarray(0, -CIPHER.tag), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return closed('it was changed, or it belongs to another object');
  }
}

function boundTo(id: string, place: string): Buffer {
  return Buffer.from(`${FORM}\n${id}\n${place}`);
}

function closed(why: string): Rejected {
  return rejected(
    'unavailable',
    `A stored secret cannot be opened: ${why}. Restore the database together with the cluster's authority, or set the secret again.`,
  );
}

/**
 * Seals what the database must not be able to read, with a key that only region nodes have. `place`: where the text is stored. All refuse (`unavailable`)
 * without the cluster's authority. `derive`: a secret of this place that is stored nowhere, in base64.
 */
export interface Sealer {
  seal(place: string, text: string): Promise<string | Rejected>;
  open(place: string, sealed: string): Promise<string | Rejected>;
  derive(place: string): Promise<string | Rejected>;
}
