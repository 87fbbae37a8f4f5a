import { AppError, isRejected } from '../core/errors.ts';
import { createKey } from './key.ts';
import { pairOf, readKey, SIGNING, writePem, x509 } from './pem.ts';

/** The cluster's authority: its certificate and its private key (PKCS #8), PEM. The key lies on region nodes alone. */
export interface Authority {
  readonly certificate: string;
  readonly key: string;
}

/** How long an authority lives, years. */
export const AUTHORITY_YEARS = 10;
/** Clocks of hosts differ a little: what is signed now is good from so many ms ago. */
export const BACKDATE_MS = 5 * 60_000;

/**
 * Makes a cluster's authority: self-signed, signs nodes' certificates and no other authorities. `clusterId`: into its name; `serial`: of
 * `serialFrom`; `now` in ms.
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
    // Two clusters' authorities must not have one name: a verifier would try the wrong key and tell of a bad signature.
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
