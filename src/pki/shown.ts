import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { invalid, isRejected, type Rejected } from '../core/errors.ts';
import { formatAddress, parseAddress } from '../core/ip.ts';
import { digestOfPublicKey } from './key.ts';
import { writePem } from './pem.ts';

/**
 * What a server shows: its certificate and those that lead to a root, and what the first one says. Times in ms. `fingerprint`: SHA-256 of the first one's
 * DER, `sha1`: SHA-1 of it, lower-case hex. `isComplete`: the last one needs no other. `end`: the subject and the issuer of the last one.
 */
export interface Shown {
  readonly chain: readonly string[];
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly fingerprint: string;
  readonly sha1: string;
  readonly publicKeyDigest: string;
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly isSelfSigned: boolean;
  readonly end: { readonly subject: string; readonly issuer: string; readonly isRoot: boolean };
}

/** Bounds of what people give: certificates in a chain, characters of the text. */
export const CHAIN_BOUNDS = { certificates: 10, text: 65_536 } as const;

const RULE = `up to ${CHAIN_BOUNDS.certificates} certificates as PEM, -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----`;
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----[\r\n]+([A-Za-z0-9+/=\s]*?)-----END \1-----/g;

/**
 * Reads the certificates of a text, in any order, for a key: the first one is that of the key, each other one has signed the one before. Text between the
 * blocks is left out. Refused: one that belongs nowhere, several for the key, and what is no certificate.
 */
export function readShown(text: string, key: KeyObject, field = 'certificate'): Shown | Rejected {
  const all = certificatesIn(text, field);
  if (isRejected(all)) return all;
  const digest = digestOfPublicKey(key);
  const own = all.filter((item) => digestOfPublicKey(item.publicKey) === digest);
  const [first] = own;
  if (first === undefined)
    return invalid(
      field,
      `none of the ${all.length} is for the key`,
      'the certificate of the key, and those that lead to its root',
    );
  if (own.length > 1) return invalid(field, `${own.length} of them are for the key`, 'one certificate of the key');
  const chain = chainFrom(first, all);
  const stray = all.find((item) => !chain.includes(item));
  if (stray !== undefined)
    return invalid(
      field,
      `${subjectOf(stray)} is not needed: no certificate in the chain of ${subjectOf(first)} was signed by it`,
      'the certificate of the key, and those that lead to its root',
    );
  return shownOf(first, chain);
}

/** Reads a certificate with its key (PKCS #8) as they are stored, on a node that is to show them. The refusal never shows the key. */
export function readShownPair(certificate: string, keyText: string): Shown | Rejected {
  try {
    return readShown(certificate, createPublicKey(createPrivateKey(keyText)));
  } catch {
    return invalid('key', 'this is not a private key', 'a private key as PEM');
  }
}

/** What a chain of PEM texts says that was read before; throws for another text. */
export function readStoredChain(text: string): Shown {
  const all = certificatesIn(text, 'certificate');
  const first = isRejected(all) ? undefined : all[0];
  if (isRejected(all) || first === undefined) throw new Error('a stored chain of certificates is damaged');
  return shownOf(first, all);
}

function certificatesIn(text: string, field: string): X509Certificate[] | Rejected {
  if (text.length > CHAIN_BOUNDS.text)
    return invalid(field, `the text has ${text.length} characters, more than ${CHAIN_BOUNDS.text}`, RULE);
  const blocks = [...text.matchAll(BLOCK)];
  if (blocks.some(([, label = '']) => label.includes('PRIVATE KEY')))
    return invalid(field, 'it contains a private key', 'only certificates; the key goes into its own field');
  if (blocks.length === 0) return invalid(field, 'no PEM text of a certificate is in it', RULE);
  if (blocks.length > CHAIN_BOUNDS.certificates) return invalid(field, `it has ${blocks.length} PEM texts`, RULE);
  const found: X509Certificate[] = [];
  for (const [index, [, label, body = '']] of blocks.entries()) {
    const one = label === 'CERTIFICATE' ? parse(Buffer.from(body, 'base64')) : null;
    if (one === null) return invalid(field, `PEM text ${index + 1} (${label}) is not a certificate`, RULE);
    if (!found.some((item) => item.raw.equals(one.raw))) found.push(one);
  }
  return found;
}

function parse(der: Buffer): X509Certificate | null {
  try {
    const certificate = new X509Certificate(der);
    // The library reads the key late, and may be unable to read it.
    void certificate.publicKey;
    return certificate;
  } catch {
    return null;
  }
}

function chainFrom(first: X509Certificate, all: readonly X509Certificate[]): X509Certificate[] {
  const chain = [first];
  for (let last: X509Certificate | undefined = first; last !== undefined; ) {
    const child: X509Certificate = last;
    last = all.find((item) => !chain.includes(item) && child.checkIssued(item) && child.verify(item.publicKey));
    if (last !== undefined) chain.push(last);
  }
  return chain;
}

function shownOf(first: X509Certificate, chain: readonly X509Certificate[]): Shown {
  const names = namesOf(first.subjectAltName ?? '');
  const last = chain.at(-1) ?? first;
  return {
    chain: chain.map(({ raw }) => writePem(raw, 'CERTIFICATE')),
    subject: subjectOf(first),
    issuer: oneLine(first.issuer),
    serial: first.serialNumber.toLowerCase(),
    notBefore: Date.parse(first.validFrom),
    notAfter: Date.parse(first.validTo),
    fingerprint: hexOf(first.fingerprint256),
    sha1: hexOf(first.fingerprint),
    publicKeyDigest: digestOfPublicKey(first.publicKey),
    ...names,
    isSelfSigned: isRoot(first),
    end: { subject: subjectOf(last), issuer: oneLine(last.issuer), isRoot: isRoot(last) },
  };
}

const hexOf = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase();
const isRoot = (certificate: X509Certificate) => certificate.checkIssued(certificate);
const subjectOf = (certificate: X509Certificate) => oneLine(certificate.subject);

/** Node has a line for each part of a name. People read names that anybody may have chosen, so control characters leave. */
function oneLine(name: string | undefined): string {
  return (name ?? '').replaceAll('\n', ', ').replace(/\p{C}/gu, '?').slice(0, 300);
}

/** Node quotes a name that holds a comma or a quote: no host has such a name, so it is left out. */
function namesOf(text: string): { readonly dnsNames: readonly string[]; readonly addresses: readonly string[] } {
  const entries = text.split(', ').map((part) => [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)]);
  const of = (kind: string) => entries.flatMap(([is, value = '']) => (is === kind ? [value] : []));
  return {
    dnsNames: of('DNS').flatMap((name) => (/^[A-Za-z0-9.*_-]{1,253}$/.test(name) ? [name.toLowerCase()] : [])),
    addresses: of('IP Address').flatMap((value) => {
      const address = parseAddress(value);
      return isRejected(address) ? [] : [formatAddress(address)];
    }),
  };
}
