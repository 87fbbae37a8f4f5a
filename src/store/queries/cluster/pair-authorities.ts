import { sql } from 'kysely';
import type { HostObservation } from '../../../contract/cluster/agent.ts';
import type { PairAuthority } from '../../../core/node-identity.ts';
import type { Tx } from '../../tx.ts';
import { raiseObserved } from '../base/watermark.ts';

/** A certificate of its node was revoked after it was signed: what was signed by its name counts no more. */
const IS_OVER = sql`exists (select from certificates c where c.node_id = a.node_id and c.revoked_at > a.signed_at)`;

/** By whose signatures the DHCP servers of racks are known, by node. One that is over stays until there is a new one. */
export function readPairAuthorities(tx: Tx): Promise<PairAuthority[]> {
  return tx.all(sql<PairAuthority>`
    select a.node_id as "nodeId", a.name, a.certificate, a.is_able as "isAble" from pair_authorities a
      join nodes n on n.id = a.node_id and n.is_rack order by a.node_id collate "C"`);
}

/** Racks that have none, or one that is over. */
export async function readPairlessRacks(tx: Tx): Promise<string[]> {
  const rows = await tx.all(sql<{ id: string }>`
    select n.id from nodes n left join pair_authorities a on a.node_id = n.id
      where n.is_rack and (a.node_id is null or ${IS_OVER}) order by n.id collate "C"`);
  return rows.map(({ id }) => id);
}

/** The one of a rack that is in force; null: there is none now. */
export function findPairAuthority(tx: Tx, nodeId: string): Promise<PairAuthority | null> {
  return tx.one(sql<PairAuthority>`
    select a.node_id as "nodeId", a.name, a.certificate, a.is_able as "isAble" from pair_authorities a
      where a.node_id = ${nodeId} and not ${IS_OVER}`);
}

/** Stores one where it is still missing; compilers read it. A rack that was able stays so: its pairs never go back to clear text for it. */
export async function storePairAuthority(
  tx: Tx,
  { nodeId, name, certificate }: Omit<PairAuthority, 'isAble'>,
): Promise<void> {
  const rows = await tx.run(sql`insert into pair_authorities as a (node_id, name, certificate)
    select id, ${name}, ${certificate} from nodes where id = ${nodeId} and is_rack
    on conflict (node_id) do update set name = excluded.name, certificate = excluded.certificate, signed_at = excluded.signed_at where ${IS_OVER}`);
  if (rows > 0) await raiseObserved(tx);
}

/** Notes whether a rack can speak TLS with its partners, by its own report. One that has no certificate just now changes nothing. */
export async function notePairCertificate(tx: Tx, nodeId: string, host: HostObservation | undefined): Promise<void> {
  const held = host?.pairCertificate;
  if (host === undefined || held === null) return;
  // An agent of an earlier release does not say it, and would go on in clear text.
  const rows = await tx.run(
    held === undefined
      ? sql`update pair_authorities set is_able = false where node_id = ${nodeId} and is_able`
      : sql`update pair_authorities set is_able = true where node_id = ${nodeId} and name = ${held.issuer} and not is_able`,
  );
  if (rows > 0) await raiseObserved(tx);
}
