import type { BackupPlan } from '../../../src/model/cluster/backup.ts';

const COMMON = {
  cipher: 'bm90LWEtc2VjcmV0LW9ubHktYS10ZXN0LXZhbHVlLW5vdC1hLXNlY3JldA',
  storeId: '0123456789abcdef',
  retainFull: 2,
  retainDays: null,
  quotaMb: null,
  queueMb: 1024,
} as const;
const LINES = 'bm90IGEga2V5LCBvbmx5IGEgdGVzdCB2YWx1ZSBub3QgYSBrZXk=';

/** Backups into a folder, by SFTP and by S3; keys that no site has. */
export const BACKUP_PLANS: Readonly<Record<'folder' | 'sftp' | 's3', BackupPlan>> = {
  folder: { ...COMMON, store: { kind: 'folder', path: '/srv/backup' }, storeSecret: '' },
  sftp: {
    ...COMMON,
    store: {
      kind: 'sftp',
      host: 'backup.example.net',
      port: 22,
      user: 'regent',
      path: '/data/regent',
      fingerprint: '0'.repeat(63).concat('1'),
    },
    storeSecret: `-----BEGIN OPENSSH PRIVATE KEY-----\n${LINES}\n-----END OPENSSH PRIVATE KEY-----\n`,
  },
  s3: {
    ...COMMON,
    store: {
      kind: 's3',
      endpoint: 's3.example.net',
      port: 9000,
      bucket: 'site-1',
      region: 'us-east-1',
      path: '/regent',
      accessKey: 'AKTEST1',
      isPathStyle: true,
      authority: `-----BEGIN CERTIFICATE-----\n${LINES}\n-----END CERTIFICATE-----\n`,
    },
    storeSecret: 'not/a+secret_only-a.test',
  },
};
