import { accept, isRejected } from '../../../core/errors.ts';
import type { SiteNames } from '../../../core/node-identity.ts';
import type { Clock, Random } from '../../../core/ports.ts';
import type { Database } from '../../../store/database.ts';
import {
  lockSiteCertificate,
  readSiteCertificate,
  type SiteCertificateRow,
  storeClusterCertificate,
} from '../../../store/queries/cluster/site-certificate.ts';
import type { Tx } from '../../../store/tx.ts';
import { reached, type Task } from '../../base/task.ts';
import type { CertificateAuthority, ShownCertificate } from '../trust/port.ts';
import { sealerOf } from '../../base/sealer.ts';
import { openKey, readSiteNames, sealPair } from './pair.ts';

/** What the task works with. */
export interface SiteTaskPorts {
  readonly db: Database;
  readonly ca: CertificateAuthority;
  readonly clock: Clock;
  readonly random: Random;
}

/** A round's database calls end by then; a signature is made meanwhile. */
const DEADLINE_MS = 5000;

/**
 * Why the cluster's authority must sign the site's certificate; null: the present one is good. `shown` null: there is
 * none. Pure.
 */
export function reasonToSign(shown: ShownCertificate | null, names: SiteNames, now: number): string | null {
  if (shown === null) return 'there was none';
  if (!shown.isOurs) return 'the authority is another one';
  if (now >= shown.renewAt) return 'two thirds of its life are over';
  const same = (a: readonly string[], b: readonly string[]) => [...a].sort().join() === [...b].sort().join();
  const isNamed = same(shown.dnsNames, names.dnsNames) && same(shown.addresses, names.addresses);
  return isNamed ? null : 'the names or addresses of the site are others';
}

/**
 * Keeps the certificate that the cluster's own authority gives the site: made when the cluster begins, renewed at two
 * thirds of its life, and again when a region node comes or goes, the floating address or a name of it changes. Also if
 * an operator's own is in force, which may be taken back at any time.
 */
export function createSiteCertificateTask(ports: SiteTaskPorts): Task {
  const { db, ca } = ports;
  return {
    name: 'site certificate',
    async run() {
      // This site is no cluster, or another region node has the files.
      if (isRejected(await ca.certificate())) return null;
      const readReason = async (tx: Tx) => ({
        reason: await reasonOf(ports, await readSiteCertificate(tx), await readSiteNames(tx)),
      });
      const { reason } = await reached(db.autocommitRead(readReason, { deadlineMs: DEADLINE_MS }));
      if (reason === null) return null;
      return await reached(db.repeatable((tx) => sign(tx, ports), { deadlineMs: DEADLINE_MS }));
    },
  };
}

async function reasonOf(
  { ca, clock }: SiteTaskPorts,
  row: SiteCertificateRow | null,
  names: SiteNames,
): Promise<string | null> {
  const shown = row?.cluster ? await ca.readShown(row.cluster.certificate) : null;
  return reasonToSign(isRejected(shown) ? null : shown, names, clock.now());
}

/** Another region may have been faster: the reason is checked again under the lock. */
async function sign(tx: Tx, ports: SiteTaskPorts): Promise<string | null> {
  const { ca } = ports;
  const row = await lockSiteCertificate(tx);
  const names = await readSiteNames(tx);
  const reason = await reasonOf(ports, row, names);
  if (reason === null) return null;
  const sealer = sealerOf(ports);
  const currentKey = row.cluster && (await openKey(sealer, 'cluster', row.cluster));
  // The same key as before: a client that has pinned the key sees no change. A key that cannot be opened any more is
  // replaced.
  const signed = accept(await ca.signSite(names, isRejected(currentKey) ? null : currentKey));
  const pair = await sealPair(sealer, 'cluster', signed);
  await storeClusterCertificate(tx, pair);
  return `the site's certificate was signed until ${new Date(signed.notAfter).toISOString()}: ${reason}`;
}
