import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BIN, must, runProgram, TaskError } from './tool.ts';
import type { ListedBackup } from './store.ts';

const ROOM = '/var/lib/regent-backup/scratch';
const DATA = `${ROOM}/data`;
const RESTORE_MS = 3_600_000;
const RECOVERY_MS = 3_600_000;
const QUESTION_MS = 120_000;
/** Room beside the data: the log that is replayed, and what recovery writes. */
const SPARE_BYTES = 512 * 1024 * 1024;
const NEWEST = 2000;

/** What a restored database says of itself; the region compares it with the living one. */
export interface ScratchFacts {
  readonly label: string;
  readonly restoreSeconds: number;
  readonly recoverySeconds: number;
  /** Of the newest transaction that was replayed, ISO 8601. */
  readonly lastAt: string | null;
  readonly migrations: number;
  readonly lastEvent: number;
  /** Digest of the newest events up to that one, oldest first. */
  readonly ledger: string;
  readonly ledgerRows: number;
  readonly counts: Readonly<Record<string, number>>;
  /** Rows of tables that failed a full read. */
  readonly damaged: readonly string[];
}

/** Restores a backup and all of the archived log into a PostgreSQL of its own, asks it, and removes it again. Nothing of it is reachable from outside. */
export async function restoreToScratch(backup: ListedBackup, queries: ScratchQueries): Promise<ScratchFacts> {
  await rm(ROOM, { recursive: true, force: true });
  await mkdir(DATA, { recursive: true, mode: 0o700 });
  await checkRoom(backup.bytes);
  try {
    const started = Date.now();
    await must(
      ['restore', `--pg1-path=${DATA}`, `--set=${backup.label}`, '--type=default', '--archive-mode=off'],
      RESTORE_MS,
    );
    const restored = Date.now();
    return await withServer(async () => {
      const recovered = Date.now();
      const facts = JSON.parse(await ask(queries.facts)) as Omit<
        ScratchFacts,
        'label' | 'restoreSeconds' | 'recoverySeconds' | 'counts' | 'damaged'
      >;
      const counts: Record<string, number> = {};
      const damaged: string[] = [];
      for (const table of (await ask(TABLES)).split('\n').filter((name) => /^[a-z_0-9]+$/.test(name))) {
        // The whole of each row is read, so a damaged page shows itself.
        const answer = await query(`select count(*) || ' ' || coalesce(sum(length(t::text)), 0) from ${table} t`);
        if (answer.code === 0) counts[table] = Number(answer.stdout.split(' ')[0]);
        else damaged.push(table);
      }
      return {
        ...facts,
        label: backup.label,
        restoreSeconds: Math.round((restored - started) / 100) / 10,
        recoverySeconds: Math.round((recovered - restored) / 100) / 10,
        counts,
        damaged,
      };
    });
  } finally {
    await rm(ROOM, { recursive: true, force: true });
  }
}

/** Questions that the region gives, so that it can ask the living database the same. */
export interface ScratchQueries {
  readonly facts: string;
}

const TABLES = `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind = 'r' order by 1`;

/** The same questions for both databases; `upTo`: the newest event that both have. */
export function factsQuery(upTo: string): string {
  return `select json_build_object(
    'lastAt', (select to_char(pg_last_xact_replay_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
    'migrations', (select count(*) from migrations),
    'lastEvent', ${upTo},
    'ledgerRows', (select count(*) from (select 1 from events where id <= ${upTo} order by id desc limit ${NEWEST}) e),
    'ledger', (select md5(coalesce(string_agg(id || '|' || kind || '|' || subject || '|' || actor, ',' order by id), ''))
      from (select id, kind, subject, actor from events where id <= ${upTo} order by id desc limit ${NEWEST}) e))`;
}

async function checkRoom(bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(ROOM);
  const needed = bytes * 1.2 + SPARE_BYTES;
  if (bavail * bsize < needed * 2)
    throw new TaskError(
      `a restore for the drill needs ${mb(needed)} MB and may use half of what is free below ${ROOM}: ${mb(bavail * bsize)} MB`,
    );
}

const mb = (bytes: number) => Math.ceil(bytes / 1_000_000);

/** PostgreSQL without network, archive and workers of its own, until the function has ended. */
async function withServer<T>(run: () => Promise<T>): Promise<T> {
  const common = await readFile(new URL('scratch.conf', import.meta.url), 'utf8');
  await writeFile(`${ROOM}/server.conf`, `${common.replaceAll('@ROOM@', ROOM)}${DRILL_CONF}`, { mode: 0o600 });
  await writeFile(`${ROOM}/hba.conf`, 'local all postgres peer\nlocal all all reject\n', { mode: 0o600 });
  const server = spawn(`${BIN}/postgres`, ['-D', DATA, '-c', `config_file=${ROOM}/server.conf`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', PGBACKREST_CONFIG: '/etc/regent/backup/pgbackrest.conf' },
  });
  let messages = '';
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages = (messages + text).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => void server.on('close', () => resolve()));
  try {
    const deadline = Date.now() + RECOVERY_MS;
    for (;;) {
      const answer = await query('select pg_is_in_recovery()');
      if (answer.code === 0 && answer.stdout.trim() === 'f') break;
      if (server.exitCode !== null || server.signalCode !== null)
        throw new TaskError(`the restored database does not start: ${lastFatal(messages)}`);
      if (Date.now() > deadline) throw new TaskError('the restored database did not end its recovery within an hour');
      await delay(500);
    }
    return await run();
  } finally {
    if (server.exitCode === null && server.signalCode === null) server.kill('SIGQUIT');
    await ended;
  }
}

function lastFatal(messages: string): string {
  const lines = messages.split('\n').filter((line) => /FATAL|PANIC/.test(line));
  return (lines.at(-1) ?? messages.trim().split('\n').at(-1) ?? 'no message').slice(0, 400);
}

async function ask(sql: string): Promise<string> {
  const answer = await query(sql);
  if (answer.code !== 0)
    throw new TaskError(`the restored database refuses a question: ${answer.stderr.trim().slice(0, 300)}`);
  return answer.stdout.trim();
}

function query(sql: string) {
  const argv = [`${BIN}/psql`, '-XAtq', '-v', 'ON_ERROR_STOP=1', '-h', ROOM, '-d', 'regent', '-f', '-'];
  return runProgram(argv, { timeoutMs: QUESTION_MS, stdin: `${sql};\n` });
}

/** A drill's database may be lost at any moment, and takes little. */
const DRILL_CONF = `max_locks_per_transaction = 64
work_mem = 4MB
maintenance_work_mem = 16MB
temp_file_limit = 256MB
autovacuum = off
fsync = off
logging_collector = off
log_destination = stderr
`;
