import type { SiteCertificateAnswer } from '../../../contract/cluster/join.ts';
import { accept, refuse, rejected } from '../../../core/errors.ts';
import type { Database } from '../../../store/database.ts';
import { readSiteCertificate } from '../../../store/queries/cluster/site-certificate.ts';
import { findNode } from '../../../store/queries/cluster/nodes.ts';
import type { Sealer } from '../../base/sealer.ts';
import { openKey } from './pair.ts';

const ONLY_REGIONS = rejected(
  'forbidden',
  'Only region nodes get the certificate of the site and its key, because only they serve it.',
);
const NONE_YET = rejected('unavailable', 'The site has no certificate yet: a region node signs one within a minute.');

/** The certificate in force with its key, for a node that is a region node in the database. */
export async function giveSiteCertificate(
  db: Database,
  sealer: Sealer,
  nodeId: string,
): Promise<SiteCertificateAnswer> {
  const found = accept(
    await db.autocommitRead(async (tx) => ({
      node: await findNode(tx, { id: nodeId }),
      row: await readSiteCertificate(tx),
    })),
  );
  if (found.node?.isRegion !== true) refuse(ONLY_REGIONS);
  const origin = found.row?.own ? 'own' : 'cluster';
  const pair = found.row?.[origin] ?? null;
  if (pair === null) refuse(NONE_YET);
  const key = accept(await openKey(sealer, origin, pair));
  return { certificate: pair.certificate, key };
}
