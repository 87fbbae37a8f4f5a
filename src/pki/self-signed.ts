import { AppError, isRejected } from '../core/errors.ts';
import type { Authority } from './authority.ts';
import { pairOf, readKey, readPem, SIGNING, writePem, x509 } from './pem.ts';

type KeyPair = Awaited<ReturnType<typeof pairOf>>;

/** A certificate (PEM) of the authority's own key, that key, and the authority's certificate as it is. */
export type SelfSigned = { readonly certificate: string; readonly keys: KeyPair; readonly own: x509.X509Certificate };

/**
 * The authority's key signs itself another certificate, as long as the authority's own. `serial`: from `serialFrom`; `name`: its common name, left out:
 * the authority's subject; `usages`: what the key may sign; `more`: extensions beside those of every authority. Throws AppError `pki` for a damaged authority.
 */
export async function selfSign(order: {
  readonly authority: Authority;
  readonly serial: string;
  readonly name?: string;
  readonly usages: x509.KeyUsageFlags;
  readonly more?: readonly x509.Extension[];
}): Promise<SelfSigned> {
  const key = readKey(order.authority.key, "the authority's key");
  const der = readPem(order.authority.certificate, 'CERTIFICATE', 'authority');
  if (isRejected(key)) throw new AppError('pki', key.message);
  if (isRejected(der)) throw new AppError('pki', der.message);
  const own = new x509.X509Certificate(der);
  const keys = await pairOf(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: order.serial,
    name: order.name === undefined ? own.subjectName : [{ CN: [order.name] }],
    notBefore: own.notBefore,
    notAfter: own.notAfter,
    signingAlgorithm: SIGNING,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(order.usages, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(order.more ?? []),
    ],
  });
  return { certificate: writePem(certificate.rawData, 'CERTIFICATE'), keys, own };
}
