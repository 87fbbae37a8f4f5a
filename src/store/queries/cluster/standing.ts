import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** A region process that recently wrote its row. */
export interface LiveRegion {
  readonly node: string;
  /** Unique name of the process. */
  readonly process: string;
  readonly version: string;
}

/** Region processes whose last write is at most `seconds` old; the newest of each node. */
export function readLiveRegions(tx: Tx, seconds: number): Promise<LiveRegion[]> {
  return tx.all(sql<LiveRegion>`
    select distinct on (node collate "C") node, process, version from heartbeats
    where at > now() - make_interval(secs => ${seconds}) order by node collate "C", at desc`);
}

/** WAL that PostgreSQL keeps for its standbys. `maxKeepBytes` null: all that they have not fetched, without a limit. */
export interface SlotBounds {
  readonly maxKeepBytes: number | null;
  readonly slots: readonly {
    readonly name: string;
    readonly isActive: boolean;
    /** The WAL that its standby needs is gone. */
    readonly isLost: boolean;
    readonly retainedBytes: number;
  }[];
}

/** Reads the primary's replication slots and their limit. */
export async function readSlotBounds(tx: Tx): Promise<SlotBounds> {
  const bound = await tx.one(sql<{ mib: number }>`
    select setting::bigint as mib from pg_settings where name = 'max_slot_wal_keep_size'`);
  const slots = await tx.all(sql<SlotBounds['slots'][number]>`
    select slot_name as name, active as "isActive", coalesce(wal_status = 'lost', false) as "isLost",
      greatest(0, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0))::bigint as "retainedBytes"
    from pg_replication_slots where slot_type = 'physical' order by slot_name collate "C"`);
  return { maxKeepBytes: bound === null || bound.mib < 0 ? null : bound.mib * 1024 ** 2, slots };
}
