import { generateKeyPairSync, randomBytes, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { isRejected } from '../../../src/core/errors.ts';
import { type Authority, BACKDATE_MS, createAuthority, serialFrom } from '../../../src/pki/authority.ts';
import { fingerprintOf, isSignedBy, readCertificate, renewalTime, serialOf } from '../../../src/pki/certificate.ts';
import { createKey, publicKeyDigestOf } from '../../../src/pki/key.ts';
import { writePem } from '../../../src/pki/pem.ts';
import { createRequest, readRequest } from '../../../src/pki/request.ts';
import type { CertificateSubject, InnerTrust } from '../../../src/core/node-identity.ts';
import { parseNodeName } from '../../../src/model/cluster/node-identity.ts';
import { signInnerTrust } from '../../../src/pki/inner.ts';
import { signRequest } from '../../../src/pki/sign.ts';

const DAY_MS = 86_400_000;
const NOW = Math.floor(Date.now() / 1000) * 1000;
const SUBJECT: CertificateSubject = {
  nodeId: 'node-1',
  name: 'r1',
  isRegion: true,
  dnsNames: ['r1', 'r1.example.test', 'localhost'],
  addresses: ['127.0.0.1', '::1', '192.0.2.1', '2001:db8::1'],
};
const serial = () => serialFrom(randomBytes(16).toString('hex'));

let authority: Authority;
let other: Authority;
let key: string;
let csr: string;
beforeAll(async () => {
  authority = await createAuthority({ clusterId: 'c1', serial: serial(), now: NOW });
  other = await createAuthority({ clusterId: 'c2', serial: serial(), now: NOW });
  key = await createKey();
  csr = await createRequest(key, 'liar');
});

const sign = async (change: Partial<Parameters<typeof signRequest>[0]> = {}) => {
  const notBefore = NOW - BACKDATE_MS;
  return signRequest({
    authority,
    csr,
    subject: SUBJECT,
    serial: serial(),
    notBefore,
    notAfter: notBefore + 30 * DAY_MS,
    ...change,
  });
};
const signed = async (change: Partial<Parameters<typeof signRequest>[0]> = {}) => {
  const pem = await sign(change);
  if (isRejected(pem)) throw new Error(pem.message);
  return pem;
};

describe('the authority', () => {
  it('lives ten years, signs certificates and no authorities', () => {
    const facts = readCertificate(authority.certificate);
    expect(facts).toMatchObject({ isAuthority: true, nodeId: null, isRegion: false, commonName: 'Regent cluster c1' });
    if (isRejected(facts)) return;
    expect(new Date(facts.notAfter).getUTCFullYear() - new Date(NOW).getUTCFullYear()).toBe(10);
    const certificate = new X509Certificate(authority.certificate);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(fingerprintOf(authority.certificate)).toBe(certificate.fingerprint256.replaceAll(':', '').toLowerCase());
  });
});

describe('a node’s certificate', () => {
  it('says what the region says, not what the request says', async () => {
    const number = serial();
    const pem = await signed({ serial: number });
    expect(readCertificate(pem)).toEqual({
      serial: number,
      notBefore: NOW - BACKDATE_MS,
      notAfter: NOW - BACKDATE_MS + 30 * DAY_MS,
      commonName: 'r1',
      nodeId: 'node-1',
      isRegion: true,
      isAuthority: false,
      fingerprint: fingerprintOf(pem),
      publicKeyDigest: publicKeyDigestOf(key),
    });
    const certificate = new X509Certificate(pem);
    for (const name of ['r1', 'r1.example.test', 'localhost', 'regent-region'])
      expect(certificate.checkHost(name)).toBe(name);
    for (const address of SUBJECT.addresses) expect(certificate.checkIP(address)).toBe(address);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(isSignedBy(pem, authority.certificate)).toBe(true);
    expect(isSignedBy(pem, other.certificate)).toBe(false);
    expect(isSignedBy(pem, pem)).toBe(false);
    expect(readCertificate(await signed({ subject: { ...SUBJECT, isRegion: false } }))).toMatchObject({
      isRegion: false,
    });
  });

  it('never makes a region node of one that only has that name', async () => {
    const subject = { ...SUBJECT, isRegion: false, name: 'regent-region', dnsNames: ['Regent-Region'] };
    expect(await sign({ subject })).toMatchObject({ code: 'invalid_value' });
  });

  it('is renewed at two thirds of its life', () => {
    expect(renewalTime({ notBefore: 1000, notAfter: 4000 })).toBe(3000);
  });

  it('lives at most 30 days and not longer than the authority', async () => {
    const notBefore = NOW - BACKDATE_MS;
    for (const notAfter of [notBefore + 30 * DAY_MS + 1000, notBefore, notBefore - 1, Number.NaN])
      expect(await sign({ notAfter })).toMatchObject({ code: 'invalid_value' });
    const late = NOW + 3652 * DAY_MS;
    expect(await sign({ notBefore: late, notAfter: late + 20 * DAY_MS })).toMatchObject({ code: 'invalid_value' });
  });

  it('is never signed with a key and a certificate that do not belong together', async () => {
    await expect(sign({ authority: { ...authority, key: other.key } })).rejects.toThrow('do not belong together');
    await expect(sign({ authority: { certificate: await signed(), key } })).rejects.toThrow('do not belong together');
    await expect(sign({ authority: { ...authority, key: 'x' } })).rejects.toThrow("the authority's key");
  });
});

describe('serial numbers', () => {
  it('are positive, of full length, and written as they are read', async () => {
    for (const random of ['00'.repeat(16), 'ff'.repeat(16), '80'.repeat(16)]) {
      const number = serialFrom(random);
      expect(number).toMatch(/^[4-7][0-9a-f]{31}$/);
      expect(readCertificate(await signed({ serial: number }))).toMatchObject({ serial: number });
    }
    expect([serialOf('0A'), serialOf('000a'), serialOf('ABC'), serialOf('0')]).toEqual(['0a', '0a', '0abc', '00']);
  });
});

describe('hostile text', () => {
  it('is refused and never shown', async () => {
    const ed = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    expect([publicKeyDigestOf(ed), publicKeyDigestOf(p384), publicKeyDigestOf('')].every(isRejected)).toBe(true);
    await expect(createRequest(p384, 'x')).rejects.toThrow('another kind');
    for (const text of [
      '',
      'x',
      key,
      authority.certificate,
      csr + csr,
      csr.repeat(40),
      csr.replace('\nMI', '\n!!'),
      '-----BEGIN CERTIFICATE REQUEST-----',
    ])
      expect(await readRequest(text)).toMatchObject({ kind: 'rejected', code: 'invalid_value' });
    for (const text of ['', 'x', key, csr, authority.certificate + authority.certificate])
      expect(readCertificate(text)).toMatchObject({ kind: 'rejected' });
    const refused = readCertificate(key);
    expect(JSON.stringify(refused)).not.toContain(key.split('\n')[1]);
  });

  it('never makes it crash, whatever byte is changed: at most the request is still the same key’s', async () => {
    const der = Buffer.from(csr.split('\n').slice(1, -2).join(''), 'base64');
    const own = publicKeyDigestOf(key);
    await fc.assert(
      fc.asyncProperty(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), async (place, flip) => {
        const bytes = Buffer.from(der);
        bytes[place] = (bytes[place] ?? 0) ^ flip;
        const result = await readRequest(writePem(bytes, 'CERTIFICATE REQUEST'));
        expect(isRejected(result) || result.publicKeyDigest === own).toBe(true);
        readCertificate(bytes);
      }),
      { numRuns: 200 },
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(isRejected(await readRequest(writePem(Buffer.from(bytes), 'CERTIFICATE REQUEST')))).toBe(true);
        expect(isRejected(readCertificate(Buffer.from(bytes)))).toBe(true);
      }),
    );
  });
});

describe('whom daemons of region nodes let in', () => {
  /** Is a caller with this certificate let in by OpenSSL, as PostgreSQL has it? */
  const isIn = async (subject: Partial<CertificateSubject>, inner: InnerTrust, by = authority) =>
    isCertificateIn(await nodeCertificate({ ...SUBJECT, ...subject }, by), inner);

  async function nodeCertificate(subject = SUBJECT, by = authority): Promise<string> {
    const certificate = await sign({ authority: by, subject });
    if (isRejected(certificate)) throw new Error(certificate.message);
    return certificate;
  }

  async function isCertificateIn(certificate: string, inner: InnerTrust): Promise<boolean> {
    const own = await nodeCertificate();
    const options = { key, cert: own, ca: inner.authority, crl: inner.revocations, requestCert: true };
    const server = createServer({ ...options, minVersion: 'TLSv1.3' }, (socket) => void socket.end('in'));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1', key, cert: certificate, ca: authority.certificate });
    const text = await socket.toArray().then(
      (parts) => Buffer.concat(parts as Buffer[]).toString(),
      () => '',
    );
    server.close();
    return text === 'in';
  }
  const innerOf = (serials: readonly string[] = []) =>
    signInnerTrust({ authority, serials, serial: serial(), now: NOW });

  it('are region nodes, whatever they are called, and no racks', async () => {
    const inner = await innerOf();
    expect(await isIn({}, inner)).toBe(true);
    expect(await isIn({ name: 'rack', dnsNames: ['rack', 'regent-rack.example.test'] }, inner)).toBe(true);
    expect(await isIn({ isRegion: false }, inner)).toBe(false);
    expect(await isIn({ isRegion: false, dnsNames: [], name: 'k1' }, inner)).toBe(false);
    expect(await isIn({}, inner, other)).toBe(false);
  });

  it('are none that is revoked, whatever certificate of the authority the list came with', async () => {
    const [kept, revoked] = [await nodeCertificate(), await nodeCertificate()];
    const named = readCertificate(revoked);
    if (isRejected(named)) throw new Error('not read');
    const inner = await innerOf(['0b', named.serial, '0a', '0a']);
    expect(inner.serials).toEqual(['0a', '0b', named.serial].sort());
    for (const trust of [inner, { ...inner, authority: (await innerOf()).authority }]) {
      expect(await isCertificateIn(kept, trust)).toBe(true);
      expect(await isCertificateIn(revoked, trust)).toBe(false);
    }
    // The list that was in force before.
    expect(await isCertificateIn(revoked, await innerOf(['0b']))).toBe(true);
  });

  it('and no region node is signed with the name of racks, which would shut it out', async () => {
    expect(await sign({ subject: { ...SUBJECT, dnsNames: ['r1', 'Regent-Rack'] } })).toMatchObject({
      code: 'invalid_value',
    });
    expect(parseNodeName('regent-rack', 'name')).toMatchObject({ code: 'invalid_value' });
    const rack = await sign({ subject: { ...SUBJECT, isRegion: false } });
    expect(new X509Certificate(rack as string).subjectAltName).toContain('DNS:regent-rack');
  });
});

describe('a TLS connection with them', () => {
  const talk = async (server: TlsOptions, client: { ca: string; cert?: string; key?: string; servername?: string }) => {
    const listener = createServer({ requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2', ...server });
    let peer: Buffer | null = null;
    listener.on('secureConnection', (socket: TLSSocket) => {
      peer = socket.getPeerCertificate().raw;
      socket.on('error', () => {});
      socket.end('hello');
    });
    listener.on('tlsClientError', () => {});
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const socket = connect({ host: '127.0.0.1', port, servername: 'regent-region', ...client });
    try {
      let text = '';
      for await (const piece of socket) text += String(piece);
      return { text, peer: peer && readCertificate(peer) };
    } catch (error) {
      return { text: '', error: error instanceof Error && 'code' in error ? error.code : error };
    } finally {
      socket.destroy();
      listener.close();
    }
  };

  it('holds between two nodes of one cluster and with nobody else', async () => {
    const own = { key, cert: await signed() };
    const foreign = { key, cert: await signed({ authority: other }) };
    const past = { key, cert: await signed({ notBefore: NOW - 40 * DAY_MS, notAfter: NOW - 10 * DAY_MS }) };
    const ca = authority.certificate;
    expect(await talk({ ca, ...own }, { ca, ...own })).toMatchObject({
      text: 'hello',
      peer: { nodeId: 'node-1', isRegion: true },
    });
    const rack = { key, cert: await signed({ subject: { ...SUBJECT, isRegion: false } }) };
    expect(await talk({ ca, ...rack }, { ca, ...own })).toMatchObject({
      text: '',
      error: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    for (const client of [{ ca }, { ca, ...foreign }, { ca, ...past }])
      expect((await talk({ ca, ...own }, client)).text).toBe('');
    expect(await talk({ ca, ...foreign }, { ca, ...own })).toMatchObject({ text: '' });
    expect(await talk({ ca, ...past }, { ca, ...own })).toMatchObject({ text: '', error: 'CERT_HAS_EXPIRED' });
  });
});
