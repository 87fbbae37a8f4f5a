import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { readOwn } from '../../../src/pki/own.ts';
import { x509 } from '../../../src/pki/pem.ts';
import { type OperatorCertificate, operatorCertificate } from '../../kit/cluster/operator-certificate.ts';

const NOW = Date.now();
const DAY = 86_400_000;
const NAME = 'regent.example.test';
let own: OperatorCertificate;
let other: OperatorCertificate;
beforeAll(async () => {
  own = await operatorCertificate({ names: [NAME, `*.${NAME}`], addresses: ['192.0.2.10', '2001:db8::1'] });
  other = await operatorCertificate({ names: ['other.test'], kind: 'ec' });
});

const refused = (certificate: string, key = own.key, now = NOW) => {
  const read = readOwn(certificate, key, now);
  if (!isRejected(read)) throw new Error('it was taken');
  expect(read.message).not.toContain('MII');
  return read.message;
};

describe("an operator's own certificate", () => {
  it.each(['rsa', 'ec'] as const)('is put in order and read, in whatever order it comes (%s)', async (kind) => {
    const made = await operatorCertificate({ names: [NAME], kind });
    const read = readOwn(`# a comment\n${made.root}${made.middle}\r\n${made.leaf}${made.leaf}`, made.key, NOW);
    if (isRejected(read)) throw new Error(read.message);
    expect(read.shown.chain).toEqual([made.leaf, made.middle, made.root]);
    expect(read.shown).toMatchObject({
      dnsNames: [NAME],
      subject: `CN=${NAME}`,
      issuer: 'CN=Operators authority',
      end: { isRoot: true },
    });
    // As haproxy's OpenSSL takes it.
    createSecureContext({ cert: read.shown.chain.join(''), key: read.key, ciphers: 'DEFAULT@SECLEVEL=2' });
  });

  it('tells its names, addresses and fingerprints', () => {
    const read = readOwn(`${own.leaf}${own.middle}`, own.key, NOW);
    const { fingerprint } = new X509Certificate(own.leaf);
    expect(read).toMatchObject({
      shown: {
        dnsNames: [NAME, `*.${NAME}`],
        addresses: ['192.0.2.10', '2001:db8::1'],
        sha1: fingerprint.replaceAll(':', '').toLowerCase(),
        end: { subject: 'CN=Operators authority', issuer: 'CN=Operators root', isRoot: false },
      },
    });
  });

  it('takes keys in all forms that openssl writes, and no others', async () => {
    const key = createPrivateKey(own.key);
    const chain = `${own.leaf}${own.middle}`;
    for (const type of ['pkcs1', 'pkcs8'] as const)
      expect(readOwn(chain, key.export({ format: 'pem', type }).toString(), NOW)).toMatchObject({
        key: expect.stringMatching(/^-----BEGIN PRIVATE KEY-----\n/) as string,
      });
    const sec1 = createPrivateKey(other.key).export({ format: 'pem', type: 'sec1' }).toString();
    expect(isRejected(readOwn(other.leaf, sec1, NOW))).toBe(false);
    for (const type of ['pkcs1', 'pkcs8'] as const) {
      const locked = key.export({ format: 'pem', type, cipher: 'aes-256-cbc', passphrase: 'x' }).toString();
      expect(refused(chain, locked)).toContain('it is encrypted; remove the passphrase: openssl pkey -in FILE');
    }
    expect(refused(chain, `${own.key}${other.key}`)).toContain('2 private keys are in it');
    expect(refused(chain, own.leaf)).toContain('no PEM text of a private key');
    expect(refused(chain, own.key.replace(/\n[A-Za-z0-9+/]{12}/, '\nAAAAAAAAAAAA'))).toContain(
      'this is not a private key',
    );
    expect(refused(chain, 'x'.repeat(16_385))).toContain('more than 16384 characters');
    const pem = (pair: { privateKey: { export(o: { format: 'pem'; type: 'pkcs8' }): string | Buffer } }) =>
      pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(refused(chain, pem(generateKeyPairSync('ed25519')))).toContain('a key of the kind ed25519');
    expect(refused(chain, pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })))).toContain('curve secp256k1');
    const small = await operatorCertificate({ names: [NAME], bits: 1024 });
    expect(refused(small.leaf, small.key)).toContain('an RSA key of 1024 bits');
  });

  it.each<readonly [string, () => string, string]>([
    ['of another key', () => `${other.leaf}${other.middle}`, 'none of the 2 is for the key'],
    ['with a stranger in its chain', () => `${own.leaf}${other.middle}`, 'CN=Operators authority is not needed'],
    ['with a gap in its chain', () => `${own.leaf}${own.root}`, 'CN=Operators root is not needed'],
    ['that is none', () => 'hello', 'no PEM text of a certificate'],
    ['that is a key', () => `${own.leaf}${own.key}`, 'it contains a private key'],
    [
      'that is a request',
      () => own.leaf.replaceAll('CERTIFICATE', 'CERTIFICATE REQUEST'),
      'PEM text 1 (CERTIFICATE REQUEST) is not a certificate',
    ],
    [
      'that is damaged',
      () => own.leaf.replace(/\n[A-Za-z0-9+/]{12}/, '\nAAAAAAAAAAAA'),
      'PEM text 1 (CERTIFICATE) is not a certificate',
    ],
    ['of many', () => own.leaf.repeat(11), 'it has 11 PEM texts'],
    ['that is too long', () => own.leaf + ' '.repeat(65_536), 'more than 65536'],
  ])('is refused: one %s', (_, text, words) => {
    expect(refused(text())).toContain(words);
  });

  it('is refused where browsers or haproxy would not take it', async () => {
    const of = async (wish: Parameters<typeof operatorCertificate>[0], now = NOW) => {
      const made = await operatorCertificate({ kind: 'ec', ...wish });
      return refused(made.leaf, made.key, now);
    };
    expect(await of({ names: [NAME], days: -1 })).toContain('it ended at');
    expect(await of({ names: [NAME] }, NOW - 3 * DAY)).toContain('it is not valid before');
    expect(await of({ names: [] })).toContain('names no host');
    expect(await of({ names: [NAME, 'Regent-Region'] })).toContain('it names "regent-region"');
    expect(await of({ names: ['*'] })).toContain('it names "*"');
    expect(await of({ names: [NAME], hash: 'SHA-1' })).toContain('is signed with SHA-1');
    expect(await of({ names: [NAME], usage: x509.ExtendedKeyUsage.clientAuth })).toContain(
      'does not allow TLS servers',
    );
    const made = await operatorCertificate({ names: [NAME], kind: 'ec', usage: x509.ExtendedKeyUsage.serverAuth });
    expect(isRejected(readOwn(made.leaf, made.key, NOW))).toBe(false);
  });
});
