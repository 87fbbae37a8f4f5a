import { createHash, createPublicKey, type KeyObject, webcrypto } from 'node:crypto';
import { isRejected, type Rejected } from '../core/errors.ts';
import { readKey, writePem } from './pem.ts';

/** Makes a private key on P-256; PKCS #8 as PEM. Store it only in a file that only its users can read. */
export async function createKey(): Promise<string> {
  const pair = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  return writePem(await webcrypto.subtle.exportKey('pkcs8', pair.privateKey), 'PRIVATE KEY');
}

/** SHA-256 of the public half of a private key (SubjectPublicKeyInfo, DER), lower-case hex: as a certificate's `publicKeyDigest`. */
export function publicKeyDigestOf(keyPem: string): string | Rejected {
  const key = readKey(keyPem);
  return isRejected(key) ? key : digestOfPublicKey(createPublicKey(key));
}

/** SHA-256 of a public key (SubjectPublicKeyInfo, DER), lower-case hex. */
export function digestOfPublicKey(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ format: 'der', type: 'spki' }))
    .digest('hex');
}
