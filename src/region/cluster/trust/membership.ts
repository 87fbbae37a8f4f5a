import { LEAVE_NAME, type MembershipAnswer, type MembershipRequest } from '../../../contract/cluster/join.ts';
import { accept, invalid, refuse } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { findCertificate } from '../../../store/queries/cluster/certificates.ts';
import { findNode } from '../../../store/queries/cluster/nodes.ts';
import type { CertificateAuthority } from './port.ts';

/**
 * Answers a host whether it is still a node of the cluster. It proves who it is by its certificate, which may be revoked or over, and by a request
 * that the key of that certificate signed. It is a node as long as the node of the certificate is there and nobody revoked the certificate: one that
 * the database does not know may be a region node's own renewal, which is written later.
 */
export async function readMembership(
  db: Database,
  authority: Pick<CertificateAuthority, 'readRequest' | 'readSigned'>,
  { csr, certificate }: MembershipRequest,
): Promise<MembershipAnswer> {
  const request = accept(await authority.readRequest(csr));
  if (request.commonName !== LEAVE_NAME)
    refuse(invalid('csr', 'the request was not made to leave', `a request for "${LEAVE_NAME}"`));
  const shown = accept(await authority.readSigned(certificate));
  if (shown.keyDigest !== request.publicKeyDigest)
    refuse(invalid('csr', 'its signature was not made by the key of the certificate', 'both are of the same key'));
  const { nodeId, serial } = shown;
  const answer = await db.read(async (tx): Promise<MembershipAnswer> => {
    const node = await findNode(tx, { id: nodeId });
    const row = await findCertificate(tx, serial);
    const isMember = node !== null && (node.isRegion || node.isRack) && row?.state !== 'revoked';
    return { isMember, name: node?.name ?? null };
  });
  return accept(answer);
}
