import { createPublicKey } from 'node:crypto';
import { isMapped, parseAddress, plainAddress } from '../core/ip.ts';
import { AppError, invalid, isRejected, type Rejected } from '../core/errors.ts';
import type { CertificateSubject, SiteNames } from '../core/node-identity.ts';
import { nodeUrn, RACK_SERVER_NAME, REGION_SERVER_NAME } from '../core/node-identity.ts';
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

/** The same for the site's certificate. */
export type SiteOrder = Omit<SigningOrder, 'subject'> & { readonly subject: SiteNames };

/** The same for the DHCP server of a rack. `issuer`: the name of the authority that its partners know it by. */
export interface PairOrder extends Omit<SigningOrder, 'subject'> {
  readonly issuer: string;
  readonly name: string;
  readonly addresses: readonly string[];
}

const DAY_MS = 86_400_000;
/** The CN of the site's certificate. Nobody looks names up in it; haproxy takes it for one more name. */
const SITE_NAME = 'Regent site';
/** The longest life of a node's certificate, days. */
export const CERTIFICATE_DAYS_MAX = 30;

/** Signs the key of a request for a node; PEM. Refuses a text that is no request; throws AppError `pki` if the authority itself is unusable. */
export async function signRequest(order: SigningOrder): Promise<string | Rejected> {
  const { subject } = order;
  // A node with that name in its certificate counts as a region node.
  if (!subject.isRegion && subject.dnsNames.some(isRegionName))
    return invalid('name', ONLY_REGIONS, 'a name of its own');
  // And one with that name in it is shut out by all region nodes.
  if (subject.isRegion && subject.dnsNames.some((name) => name.toLowerCase() === RACK_SERVER_NAME))
    return invalid('name', `"${RACK_SERVER_NAME}" is the name of nodes that are no region nodes`, 'a name of its own');
  const refusal = checkAddresses(subject.addresses);
  if (refusal) return refusal;
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return sign(order, subject.name, [serverAuth, clientAuth], alternativeNames(subject));
}

/**
 * The same for the certificate of the whole site. It shows browsers where they are, and is nobody's to show as a client: it names no node, and not the name
 * by which nodes know a region node.
 */
export async function signSite(order: SiteOrder): Promise<string | Rejected> {
  const { dnsNames, addresses } = order.subject;
  if (dnsNames.some(isRegionName)) return invalid('names', ONLY_REGIONS, 'names of the site');
  const refusal = checkAddresses(addresses);
  if (refusal) return refusal;
  return sign(
    order,
    SITE_NAME,
    [x509.ExtendedKeyUsage.serverAuth],
    [...entriesOf('dns', dnsNames), ...entriesOf('ip', addresses)],
  );
}

/** The certificate of a DHCP server for its partners: under another name of the authority (`pair.ts`), so nobody else takes it. */
export async function signPair(order: PairOrder): Promise<string | Rejected> {
  const refusal = checkAddresses(order.addresses);
  if (refusal) return refusal;
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  return sign(
    order,
    order.name,
    [serverAuth, clientAuth],
    [...entriesOf('dns', [order.name]), ...entriesOf('ip', order.addresses)],
  );
}

/** `@peculiar/x509` signs an IPv4-mapped address as another one, and drops a zone. */
function checkAddresses(texts: readonly string[]): Rejected | null {
  for (const text of texts) {
    const address = parseAddress(text, 'addresses');
    if (isRejected(address)) return address;
    if (isMapped(address))
      return invalid('addresses', `${text} is IPv4 in the text of IPv6`, `the address itself: ${plainAddress(text)}`);
  }
  return null;
}

const isRegionName = (name: string) => name.toLowerCase() === REGION_SERVER_NAME;
const ONLY_REGIONS = `"${REGION_SERVER_NAME}" is reserved for region nodes`;

async function sign(
  order: Omit<SigningOrder, 'subject'> & { readonly issuer?: string },
  commonName: string,
  usages: x509.ExtendedKeyUsageType[],
  names: readonly Name[],
): Promise<string | Rejected> {
  const { authority, serial, notBefore, notAfter } = order;
  const request = await readRequest(order.csr);
  if (isRejected(request)) return request;
  const issuer = await readAuthority(authority);
  const lifetime = notAfter - notBefore;
  if (!(lifetime > 0 && lifetime <= CERTIFICATE_DAYS_MAX * DAY_MS))
    return invalid(
      'notAfter',
      'the certificate would be valid for too long or not at all',
      `at most ${CERTIFICATE_DAYS_MAX} days`,
    );
  if (notAfter > issuer.notAfter)
    return invalid('notAfter', 'the certificate would outlive the authority', 'replace the authority before it ends');
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    subject: [{ CN: [commonName] }],
    issuer: order.issuer === undefined ? issuer.name : [{ CN: [order.issuer] }],
    notBefore: new Date(notBefore),
    notAfter: new Date(notAfter),
    signingAlgorithm: SIGNING,
    publicKey: new x509.PublicKey(request.publicKey),
    signingKey: issuer.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(usages),
      new x509.SubjectAlternativeNameExtension([...names]),
      new x509.AuthorityKeyIdentifierExtension(issuer.keyId),
    ],
  });
  return writePem(certificate.rawData, 'CERTIFICATE');
}

type Name = { readonly type: 'dns' | 'ip' | 'url'; readonly value: string };

function entriesOf(type: Name['type'], values: readonly string[]): Name[] {
  return [...new Set(values)].map((value) => ({ type, value }));
}

function alternativeNames(subject: CertificateSubject): Name[] {
  return [
    ...entriesOf('dns', [...subject.dnsNames, subject.isRegion ? REGION_SERVER_NAME : RACK_SERVER_NAME]),
    ...entriesOf('ip', subject.addresses),
    ...entriesOf('url', [nodeUrn(subject.nodeId)]),
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
