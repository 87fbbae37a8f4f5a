import { type Escrow, ESCROW_PLACE, parseEscrow } from '../../contract/cluster/backup-order.ts';
import { AppError, isRejected } from '../../core/errors.ts';
import { escrowKey } from '../../core/recovery-key.ts';
import { unseal } from '../../core/seal.ts';
import type { LostNode } from '../../model/cluster/node.ts';
import { PATHS } from '../paths.ts';
import { execute } from '../run.ts';
import { parseObject } from '../texts.ts';
import type { RestorePorts } from './ports.ts';
import { CONF, pgbackrest, ROOM } from './store.ts';
import type { RestoreNote } from './note.ts';

const BIN = '/usr/lib/postgresql/17/bin';
const DATA = PATHS.postgresData;
const COPY_MS = 6 * 3_600_000;
const RECOVERY_MS = 6 * 3_600_000;
const COMMAND_MS = 120_000;
const POLL_MS = 500;
/** What a start may take before there is a process. */
const START_MS = 10_000;

/** What the recovered database holds. Secrets stay in memory. */
export interface ReadDatabase {
  readonly clusterId: string;
  readonly vip: string | null;
  readonly virtualRouter: number;
  readonly domain: string;
  readonly recoveries: readonly { readonly id: string; readonly at: number; readonly lost: readonly LostNode[] }[];
  readonly lost: readonly LostNode[];
  readonly lastAt: string | null;
  readonly escrow: Escrow;
}

/** Copies the backup into the empty data folder. A copy that was interrupted begins again. */
export async function copyBackup(ports: RestorePorts, { label, at }: Pick<RestoreNote, 'label' | 'at'>): Promise<void> {
  await execute(ports, ['rm', '-rf', '--one-file-system', DATA], COMMAND_MS);
  await execute(ports, ['install', '-d', '-m', '0700', '-o', 'postgres', '-g', 'postgres', DATA], COMMAND_MS);
  const target =
    at === null ? ['--type=default'] : ['--type=time', `--target=${moment(at)}`, '--target-action=promote'];
  await pgbackrest(ports, ['restore', `--set=${label}`, ...target, '--archive-mode=off'], COPY_MS);
}

/** PostgreSQL's form, whose zone pgBackRest also reads. */
const moment = (ms: number): string => new Date(ms).toISOString().replace('T', ' ').replace('Z', '+00');

/**
 * Recovers the database in a PostgreSQL without a network, reads what a cluster of one needs, and stops it in order. What pgBackRest put into the server's
 * configuration goes: it would switch the archive off for ever.
 */
export async function recoverDatabase(ports: RestorePorts, recoveryKey: string): Promise<ReadDatabase> {
  const own = { mode: 0o600, owner: 'postgres', group: 'postgres' } as const;
  // The same as of a drill.
  const conf = await ports.host.files.read(`${ports.productRoot}/ha/backup/scratch.conf`);
  if (conf === null)
    throw new AppError('init', 'The release on this host is not whole: ha/backup/scratch.conf is missing.');
  await ports.host.files.install({ ...own, path: `${ROOM}/server.conf`, content: conf.replaceAll('@ROOM@', ROOM) });
  await ports.host.files.install({
    ...own,
    path: `${ROOM}/hba.conf`,
    content: 'local all postgres peer\nlocal all all reject\n',
  });
  await stopServer(ports);
  const start = ['env', `PGBACKREST_CONFIG=${CONF}`, `${BIN}/pg_ctl`, '-D', DATA, '-W', '-l', `${ROOM}/server.log`];
  const startServer = () => asPostgres(ports, [...start, '-o', `-c config_file=${ROOM}/server.conf`, 'start']);
  await startServer();
  try {
    if (!(await isPromoted(ports))) {
      // The archive reaches beyond the moment (`judge.ts`), and nothing was written after it: its end is the state of that moment.
      await execute(ports, ['sed', '-i', '/^recovery_target/d', `${DATA}/postgresql.auto.conf`], COMMAND_MS);
      await startServer();
      await isPromoted(ports);
    }
    const read = await readDatabase(ports, recoveryKey);
    await stopServer(ports);
    // Only now: a run that was interrupted before needs them again.
    const old = ['recovery.signal', 'standby.signal', 'patroni.dynamic.json', 'postgresql.auto.conf'];
    await execute(ports, ['rm', '-f', ...old.map((name) => `${DATA}/${name}`)], COMMAND_MS);
    await announceTimeline(ports);
    return read;
  } finally {
    await stopServer(ports);
  }
}

/**
 * The promotion began a timeline while the archive was off, so PostgreSQL does not archive the file that says where it began. Without it no later restore
 * from an earlier backup finds this timeline. The archive takes a file of the same content twice without an error.
 */
async function announceTimeline(ports: RestorePorts): Promise<void> {
  const found = await execute(
    ports,
    ['find', `${DATA}/pg_wal`, '-maxdepth', '1', '-name', '*.history', '-printf', '%f\\n'],
    COMMAND_MS,
  );
  const newest = found
    .split('\n')
    .filter((name) => /^[0-9A-F]{8}\.history$/.test(name))
    .sort()
    .at(-1);
  if (newest === undefined) return;
  const mark = `${DATA}/pg_wal/archive_status/${newest}`;
  await execute(ports, ['rm', '-f', `${mark}.done`], COMMAND_MS);
  await execute(
    ports,
    ['install', '-m', '0600', '-o', 'postgres', '-g', 'postgres', '/dev/null', `${mark}.ready`],
    COMMAND_MS,
  );
}

/** Waits for the end of recovery. False: the archive has no transaction after the moment that is restored, which PostgreSQL takes for an error. */
async function isPromoted(ports: RestorePorts): Promise<boolean> {
  const startedAt = ports.monotonic();
  for (;;) {
    const answer = await query(ports, 'select pg_is_in_recovery()', 'postgres');
    if (answer.code === 0 && answer.stdout.trim() === 'f') return true;
    const elapsed = ports.monotonic() - startedAt;
    // The server has no file of its process in the first moment.
    if (elapsed > START_MS && !(await isRunning(ports))) {
      const message = await lastMessage(ports);
      if (/before configured recovery target/.test(message)) return false;
      throw new AppError('init', `The restored database does not start: ${message}`);
    }
    if (elapsed > RECOVERY_MS)
      throw new AppError('timeout', 'The restored database did not end its recovery within six hours.');
    await ports.sleep(POLL_MS);
  }
}

async function isRunning(ports: RestorePorts): Promise<boolean> {
  const argv = [`${BIN}/pg_ctl`, 'status', '-D', DATA];
  return (await ports.host.exec({ argv, user: 'postgres', timeoutMs: COMMAND_MS })).code === 0;
}

async function lastMessage(ports: RestorePorts): Promise<string> {
  const lines = ((await ports.host.files.read(`${ROOM}/server.log`).catch(() => null)) ?? '').trim().split('\n');
  const fatal = lines.findLast((line) => /FATAL|PANIC/.test(line)) ?? lines.at(-1) ?? '';
  return fatal === '' ? 'it ended without a message' : fatal.replace(/^.*?(FATAL|PANIC): */, '').slice(0, 400);
}

const READ = `select json_build_object(
  'clusterId', (select id from cluster), 'vip', (select host(vip) || '/' || masklen(vip) from cluster),
  'virtualRouter', (select virtual_router from cluster),
  'domain', (select coalesce((select value #>> '{}' from settings where name = 'default_domain'), 'regent.internal')),
  'recoveries', (select coalesce(json_agg(json_build_object('id', id, 'at', (extract(epoch from at) * 1000)::bigint, 'lost', lost) order by number), '[]') from recoveries),
  'lost', (select coalesce(json_agg(json_build_object('name', name, 'address', host(addresses[1])) order by name), '[]') from nodes where is_region),
  'lastAt', (select to_char(max(at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') from events),
  'escrow', (select escrow from backup_target))`;

async function readDatabase(ports: RestorePorts, recoveryKey: string): Promise<ReadDatabase> {
  const answer = await query(ports, READ, 'regent');
  const read = answer.code === 0 ? parseObject(answer.stdout) : null;
  if (read === null || typeof read['clusterId'] !== 'string')
    throw new AppError(
      'init',
      `The restored database is not one of a Regent site that knows backups: ${answer.stderr.trim().slice(0, 300)}`,
    );
  const sealed = read['escrow'];
  const text = typeof sealed === 'string' ? unseal([escrowKey(recoveryKey)], ESCROW_PLACE, sealed) : null;
  if (text === null || isRejected(text))
    throw new AppError(
      'init',
      'The recovery key does not open what the site keeps for its restore: at that moment it had another key.',
    );
  const escrow = parseEscrow(parseObject(text));
  if (escrow === null)
    throw new AppError('init', 'What the site keeps for its restore is of another release, or not complete.');
  return { ...(read as unknown as Omit<ReadDatabase, 'escrow'>), escrow };
}

function query(ports: RestorePorts, sql: string, database: string) {
  const argv = [`${BIN}/psql`, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', ROOM, '-d', database, '-c', sql];
  return ports.host.exec({ argv, user: 'postgres', timeoutMs: COMMAND_MS });
}

async function stopServer(ports: RestorePorts): Promise<void> {
  if (await isRunning(ports))
    await asPostgres(ports, [`${BIN}/pg_ctl`, '-D', DATA, '-m', 'fast', '-w', '-t', '100', 'stop']);
}

async function asPostgres(ports: RestorePorts, argv: readonly string[]): Promise<void> {
  const answer = await ports.host.exec({ argv, user: 'postgres', timeoutMs: COMMAND_MS });
  if (answer.code !== 0)
    throw new AppError(
      'command',
      `${argv.includes('start') ? 'start' : 'stop'} of the restored database failed: ${answer.stderr.trim().slice(0, 300)}`,
    );
}
