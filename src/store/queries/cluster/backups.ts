import { sql } from 'kysely';
import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import { storeCipher } from '../../../core/recovery-key.ts';
import type { BackupPlan, BackupStore } from '../../../model/cluster/backup.ts';
import type { Tx } from '../../tx.ts';
import { openOrThrow, sealOrThrow } from '../base/sealing.ts';
import { raiseObserved } from '../base/watermark.ts';

/** Where a sealed text of the target stands. */
const PLACES = { secret: 'backup-target/store-secret', key: 'backup-target/recovery-key' } as const;

/** The target without its secrets. Hours; 0: never by itself. Times ISO 8601. */
export interface BackupTargetRow {
  readonly store: BackupStore;
  readonly fingerprint: string;
  readonly retainFull: number;
  /** Null: by their number. */
  readonly retainDays: number | null;
  /** Null: no limit. */
  readonly quotaMb: number | null;
  readonly queueMb: number;
  readonly fullEvery: number;
  readonly incrementalEvery: number;
  readonly drillEvery: number;
  readonly preparedAt: string | null;
  readonly version: number;
  readonly changedAt: string;
}

/** A target to store. `recoveryKey`: 64 hexadecimal digits. */
export interface NewBackupTarget extends Omit<BackupTargetRow, 'preparedAt' | 'version' | 'changedAt'> {
  readonly storeSecret: string;
  readonly recoveryKey: string;
  /** Sealed by the recovery key. */
  readonly escrow: string;
}

const TARGET = sql`store, fingerprint, retain_full as "retainFull", retain_days as "retainDays", quota_mb as "quotaMb", queue_mb as "queueMb", full_every as "fullEvery",
  incremental_every as "incrementalEvery", drill_every as "drillEvery", prepared_at as "preparedAt", version, changed_at as "changedAt"`;

/** The target; null: there is none. */
export function readBackupTarget(tx: Tx): Promise<BackupTargetRow | null> {
  return tx.one(sql<BackupTargetRow>`select ${TARGET} from backup_target`);
}

/** The recovery key of the target, opened; null: there is no target. */
export async function readRecoveryKey(tx: Tx): Promise<string | null> {
  const row = await tx.one(sql<{ sealed: string }>`select recovery_key as sealed from backup_target`);
  return row === null ? null : await openOrThrow(tx, PLACES.key, row.sealed);
}

/** The secret of the store, opened; null: there is no target. */
export async function readStoreSecret(tx: Tx): Promise<string | null> {
  const row = await tx.one(sql<{ sealed: string }>`select store_secret as sealed from backup_target`);
  return row === null ? null : await openOrThrow(tx, PLACES.secret, row.sealed);
}

/** Where the recovery key is sealed for. */
export const KEY_PLACE = PLACES.key;

/** The recovery key as it is sealed; null: there is no target. */
export async function readSealedKey(tx: Tx): Promise<string | null> {
  const row = await tx.one(sql<{ sealed: string }>`select recovery_key as sealed from backup_target`);
  return row?.sealed ?? null;
}

/** What a restored site needs beside its database, sealed by the recovery key; null: there is no target. */
export async function readEscrow(tx: Tx): Promise<string | null> {
  const row = await tx.one(sql<{ escrow: string }>`select escrow from backup_target`);
  return row?.escrow ?? null;
}

/** What daemons need of it, with its secrets; null: there is no target, or another authority sealed it. For desired states alone. */
export async function readBackupPlan(tx: Tx): Promise<BackupPlan | null> {
  const row = await tx.one(sql<BackupTargetRow & { readonly secret: string; readonly key: string }>`
    select ${TARGET}, store_secret as secret, recovery_key as key from backup_target`);
  if (row === null) return null;
  const [storeSecret, key] = [
    await tx.sealer.open(PLACES.secret, row.secret),
    await tx.sealer.open(PLACES.key, row.key),
  ];
  if (isRejected(storeSecret) || isRejected(key)) return null;
  const { store, fingerprint, retainFull, retainDays, quotaMb, queueMb } = row;
  return {
    store,
    storeSecret,
    cipher: storeCipher(key),
    storeId: fingerprint,
    retainFull,
    retainDays,
    quotaMb,
    queueMb,
  };
}

/** Stores the target. `ifVersion`: the version that it must still have; null for any. Another store has to be prepared again. */
export async function storeBackupTarget(
  tx: Tx,
  target: NewBackupTarget,
  ifVersion: number | null,
): Promise<BackupTargetRow | Rejected> {
  const before = await lockTarget(tx, ifVersion);
  if (isRejected(before)) return before;
  const {
    store,
    fingerprint,
    retainFull,
    retainDays,
    quotaMb,
    queueMb,
    fullEvery,
    incrementalEvery,
    drillEvery,
    escrow,
  } = target;
  const secret = await sealOrThrow(tx, PLACES.secret, target.storeSecret);
  const key = await sealOrThrow(tx, PLACES.key, target.recoveryKey);
  const isSame =
    before !== null && before.fingerprint === fingerprint && JSON.stringify(before.store) === JSON.stringify(store);
  const row = await tx.one(sql<BackupTargetRow>`
    insert into backup_target (kind, store, store_secret, recovery_key, fingerprint, escrow, retain_full, retain_days, quota_mb, queue_mb, full_every,
      incremental_every, drill_every)
    values (${store.kind}, ${JSON.stringify(store)}::jsonb, ${secret}, ${key}, ${fingerprint}, ${escrow}, ${retainFull},
      ${retainDays}, ${quotaMb}, ${queueMb}, ${fullEvery},
      ${incrementalEvery}, ${drillEvery})
    on conflict (id) do update set kind = excluded.kind, store = excluded.store, store_secret = excluded.store_secret,
      recovery_key = excluded.recovery_key, fingerprint = excluded.fingerprint, escrow = excluded.escrow, retain_full = excluded.retain_full,
      retain_days = excluded.retain_days, quota_mb = excluded.quota_mb,
      queue_mb = excluded.queue_mb, full_every = excluded.full_every, incremental_every = excluded.incremental_every,
      drill_every = excluded.drill_every, version = backup_target.version + 1, changed_at = now(),
      prepared_at = case when ${isSame} then backup_target.prepared_at end
    returning ${TARGET}`);
  if (row === null) throw new Error('the target that was just stored is not there');
  if (!isSame) await tx.run(sql`delete from backups`);
  await raiseObserved(tx);
  return row;
}

/** What of a target a schedule is; members that are left out stay. */
export type BackupSchedule = Partial<
  Pick<BackupTargetRow, 'retainFull' | 'retainDays' | 'quotaMb' | 'fullEvery' | 'incrementalEvery' | 'drillEvery'>
>;

/** Stores another schedule of the target; null: there is none. `ifVersion`: as in `storeBackupTarget`. */
export async function setBackupSchedule(
  tx: Tx,
  schedule: BackupSchedule,
  ifVersion: number | null,
): Promise<BackupTargetRow | null | Rejected> {
  const before = await lockTarget(tx, ifVersion);
  if (before === null || isRejected(before)) return before;
  const { retainFull, retainDays, quotaMb, fullEvery, incrementalEvery, drillEvery } = { ...before, ...schedule };
  const row = await tx.one(sql<BackupTargetRow>`
    update backup_target set retain_full = ${retainFull}, retain_days = ${retainDays}, quota_mb = ${quotaMb}, full_every = ${fullEvery},
      incremental_every = ${incrementalEvery}, drill_every = ${drillEvery},
      version = version + 1, changed_at = now()
    returning ${TARGET}`);
  await raiseObserved(tx);
  return row;
}

/** Removes the target; null: there was none. What is in the store stays there. */
export async function deleteBackupTarget(tx: Tx, ifVersion: number | null): Promise<BackupTargetRow | null | Rejected> {
  const before = await lockTarget(tx, ifVersion);
  if (before === null || isRejected(before)) return before;
  await tx.run(sql`delete from backup_target`);
  await tx.run(sql`delete from backups`);
  await raiseObserved(tx);
  return before;
}

async function lockTarget(tx: Tx, ifVersion: number | null): Promise<BackupTargetRow | null | Rejected> {
  const before = await tx.one(sql<BackupTargetRow>`select ${TARGET} from backup_target for no key update`);
  if (ifVersion !== null && ifVersion !== (before?.version ?? 0))
    return rejected(
      'precondition_failed',
      `The backup target has version ${before?.version ?? 0}, not ${ifVersion}: somebody changed it after you read it. Read it again.`,
    );
  return before;
}

/** Notes that the store is made. */
export async function markPrepared(tx: Tx): Promise<void> {
  await tx.run(sql`update backup_target set prepared_at = now()`);
}

/** A backup as the store lists it. Times ISO 8601. */
export interface BackupRow {
  readonly label: string;
  readonly type: 'full' | 'diff' | 'incr';
  readonly startedAt: string;
  readonly stoppedAt: string;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly walStart: string;
  readonly walStop: string;
  readonly isDamaged: boolean;
  readonly node: string | null;
  readonly release: string | null;
  readonly verifiedAt: string | null;
}

const BACKUP = sql`label, type, started_at as "startedAt", stopped_at as "stoppedAt", bytes::float8 as bytes, stored_bytes::float8 as "storedBytes",
  wal_start as "walStart", wal_stop as "walStop", is_damaged as "isDamaged", node, release, verified_at as "verifiedAt"`;

/** All backups, the newest first. */
export function listBackups(tx: Tx): Promise<BackupRow[]> {
  return tx.all(
    sql<BackupRow>`select ${BACKUP} from backups order by stopped_at desc, label collate "C" desc limit 1000`,
  );
}

/** Replaces the list by what the store has now. */
export async function replaceBackups(tx: Tx, rows: readonly Omit<BackupRow, 'verifiedAt'>[]): Promise<void> {
  await tx.run(sql`delete from backups where label <> all (${rows.map(({ label }) => label)}::text[])`);
  for (const row of rows) {
    const { label, type, startedAt, stoppedAt, bytes, storedBytes, walStart, walStop, isDamaged, node, release } = row;
    await tx.run(sql`insert into backups (label, type, started_at, stopped_at, bytes, stored_bytes, wal_start, wal_stop, is_damaged, node, release)
      values (${label}, ${type}, ${startedAt}::timestamptz, ${stoppedAt}::timestamptz, ${bytes}, ${storedBytes}, ${walStart}, ${walStop}, ${isDamaged},
        ${node}, ${release})
      on conflict (label) do update set is_damaged = excluded.is_damaged, seen_at = now()`);
  }
}

/** Notes that every file of the store had its checksum. */
export async function markVerified(tx: Tx): Promise<void> {
  await tx.run(sql`update backups set verified_at = now()`);
}

/** A restore for rehearsal. */
export interface BackupDrillRow {
  readonly id: number;
  readonly label: string;
  readonly node: string;
  readonly at: string;
  readonly isPassed: boolean;
  readonly report: Readonly<Record<string, unknown>>;
}

const DRILL = sql`id::int as id, label, node, at, is_passed as "isPassed", report`;
const DRILLS_MAX = 200;

/** Drills, the newest first. */
export function listBackupDrills(tx: Tx, most: number): Promise<BackupDrillRow[]> {
  return tx.all(sql<BackupDrillRow>`select ${DRILL} from backup_drills order by id desc limit ${most}`);
}

export async function storeBackupDrill(tx: Tx, drill: Omit<BackupDrillRow, 'id' | 'at'>): Promise<void> {
  const { label, node, isPassed, report } = drill;
  await tx.run(
    sql`insert into backup_drills (label, node, is_passed, report) values (${label}, ${node}, ${isPassed}, ${JSON.stringify(report)}::jsonb)`,
  );
  await tx.run(sql`delete from backup_drills where id <= (select max(id) - ${DRILLS_MAX} from backup_drills)`);
}
