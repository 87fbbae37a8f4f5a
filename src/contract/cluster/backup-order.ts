import Type, { type Static } from 'typebox';
import { Compile } from 'typebox/compile';
import { ClusterSecrets } from './join.ts';

/*
 * Order and checkpoint of a job with the backup store, what nodes report of it, and what is sealed by the recovery key: one region writes them, another one
 * reads them, perhaps of another release.
 */

export const BACKUP_VERBS = ['prepare', 'create', 'verify', 'delete', 'drill'] as const;
export type BackupVerb = (typeof BACKUP_VERBS)[number];

const Order = Type.Object({
  verb: Type.Unsafe<BackupVerb>({ type: 'string', enum: [...BACKUP_VERBS] }),
  type: Type.Optional(Type.Unsafe<'full' | 'diff' | 'incr'>({ type: 'string', enum: ['full', 'diff', 'incr'] })),
  label: Type.Optional(Type.String({ maxLength: 40 })),
});
export type BackupOrder = Static<typeof Order>;
const orders = Compile(Order);

/** The payload of a job; null: it is of another release. */
export const parseBackupOrder = (payload: unknown): BackupOrder | null => (orders.Check(payload) ? payload : null);

/** Which node is at it, or was. `tried`: those that failed, with why. */
const Progress = Type.Object({
  node: Type.Union([Type.Null(), Type.Object({ id: Type.String(), name: Type.String() })]),
  tried: Type.Array(Type.Object({ name: Type.String(), why: Type.String() })),
});
export type BackupProgress = Static<typeof Progress>;
const checkpoints = Compile(Progress);

/** The checkpoint of a job. */
export function parseBackupProgress(checkpoint: unknown): BackupProgress {
  return checkpoints.Check(checkpoint) ? checkpoint : { node: null, tried: [] };
}

/** A restored database as it describes itself (`ha/backup/scratch.ts`). */
const Restored = Type.Object({
  label: Type.String(),
  restoreSeconds: Type.Number(),
  recoverySeconds: Type.Number(),
  migrations: Type.Integer(),
  lastEvent: Type.Integer(),
  ledger: Type.String(),
  ledgerRows: Type.Integer(),
  counts: Type.Record(Type.String(), Type.Number()),
  damaged: Type.Array(Type.String()),
});
export type RestoredFacts = Static<typeof Restored>;
const restored = Compile(Restored);

/** Null: the report is of another release. */
export const parseRestoredFacts = (value: unknown): RestoredFacts | null => (restored.Check(value) ? value : null);

const Line = Type.String({ maxLength: 200 });
const List = Type.Object({
  backups: Type.Array(
    Type.Object({
      label: Type.String({ pattern: '^[0-9]{8}-[0-9]{6}F(?:_[0-9]{8}-[0-9]{6}[DI])?$' }),
      type: Type.Unsafe<'full' | 'diff' | 'incr'>({ type: 'string', enum: ['full', 'diff', 'incr'] }),
      startedAt: Type.Number({ minimum: 0, maximum: 4e10 }),
      stoppedAt: Type.Number({ minimum: 0, maximum: 4e10 }),
      bytes: Type.Integer({ minimum: 0 }),
      storedBytes: Type.Integer({ minimum: 0 }),
      walStart: Line,
      walStop: Line,
      isDamaged: Type.Boolean(),
      notes: Type.Record(Type.String(), Type.String({ maxLength: 600 })),
    }),
    { maxItems: 1000 },
  ),
});
const lists = Compile(List);

/** The list of a store, as a node reports it (times in seconds since 1970); null: there is none, or it is of another release. */
export function parseStoredBackups(value: unknown): Static<typeof List>['backups'] | null {
  return lists.Check(value) ? value.backups : null;
}

/** Where the escrow is sealed for. */
export const ESCROW_PLACE = 'backup-target/escrow';

/** What a restored site needs beside its database and cannot make again: its authority, by which nodes and secrets know it, and the passwords. */
const Escrow = Type.Object({ authorityKey: Type.String(), authority: Type.String(), secrets: ClusterSecrets });
export type Escrow = Static<typeof Escrow>;
const escrows = Compile(Escrow);

/** As it is sealed. */
export const escrowText = (escrow: Escrow): string => JSON.stringify(escrow);

/** Null: it is of another release. */
export const parseEscrow = (value: unknown): Escrow | null => (escrows.Check(value) ? value : null);
