import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { invalid, type Rejected } from '../core/errors.ts';

/** The allowed grammar of our PEM texts (RFC 7468). */
export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'PRIVATE KEY' | 'X509 CRL';

/** Longest accepted text, characters. Ours are below 2000. */
const LENGTH_MAX = 16_384;

/** The bytes of a text that is one PEM block with this label and nothing else. The refusal never shows the text. */
export function readPem(text: string, label: PemLabel, field: string): Buffer | Rejected {
  const rule = `one PEM block, -----BEGIN ${label}----- to -----END ${label}-----`;
  if (text.length > LENGTH_MAX) return invalid(field, `the text is longer than ${LENGTH_MAX} characters`, rule);
  const lines = text.trim().split(/\r?\n/);
  const isFramed = lines[0] === `-----BEGIN ${label}-----` && lines.at(-1) === `-----END ${label}-----`;
  const body = lines.slice(1, -1).join('');
  if (!isFramed || body === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(body))
    return invalid(field, 'this is not such a PEM text', rule);
  return Buffer.from(body, 'base64');
}

/** A PEM text, ended by a line feed. */
export function writePem(der: ArrayBuffer | Buffer, label: PemLabel): string {
  const body = (Buffer.isBuffer(der) ? der : Buffer.from(der)).toString('base64');
  const lines = body.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** A private key of ours: PKCS #8, P-256. The refusal never shows the text. */
export function readKey(pem: string, field = 'key'): KeyObject | Rejected {
  const rule = 'a private key on the curve P-256, PKCS #8 as PEM';
  const der = readPem(pem, 'PRIVATE KEY', field);
  if (!Buffer.isBuffer(der)) return der;
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return isP256(key) ? key : invalid(field, 'this key has another kind', rule);
  } catch {
    return invalid(field, 'this is not a private key', rule);
  }
}

/** Is it a key on the one curve that the cluster uses? */
export function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

// The library reads decorators' metadata, so this comes first.

/** The library of certificates, with the polyfill that it needs. */
export * as x509 from '@peculiar/x509';

/** How the cluster signs: ECDSA on P-256 with SHA-256 (FIPS 186-5). */
export const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Both halves of a private key in the library's form. */
export async function pairOf(key: KeyObject) {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, CURVE, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, CURVE, true, ['verify']),
  };
}
