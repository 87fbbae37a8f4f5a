import type { PairCertificateAnswer } from '../../../contract/cluster/join.ts';
import { accept, isRejected, refuse, rejected } from '../../../core/errors.ts';
import { pairAuthorityName } from '../../../core/node-identity.ts';
import type { Database } from '../../../store/database.ts';
import {
  findPairAuthority,
  readPairlessRacks,
  storePairAuthority,
} from '../../../store/queries/cluster/pair-authorities.ts';
import { findNode } from '../../../store/queries/cluster/nodes.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CertificateAuthority } from './port.ts';

/** A round's database calls end by then; signatures are made meanwhile. */
const DEADLINE_MS = 5000;

/**
 * Keeps for each rack the certificate by which its partners know its DHCP servers (`pki/pair.ts`): signed for a new rack, and again under a new name when a
 * certificate of the rack was revoked. Kea reads no list of revoked certificates, so what was signed by the name before is taken by nobody once partners have the
 * new one. Woken by every commit. Of two regions that sign at once the first one counts.
 */
export function createPairTrustTask(ports: {
  readonly db: Database;
  readonly ca: Pick<CertificateAuthority, 'signPairAuthority'>;
}): Task {
  const { db, ca } = ports;
  return {
    name: 'pair trust',
    async run() {
      const racks = await reached(db.autocommitRead(readPairlessRacks, { deadlineMs: DEADLINE_MS }));
      let count = 0;
      for (const nodeId of racks) {
        const name = pairAuthorityName(db.random.hex(16));
        const certificate = await ca.signPairAuthority(name);
        // This site is no cluster, or another region node has the files.
        if (isRejected(certificate)) return null;
        await reached(
          db.repeatable((tx) => storePairAuthority(tx, { nodeId, name, certificate }), { deadlineMs: DEADLINE_MS }),
        );
        count += 1;
      }
      return count === 0 ? null : `certificates signed for the DHCP servers of racks: ${count}`;
    },
  };
}

/** A certificate for the DHCP servers of a rack, by its request. Nothing remembers it: it ends by itself, or with the name that signed it. */
export async function certifyPair(
  db: Database,
  authority: Pick<CertificateAuthority, 'signPair'>,
  { nodeId, csr }: { readonly nodeId: string; readonly csr: string },
): Promise<PairCertificateAnswer> {
  const known = accept(
    await db.autocommitRead(async (tx) => ({
      node: await findNode(tx, { id: nodeId }),
      own: await findPairAuthority(tx, nodeId),
    })),
  );
  const { node, own } = known;
  if (!node?.isRack) refuse('forbidden', 'This node is not a rack, so it has no DHCP servers with partners.');
  if (own === null) refuse(NOT_YET);
  const signed = accept(
    await authority.signPair(csr, { issuer: own.name, name: node.name, addresses: node.addresses }),
  );
  return { certificate: signed.certificate, authority: own.certificate };
}

const NOT_YET = rejected(
  'unavailable',
  'No region has signed a certificate for the DHCP servers of this rack yet. Try again.',
);
