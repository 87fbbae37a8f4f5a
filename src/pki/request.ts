import { createPublicKey } from 'node:crypto';
import { AppError, invalid, isRejected, type Rejected } from '../core/errors.ts';
import { digestOfPublicKey } from './key.ts';
import { isP256, pairOf, readKey, readPem, SIGNING, writePem, x509 } from './pem.ts';

/** A certificate request that proves that its sender has the key. `publicKey`: SubjectPublicKeyInfo, DER. */
export interface CertificateRequest {
  /** The name in the request; '' for none. Certificates do not use it. */
  readonly commonName: string;
  readonly publicKey: Buffer;
  /** SHA-256 of `publicKey`, lower-case hex. */
  readonly publicKeyDigest: string;
}

/** Makes a certificate request (PKCS #10, RFC 2986) as PEM. Throws AppError `pki` for a foreign key. */
export async function createRequest(keyPem: string, commonName: string): Promise<string> {
  const key = readKey(keyPem);
  if (isRejected(key)) throw new AppError('pki', key.message);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [{ CN: [commonName] }],
    keys: await pairOf(key),
    signingAlgorithm: SIGNING,
  });
  return writePem(request.rawData, 'CERTIFICATE REQUEST');
}

/** Reads a certificate request and checks that its own key signed it. It ignores names in it. */
export async function readRequest(pem: string, field = 'csr'): Promise<CertificateRequest | Rejected> {
  const rule = 'a certificate request (PKCS #10) for a key on the curve P-256, signed by that key';
  const der = readPem(pem, 'CERTIFICATE REQUEST', field);
  if (isRejected(der)) return der;
  try {
    const request = new x509.Pkcs10CertificateRequest(der);
    const publicKey = Buffer.from(request.publicKey.rawData);
    const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
    if (!isP256(key)) return invalid(field, 'its key is of another kind', rule);
    if (!(await request.verify())) return invalid(field, 'its signature was not made by its key', rule);
    // The key, encoded again: two encodings of one key must not count as two keys.
    const commonName = request.subjectName.getField('CN')[0] ?? '';
    return {
      commonName,
      publicKey: key.export({ format: 'der', type: 'spki' }),
      publicKeyDigest: digestOfPublicKey(key),
    };
  } catch {
    return invalid(field, 'this is not a certificate request', rule);
  }
}
