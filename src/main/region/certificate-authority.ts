import { readFile } from 'node:fs/promises';
import { Compile } from 'typebox/compile';
import { ClusterSecrets } from '../../contract/cluster/join.ts';
import { invalid, isRejected, type Rejected, rejected } from '../../core/errors.ts';
import { jsonOrNull } from '../../core/json.ts';
import type { SiteNames } from '../../core/node-identity.ts';
import type { Clock, Random } from '../../core/ports.ts';
import { fingerprintOf, isSignedBy, readCertificate, renewalTime, subjectOf } from '../../pki/certificate.ts';
import { readStoredChain } from '../../pki/shown.ts';
import type { SigningOrder } from '../../pki/sign.ts';
import type { CertificateAuthority, SignedCertificate } from '../../region/cluster/trust/port.ts';

/** Where a region node keeps what makes it one. */
export interface AuthorityFiles {
  readonly certificate: string;
  readonly key: string;
  readonly secrets: string;
  /** The node's own certificate; left out: this process holds none. */
  readonly own?: string;
}

/** As `regent init` and `regent join` write them. */
export const AUTHORITY_FILES: AuthorityFiles = {
  certificate: '/etc/regent/pki/ca.crt',
  key: '/var/lib/regent/region/pki/ca.key',
  secrets: '/var/lib/regent/region/pki/secrets.json',
  own: '/etc/regent/pki/node.crt',
};

/** How long certificates of nodes live from their beginning, ms: as long as may be, they are renewed at two thirds. */
export const CERTIFICATE_MS = 30 * 86_400_000;

const secretsOf = Compile(ClusterSecrets);

type AuthorityPorts = { readonly clock: Clock; readonly random: Random; readonly lifetimeMs?: number };

/**
 * The cluster's authority from files, read at each call: calls are rare, and files that come later count without a restart. The library of
 * certificates is loaded at the first signature (it costs 0.2 s and 40 MB).
 */
export function openCertificateAuthority(files: AuthorityFiles, ports: AuthorityPorts): CertificateAuthority {
  return {
    async certificate() {
      const pem = await read(files.certificate);
      if (isRejected(pem)) return pem;
      const fingerprint = fingerprintOf(pem.text);
      return isRejected(fingerprint) ? unusable(files.certificate) : { pem: pem.text, fingerprint };
    },
    async readRequest(csr) {
      const { readRequest } = await import('../../pki/request.ts');
      return readRequest(csr);
    },
    async readSigned(certificate) {
      const authority = await read(files.certificate);
      if (isRejected(authority)) return authority;
      const facts = readCertificate(certificate);
      if (isRejected(facts)) return facts;
      const { nodeId, serial, publicKeyDigest: keyDigest } = facts;
      if (nodeId !== null && isSignedBy(certificate, authority.text)) return { nodeId, serial, keyDigest };
      return invalid(
        'certificate',
        'this cluster did not sign it for a node',
        'the certificate of a node of this cluster',
      );
    },
    sign: (csr, subject) =>
      signBy(files, ports, async (order) => (await signing()).signRequest({ ...order, csr, subject })),
    signSite: (names, storedKey) => signSiteFor(files, ports, names, storedKey),
    signPairAuthority: (name) => signPairAuthorityFor(files, ports, name),
    signPair: (csr, subject) =>
      signBy(files, ports, async (order) => (await signing()).signPair({ ...order, csr, ...subject })),
    signInner: (serials) => signInnerFor(files, ports, serials),
    async isInner(certificate) {
      const authority = await read(files.certificate);
      return !isRejected(authority) && isSignedBy(certificate, authority.text);
    },
    async readShown(certificate) {
      const shown = readStoredChain(certificate);
      const authority = await read(files.certificate);
      const isOurs = !isRejected(authority) && isSignedBy(shown.chain[0] ?? '', authority.text);
      return { ...shown, renewAt: renewalTime(shown), isOurs };
    },
    async readOwn(certificate, key) {
      const { readOwn } = await import('../../pki/own.ts');
      const own = readOwn(certificate, key, ports.clock.now());
      return isRejected(own) ? own : { certificate: own.shown.chain.join(''), key: own.key };
    },
    async held() {
      if (files.own === undefined) return null;
      const [certificate, authority] = await Promise.all([read(files.own), read(files.certificate)]);
      if (isRejected(certificate) || isRejected(authority)) return null;
      const [facts, subject] = [readCertificate(certificate.text), subjectOf(certificate.text)];
      if (isRejected(facts) || isRejected(subject) || !isSignedBy(certificate.text, authority.text)) return null;
      const { serial, notBefore, notAfter, publicKeyDigest: keyDigest } = facts;
      return subject.isRegion ? { serial, notBefore, notAfter, keyDigest, subject } : null;
    },
    async inheritance() {
      const key = await read(files.key);
      if (isRejected(key)) return key;
      const text = await read(files.secrets);
      if (isRejected(text)) return text;
      const secrets = jsonOrNull(text.text);
      return secretsOf.Check(secrets) ? { key: key.text, secrets } : unusable(files.secrets);
    },
  };
}

async function signSiteFor(files: AuthorityFiles, ports: AuthorityPorts, subject: SiteNames, storedKey: string | null) {
  const { createKey } = await import('../../pki/key.ts');
  const { createRequest } = await import('../../pki/request.ts');
  const { signSite } = await signing();
  const key = storedKey ?? (await createKey());
  const csr = await createRequest(key, 'site');
  const signed = await signBy(files, ports, (order) => signSite({ ...order, csr, subject }));
  if (isRejected(signed)) return signed;
  const authority = await read(files.certificate);
  if (isRejected(authority)) return authority;
  // With the authority's own certificate: a client that has pinned it needs nothing else.
  const certificate = `${signed.certificate}${authority.text.trimEnd()}\n`;
  return { certificate, key, notAfter: signed.notAfter };
}

async function signInnerFor(files: AuthorityFiles, { clock, random }: AuthorityPorts, serials: readonly string[]) {
  const [certificate, key] = await Promise.all([read(files.certificate), read(files.key)]);
  if (isRejected(certificate)) return certificate;
  if (isRejected(key)) return key;
  const { signInnerTrust } = await import('../../pki/inner.ts');
  const { serialFrom } = await import('../../pki/authority.ts');
  const authority = { certificate: certificate.text, key: key.text };
  return signInnerTrust({ authority, serials, serial: serialFrom(random.hex(16)), now: clock.now() });
}

async function signPairAuthorityFor(files: AuthorityFiles, { random }: AuthorityPorts, name: string) {
  const [certificate, key] = await Promise.all([read(files.certificate), read(files.key)]);
  if (isRejected(certificate)) return certificate;
  if (isRejected(key)) return key;
  const { signPairAuthority } = await import('../../pki/pair.ts');
  const { serialFrom } = await import('../../pki/authority.ts');
  const authority = { certificate: certificate.text, key: key.text };
  return signPairAuthority({ authority, name, serial: serialFrom(random.hex(16)) });
}

const signing = () => import('../../pki/sign.ts');

/** What a signature needs beside the request and whom it names. */
type AuthorityOrder = Omit<SigningOrder, 'csr' | 'subject'>;

async function signBy(
  files: AuthorityFiles,
  ports: AuthorityPorts,
  sign: (order: AuthorityOrder) => Promise<string | Rejected>,
): Promise<SignedCertificate | Rejected> {
  const certificate = await read(files.certificate);
  if (isRejected(certificate)) return certificate;
  const key = await read(files.key);
  if (isRejected(key)) return key;
  const begin = readCertificate(certificate.text);
  if (isRejected(begin)) return unusable(files.certificate);
  if (ports.clock.now() < begin.notBefore) return wrongClock(ports.clock.now());
  const { BACKDATE_MS, serialFrom } = await import('../../pki/authority.ts');
  const serial = serialFrom(ports.random.hex(16));
  const notBefore = Math.floor((ports.clock.now() - BACKDATE_MS) / 1000) * 1000;
  const notAfter = notBefore + (ports.lifetimeMs ?? CERTIFICATE_MS);
  const authority = { certificate: certificate.text, key: key.text };
  const signed = await sign({ authority, serial, notBefore, notAfter });
  return isRejected(signed) ? signed : { certificate: signed, serial, notBefore, notAfter };
}

/** A region without the files of an authority: a development server, tests. */
export const NO_AUTHORITY = openCertificateAuthority(
  { certificate: '', key: '', secrets: '' },
  { clock: { now: () => 0, monotonic: () => 0 }, random: { fraction: () => 0, hex: () => '' } },
);

async function read(path: string): Promise<{ readonly text: string } | Rejected> {
  if (path === '')
    return rejected('unavailable', 'This site is not a cluster: it has no authority that signs certificates.');
  try {
    return { text: await readFile(path, 'utf8') };
  } catch {
    return rejected(
      'unavailable',
      `This region node cannot sign or hand on certificates: ${path} is missing or cannot be read. Another region node may have it.`,
    );
  }
}

/** What is signed with such a clock would be good for nobody. */
function wrongClock(now: number): Rejected {
  return rejected(
    'conflict',
    `This region node signs nothing: its clock says ${new Date(now).toISOString()}, and the cluster's authority is younger. Correct the clock.`,
  );
}

function unusable(path: string): Rejected {
  return rejected('unavailable', `This region node cannot sign or hand on certificates: ${path} is damaged.`);
}
