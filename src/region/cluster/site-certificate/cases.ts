import type { SiteCertificate, SiteCertificateSet } from '../../../contract/cluster/trust.ts';
import { accept, refuse, rejected } from '../../../core/errors.ts';
import type { SiteCertificateRow, StoredPair } from '../../../store/queries/cluster/site-certificate.ts';
import { readSiteCertificate, storeOwnCertificate } from '../../../store/queries/cluster/site-certificate.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import { type CaseContext, type CasePorts, reading, writing } from '../../base/use-case.ts';
import { sealerOf } from '../../base/sealer.ts';
import { readSiteNames, sealPair } from './pair.ts';
import { warningsOf } from './warnings.ts';

const NONE = rejected(
  'not_found',
  'There is no certificate of the site: in a cluster a region node signs one within a minute; a site without a cluster has none.',
);

type ViewPorts = Pick<CasePorts, 'ca' | 'clock'>;

async function viewSite(tx: Tx, row: SiteCertificateRow | null, { ca, clock }: ViewPorts): Promise<SiteCertificate> {
  const pair = row?.own ?? row?.cluster ?? null;
  if (row === null || pair === null) refuse(NONE);
  const shown = accept(await ca.readShown(pair.certificate));
  const isOwn = row.own !== null;
  const { subject, issuer, serial, fingerprint, notBefore, notAfter, dnsNames, addresses } = shown;
  return {
    isOwn,
    subject,
    issuer,
    serial,
    fingerprint,
    notBefore: new Date(notBefore).toISOString(),
    notAfter: new Date(notAfter).toISOString(),
    names: [...dnsNames, ...addresses],
    certificate: pair.certificate,
    warnings: isOwn ? warningsOf(shown, await readSiteNames(tx), clock.now()) : [],
    changedAt: row.changedAt,
  };
}

/** For the event: what everybody may know of it. */
const eventDataOf = ({ isOwn, fingerprint, notAfter, names }: SiteCertificate) => ({
  isOwn,
  fingerprint,
  notAfter,
  names,
});

export const siteCertificateCases = {
  'site-certificate.show': reading('site-certificate.show', async (tx, _input, context) => {
    const row = await readSiteCertificate(tx);
    const body = await viewSite(tx, row, context);
    return { body, version: row?.version ?? 0 };
  }),

  'site-certificate.set': {
    ...writing(
      'site-certificate.set',
      () => 'site-certificate set',
      async (tx, { body }, context) => {
        const own = accept(await context.ca.readOwn(body.certificate, body.privateKey));
        const pair = await sealPair(sealerOf(context), 'own', own);
        return putInForce(tx, pair, context);
      },
    ),
    digested: ({ certificate }: SiteCertificateSet) => ({ certificate }),
  },

  'site-certificate.unset': writing(
    'site-certificate.unset',
    () => 'site-certificate unset',
    async (tx, _input, context) => {
      const { own, cluster } = (await readSiteCertificate(tx)) ?? { own: null, cluster: null };
      return own !== null && cluster === null ? refuse(NOTHING_BEHIND) : putInForce(tx, null, context);
    },
  ),
};

async function putInForce(tx: WriteTx, pair: StoredPair | null, context: CaseContext) {
  const before = await readSiteCertificate(tx);
  const row = accept(await storeOwnCertificate(tx, pair, context.ifMatch));
  const body = await viewSite(tx, row, context);
  if (before?.version !== row.version)
    tx.emit({ kind: 'site-certificate.changed', subject: 'site', data: eventDataOf(body) });
  return { body, version: row.version };
}

const NOTHING_BEHIND = rejected(
  'conflict',
  'The authority of the cluster has not signed a certificate yet. A region node with the files of the authority signs one within a minute; try again then.',
);
