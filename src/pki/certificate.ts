import { X509Certificate } from 'node:crypto';
import { invalid, isRejected, type Rejected } from '../core/errors.ts';
import { formatAddress, parseAddress } from '../core/ip.ts';
import { type CertificateSubject, nodeOfUrn, REGION_SERVER_NAME } from '../core/node-identity.ts';
import { digestOfPublicKey } from './key.ts';
import { readPem } from './pem.ts';

/**
 * The content of a certificate. `serial`: lower-case hex, two digits per byte. Times in ms. `nodeId`: the named node, null if there is none (the
 * authority's own). `isRegion`: is that node a region node? `fingerprint`: SHA-256 of the DER, `publicKeyDigest`: of the public key's, lower-case
 * hex.
 */
export interface CertificateFacts {
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly commonName: string;
  readonly nodeId: string | null;
  readonly isRegion: boolean;
  readonly isAuthority: boolean;
  readonly fingerprint: string;
  readonly publicKeyDigest: string;
}

/** Reads one certificate from PEM, or from DER of a connection. It does not check who signed it. */
export function readCertificate(source: string | Buffer, field = 'certificate'): CertificateFacts | Rejected {
  const certificate = parse(source, field);
  if (isRejected(certificate)) return certificate;
  const names = namesOf(certificate.subjectAltName);
  const nodes = names.filter(({ kind }) => kind === 'URI').flatMap(({ value }) => nodeOfUrn(value) ?? []);
  return {
    serial: serialOf(certificate.serialNumber),
    notBefore: Date.parse(certificate.validFrom),
    notAfter: Date.parse(certificate.validTo),
    commonName: /^CN=([^\n]*)$/m.exec(certificate.subject)?.[1] ?? '',
    nodeId: nodes.length === 1 ? (nodes[0] ?? null) : null,
    isRegion: names.some(({ kind, value }) => kind === 'DNS' && value === REGION_SERVER_NAME),
    isAuthority: certificate.ca,
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    publicKeyDigest: digestOfPublicKey(certificate.publicKey),
  };
}

/** The subject of a certificate, for a new signature. Refuses a certificate that names no node. */
export function subjectOf(pem: string): CertificateSubject | Rejected {
  const facts = readCertificate(pem);
  const certificate = parse(pem, 'certificate');
  if (isRejected(facts)) return facts;
  if (isRejected(certificate)) return certificate;
  const { nodeId, isRegion, commonName: name } = facts;
  if (nodeId === null) return invalid('certificate', 'it names no node', 'one that the cluster signed for a node');
  const valuesOf = (kind: string) =>
    namesOf(certificate.subjectAltName).flatMap((entry) => (entry.kind === kind ? [entry.value] : []));
  const addresses = valuesOf('IP Address').flatMap((text) => {
    const address = parseAddress(text);
    return isRejected(address) ? [] : [formatAddress(address)];
  });
  return { nodeId, name, isRegion, dnsNames: valuesOf('DNS'), addresses };
}

/** SHA-256 of a certificate's DER, lower-case hex: what a join token pins. */
export function fingerprintOf(pem: string): string | Rejected {
  const facts = readCertificate(pem);
  return isRejected(facts) ? facts : facts.fingerprint;
}

/** Did this authority sign the certificate? It does not check time or revocation. False also for a text that is no certificate. */
export function isSignedBy(certificatePem: string, authorityPem: string): boolean {
  const certificate = parse(certificatePem, 'certificate');
  const authority = parse(authorityPem, 'authority');
  if (isRejected(certificate) || isRejected(authority) || !authority.ca) return false;
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

/** The common name of the authority that signed a certificate; null: it has none, or the text is no certificate. */
export function issuerOf(pem: string): string | null {
  const certificate = parse(pem, 'certificate');
  return isRejected(certificate) ? null : (/^CN=([^\n]*)$/m.exec(certificate.issuer)?.[1] ?? null);
}

/** When to renew a certificate, ms: at two thirds of its life. */
export function renewalTime({ notBefore, notAfter }: Pick<CertificateFacts, 'notBefore' | 'notAfter'>): number {
  return notBefore + Math.floor(((notAfter - notBefore) * 2) / 3);
}

/** A serial number in the form of `CertificateFacts`. */
export function serialOf(hex: string): string {
  const bare = hex.toLowerCase().replace(/^0+(?=.)/, '');
  return bare.length % 2 === 0 ? bare : `0${bare}`;
}

function parse(source: string | Buffer, field: string): X509Certificate | Rejected {
  const der = typeof source === 'string' ? readPem(source, 'CERTIFICATE', field) : source;
  if (isRejected(der)) return der;
  try {
    const certificate = new X509Certificate(der);
    // The library reads the key late, and may be unable to read it.
    void certificate.publicKey;
    return certificate;
  } catch {
    return invalid(field, 'this is not a certificate', 'an X.509 certificate (RFC 5280)');
  }
}

/** Node quotes a name that holds a comma or a quote. Our names never do, so such a certificate names nobody. */
function namesOf(text: string | undefined): { kind: string; value: string }[] {
  if (text === undefined || text.includes('"')) return [];
  return text.split(', ').map((part) => {
    const colon = part.indexOf(':');
    return { kind: part.slice(0, colon), value: part.slice(colon + 1) };
  });
}
