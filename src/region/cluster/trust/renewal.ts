import type { RenewalAnswer } from '../../../contract/cluster/join.ts';
import { accept, isRejected, refuse, type Rejected, rejected } from '../../../core/errors.ts';
import { orRefusal } from '../../base/or-refusal.ts';
import { certificateSubject } from '../../../model/cluster/certificate-subject.ts';
import type { Node } from '../../../model/cluster/node.ts';
import type { Database } from '../../../store/database.ts';
import {
  findCertificate,
  isShutOut,
  recordCertificate,
  revokeCertificate,
} from '../../../store/queries/cluster/certificates.ts';
import { findNode } from '../../../store/queries/cluster/nodes.ts';
import { readCluster, readSettings } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CertificateAuthority, HeldCertificate, SignedCertificate } from './port.ts';

/** Signs a certificate for a node as it is now, and writes it down. */
export async function certify(
  tx: Tx,
  authority: CertificateAuthority,
  node: Node,
  csr: string,
): Promise<SignedCertificate> {
  const { default_domain: domain } = await readSettings(tx);
  const vip = (await readCluster(tx))?.vip ?? null;
  const signed = accept(await authority.sign(csr, certificateSubject(node, { domain, vip })));
  await recordCertificate(tx, { ...signed, nodeId: node.id });
  return signed;
}

/** The node that requests a certificate. `byCertificate`: it proved itself by a valid certificate. */
type RenewalCall = { readonly nodeId: string; readonly csr: string; readonly byCertificate: boolean };

const SHUT_OUT = rejected(
  'forbidden',
  'The certificate of this node was revoked. A host that is to come back joins again with a new token: regent token create.',
);
/** The own agent waits 8 s for its certificate. */
const OWN_DEADLINE_MS = 3000;

/** A new certificate for a node that has proven itself. Older ones stay good until they end: the new one may not arrive. */
export async function renewCertificate(
  db: Database,
  authority: CertificateAuthority,
  { nodeId, csr, byCertificate }: RenewalCall,
  limits: { readonly deadlineMs?: number } = {},
): Promise<RenewalAnswer> {
  const own = accept(await authority.certificate());
  accept(await authority.readRequest(csr));
  // Done twice it leaves a certificate more in the table, which nobody holds.
  const signed = accept(
    await db.repeatable(async (tx) => {
      const node = await findNode(tx, { id: nodeId });
      if (!node) refuse('forbidden', `The node ${nodeId} no longer exists.`);
      if (!byCertificate && (await isShutOut(tx, nodeId))) refuse(SHUT_OUT);
      return certify(tx, authority, node, csr);
    }, limits),
  );
  return { certificate: signed.certificate, authority: own.pem };
}

/** What the renewal of this host's own certificate needs. `check`: of revocations, from memory. */
interface OwnPorts {
  readonly db: Database;
  readonly authority: CertificateAuthority;
  readonly check: (serial: string) => Rejected | null;
}

/**
 * A new certificate for this host's own node and the key that it has. Where the database answers, it decides; while it is away the certificate
 * that is held is renewed, name for name, unless it is known to be revoked: after a month without power no certificate is good, and without one
 * neither etcd nor the database comes back. A host that holds the authority's key could sign for itself anyway.
 */
export async function renewOwnCertificate(
  { db, authority, check }: OwnPorts,
  csr: string,
): Promise<RenewalAnswer | Rejected> {
  const own = await authority.certificate();
  if (isRejected(own)) return own;
  const held = await authority.held();
  if (held === null) return rejected('conflict', 'This host holds no certificate of a region node of this cluster.');
  const request = await authority.readRequest(csr);
  if (isRejected(request)) return request;
  if (request.publicKeyDigest !== held.keyDigest)
    return rejected('forbidden', 'The request is for a key that is not the one in the certificate of this host.');
  const revoked = check(held.serial);
  // The list was not read yet: the database was away since this process began.
  if (revoked && revoked.code !== 'unavailable') return revoked;
  const call = { nodeId: held.subject.nodeId, csr, byCertificate: false };
  const answer = await orRefusal(() => renewCertificate(db, authority, call, { deadlineMs: OWN_DEADLINE_MS }));
  if (!isRejected(answer) || answer.code !== 'unavailable') return answer;
  const signed = await authority.sign(csr, held.subject);
  return isRejected(signed) ? signed : { certificate: signed.certificate, authority: own.pem };
}

/**
 * Writes down the certificate that this host holds, where it was signed while the database was away. That of a node that was shut out meanwhile
 * is revoked with the same breath.
 */
export function createOwnCertificateTask(db: Database, authority: Pick<CertificateAuthority, 'held'>): Task {
  let known: string | null = null;
  return {
    name: 'own certificate',
    async run() {
      const held = await authority.held();
      if (held === null || held.serial === known) return null;
      const summary = await reached(db.repeatable((tx) => writeDown(tx, held), { deadlineMs: OWN_DEADLINE_MS }));
      known = held.serial;
      return summary;
    },
  };
}

async function writeDown(tx: Tx, { serial, notBefore, notAfter, subject }: HeldCertificate): Promise<string | null> {
  const { nodeId, name } = subject;
  if ((await findCertificate(tx, serial)) || !(await findNode(tx, { id: nodeId }))) return null;
  const isOut = await isShutOut(tx, nodeId);
  await recordCertificate(tx, { serial, nodeId, notBefore, notAfter });
  if (isOut) await revokeCertificate(tx, serial, 'its node had been shut out before');
  return `the certificate ${serial}, which ${name} got without the database, was written down${isOut ? ' and revoked' : ''}`;
}
