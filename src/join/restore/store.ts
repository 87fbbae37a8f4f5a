import { AppError } from '../../core/errors.ts';
import { storeCipher } from '../../core/recovery-key.ts';
import type { BackupStore } from '../../model/cluster/backup.ts';
import type { HostPorts } from '../ports.ts';
import { execute } from '../run.ts';
import { PATHS } from '../paths.ts';

/** In memory, gone with the host's next start. */
export const ROOM = '/run/regent-restore';
export const CONF = `${ROOM}/pgbackrest.conf`;
const ASK_MS = 120_000;

/** A store with what opens it. */
export interface OpenStore {
  readonly store: BackupStore;
  readonly secret: string;
  readonly authority: string | null;
  /** 64 hexadecimal digits. */
  readonly recoveryKey: string;
}

/** A backup in the store. Times in ms. */
export interface FoundBackup {
  readonly label: string;
  readonly startedAt: number;
  readonly stoppedAt: number;
  readonly bytes: number;
  /** The last segment of the log that it needs. */
  readonly walStop: string;
  readonly notes: Readonly<Record<string, string>>;
}

/** A hole in the archive (`ha/backup/gaps.ts`). Times in ms. */
export interface ArchiveGap {
  readonly missing: string;
  readonly reachedAt: number | null;
  readonly resumedAt: number;
}

/** What the store has. `archivedAt`: of the newest segment in the archive; `gaps`: the first ones first. */
export interface StoreContent {
  readonly backups: readonly FoundBackup[];
  readonly archivedAt: number | null;
  readonly gaps: readonly ArchiveGap[];
}

/** Writes pgBackRest's files for this run; user postgres alone reads them. */
export async function writeStoreFiles(ports: HostPorts, open: OpenStore): Promise<void> {
  await execute(
    ports,
    ['install', '-d', '-m', '0700', '-o', 'postgres', '-g', 'postgres', ROOM, `${ROOM}/lock`],
    ASK_MS,
  );
  const own = { mode: 0o600, owner: 'postgres', group: 'postgres' } as const;
  const { files } = ports.host;
  if (open.store.kind === 'sftp') await files.install({ ...own, path: `${ROOM}/sftp.key`, content: open.secret });
  if (open.authority !== null) await files.install({ ...own, path: `${ROOM}/store.crt`, content: open.authority });
  await files.install({ ...own, path: CONF, content: confOf(open) });
}

/** Removes them. */
export async function removeStoreFiles(ports: HostPorts): Promise<void> {
  await ports.host.exec({ argv: ['rm', '-rf', '--one-file-system', ROOM], timeoutMs: ASK_MS });
}

/** As `templates/backup/pgbackrest.conf.hbs`, for a host that only reads. */
export function confOf({ store, secret, authority, recoveryKey }: OpenStore): string {
  const lines: Record<string, string | number> = {
    'repo1-type': store.kind === 'folder' ? 'posix' : store.kind,
    'repo1-path': store.path,
    'repo1-cipher-type': 'aes-256-cbc',
    'repo1-cipher-pass': storeCipher(recoveryKey),
    ...(store.kind === 'sftp'
      ? {
          'repo1-sftp-host': store.host,
          'repo1-sftp-host-port': store.port,
          'repo1-sftp-host-user': store.user,
          'repo1-sftp-host-key-hash-type': 'sha256',
          'repo1-sftp-host-key-check-type': 'fingerprint',
          'repo1-sftp-host-fingerprint': store.fingerprint,
          'repo1-sftp-private-key-file': `${ROOM}/sftp.key`,
        }
      : {}),
    ...(store.kind === 's3'
      ? {
          'repo1-s3-endpoint': store.endpoint,
          'repo1-s3-bucket': store.bucket,
          'repo1-s3-region': store.region,
          'repo1-s3-key': store.accessKey,
          'repo1-s3-key-secret': secret,
          'repo1-s3-uri-style': store.isPathStyle ? 'path' : 'host',
          'repo1-storage-port': store.port,
          ...(authority === null ? {} : { 'repo1-storage-ca-file': `${ROOM}/store.crt` }),
        }
      : {}),
    'lock-path': `${ROOM}/lock`,
    'log-level-console': 'off',
    'log-level-stderr': 'warn',
    'log-level-file': 'off',
    'process-max': 4,
    'io-timeout': 20,
  };
  const text = Object.entries(lines).map(([name, value]) => `${name}=${value}\n`);
  return `[global]\n${text.join('')}\n[regent]\npg1-path=${PATHS.postgresData}\n`;
}

/** Runs pgBackRest as user postgres. Throws its own message. */
export async function pgbackrest(ports: HostPorts, args: readonly string[], timeoutMs = ASK_MS): Promise<string> {
  const argv = ['/usr/bin/pgbackrest', `--config=${CONF}`, '--stanza=regent', ...args];
  const answer = await ports.host.exec({ argv, user: 'postgres', timeoutMs });
  if (answer.code === 0) return answer.stdout;
  const message = /ERROR: (?:\[\d+\]: )?([\s\S]*)/.exec(answer.stderr)?.[1] ?? answer.failure ?? 'no message';
  const why = answer.timedOut
    ? `no end within ${timeoutMs / 1000} s`
    : message.replaceAll(/\s+/g, ' ').trim().slice(0, 600);
  throw new AppError('command', `pgBackRest failed: ${why}`);
}

/** What `ha/backup/restorable.ts` prints: its backups in seconds. */
type Restorable = StoreContent & { readonly isMade: boolean };

/** Reads what can be restored: of a moment (ms) or a label, or everything. Throws a sentence for whoever gave a wrong key or place. */
export async function readStore(
  ports: HostPorts,
  { at, label }: { readonly at: number | null; readonly label: string | null },
): Promise<StoreContent> {
  const program = [`${ports.productRoot}/bin/node`, `${ports.productRoot}/ha/backup/restorable.ts`];
  const argv = ['env', `PGBACKREST_CONFIG=${CONF}`, ...program, at === null ? '-' : String(at), label ?? '-'];
  const answer = await ports.host.exec({ argv, user: 'postgres', timeoutMs: ASK_MS });
  if (answer.code !== 0) {
    const why = answer.timedOut ? `no end within ${ASK_MS / 1000} s` : (answer.failure ?? answer.stderr.trim());
    throw new AppError('init', `The store cannot be read: ${why.slice(0, 600)}.`);
  }
  const found = JSON.parse(answer.stdout) as Restorable;
  if (!found.isMade) throw new AppError('init', 'There are no backups of a Regent site in this store. Check its path.');
  return {
    archivedAt: found.archivedAt,
    gaps: found.gaps,
    backups: found.backups.map(({ startedAt, stoppedAt, ...one }) => ({
      ...one,
      startedAt: startedAt * 1000,
      stoppedAt: stoppedAt * 1000,
    })),
  };
}
