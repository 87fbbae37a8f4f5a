import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../contract/client.ts';
import { AppError, isRejected, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { realHost } from '../host/real.ts';
import { runInit } from '../join/init.ts';
import { INIT_HELP, parseInitOptions } from '../join/options.ts';
import type { InitPorts, RegionSeen } from '../join/ports.ts';
import { type ConnectionSpec, parseDatabaseUrl } from '../store/connection.ts';
import { Database } from '../store/database.ts';
import { applyMigrations, bootstrapDatabase } from './bootstrap-database.ts';
import { readSettings, type Settings, systemClock, systemRandom } from './process.ts';

/** The private database, by peer authentication: root and regent may be its role `regent` (ha/postgres/pg_ident.conf). */
const PRIVATE_DATABASE: ConnectionSpec = { host: '/run/regent-db', port: 5432, user: 'regent', database: 'regent' };
const ASK_MS = 3000;
const REACH_MS = 30_000;

const MIGRATE_HELP = `Usage: regent migrate

Bring the database's schema to this version. Forward only; may be run again at any time and by several at once.
`;

/** Entry of the commands that act on this host: `regent init …`, `regent migrate`. Ends the process with their exit code. */
async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  try {
    return await (command === 'migrate' ? runMigrate(rest) : runInitCommand(rest));
  } catch (error) {
    say(`regent ${command ?? ''}: ${sentenceOf(error)}`);
    return 1;
  }
}

async function runInitCommand(argv: readonly string[]): Promise<number> {
  const options = parseInitOptions(argv);
  if (options === 'help') {
    process.stdout.write(INIT_HELP);
    return 0;
  }
  if (isRejected(options)) {
    say(options.message);
    return 2;
  }
  if (uid() !== 0) {
    say('regent init: it sets up this host and must run as root. Run: sudo regent init --single');
    return 1;
  }
  const settings = unitSettings();
  const { db, isOwn } = openDatabase(settings, 'regent init');
  try {
    return await runInit(initPorts(settings, db, isOwn), options);
  } finally {
    await db.close();
  }
}

async function runMigrate(argv: readonly string[]): Promise<number> {
  if (argv.some((word) => word === '-h' || word === '--help')) {
    process.stdout.write(MIGRATE_HELP);
    return 0;
  }
  if (argv.length > 0) {
    say('regent migrate: it takes no arguments. See: regent migrate --help');
    return 2;
  }
  const { db, isOwn } = openDatabase(settingsForMigrate(), 'regent migrate');
  try {
    // A migration may take long; that nobody answers is known sooner.
    const reached = await db.read(async () => true, { deadlineMs: REACH_MS });
    const applied = isRejected(reached) ? reached : await applyMigrations(db);
    if (isRejected(applied)) {
      say(`regent migrate: ${applied.message}`);
      if (!isOwn && applied.code === 'unavailable') say('Is the private database up? systemctl status regent-db');
      return 1;
    }
    for (const label of applied) process.stdout.write(`applied migration ${label}\n`);
    process.stdout.write(applied.length === 0 ? 'The schema is up to date.\n' : `${applied.length} applied.\n`);
    return 0;
  } finally {
    await db.close();
  }
}

function settingsForMigrate(): Settings {
  try {
    return readSettings();
  } catch (error) {
    const hint = uid() === 0 ? '' : '. Run: sudo regent migrate';
    throw new AppError('configuration', `${sentenceOf(error)}${hint}`);
  }
}

function uid(): number {
  return process.getuid?.() ?? -1;
}

/** The units read the file alone; so init must not go by an environment that they will never see. */
function unitSettings(): Settings {
  return readSettings({ REGENT_CONF: process.env['REGENT_CONF'] });
}

function openDatabase(settings: Settings, name: string): { db: Database; isOwn: boolean } {
  const url = settings.get('DATABASE_URL');
  const connection = url === undefined ? PRIVATE_DATABASE : parseDatabaseUrl(url);
  if (isRejected(connection)) throw new Error(connection.message);
  const db = new Database({
    connection,
    name,
    clock: systemClock(),
    random: systemRandom(),
    log: stderrLog(),
    poolSize: 2,
  });
  return { db, isOwn: url !== undefined };
}

function initPorts(settings: Settings, db: Database, hasOwnDatabase: boolean): InitPorts {
  const random = systemRandom();
  return {
    host: realHost(),
    database: bootstrapDatabase(db),
    askRegion,
    hex: (bytes) => random.hex(bytes),
    monotonic: () => performance.now(),
    sleep: (ms) => sleep(ms),
    say,
    show: (text) =>
      new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve()))),
    uid: uid(),
    productRoot: realpathSync(join(import.meta.dirname, '..', '..')),
    hasOwnDatabase,
    regionListen: settings.getOr('REGION_LISTEN', '0.0.0.0:5240'),
  };
}

async function askRegion(url: string, apiKey: string): Promise<RegionSeen> {
  const client = createClient({ url, apiKey, random: systemRandom(), timeoutMs: ASK_MS, deadlineMs: ASK_MS });
  try {
    const { body } = await client.call('status.show', {});
    return { isReady: body.state === 'ok', why: body.summary };
  } catch (error) {
    return { isReady: false, why: sentenceOf(error) };
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Warnings of the store for people; stdout belongs to the result. */
function stderrLog(): Log {
  const quiet = () => undefined;
  const log: Log = {
    debug: quiet,
    info: quiet,
    warn: (message) => say(`  ${message}`),
    error: (message) => say(`  ${message}`),
    with: () => log,
  };
  return log;
}

process.exitCode = await main(process.argv.slice(2));
