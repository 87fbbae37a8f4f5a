import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** The floating address without its prefix; null: the cluster has none, or there is no cluster. */
export async function readFloatingAddress(tx: Tx): Promise<string | null> {
  return (await tx.one(sql<{ vip: string | null }>`select host(vip) as vip from cluster`))?.vip ?? null;
}
