import { readFileSync } from 'node:fs';
import { AppError, isRejected, type Rejected, rejected, sentenceOf } from '../core/errors.ts';
import { checkAdoption, runAdopt } from '../join/init/adopt.ts';
import { runInit } from '../join/init/init.ts';
import { INIT_HELP, type InitOptions, parseInitArguments, readInitOptions } from '../join/init/options.ts';
import { runJoin } from '../join/member/join.ts';
import { runLeave } from '../join/member/depart.ts';
import { runUndo } from '../join/member/leave.ts';
import { JOIN_HELP, LEAVE_HELP, parseJoinOptions, parseLeaveOptions } from '../join/member/options.ts';
import type { InitPorts } from '../join/ports.ts';
import { parseRecoverOptions, RECOVER_HELP } from '../join/recover/options.ts';
import { runRecover } from '../join/recover/recover.ts';
import { parseRestoreOptions, RESTORE_HELP } from '../join/restore/options.ts';
import { runRestore } from '../join/restore/restore.ts';
import { applyMigrations } from './region/bootstrap-database.ts';
import { parseDatabaseFile, readDatabase } from './region/cluster-database.ts';
import type { Database } from '../store/database.ts';
import { checkRelease, readMigrations } from '../store/migrate.ts';
import { initPorts, joinPorts, openDatabase, recoverPorts, restorePorts, say } from './host-ports.ts';
import { parseSupportOptions, SUPPORT_HELP, writeLocalBundle } from './calls/local-bundle.ts';
import { productVersion, readSettings, type ProcessSettings, systemClock } from './process.ts';

const REACH_MS = 30_000;
const ADOPT_MS = 900_000;

const ADOPTIONS: Readonly<Record<string, (ports: InitPorts) => Promise<number>>> = {
  '--adopt': (ports) => runAdopt(ports, ADOPT_MS),
  '--adopt --check': checkAdoption,
};

const MIGRATE_HELP = `Usage: regent migrate [--check]

Bring the database's schema to this version, never back to an older one. You may run this at any time, and on several hosts at once.

Options:
  --check     change nothing; exit 0: this release may use the database; 1: it must not, with the reason; 5: the database does not answer
  -h, --help  print this help
`;

const COMMANDS: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  cluster: runClusterCommand,
  init: runInitCommand,
  join: runJoinCommand,
  leave: runLeaveCommand,
  migrate: runMigrate,
  restore: runRestoreCommand,
  'support-bundle': runSupportCommand,
};

/** Entry of the commands that act on this host: `regent init`, `join`, `leave`, `migrate`, `restore`, `cluster recover`. Ends the process with their exit code. */
async function main([name = '', ...argv]: readonly string[]): Promise<number> {
  try {
    const command = COMMANDS[name];
    if (command === undefined) throw new AppError('usage', `${name} is not a command of this host`);
    return await command(argv);
  } catch (error) {
    say(`regent ${name}: ${sentenceOf(error)}`);
    return 1;
  }
}

async function runInitCommand(argv: readonly string[]): Promise<number> {
  // What scripts/install calls.
  const adoption = ADOPTIONS[argv.join(' ')];
  const options = adoption === undefined ? initOptions(argv) : null;
  if (options === 'help') return help(INIT_HELP);
  if (isRejected(options)) {
    say(options.message);
    return 2;
  }
  if (!isRoot('regent init')) return 1;
  const databaseUrl = readDatabaseFile(options?.databaseFile ?? null);
  if (isRejected(databaseUrl)) {
    say(databaseUrl.message);
    return 2;
  }
  const { ports, close } = initPorts(databaseUrl);
  try {
    if (options !== null) return await runInit(ports, options);
    return (await adoption?.(ports)) ?? 1;
  } finally {
    await close();
  }
}

function initOptions(argv: readonly string[]): InitOptions | 'help' | Rejected {
  const given = parseInitArguments(argv);
  if (given === 'help' || isRejected(given)) return given;
  if (given.seedFile === null) return readInitOptions(given, null);
  try {
    return readInitOptions(given, { name: given.seedFile, text: readFileSync(given.seedFile, 'utf8') });
  } catch (error) {
    return rejected('bad_request', `regent init: the seed file cannot be read: ${sentenceOf(error)}`);
  }
}

/** The URLs in a file, `-` for standard input; null: no file is named. They may hold passwords, so they never stand in a list of processes. */
function readDatabaseFile(file: string | null): string | null | Rejected {
  if (file === null) return null;
  try {
    return parseDatabaseFile(readFileSync(file === '-' ? 0 : file, 'utf8'));
  } catch (error) {
    return rejected('bad_request', `The file of --database cannot be read: ${sentenceOf(error)}`);
  }
}

async function runJoinCommand(argv: readonly string[]): Promise<number> {
  const options = parseJoinOptions(argv);
  if (options === 'help') return help(JOIN_HELP);
  if (isRejected(options)) {
    say(options.message);
    return 2;
  }
  if (!isRoot('regent join')) return 1;
  const token = options.token === '-' ? readFileSync(0, 'utf8') : options.token;
  if (options.token !== '-')
    say('warning: the token stands in the list of processes and in the history of the shell. Better: regent join -');
  return await runJoin(joinPorts(options.token !== '-'), { ...options, token });
}

async function runLeaveCommand(argv: readonly string[]): Promise<number> {
  const options = parseLeaveOptions(argv);
  if (options === 'help') return help(LEAVE_HELP);
  if (isRejected(options)) {
    say(options.message);
    return 2;
  }
  if (!isRoot('regent leave')) return 1;
  return options.isUndo ? await runUndo(joinPorts(true), options) : await runLeave(joinPorts(true), options);
}

/** The other verbs of `regent cluster` are the API's. */
async function runClusterCommand([verb, ...argv]: readonly string[]): Promise<number> {
  if (verb !== 'recover') throw new AppError('usage', `cluster ${verb ?? ''} is not a command of this host`);
  const options = parseRecoverOptions(argv);
  if (options === 'help') return help(RECOVER_HELP);
  if (isRejected(options)) {
    say(options.message);
    return 2;
  }
  if (!isRoot('regent cluster recover')) return 1;
  const { ports, close } = recoverPorts();
  try {
    return await runRecover(ports, options);
  } finally {
    await close();
  }
}

async function runRestoreCommand(argv: readonly string[]): Promise<number> {
  const options = parseRestoreOptions(argv);
  if (options === 'help') return help(RESTORE_HELP);
  if (isRejected(options)) {
    say(options.message);
    return 2;
  }
  if (!isRoot('regent restore')) return 1;
  const { ports, close } = restorePorts();
  try {
    return await runRestore(ports, options);
  } finally {
    await close();
  }
}

async function runMigrate(argv: readonly string[]): Promise<number> {
  if (argv.some((argument) => argument === '-h' || argument === '--help')) return help(MIGRATE_HELP);
  const isCheck = argv.length === 1 && argv[0] === '--check';
  if (argv.length > 0 && !isCheck) {
    say('regent migrate: its one argument is --check. See: regent migrate --help');
    return 2;
  }
  const settings = settingsForMigrate();
  const db = openDatabase(readDatabase(settings), 'regent migrate');
  try {
    if (isCheck) return await reportFit(db);
    // A migration may take long; that nobody answers is known sooner.
    const reached = await db.read(async () => true, { deadlineMs: REACH_MS });
    const applied = isRejected(reached) ? reached : await applyMigrations(db);
    if (isRejected(applied)) {
      say(`regent migrate: ${applied.message}`);
      if (settings.get('DATABASE_URL') === undefined && applied.code === 'unavailable')
        say('Is there a primary? See: regent doctor; systemctl status patroni etcd haproxy');
      return 1;
    }
    for (const label of applied) process.stdout.write(`applied migration ${label}\n`);
    process.stdout.write(applied.length === 0 ? 'The schema is up to date.\n' : `${applied.length} applied.\n`);
    return 0;
  } finally {
    await db.close();
  }
}

/** `scripts/install` asks before it changes anything. */
async function reportFit(db: Database): Promise<number> {
  const refusal = await checkRelease(db, readMigrations());
  if (refusal === null) return 0;
  say(`regent migrate: ${refusal.message}`);
  return refusal.code === 'unavailable' ? 5 : 1;
}

function settingsForMigrate(): ProcessSettings {
  try {
    return readSettings();
  } catch (error) {
    const hint = process.getuid?.() === 0 ? '' : '. Run: sudo regent migrate';
    throw new AppError('configuration', `${sentenceOf(error)}${hint}`);
  }
}

async function runSupportCommand(argv: readonly string[]): Promise<number> {
  const options = parseSupportOptions(argv, Date.now());
  if (options === 'help') return help(SUPPORT_HELP);
  if (isRejected(options)) {
    say(options.message);
    return 2;
  }
  if (!isRoot('regent support-bundle --local')) return 1;
  return await writeLocalBundle(options, { clock: systemClock(), version: productVersion(), say });
}

function isRoot(command: string): boolean {
  if (process.getuid?.() === 0) return true;
  say(`${command}: it must run as root. Run: sudo ${command} …`);
  return false;
}

function help(text: string): number {
  process.stdout.write(text);
  return 0;
}

// Not when src/main/warm.ts loads it.
if (import.meta.main) process.exitCode = await main(process.argv.slice(2));
