import { sql } from 'kysely';
import { type Rejected, rejected } from '../../../core/errors.ts';
import type { Tx } from '../../tx.ts';
import { raiseObserved } from '../base/watermark.ts';

/** A certificate with what leads to its root, PEM; its sealed key; SHA-256 of the certificate's text. */
export type StoredPair = { readonly certificate: string; readonly sealedKey: string; readonly digest: string };

/** The site's certificates. `own`: an operator's, which goes before the cluster's. `changedAt`: of what is in force, ISO 8601. */
export interface SiteCertificateRow {
  readonly cluster: StoredPair | null;
  readonly own: StoredPair | null;
  readonly version: number;
  readonly changedAt: string;
}

interface Flat {
  readonly version: number;
  readonly changedAt: string;
  readonly clusterCertificate: string | null;
  readonly clusterKey: string | null;
  readonly clusterDigest: string | null;
  readonly ownCertificate: string | null;
  readonly ownKey: string | null;
  readonly ownDigest: string | null;
}

const COLUMNS = sql`cluster_certificate as "clusterCertificate", cluster_key as "clusterKey", cluster_digest as "clusterDigest",
  own_certificate as "ownCertificate", own_key as "ownKey", own_digest as "ownDigest", version, changed_at as "changedAt"`;

/** What is stored; null: nothing was stored yet. */
export async function readSiteCertificate(tx: Tx): Promise<SiteCertificateRow | null> {
  return rowOf(await tx.one(sql<Flat>`select ${COLUMNS} from site_certificate`));
}

/** The same, and rivals wait until this transaction ends. Makes the row. */
export async function lockSiteCertificate(tx: Tx): Promise<SiteCertificateRow> {
  await tx.run(sql`insert into site_certificate (id) values (true) on conflict (id) do nothing`);
  const row = rowOf(await tx.one(sql<Flat>`select ${COLUMNS} from site_certificate for no key update`));
  if (row === null) throw new Error('the row of the site certificate is gone');
  return row;
}

/** Digest of the one in force; null: there is none. */
export async function readSiteDigest(tx: Tx): Promise<string | null> {
  const row = await tx.one(
    sql<{ digest: string | null }>`select coalesce(own_digest, cluster_digest) as digest from site_certificate`,
  );
  return row?.digest ?? null;
}

/** Stores one of the cluster's authority. Where an operator's own is in force nothing changes for anybody. */
export async function storeClusterCertificate(tx: Tx, pair: StoredPair): Promise<void> {
  await tx.run(sql`update site_certificate set cluster_certificate = ${pair.certificate}, cluster_key = ${pair.sealedKey},
    cluster_digest = ${pair.digest}, version = version + (own_digest is null)::int,
    changed_at = case when own_digest is null then now() else changed_at end`);
  await raiseObserved(tx);
}

/** Puts an operator's own in force, or takes it away (null). `ifVersion`: the version that it must still have; null for any. */
export async function storeOwnCertificate(
  tx: Tx,
  pair: StoredPair | null,
  ifVersion: number | null,
): Promise<SiteCertificateRow | Rejected> {
  const { version, own } = await lockSiteCertificate(tx);
  if (ifVersion !== null && ifVersion !== version) {
    const message = `The site certificate has version ${version}, not ${ifVersion}: somebody changed it after you read it. Read it again.`;
    return rejected('precondition_failed', message);
  }
  if (own !== null || pair !== null) {
    await tx.run(sql`update site_certificate set own_certificate = ${pair?.certificate ?? null}, own_key = ${pair?.sealedKey ?? null},
      own_digest = ${pair?.digest ?? null}, version = version + 1, changed_at = now()`);
    await raiseObserved(tx);
  }
  return lockSiteCertificate(tx);
}

function rowOf(flat: Flat | null): SiteCertificateRow | null {
  if (flat === null) return null;
  const { version, changedAt } = flat;
  return {
    cluster: pairOf(flat.clusterCertificate, flat.clusterKey, flat.clusterDigest),
    own: pairOf(flat.ownCertificate, flat.ownKey, flat.ownDigest),
    version,
    changedAt,
  };
}

function pairOf(certificate: string | null, sealedKey: string | null, digest: string | null): StoredPair | null {
  return certificate === null || sealedKey === null || digest === null ? null : { certificate, sealedKey, digest };
}
