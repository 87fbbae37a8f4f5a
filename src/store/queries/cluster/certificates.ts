import { sql } from 'kysely';
import { listPage, type ListPage, type PageQuery } from '../../page.ts';
import type { Tx } from '../../tx.ts';

/** A certificate that the cluster's authority signed. `node`: name of its node, null when that is gone. Times are ISO 8601. */
export interface CertificateRow {
  readonly serial: string;
  readonly nodeId: string;
  readonly node: string | null;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly revokedAt: string | null;
  readonly revokedWhy: string | null;
  readonly state: 'good' | 'expired' | 'revoked';
}

const STATE = sql`case when t.revoked_at is not null then 'revoked' when t.not_after <= now() then 'expired' else 'good' end`;
const COLUMNS = sql`t.serial, t.node_id as "nodeId", n.name as node, t.not_before as "notBefore", t.not_after as "notAfter",
  t.revoked_at as "revokedAt", t.revoked_why as "revokedWhy", ${STATE} as state`;
const FROM = sql`certificates t left join nodes n on n.id = t.node_id`;

/** Stores a certificate, which says what its node is. A second time does no harm. Times in ms. */
export async function recordCertificate(
  tx: Tx,
  certificate: {
    readonly serial: string;
    readonly nodeId: string;
    readonly notBefore: number;
    readonly notAfter: number;
  },
): Promise<void> {
  const { serial, nodeId, notBefore, notAfter } = certificate;
  await tx.run(sql`insert into certificates (serial, node_id, not_before, not_after, names_role)
    values (${serial}, ${nodeId}, ${new Date(notBefore).toISOString()}, ${new Date(notAfter).toISOString()}, true)
    on conflict (serial) do nothing`);
}

/** The certificate, by its serial number. */
export function findCertificate(tx: Tx, serial: string): Promise<CertificateRow | null> {
  return tx.one(sql<CertificateRow>`select ${COLUMNS} from ${FROM} where t.serial = ${serial}`);
}

/** Revokes a certificate and shuts its node out; null when there is none that is not revoked. */
export async function revokeCertificate(tx: Tx, serial: string, why: string): Promise<CertificateRow | null> {
  const rows = await tx.run(sql`update certificates set revoked_at = now(), revoked_why = ${why}, shuts_out = true
    where serial = ${serial} and revoked_at is null`);
  return rows === 0 ? null : findCertificate(tx, serial);
}

/** Did an admin revoke the node's last certificate? Certificates count by their beginning, because one may be stored long after it was signed. */
export async function isShutOut(tx: Tx, nodeId: string): Promise<boolean> {
  const row = await tx.one(sql<{ is: boolean }>`
    select shuts_out as is from certificates where node_id = ${nodeId} and not_before <= now()
      order by not_before desc, created_at desc, serial limit 1`);
  return row?.is === true;
}

/** Revokes all certificates of a node that are in force; gives their number. */
export function revokeCertificatesOf(tx: Tx, nodeId: string, why: string): Promise<number> {
  return tx.run(sql`update certificates set revoked_at = now(), revoked_why = ${why}
    where node_id = ${nodeId} and revoked_at is null and not_after > now()`);
}

/**
 * Revokes them, and shuts the node out: its last certificate, over or not, counts as revoked by an admin, so its rack gets none by its signature. Gives
 * how many were in force.
 */
export async function shutNodeOut(tx: Tx, nodeId: string, why: string): Promise<number> {
  const revoked = await revokeCertificatesOf(tx, nodeId, why);
  await tx.run(sql`update certificates set shuts_out = true, revoked_at = coalesce(revoked_at, now()), revoked_why = coalesce(revoked_why, ${why})
    where serial = (select serial from certificates where node_id = ${nodeId} order by not_before desc, created_at desc, serial limit 1)`);
  return revoked;
}

/** Serial numbers of revoked certificates that have not ended. */
export async function readRevokedSerials(tx: Tx): Promise<string[]> {
  const rows = await tx.all(sql<{ serial: string }>`
    select serial from certificates where revoked_at is not null and not_after > now() - interval '1 hour'`);
  return rows.map(({ serial }) => serial);
}

/** Certificates in force or of the last days. Sorts: created, end. */
export function listCertificates(
  tx: Tx,
  query: PageQuery & { node?: string | undefined; state?: CertificateRow['state'] | undefined } = {},
): Promise<ListPage<CertificateRow>> {
  const id = sql`t.serial collate "C"`;
  const time = (column: string) => sql`to_char(t.${sql.ref(column)}, 'YYYYMMDDHH24MISSUS') collate "C"`;
  const spec = { columns: COLUMNS, from: FROM, id, sorts: { created: time('created_at'), end: time('not_after') } };
  const filters = [
    query.state === undefined ? undefined : sql`${STATE} = ${query.state}`,
    query.node === undefined ? undefined : sql`(t.node_id = ${query.node} or n.name = ${query.node})`,
  ];
  return listPage(tx, { ...spec, defaultSort: '-created' }, filters, query);
}
