import Type, { type Static } from 'typebox';
import { nullable, oneOf, strict, text, Time } from '../base/common.ts';
import { Job } from '../base/job.ts';
import { ADMINS, begin, del, get, KEEPERS, put } from '../base/route-spec.ts';

export const BACKUP_TYPES = ['full', 'diff', 'incr'] as const;
const HOURS_MAX = 8760;

const Hours = (description: string) => Type.Integer({ minimum: 0, maximum: HOURS_MAX, description });
const Port = (description: string) => Type.Integer({ minimum: 1, maximum: 65_535, description });
const Days = Type.Integer({
  minimum: 0,
  maximum: 3650,
  description: 'days that full backups stay; 0: by their number',
});
const Quota = Type.Integer({
  minimum: 0,
  maximum: 1_000_000_000,
  description: 'how much the backups may be together, MB, at least 100; 0: no limit',
});
const Path = text(600, 'absolute, of letters, digits, ".", "_" and "-"');

/** Where backups go, without what is secret of it. */
export const BackupStore = Type.Union([
  strict(
    { kind: oneOf(['folder']), path: Path },
    'a folder that every region node has at this path, such as a network disk; below /srv, /mnt or /media',
  ),
  strict({
    kind: oneOf(['sftp']),
    host: text(253, 'name or address'),
    port: Port('TCP'),
    user: text(32),
    path: Path,
    fingerprint: text(80, "SHA-256 of the server's host key: SHA256:… or hexadecimal"),
  }),
  strict({
    kind: oneOf(['s3']),
    endpoint: text(253, 'name or address, without https://'),
    port: Port('TCP; always TLS'),
    bucket: text(63),
    region: text(63),
    path: Path,
    accessKey: text(128, 'the public part of the key'),
    isPathStyle: Type.Boolean({ description: 'the bucket stands in the path instead of in the name of the host' }),
    authority: Type.Optional(text(16_384, "certificate of the server's authority, PEM; left out: those of Debian")),
  }),
]);
export type BackupStore = Static<typeof BackupStore>;

/** The site's backup target. Its secrets are shown to nobody. */
export const BackupTarget = strict({
  store: BackupStore,
  fingerprint: Type.String({ description: 'of the recovery key; reveals nothing of it' }),
  retainFull: Type.Integer({ description: 'full backups that stay, with what builds on them' }),
  retainDays: nullable(Type.Integer({ description: 'full backups stay so many days instead; null: by their number' })),
  quotaMb: nullable(Type.Integer({ description: 'how much the backups in the store may be, MB; null: no limit' })),
  queueMb: Type.Integer({ description: "how much of the database's log may wait for the store, MB" }),
  fullEvery: Hours('hours between two full backups; 0: only on request'),
  incrementalEvery: Hours('hours between two backups of any type; 0: only on request'),
  drillEvery: Hours('hours between two drills; 0: only on request'),
  preparedAt: nullable(Time),
  changedAt: Time,
  recoveryKey: nullable(
    Type.String({
      description: 'shown once, when the target gets a new one: without it no backup opens; null: it is not shown',
    }),
  ),
});
export type BackupTarget = Static<typeof BackupTarget>;

export const BackupTargetSet = strict({
  store: BackupStore,
  secret: Type.Optional(
    text(16_384, 'the private key for SFTP, PEM, or the secret key of S3; it is stored sealed. Left out: as it is'),
  ),
  recoveryKey: Type.Optional(
    text(200, 'the recovery key of a store that is in use already. Left out: as it is, or a new one'),
  ),
  retainFull: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  retainDays: Type.Optional(Days),
  quotaMb: Type.Optional(Quota),
  queueMb: Type.Optional(Type.Integer({ minimum: 16, maximum: 1_000_000 })),
  fullEvery: Type.Optional(Hours('168 for a new target')),
  incrementalEvery: Type.Optional(Hours('24 for a new target')),
  drillEvery: Type.Optional(Hours('168 for a new target')),
});
export type BackupTargetSet = Static<typeof BackupTargetSet>;

export const BackupSchedule = strict({
  retainFull: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })),
  retainDays: Type.Optional(Days),
  quotaMb: Type.Optional(Quota),
  fullEvery: Type.Optional(Hours('0: only on request')),
  incrementalEvery: Type.Optional(Hours('0: only on request')),
  drillEvery: Type.Optional(Hours('0: only on request')),
});
export type BackupSchedule = Static<typeof BackupSchedule>;

/** A backup as the store lists it. */
export const Backup = strict({
  label: Type.String(),
  type: oneOf(BACKUP_TYPES, 'full; diff: since the last full one; incr: since the last one'),
  startedAt: Time,
  stoppedAt: Time,
  bytes: Type.Number({ description: 'of the database' }),
  storedBytes: Type.Number({ description: 'that this backup added to the store' }),
  walStart: Type.String(),
  walStop: Type.String(),
  isDamaged: Type.Boolean({ description: 'pages had a wrong checksum when it was made' }),
  node: nullable(Type.String({ description: 'on which it was made' })),
  release: nullable(Type.String()),
  verifiedAt: nullable(Time),
});
export type Backup = Static<typeof Backup>;

export const BackupList = strict({ items: Type.Array(Backup) });
export const BackupCreate = strict({
  type: Type.Optional(oneOf(BACKUP_TYPES, 'incr when left out; the first one is full')),
});
export const BackupParams = strict({ backup: text(40, 'its label') });
export const BackupDrillRequest = strict({ label: Type.Optional(text(40, 'which backup; the newest when left out')) });

/** A restore for rehearsal. */
export const BackupDrill = strict({
  id: Type.Integer(),
  label: Type.String(),
  node: Type.String(),
  at: Time,
  isPassed: Type.Boolean(),
  checks: Type.Array(strict({ what: Type.String(), isHeld: Type.Boolean(), detail: Type.String() })),
  restoreSeconds: Type.Number(),
  recoverySeconds: Type.Number(),
});
export type BackupDrill = Static<typeof BackupDrill>;
export const BackupDrillList = strict({ items: Type.Array(BackupDrill) });

/** Calls about backups. What touches the store goes on as a job. */
export const BACKUP_ROUTES = {
  'backup-target.show': get('/backup-target', 'Show where backups go', {
    roles: KEEPERS,
    response: BackupTarget,
    hasEtag: true,
  }),
  'backup-target.set': put(
    '/backup-target',
    'Say where backups go; the recovery key is in this answer and nowhere else',
    { roles: ADMINS, body: BackupTargetSet, response: BackupTarget },
  ),
  'backup-target.unset': del('/backup-target', 'Make no backups any more; what is in the store stays', {
    roles: ADMINS,
    response: BackupTarget,
  }),
  'backup.list': get('/backups', 'List backups, the newest first', { roles: KEEPERS, response: BackupList }),
  'backup.create': begin('/backups', 'Make a backup on a standby, while writes go on', {
    roles: ADMINS,
    body: BackupCreate,
    response: Job,
  }),
  'backup.verify': begin('/backups/verify', 'Compare every file of the store with its checksum', {
    roles: ADMINS,
    response: Job,
  }),
  'backup.delete': begin('/backups/{backup}/delete', 'Delete a backup and those that build on it', {
    roles: ADMINS,
    params: BackupParams,
    response: Job,
  }),
  'backup.schedule': put('/backup-schedule', 'Say how often backups and drills are made, and how many stay', {
    roles: ADMINS,
    body: BackupSchedule,
    response: BackupTarget,
    hasEtag: false,
  }),
  'backup.drill': begin('/backups/drill', 'Restore a backup into a database of its own, compare it, and remove it', {
    roles: ADMINS,
    body: BackupDrillRequest,
    response: Job,
  }),
  'backup.drills': get('/backup-drills', 'List drills of backups with their checks, the newest first', {
    roles: KEEPERS,
    response: BackupDrillList,
  }),
} as const;
