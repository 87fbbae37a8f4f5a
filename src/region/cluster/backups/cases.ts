import type { BackupSchedule, BackupTarget, BackupTargetSet } from '../../../contract/cluster/backup.ts';
import { type BackupOrder, ESCROW_PLACE, escrowText } from '../../../contract/cluster/backup-order.ts';
import { accept, invalid, refuse, rejected } from '../../../core/errors.ts';
import {
  escrowKey,
  formatRecoveryKey,
  parseRecoveryKey,
  recoveryFingerprint,
  siteRecoveryKey,
} from '../../../core/recovery-key.ts';
import { NONCE_BYTES, seal } from '../../../core/seal.ts';
import type { BackupStore } from '../../../model/cluster/backup.ts';
import { describeStore, hexFingerprint, refuseSecret, refuseStore } from '../../../model/cluster/backup.ts';
import { isDatabaseExternal } from '../../../model/cluster/cluster.ts';
import { isFeatureOn } from '../../../store/queries/base/features.ts';
import {
  type BackupTargetRow,
  deleteBackupTarget,
  listBackupDrills,
  listBackups,
  readBackupTarget,
  readRecoveryKey,
  readStoreSecret,
  setBackupSchedule,
  storeBackupTarget,
} from '../../../store/queries/cluster/backups.ts';
import { readCluster } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import { showJob } from '../../base/jobs/cases.ts';
import { type CaseContext, reading, writing } from '../../base/use-case.ts';
import { addBackupJob } from './order.ts';
import { type DrillReport, shownDrill } from './compare.ts';

const QUOTA_LEAST_MB = 100;
const NONE = rejected('not_found', 'There is no backup target. Set one: regent backup-target set --help');
const DEFAULTS = {
  retainFull: 2,
  retainDays: null,
  quotaMb: null,
  queueMb: 1024,
  fullEvery: 168,
  incrementalEvery: 24,
  drillEvery: 168,
} as const;

function viewTarget(row: BackupTargetRow): BackupTarget {
  const { version: _version, ...shown } = row;
  return { ...shown, store: row.store as BackupTarget['store'], recoveryKey: null };
}

const mustTarget = async (tx: Tx): Promise<BackupTargetRow> => (await readBackupTarget(tx)) ?? refuse(NONE);

/** Adds the job and shows it. A store has one task at a time. */
async function begin(tx: WriteTx, context: CaseContext, order: BackupOrder, sentence: string) {
  const target = await mustTarget(tx);
  const row = accept(await addBackupJob(tx, order, context.caller.user));
  return { body: { ...showJob(row), progress: `${sentence}: ${describeStore(target.store)}` } };
}

export const backupCases = {
  'backup-target.show': reading('backup-target.show', async (tx) => {
    const row = await mustTarget(tx);
    return { body: viewTarget(row), version: row.version };
  }),

  'backup-target.set': {
    ...writing(
      'backup-target.set',
      ({ body }) => `backup-target set ${body.store.kind}`,
      async (tx, { body }, context) => {
        await checkSite(tx);
        const before = await readBackupTarget(tx);
        const store = storeOf(body);
        accept(refuseStore(store));
        const isSameKind = before?.store.kind === store.kind;
        const storeSecret = body.secret ?? (isSameKind ? ((await readStoreSecret(tx)) ?? '') : '');
        accept(refuseSecret(store, storeSecret));
        const given = body.recoveryKey === undefined ? null : accept(parseRecoveryKey(body.recoveryKey));
        const known = await readRecoveryKey(tx);
        const inherited = accept(await context.ca.inheritance());
        const recoveryKey = given ?? known ?? siteRecoveryKey(inherited.key);
        const own = accept(await context.ca.certificate());
        const escrow = seal(
          escrowKey(recoveryKey),
          ESCROW_PLACE,
          escrowText({ authorityKey: inherited.key, authority: own.pem, secrets: inherited.secrets }),
          context.random.hex(NONCE_BYTES),
        );
        const values = { ...DEFAULTS, ...(before === null ? {} : countsOf(before)), ...limitsOf(body) };
        const row = accept(
          await storeBackupTarget(
            tx,
            {
              store,
              storeSecret,
              recoveryKey,
              escrow,
              fingerprint: recoveryFingerprint(recoveryKey),
              ...values,
            },
            context.ifMatch,
          ),
        );
        tx.emit({
          kind: 'backup-target.changed',
          subject: 'site',
          data: { store: describeStore(store), fingerprint: row.fingerprint },
        });
        const shown = given === null && known === null ? formatRecoveryKey(recoveryKey) : null;
        // A member of `secrets` is shown in this answer and stored nowhere.
        return {
          body: viewTarget(row),
          version: row.version,
          ...(shown === null ? {} : { secrets: { recoveryKey: shown } }),
        };
      },
    ),
    digested: ({ secret: _secret, recoveryKey: _key, ...rest }: BackupTargetSet) => rest,
  },

  'backup-target.unset': writing(
    'backup-target.unset',
    () => 'backup-target unset',
    async (tx, _input, context) => {
      const row = accept(await deleteBackupTarget(tx, context.ifMatch)) ?? refuse(NONE);
      tx.emit({ kind: 'backup-target.removed', subject: 'site', data: { store: describeStore(row.store) } });
      return { body: viewTarget(row), version: row.version };
    },
  ),

  'backup.list': reading('backup.list', async (tx) => ({ body: { items: await listBackups(tx) } })),

  'backup.create': writing(
    'backup.create',
    ({ body }) => `backup create ${body?.type ?? ''}`.trim(),
    (tx, { body }, context) =>
      begin(tx, context, { verb: 'create', ...(body?.type ? { type: body.type } : {}) }, 'makes a backup on a standby'),
  ),

  'backup.verify': writing(
    'backup.verify',
    () => 'backup verify',
    (tx, _input, context) => begin(tx, context, { verb: 'verify' }, 'reads every file of the store'),
  ),

  'backup.delete': writing(
    'backup.delete',
    ({ params }) => `backup delete ${params.backup}`,
    async (tx, { params }, context) => {
      const rows = await listBackups(tx);
      const row = rows.find(({ label }) => label === params.backup);
      if (row === undefined) refuse('not_found', `There is no backup ${params.backup}. List them: regent backup list`);
      if (row.type === 'full' && rows.filter(({ type }) => type === 'full').length === 1)
        refuse(
          'conflict',
          `${row.label} is the only full backup. Make another one first: regent backup create --type full`,
        );
      return begin(tx, context, { verb: 'delete', label: row.label }, `deletes ${row.label}`);
    },
  ),

  'backup.schedule': writing(
    'backup.schedule',
    () => 'backup schedule',
    async (tx, { body }, context) => {
      await mustTarget(tx);
      const row = accept(await setBackupSchedule(tx, limitsOf(body), context.ifMatch)) ?? refuse(NONE);
      tx.emit({ kind: 'backup-target.changed', subject: 'site', data: { ...body } });
      return { body: viewTarget(row) };
    },
  ),

  'backup.drill': writing(
    'backup.drill',
    ({ body }) => `backup drill ${body?.label ?? ''}`.trim(),
    async (tx, { body }, context) => {
      const label = body?.label;
      if (label !== undefined && !(await listBackups(tx)).some((row) => row.label === label))
        refuse('not_found', `There is no backup ${label}. List them: regent backup list`);
      return begin(tx, context, { verb: 'drill', ...(label ? { label } : {}) }, 'restores a backup for rehearsal');
    },
  ),

  'backup.drills': reading('backup.drills', async (tx) => {
    const rows = await listBackupDrills(tx, 200);
    return { body: { items: rows.map(({ report, ...row }) => shownDrill(row, report as unknown as DrillReport)) } };
  }),
};

const countsOf = (row: BackupTargetRow) => ({
  retainFull: row.retainFull,
  retainDays: row.retainDays,
  quotaMb: row.quotaMb,
  queueMb: row.queueMb,
  fullEvery: row.fullEvery,
  incrementalEvery: row.incrementalEvery,
  drillEvery: row.drillEvery,
});

/** The numbers of a request; 0 stands for no limit of days and of size. */
function limitsOf(body: BackupSchedule & { readonly queueMb?: number }) {
  const { retainFull, retainDays, quotaMb, queueMb, fullEvery, incrementalEvery, drillEvery } = body;
  if (quotaMb !== undefined && quotaMb > 0 && quotaMb < QUOTA_LEAST_MB)
    refuse(invalid('quotaMb', `${quotaMb} MB hold no backup`, `${QUOTA_LEAST_MB} MB or more; 0 for no limit`));
  const given = {
    ...(retainFull === undefined ? {} : { retainFull }),
    ...(retainDays === undefined ? {} : { retainDays: retainDays === 0 ? null : retainDays }),
    ...(quotaMb === undefined ? {} : { quotaMb: quotaMb === 0 ? null : quotaMb }),
    ...(queueMb === undefined ? {} : { queueMb }),
    ...(fullEvery === undefined ? {} : { fullEvery }),
    ...(incrementalEvery === undefined ? {} : { incrementalEvery }),
    ...(drillEvery === undefined ? {} : { drillEvery }),
  };
  return given;
}

async function checkSite(tx: Tx): Promise<void> {
  const cluster = await readCluster(tx);
  if (cluster === null) refuse('conflict', 'This site is no cluster: Regent backs up the database of a cluster.');
  if (isDatabaseExternal(cluster)) refuse('conflict', 'The database is external. Rule: its operator backs it up.');
  if (!(await isFeatureOn(tx, 'backup')))
    refuse(
      'conflict',
      'Not now: backups need a release that knows them on every region node. Upgrade the others first (regent node list -o wide shows versions).',
    );
}

function storeOf({ store }: BackupTargetSet): BackupStore {
  return store.kind === 'sftp'
    ? ({ ...store, fingerprint: hexFingerprint(store.fingerprint) } as BackupStore)
    : (store as BackupStore);
}
