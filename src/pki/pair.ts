import { AppError, isRejected } from '../core/errors.ts';
import type { Authority } from './authority.ts';
import { pairOf, readKey, readPem, SIGNING, writePem, x509 } from './pem.ts';

/**
 * Signs the certificate by which a rack's partner knows its DHCP server: the authority's own key under a name of this rack. A verifier looks issuers up by
 * their name, so it takes nothing that was signed under another one: no certificate of a node, of another rack, or of this rack before it was revoked.
 */
export async function signPairAuthority(order: {
  readonly authority: Authority;
  readonly name: string;
  /** From `serialFrom`. */
  readonly serial: string;
}): Promise<string> {
  const key = readKey(order.authority.key, "the authority's key");
  const der = readPem(order.authority.certificate, 'CERTIFICATE', 'authority');
  if (isRejected(key)) throw new AppError('pki', key.message);
  if (isRejected(der)) throw new AppError('pki', der.message);
  const own = new x509.X509Certificate(der);
  const keys = await pairOf(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: order.serial,
    name: [{ CN: [order.name] }],
    notBefore: own.notBefore,
    notAfter: own.notAfter,
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return writePem(certificate.rawData, 'CERTIFICATE');
}
