import type { Clock, Random } from '../../../core/ports.ts';
import { isSecret } from '../../../core/secret.ts';
import type { Database } from '../../../store/database.ts';
import { readTokenSecret } from '../../../store/queries/cluster/tokens.ts';
import { findNode } from '../../../store/queries/cluster/nodes.ts';
import { accept } from '../../../core/errors.ts';
import { orRefusal } from '../../base/or-refusal.ts';
import { join } from './join.ts';
import { finishJoin, undoJoin } from './member.ts';
import { readMembership } from './membership.ts';
import { certifyPair } from './pair-trust.ts';
import type { CertificateAuthority, TrustPort } from './port.ts';
import { renewCertificate, renewOwnCertificate } from './renewal.ts';
import type { Revocations } from './revocations.ts';
import { sealerOf } from '../../base/sealer.ts';
import { giveSiteCertificate } from '../site-certificate/give.ts';
import { createSiteHost } from '../site-certificate/host.ts';

/** What trust is built from. `version`: of the product. */
interface TrustPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Pick<Random, 'hex'>;
  readonly ca: CertificateAuthority;
  readonly version: string;
  readonly databaseUrl: string | null;
}

/** Joining, certificates and their revocation, as the transports see it. */
export function createTrust(ports: TrustPorts, revocations: Revocations): TrustPort {
  const { db, clock, random, ca: authority, version, databaseUrl } = ports;
  return {
    isToken: async ({ id, secret }) => {
      const found = accept(await db.autocommitRead(async (tx) => ({ hash: await readTokenSecret(tx, id) })));
      return isSecret(secret, found.hash);
    },
    join: (token, request, arrival) =>
      orRefusal(() => join({ db, authority, version, databaseUrl }, { token, request, ...arrival })),
    renew: (nodeId, csr, byCertificate) =>
      orRefusal(() => renewCertificate(db, authority, { nodeId, csr, byCertificate })),
    renewOwn: (csr) => renewOwnCertificate({ db, authority, check: (serial) => revocations.check(serial) }, csr),
    finish: (nodeId, source) => orRefusal(() => finishJoin(db, { nodeId, source, now: clock.now() })),
    undo: (request, source) => orRefusal(() => undoJoin(db, authority, { ...request, source })),
    membership: (request) => orRefusal(() => readMembership(db, authority, request)),
    isServed: async (nodeId) => {
      const { node } = accept(await db.autocommitRead(async (tx) => ({ node: await findNode(tx, { id: nodeId }) })));
      return node !== null && (node.isRegion || node.isRack);
    },
    siteCertificate: (nodeId) => orRefusal(() => giveSiteCertificate(db, sealerOf({ ca: authority, random }), nodeId)),
    pairCertificate: (nodeId, csr) => orRefusal(() => certifyPair(db, authority, { nodeId, csr })),
    siteHost: createSiteHost(db, authority, clock),
    authority: () => authority.certificate(),
    checkSerial: (serial) => revocations.check(serial),
    onRevoked: (listener) => revocations.onChange(listener),
  };
}
