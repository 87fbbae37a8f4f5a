import { webcrypto } from 'node:crypto';
import { writePem, x509 } from '../../../src/pki/pem.ts';
import { realRandom } from '../postgres.ts';

const DAY_MS = 86_400_000;
const ALGORITHMS = {
  ec: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
  rsa: {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: 'SHA-256',
  },
} as const;

/** An operator's certificate as a public authority gives it, PEM. `root`: nobody gives it. */
export interface OperatorCertificate {
  readonly leaf: string;
  readonly middle: string;
  readonly root: string;
  readonly key: string;
}

/** What to make. `days`: of its life from now on, negative for one that has ended. `usage`: its extended key usage. */
interface Wish {
  readonly names: readonly string[];
  readonly addresses?: readonly string[];
  readonly kind?: keyof typeof ALGORITHMS;
  readonly bits?: number;
  readonly hash?: 'SHA-256' | 'SHA-1';
  readonly days?: number;
  readonly usage?: x509.ExtendedKeyUsageType;
}

const authorities: Record<string, Promise<[webcrypto.CryptoKeyPair, webcrypto.CryptoKeyPair]>> = {};

/** Makes one: a root, an authority between, the certificate of a server. */
export async function operatorCertificate(wish: Wish): Promise<OperatorCertificate> {
  const { names, addresses = [], kind = 'rsa', bits = 2048, hash = 'SHA-256', days = 90, usage } = wish;
  const make = async (which: keyof typeof ALGORITHMS, modulusLength = 2048) =>
    await webcrypto.subtle.generateKey(
      which === 'rsa' ? { ...ALGORITHMS.rsa, modulusLength, hash } : ALGORITHMS.ec,
      true,
      ['sign', 'verify'],
    );
  // Keys of authorities take long to make, and nobody looks at them.
  const made = authorities[`${hash} ${kind}`] ?? Promise.all([make('rsa'), make('rsa')]);
  authorities[`${hash} ${kind}`] = made;
  const [rootKeys, middleKeys] = await made;
  const keys = await make(kind, bits);
  const end = Date.now() + days * DAY_MS;
  const common = {
    notBefore: new Date(Math.min(Date.now(), end) - DAY_MS),
    notAfter: new Date(end),
    signingAlgorithm: { ...ALGORITHMS.rsa, hash },
  };
  const authority = [new x509.BasicConstraintsExtension(true, undefined, true)];
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    serialNumber: realRandom.hex(8),
    name: 'CN=Operators root',
    keys: rootKeys,
    extensions: authority,
  });
  const middle = await x509.X509CertificateGenerator.create({
    ...common,
    serialNumber: realRandom.hex(8),
    subject: 'CN=Operators authority',
    issuer: root.subject,
    publicKey: middleKeys.publicKey,
    signingKey: rootKeys.privateKey,
    extensions: authority,
  });
  const leaf = await x509.X509CertificateGenerator.create({
    ...common,
    serialNumber: realRandom.hex(8),
    subject: `CN=${names[0] ?? 'nobody'}`,
    issuer: middle.subject,
    publicKey: keys.publicKey,
    signingKey: middleKeys.privateKey,
    extensions: [
      ...(names.length + addresses.length === 0
        ? []
        : [
            new x509.SubjectAlternativeNameExtension([
              ...names.map((value) => ({ type: 'dns' as const, value })),
              ...addresses.map((value) => ({ type: 'ip' as const, value })),
            ]),
          ]),
      ...(usage === undefined ? [] : [new x509.ExtendedKeyUsageExtension([usage])]),
    ],
  });
  return {
    leaf: writePem(leaf.rawData, 'CERTIFICATE'),
    middle: writePem(middle.rawData, 'CERTIFICATE'),
    root: writePem(root.rawData, 'CERTIFICATE'),
    key: writePem(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'),
  };
}
