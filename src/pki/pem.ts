// `@peculiar/x509` reads decorators' metadata, so the polyfill is imported before it.
import 'reflect-metadata';
import { createPrivateKey, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { invalid, type Rejected } from '../core/errors.ts';

/** Labels of the PEM texts that Regent reads and writes (RFC 7468). */
export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'PRIVATE KEY' | 'X509 CRL';

/** Longest accepted text, characters. Regent's own texts have fewer than 2,000. */
const LENGTH_MAX = 16_384;

/** Reads the bytes of a text that is exactly one PEM block with this label. The refusal never shows the text. */
export function readPem(text: string, label: PemLabel, field: string): Buffer | Rejected {
  const rule = `one PEM block, -----BEGIN ${label}----- to -----END ${label}-----`;
  if (text.length > LENGTH_MAX) return invalid(field, `the text is longer than ${LENGTH_MAX} characters`, rule);
  const lines = text.trim().split(/\r?\n/);
  const isFramed = lines[0] === `-----BEGIN ${label}-----` && lines.at(-1) === `-----END ${label}-----`;
  const body = lines.slice(1, -1).join('');
  if (!isFramed || body === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(body))
    return invalid(field, 'this is not a PEM block of that kind', rule);
  return Buffer.from(body, 'base64');
}

/** Writes bytes as a PEM text that ends with a line feed. */
export function writePem(der: ArrayBuffer | Buffer, label: PemLabel): string {
  const body = (Buffer.isBuffer(der) ? der : Buffer.from(der)).toString('base64');
  const lines = body.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** Reads a private key of the cluster: PKCS #8, P-256. The refusal never shows the text. */
export function readKey(pem: string, field = 'key'): KeyObject | Rejected {
  const rule = 'a private key on the curve P-256, PKCS #8 as PEM';
  const der = readPem(pem, 'PRIVATE KEY', field);
  if (!Buffer.isBuffer(der)) return der;
  try {
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
    return isP256(key) ? key : invalid(field, 'this key is of another kind', rule);
  } catch {
    return invalid(field, 'this is not a private key', rule);
  }
}

/** Is the key on the curve P-256, the only one that the cluster uses? */
export function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
}

/** The library for certificates, after the polyfill that it needs. */
export * as x509 from '@peculiar/x509';

/** The signature algorithm of the cluster: ECDSA on P-256 with SHA-256 (FIPS 186-5). */
export const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Converts a private key to the pair of a private and a public key that the library takes. */
export async function pairOf(key: KeyObject) {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, CURVE, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, CURVE, true, ['verify']),
  };
}
