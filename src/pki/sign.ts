import { createPublicKey } from 'node:crypto';
import { AppError, invalid, isRejected, type Rejected } from '../core/errors.ts';
import { type CertificateSubject, nodeUrn, REGION_SERVER_NAME } from '../core/node-identity.ts';
import type { Authority } from './authority.ts';
import { readCertificate } from './certificate.ts';
import { pairOf, readKey, readPem, SIGNING, writePem, x509 } from './pem.ts';
import { readRequest } from './request.ts';

/** One signature. `serial`: from `serialFrom`. Times in ms. */
export interface SigningOrder {
  readonly authority: Authority;
  readonly csr: string;
  readonly subject: CertificateSubject;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

const DAY_MS = 86_400_000;
/** The longest life of a node's certificate, days. */
export const CERTIFICATE_DAYS_MAX = 30;

/** Signs the key of a request for a node; PEM. Refuses a text that is no request; throws AppError `pki` if the authority itself is unusable. */
export async function signRequest(order: SigningOrder): Promise<string | Rejected> {
  const { authority, subject, serial, notBefore, notAfter } = order;
  const request = await readRequest(order.csr);
  if (isRejected(request)) return request;
  const issuer = await readAuthority(authority);
  const lifetime = notAfter - notBefore;
  if (!(lifetime > 0 && lifetime <= CERTIFICATE_DAYS_MAX * DAY_MS))
    return invalid(
      'notAfter',
      'the certificate would live too long or not at all',
      `at most ${CERTIFICATE_DAYS_MAX} days`,
    );
  if (notAfter > issuer.notAfter)
    return invalid(
      'notAfter',
      'the certificate would outlive the authority',
      'the authority is replaced before its end',
    );
  // A node with that name in its certificate counts as a region node.
  if (!subject.isRegion && subject.dnsNames.some((name) => name.toLowerCase() === REGION_SERVER_NAME))
    return invalid('name', `"${REGION_SERVER_NAME}" is the name of region nodes alone`, 'a name of its own');
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [subject.name] }],
    issuer: issuer.name,
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    signingAlgorithm: SIGNING,
    publicKey: new x509.PublicKey(request.publicKey),
    signingKey: issuer.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(subject)),
      new x509.AuthorityKeyIdentifierExtension(issuer.keyId),
    ],
  });
  return writePem(certificate.rawData, 'CERTIFICATE');
}

function alternativeNames(subject: CertificateSubject) {
  const dns = [...new Set([...subject.dnsNames, ...(subject.isRegion ? [REGION_SERVER_NAME] : [])])];
  return [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...[...new Set(subject.addresses)].map((value) => ({ type: 'ip' as const, value })),
    { type: 'url' as const, value: nodeUrn(subject.nodeId) },
  ];
}

async function readAuthority({ certificate: pem, key: keyPem }: Authority) {
  const key = readKey(keyPem, "the authority's key");
  if (isRejected(key)) throw new AppError('pki', key.message);
  const facts = readCertificate(pem, "the authority's certificate");
  if (isRejected(facts)) throw new AppError('pki', facts.message);
  const der = readPem(pem, 'CERTIFICATE', 'authority');
  if (isRejected(der)) throw new AppError('pki', der.message);
  const certificate = new x509.X509Certificate(der);
  const spki = Buffer.from(certificate.publicKey.rawData);
  const isOwnKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).equals(spki);
  if (!facts.isAuthority || !isOwnKey)
    throw new AppError('pki', "the authority's key and certificate do not belong together");
  const keyId = certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? '';
  return { name: certificate.subjectName, notAfter: facts.notAfter, keyId, key: (await pairOf(key)).privateKey };
}
