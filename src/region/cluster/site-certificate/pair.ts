import { accept, type Rejected } from '../../../core/errors.ts';
import { textDigest } from '../../../core/stable-json.ts';
import { vipAddress } from '../../../model/cluster/cluster.ts';
import { siteNames } from '../../../model/cluster/site-names.ts';
import type { SiteNames } from '../../../core/node-identity.ts';
import { allRows } from '../../../store/page.ts';
import type { StoredPair } from '../../../store/queries/cluster/site-certificate.ts';
import { listNodes } from '../../../store/queries/cluster/nodes.ts';
import { namesAt } from '../../../store/queries/names/records.ts';
import { readCluster, readSettings } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import type { Sealer } from '../../base/sealer.ts';

/** Whose certificate it is. A sealed key opens only in the place of its kind. */
export type Origin = 'cluster' | 'own';

const placeOf = (origin: Origin) => `site_certificate ${origin}`;

/** A certificate with its key as it is stored. */
export async function sealPair(
  sealer: Sealer,
  origin: Origin,
  pair: { readonly certificate: string; readonly key: string },
): Promise<StoredPair> {
  const sealedKey = accept(await sealer.seal(placeOf(origin), pair.key));
  return { certificate: pair.certificate, sealedKey, digest: textDigest(pair.certificate) };
}

/** The key of a stored one. */
export function openKey(sealer: Sealer, origin: Origin, pair: StoredPair): Promise<string | Rejected> {
  return sealer.open(placeOf(origin), pair.sealedKey);
}

/** What the site is called now. */
export async function readSiteNames(tx: Tx): Promise<SiteNames & { readonly vip: string | null }> {
  const cluster = await readCluster(tx);
  const vip = cluster === null ? null : vipAddress(cluster);
  const nodes = await allRows((page) => listNodes(tx, page));
  const { default_domain: domain } = await readSettings(tx);
  const recordNames = vip === null ? [] : await namesAt(tx, vip);
  return { ...siteNames({ vip: cluster?.vip ?? null, domain, nodes, recordNames }), vip };
}
