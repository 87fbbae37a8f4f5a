import { isRejected } from '../../../core/errors.ts';
import { readSiteCertificate } from '../../../store/queries/cluster/site-certificate.ts';
import type { Tx } from '../../../store/tx.ts';
import type { ShownSite } from '../site.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { readSiteNames } from './pair.ts';
import { warningsOf } from './warnings.ts';

/** The certificate in force as the doctor judges it; null: there is none. */
export async function readShownSite(tx: Tx, { ca, clock }: Pick<CasePorts, 'ca' | 'clock'>): Promise<ShownSite | null> {
  const row = await readSiteCertificate(tx);
  const pair = row?.own ?? row?.cluster ?? null;
  if (row === null || pair === null) return null;
  const shown = await ca.readShown(pair.certificate);
  if (isRejected(shown)) return null;
  const { subject, issuer, notAfter, sha1 } = shown;
  const isOwn = row.own !== null;
  const warnings = isOwn ? warningsOf(shown, await readSiteNames(tx), clock.now()) : [];
  return { isOwn, subject, issuer, notAfter, sha1, changedAt: Date.parse(row.changedAt), warnings };
}
