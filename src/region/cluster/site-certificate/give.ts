import type { SiteCertificateAnswer } from '../../../contract/cluster/join.ts';
import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { readSiteCertificate } from '../../../store/queries/cluster/site-certificate.ts';
import { findNode } from '../../../store/queries/cluster/nodes.ts';
import type { Sealer } from '../../base/sealer.ts';
import { openKey } from './pair.ts';

const ONLY_REGIONS = rejected(
  'forbidden',
  "Only region nodes get the site's certificate and its key, because only they show it.",
);
const NONE_YET = rejected('unavailable', 'The site has no certificate yet: a region node signs one within a minute.');

/** The certificate in force with its key, for a node that is a region node in the database. */
export async function giveSiteCertificate(
  db: Database,
  sealer: Sealer,
  nodeId: string,
): Promise<SiteCertificateAnswer | Rejected> {
  const found = await db.autocommitRead(async (tx) => ({
    node: await findNode(tx, { id: nodeId }),
    row: await readSiteCertificate(tx),
  }));
  if (isRejected(found)) return found;
  if (found.node?.isRegion !== true) return ONLY_REGIONS;
  const origin = found.row?.own ? 'own' : 'cluster';
  const pair = found.row?.[origin] ?? null;
  if (pair === null) return NONE_YET;
  const key = await openKey(sealer, origin, pair);
  return isRejected(key) ? key : { certificate: pair.certificate, key };
}
