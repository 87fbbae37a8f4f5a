import { AppError } from '../../core/errors.ts';
import { storeCipher } from '../../core/recovery-key.ts';
import type { BackupStore } from '../../model/cluster/backup.ts';
import type { HostPorts } from '../ports.ts';
import { execute } from '../run.ts';
import { parseObject } from '../texts.ts';
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
  readonly notes: Readonly<Record<string, string>>;
}

/** What the store has. `archivedAt`: of the newest segment in the archive. */
export type StoreContent = { readonly backups: readonly FoundBackup[]; readonly archivedAt: number | null };

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

interface Info {
  readonly status?: { readonly code?: number };
  readonly repo?: readonly { readonly status?: { readonly message?: string } }[];
  readonly archive?: readonly { readonly id?: string; readonly max?: string | null }[];
  readonly backup?: readonly {
    readonly label: string;
    readonly timestamp: { readonly start: number; readonly stop: number };
    readonly info?: { readonly size?: number };
    readonly annotation?: Readonly<Record<string, string>>;
  }[];
}

/** Reads the store. Throws a sentence for whoever gave a wrong key or place. */
export async function readStore(ports: HostPorts): Promise<StoreContent> {
  const [info] = JSON.parse(await pgbackrest(ports, ['info', '--output=json'])) as readonly Info[];
  const message = info?.repo?.[0]?.status?.message ?? '';
  if (/FormatError|CryptoError|cipher/.test(message))
    throw new AppError(
      'init',
      'The recovery key does not open this store: another key encrypted it, or its first file is damaged.',
    );
  const code = info?.status?.code ?? 1;
  if (code === 1) throw new AppError('init', 'There are no backups of a Regent site in this store. Check its path.');
  if (code !== 0 && code !== 2)
    throw new AppError('init', `The store does not answer as it should: ${message.slice(0, 300)}`);
  const backups = (info?.backup ?? []).map(({ label, timestamp, info: size, annotation }) => ({
    label,
    startedAt: timestamp.start * 1000,
    stoppedAt: timestamp.stop * 1000,
    bytes: size?.size ?? 0,
    notes: annotation ?? {},
  }));
  const newest = info?.archive?.at(-1);
  return { backups, archivedAt: newest?.id && newest.max ? await newestSegment(ports, newest.id) : null };
}

/** pgBackRest's own list of the newest timeline's newest folder: when its newest file was stored. */
async function newestSegment(ports: HostPorts, id: string): Promise<number | null> {
  const list = async (path: string) =>
    (parseObject(await pgbackrest(ports, ['repo-ls', path, '--output=json'])) ?? {}) as Readonly<
      Record<string, { readonly type?: string; readonly time?: number }>
    >;
  const folders = Object.keys(await list(`archive/regent/${id}`)).filter((name) => /^[0-9A-F]{16}$/.test(name));
  const last = folders.sort().at(-1);
  if (last === undefined) return null;
  const times = Object.values(await list(`archive/regent/${id}/${last}`)).flatMap(({ type, time }) =>
    type === 'file' && time ? [time] : [],
  );
  return times.length === 0 ? null : Math.max(...times) * 1000;
}
