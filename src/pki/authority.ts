import { AppError, isRejected } from '../core/errors.ts';
import { createKey } from './key.ts';
import { pairOf, readKey, SIGNING, writePem, x509 } from './pem.ts';

/** The cluster's authority: its certificate and its private key (PKCS #8), PEM. Only region nodes have the key. */
export type Authority = { readonly certificate: string; readonly key: string };

/** The life of an authority, years. */
export const AUTHORITY_YEARS = 10;
/** Hosts' clocks differ a little, so a certificate is valid from so many ms before its signature. */
export const BACKDATE_MS = 5 * 60_000;

/**
 * Makes a cluster's authority: self-signed; it signs nodes' certificates and no other authorities. `clusterId` becomes part of its name; `serial`:
 * from `serialFrom`; `now` in ms.
 */
export async function createAuthority(options: {
  readonly clusterId: string;
  readonly serial: string;
  readonly now: number;
}): Promise<Authority> {
  const keyPem = await createKey();
  const key = readKey(keyPem);
  if (isRejected(key)) throw new AppError('pki', key.message);
  const keys = await pairOf(key);
  const notAfter = new Date(options.now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + AUTHORITY_YEARS);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: options.serial,
    // Authorities of two clusters must have different names. Otherwise a verifier would try the wrong key and report a bad signature.
    name: [{ CN: [`Regent cluster ${options.clusterId}`.slice(0, 64)] }],
    notBefore: new Date(options.now - BACKDATE_MS),
    notAfter,
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: writePem(certificate.rawData, 'CERTIFICATE'), key: keyPem };
}

/** A serial number from 16 random bytes as hex: positive, and of full length (RFC 5280 §4.1.2.2). */
export function serialFrom(random: string): string {
  const first = (Number.parseInt(random.slice(0, 2), 16) & 0x3f) | 0x40;
  return first.toString(16) + random.slice(2, 32).toLowerCase();
}
