// The library reads decorators' metadata: this one comes first.
import 'reflect-metadata';
import { createPublicKey, type KeyObject, webcrypto } from 'node:crypto';

/** The library of certificates, with the polyfill that it needs. */
export * as x509 from '@peculiar/x509';

/** How the cluster signs: ECDSA on P-256 with SHA-256 (FIPS 186-5). */
export const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const CURVE = { name: 'ECDSA', namedCurve: 'P-256' } as const;

/** Both halves of a private key as the library takes them. */
export async function pairOf(key: KeyObject) {
  const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
  const pkcs8 = key.export({ format: 'der', type: 'pkcs8' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8, CURVE, false, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, CURVE, true, ['verify']),
  };
}
