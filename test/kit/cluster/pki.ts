import { isRejected } from '../../../src/core/errors.ts';
import { type Authority, createAuthority, serialFrom } from '../../../src/pki/authority.ts';
import { pairAuthorityName } from '../../../src/core/node-identity.ts';
import { createKey } from '../../../src/pki/key.ts';
import { signPairAuthority } from '../../../src/pki/pair.ts';
import { createRequest } from '../../../src/pki/request.ts';
import { signPair, signRequest } from '../../../src/pki/sign.ts';
import { realRandom } from '../postgres.ts';

const DAY_MS = 86_400_000;

/** A node's certificate with its key and authority, PEM. */
export interface TestIdentity {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

/** Whom a test certificate names and how long it lives, ms. */
export interface TestSubject {
  readonly nodeId: string;
  readonly isRegion?: boolean;
  readonly addresses?: readonly string[];
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly key?: string;
}

/** A cluster's authority. */
export function testAuthority(clusterId = 'c1', now = Date.now()): Promise<Authority> {
  return createAuthority({ clusterId, serial: serialFrom(realRandom.hex(16)), now });
}

/** A node's certificate by an authority. */
export async function testIdentity(authority: Authority, subject: TestSubject): Promise<TestIdentity> {
  const { nodeId, isRegion = false, addresses = ['127.0.0.1'], notBefore = Date.now() - 60_000 } = subject;
  const key = subject.key ?? (await createKey());
  const certificate = await signRequest({
    authority,
    csr: await createRequest(key, nodeId),
    subject: { nodeId, name: nodeId, isRegion, dnsNames: [nodeId], addresses },
    serial: serialFrom(realRandom.hex(16)),
    notBefore,
    notAfter: subject.notAfter ?? notBefore + 30 * DAY_MS,
  });
  if (isRejected(certificate)) throw new Error(certificate.message);
  return { certificate, key, authority: authority.certificate };
}

/** By whom partners know the DHCP servers of a rack, and a certificate of it with its key; PEM. */
export interface TestPair {
  readonly name: string;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Signs both; `name`: of the authority, for another certificate by the same one. */
export async function testPair(
  authority: Authority,
  rack: string,
  addresses: readonly string[],
  name = pairAuthorityName(realRandom.hex(16)),
): Promise<TestPair> {
  const key = await createKey();
  const notBefore = Date.now() - 60_000;
  const certificate = await signPair({
    authority,
    csr: await createRequest(key, rack),
    issuer: name,
    name: rack,
    addresses,
    serial: serialFrom(realRandom.hex(16)),
    notBefore,
    notAfter: notBefore + 30 * DAY_MS,
  });
  if (isRejected(certificate)) throw new Error(certificate.message);
  const own = await signPairAuthority({ authority, name, serial: serialFrom(realRandom.hex(16)) });
  return { name, authority: own, certificate, key };
}
