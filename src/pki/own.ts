import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { invalid, isRejected, type Rejected } from '../core/errors.ts';
import { REGION_SERVER_NAME } from '../core/node-identity.ts';
import { x509 } from './pem.ts';
import { readShown, type Shown } from './shown.ts';

/** A certificate of an operator's own with its key (PKCS #8 as PEM). */
export type OwnCertificate = { readonly shown: Shown; readonly key: string };

/** Characters of a private key: one of RSA with 8192 bits has 6,500. */
export const KEY_TEXT_MAX = 16_384;
/** OpenSSL's security level 2, which Debian sets, takes no RSA key below 2048 bits. */
const RSA_BITS = { least: 2048, most: 8192 } as const;
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
const KEY_RULE =
  'one private key as PEM, not encrypted: RSA of 2048 to 8192 bits, or on the curve P-256, P-384 or P-521';

/**
 * Reads an operator's certificate, its chain and its key, and checks all that every browser and haproxy would: the key belongs to the certificate, it is
 * valid now, names are in it. A refusal never shows the key. `now`: ms.
 */
export function readOwn(certificate: string, keyText: string, now: number): OwnCertificate | Rejected {
  const key = readKeyOf(keyText);
  if (isRejected(key)) return key;
  const shown = readShown(certificate, createPublicKey(key));
  if (isRejected(shown)) return shown;
  const refusal = refusalOf(shown, now);
  return refusal ?? { shown, key: key.export({ format: 'pem', type: 'pkcs8' }).toString() };
}

/** Extended key usage "TLS server" (RFC 5280 §4.2.1.12). */
const SERVER = '1.3.6.1.5.5.7.3.1';
/** Neither browsers nor OpenSSL's security level 2 take a signature over these. */
const WEAK = ['SHA-1', 'MD5'];

/** What keeps browsers, or haproxy at its start, from taking these certificates. */
function weaknessOfChain(chain: readonly string[]): string | null {
  const usages = new X509Certificate(chain[0] ?? '').keyUsage;
  if (usages !== undefined && !usages.includes(SERVER)) return 'its extended key usage does not allow TLS servers';
  for (const pem of chain) {
    const one = new X509Certificate(pem);
    const { hash } = new x509.X509Certificate(one.raw).signatureAlgorithm as {
      readonly hash?: { readonly name?: string };
    };
    // Nobody looks at a root's own signature.
    if (!one.checkIssued(one) && WEAK.includes(hash?.name ?? ''))
      return `${one.subject.replaceAll('\n', ', ')} is signed with ${hash?.name}`;
  }
  return null;
}

function refusalOf(shown: Shown, now: number): Rejected | null {
  const { notBefore, notAfter, dnsNames, addresses, subject } = shown;
  const day = (ms: number) => new Date(ms).toISOString();
  if (now >= notAfter) return invalid('certificate', `it ended at ${day(notAfter)}`, 'a certificate that is valid now');
  if (now < notBefore)
    return invalid('certificate', `it is not valid before ${day(notBefore)}`, 'a certificate that is valid now');
  if (dnsNames.length + addresses.length === 0)
    return invalid(
      'certificate',
      `${subject === '' ? 'it' : subject} names no host: browsers read only its alternative names`,
      'a subjectAltName with names or addresses of the site',
    );
  const weakness = weaknessOfChain(shown.chain);
  if (weakness !== null)
    return invalid(
      'certificate',
      weakness,
      'a certificate for TLS servers, each one of its chain signed with SHA-256 or better',
    );
  const isTaken = dnsNames.includes(REGION_SERVER_NAME) || new RegExp(`\\bCN=${REGION_SERVER_NAME}\\b`).test(subject);
  if (isTaken || dnsNames.includes('*'))
    return invalid(
      'certificate',
      `it names "${isTaken ? REGION_SERVER_NAME : '*'}", the name by which agents verify a region node`,
      'names of the site',
    );
  return null;
}

function readKeyOf(text: string): KeyObject | Rejected {
  if (text.length > KEY_TEXT_MAX)
    return invalid('privateKey', `the text has more than ${KEY_TEXT_MAX} characters`, KEY_RULE);
  const blocks = text.match(/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----/g) ?? [];
  if (blocks.length === 0) return invalid('privateKey', 'no PEM text of a private key is in it', KEY_RULE);
  if (blocks.length > 1) return invalid('privateKey', `${blocks.length} private keys are in it`, KEY_RULE);
  if (/BEGIN ENCRYPTED PRIVATE KEY|Proc-Type: *4,ENCRYPTED/.test(text))
    return invalid('privateKey', 'it is encrypted; remove the passphrase: openssl pkey -in FILE -out PLAIN', KEY_RULE);
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    return invalid('privateKey', 'this is not a private key', KEY_RULE);
  }
  const problem = weaknessOf(key);
  return problem === null ? key : invalid('privateKey', problem, KEY_RULE);
}

function weaknessOf(key: KeyObject): string | null {
  const { modulusLength = 0, namedCurve = 'unnamed' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') {
    const isFine = modulusLength >= RSA_BITS.least && modulusLength <= RSA_BITS.most;
    return isFine ? null : `it is an RSA key of ${modulusLength} bits`;
  }
  if (key.asymmetricKeyType === 'ec')
    return CURVES.includes(namedCurve) ? null : `it is a key on the curve ${namedCurve}`;
  return `it is a key of the kind ${key.asymmetricKeyType ?? 'unknown'}`;
}
