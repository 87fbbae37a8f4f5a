import { AppError, isRejected } from '../core/errors.ts';
import type { InnerTrust } from '../core/node-identity.ts';
import { certificateSubject } from '../model/cluster/certificate-subject.ts';
import { TRUST_FILES } from '../model/cluster/trust-files.ts';
import { type Authority, BACKDATE_MS, createAuthority, serialFrom } from '../pki/authority.ts';
import { type CertificateFacts, isSignedBy, readCertificate } from '../pki/certificate.ts';
import { createKey, publicKeyDigestOf } from '../pki/key.ts';
import { signInnerTrust } from '../pki/inner.ts';
import { createRequest } from '../pki/request.ts';
import { CERTIFICATE_DAYS_MAX, signRequest } from '../pki/sign.ts';
import type { Seed } from './init/seed.ts';
import { PATHS } from './paths.ts';
import type { HostPorts } from './ports.ts';
import { accepted, installText } from './run.ts';

const DAY_MS = 86_400_000;

/**
 * The authority of a new cluster and the first node's certificate. Complete files of an interrupted run stay; otherwise all are made again, in this
 * order, so that the last file shows that all are there.
 */
export async function makeTrust(ports: HostPorts, identity: Omit<Seed, 'virtualRouter'>): Promise<CertificateFacts> {
  const before = await readTrust(ports, identity.nodeId);
  if (before !== null) return before;
  const now = ports.now();
  const authority = await createAuthority({ clusterId: identity.clusterId, serial: serialFrom(ports.hex(16)), now });
  return await signOwnTrust(ports, identity, authority);
}

/** This node's certificate by an authority that is there already, such as that of a restored site. Complete files of an interrupted run stay. */
export async function signOwnTrust(
  ports: HostPorts,
  identity: Pick<Seed, 'nodeId' | 'name' | 'address' | 'domain' | 'vip'>,
  authority: Pick<Authority, 'certificate' | 'key'>,
): Promise<CertificateFacts> {
  const before = await readTrust(ports, identity.nodeId);
  if (before !== null) return before;
  const now = ports.now();
  const key = await createKey();
  const certificate = accepted(
    await signRequest({
      authority,
      csr: await createRequest(key, identity.name),
      subject: certificateSubject(
        { id: identity.nodeId, name: identity.name, isRegion: true, addresses: [identity.address] },
        { domain: identity.domain, vip: identity.vip },
      ),
      serial: serialFrom(ports.hex(16)),
      notBefore: now - BACKDATE_MS,
      notAfter: now - BACKDATE_MS + CERTIFICATE_DAYS_MAX * DAY_MS,
    }),
  );
  await writeAuthorityKey(ports, authority);
  await writeNodeFiles(ports, { authority: authority.certificate, key, certificate });
  const made = await readTrust(ports, identity.nodeId);
  if (made === null) throw new AppError('pki', 'the certificates that were just written cannot be read back');
  return made;
}

/** Whom daemons of region nodes let in from the beginning: nothing is revoked yet. Null: this host does not have the authority. */
export async function makeInnerTrust(ports: HostPorts): Promise<InnerTrust | null> {
  const [certificate, key] = await Promise.all(
    [PATHS.authority, PATHS.authorityKey].map((path) => ports.host.files.read(path)),
  );
  if (!certificate || !key) return null;
  return signInnerTrust({
    authority: { certificate, key },
    serials: [],
    serial: serialFrom(ports.hex(16)),
    now: ports.now(),
  });
}

/** This node's certificate if authority, key and certificate are all there and belong together; null otherwise. */
export async function readTrust({ host }: HostPorts, nodeId: string): Promise<CertificateFacts | null> {
  const paths = [PATHS.authorityKey, PATHS.authority, PATHS.key, PATHS.certificate, PATHS.pem];
  const [authorityKey, authority, key, certificate, pem] = await Promise.all(
    paths.map((path) => host.files.read(path)),
  );
  if (!authorityKey || !authority || !key || !certificate || !pem) return null;
  const facts = readCertificate(certificate);
  const own = publicKeyDigestOf(key);
  if (isRejected(facts) || isRejected(own) || facts.nodeId !== nodeId || facts.publicKeyDigest !== own) return null;
  return isSignedBy(certificate, authority) && pem === pemOf(certificate, authority, key) ? facts : null;
}

/** The authority's key: only region nodes have it. */
export async function writeAuthorityKey(ports: HostPorts, authority: Pick<Authority, 'key'>): Promise<void> {
  await installText(ports, {
    path: PATHS.authorityKey,
    content: authority.key,
    mode: 0o600,
    owner: 'regent',
    group: 'regent',
  });
}

/** A node's own files (PEM); the joined one last. */
export async function writeNodeFiles(
  ports: HostPorts,
  files: { readonly authority: string; readonly key: string; readonly certificate: string },
): Promise<void> {
  const { authority, key, certificate } = files;
  await installText(ports, { ...TRUST_FILES.authority, content: authority });
  await installText(ports, { ...TRUST_FILES.key, content: key });
  await installText(ports, { ...TRUST_FILES.certificate, content: certificate });
  await installText(ports, { ...TRUST_FILES.bundle, content: pemOf(certificate, authority, key) });
}

/** With the authority's certificate, so that a joining host sees whether this is the cluster of its token. */
function pemOf(certificate: string, authority: string, key: string): string {
  return `${[certificate, authority, key].map((text) => text.trimEnd()).join('\n')}\n`;
}
