import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '../contract/client.ts';
import { isRejected, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { realHost } from '../host/real.ts';
import type { MemberPorts } from '../join/member/ports.ts';
import type { BootstrapDatabase, HostPorts, InitPorts, RegionReadiness } from '../join/ports.ts';
import type { RecoverPorts } from '../join/recover/ports.ts';
import type { RestorePorts } from '../join/restore/ports.ts';
import { PORTS } from '../model/cluster/cluster.ts';
import { compileSite } from '../services/compile-node.ts';
import { SERVICES } from '../services/registry.ts';
import { type ConnectionSpec, serversOf } from '../store/connection.ts';
import { Database } from '../store/database.ts';
import { readMigrations } from '../store/migrate.ts';
import { bootstrapDatabase } from './region/bootstrap-database.ts';
import { recoveryDatabase } from './region/recovery-database.ts';
import { restoreDatabase } from './region/restore-database.ts';
import { isPlain, readDatabase } from './region/cluster-database.ts';
import { callRegion, tryConnect } from './calls/host-calls.ts';
import { productVersion, readSettings, type ProcessSettings, systemClock, systemRandom } from './process.ts';

const ASK_MS = 3000;

/** What every command of this host works with. */
export function hostPorts(): HostPorts {
  const random = systemRandom();
  const clock = systemClock();
  return {
    host: realHost(),
    hex: (bytes) => random.hex(bytes),
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms) => sleep(ms),
    say,
    show: (text) =>
      new Promise((resolve, reject) => process.stdout.write(text, (error) => (error ? reject(error) : resolve()))),
    uid: process.getuid?.() ?? -1,
    productRoot: realpathSync(join(import.meta.dirname, '..', '..')),
    version: productVersion(),
  };
}

/** The units read only the file; so these commands must not go by an environment that they will never see. */
export const unitSettings = (): ProcessSettings => readSettings({ REGENT_CONF: process.env['REGENT_CONF'] });

/** Ports of `regent init`, and the end of what they opened. `databaseUrl`: instead of the `DATABASE_URL` of regent.conf. */
export function initPorts(databaseUrl: string | null = null): {
  readonly ports: InitPorts;
  readonly close: () => Promise<void>;
} {
  const fileSettings = unitSettings();
  const settings = {
    get: (key: string) => (key === 'DATABASE_URL' ? (databaseUrl ?? fileSettings.get(key)) : fileSettings.get(key)),
  };
  const { database, close } = lateDatabase(settings);
  const ports: InitPorts = {
    ...hostPorts(),
    database,
    compile: compileSeed,
    askRegion,
    hasOwnDatabase: settings.get('DATABASE_URL') !== undefined,
    databaseUrl,
  };
  return { ports, close };
}

const compileSeed: InitPorts['compile'] = (seed, nodeId) => {
  const { versions, nodes } = compileSite(seed, SERVICES, new Map(), Date.now() / 1000);
  const node = nodes.get(nodeId);
  if (!node) throw new Error(`the seed has no node ${nodeId}`);
  const refusals = node.findings.filter(({ severity }) => severity === 'error').map(({ sentence }) => sentence);
  return { body: node.body, versions, refusals };
};

/** Ports of `regent cluster recover`, and the end of what they opened. */
export function recoverPorts(): { readonly ports: RecoverPorts; readonly close: () => Promise<void> } {
  let db: Database | null = null;
  // Opened when the database is back: the inspection of what is lost needs none.
  const open = () => recoveryDatabase((db ??= openDatabase(readDatabase(unitSettings()), 'regent cluster recover')));
  const ports: RecoverPorts = {
    ...hostPorts(),
    compile: compileSeed,
    connect: tryConnect,
    database: {
      readSite: (nodeId) => open().readSite(nodeId),
      migrate: () => open().migrate(),
      write: (rows) => open().write(rows),
    },
    askText: async (question) => (process.stdin.isTTY ? await askLine(question) : null),
    askReady,
  };
  return { ports, close: async () => await db?.close(0) };
}

/** Ports of `regent restore`, and the end of what they opened. */
export function restorePorts(): { readonly ports: RestorePorts; readonly close: () => Promise<void> } {
  const init = initPorts();
  let db: Database | null = null;
  const open = () => restoreDatabase((db ??= openDatabase(readDatabase(unitSettings()), 'regent restore')));
  const ports: RestorePorts = {
    ...init.ports,
    connect: tryConnect,
    restored: { readSite: (nodeId) => open().readSite(nodeId), write: (rows) => open().write(rows) },
    askText: async (question) => (process.stdin.isTTY ? await askLine(question) : null),
    askReady,
    readInput: async () => readFileSync(0, 'utf8'),
    migrations: readMigrations().length,
  };
  return {
    ports,
    close: async () => {
      await db?.close(0);
      await init.close();
    },
  };
}

/** By haproxy of this host, which knows only the region by now. */
async function askReady(): Promise<string | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${PORTS.http}/health/ready`, { signal: AbortSignal.timeout(ASK_MS) });
    return answer.ok ? null : `the region of this host is not ready: ${answer.status}`;
  } catch (error) {
    return `the region of this host does not answer: ${sentenceOf(error)}`;
  }
}

/** Ports of `regent join` and `regent leave`. `mayAsk`: standard input is a person's, not the token's. */
export function joinPorts(mayAsk: boolean): MemberPorts {
  return {
    ...hostPorts(),
    call: callRegion,
    connect: tryConnect,
    askDatabase,
    newRackKey: () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    confirm: async (question) => !mayAsk || !process.stdin.isTTY || (await ask(question)),
  };
}

/** A file that its URLs name may still be missing: also a reason. */
async function askDatabase(): Promise<string | null> {
  try {
    const db = openDatabase(readDatabase(unitSettings()), 'regent join');
    try {
      const answer = await db.read(async () => true, { deadlineMs: ASK_MS });
      return isRejected(answer) ? answer.message : null;
    } finally {
      await db.close(0);
    }
  } catch (error) {
    return sentenceOf(error);
  }
}

async function ask(question: string): Promise<boolean> {
  return /^y(es)?$/i.test((await askLine(`${question} [y/N] `)).trim());
}

async function askLine(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await terminal.question(question);
  } finally {
    terminal.close();
  }
}

/** A database by the settings of this host. */
export function openDatabase(connection: ConnectionSpec, name: string): Database {
  return new Database({
    connection,
    name,
    clock: systemClock(),
    random: systemRandom(),
    log: stderrLog(),
    poolSize: 2,
  });
}

/** Where the database is, and by which password, is known only when init has written it: it is opened at the first call. */
function lateDatabase(settings: Pick<ProcessSettings, 'get'>): {
  readonly database: BootstrapDatabase;
  readonly close: () => Promise<void>;
} {
  let opened: { readonly db: Database; readonly database: BootstrapDatabase } | null = null;
  const open = (): BootstrapDatabase => {
    if (opened === null) {
      const connection = readDatabase(settings);
      const db = openDatabase(connection, 'regent init');
      opened = { db, database: bootstrapDatabase(db, serversOf(connection).some(isPlain)) };
    }
    return opened.database;
  };
  return {
    database: {
      readSite: async () => await open().readSite(),
      migrate: async () => await open().migrate(),
      writeSite: async (rows) => await open().writeSite(rows),
      writeCluster: async (nodeId, rows) => await open().writeCluster(nodeId, rows),
      writeCredential: async (nodeId, digest) => await open().writeCredential(nodeId, digest),
      replaceKey: async (key) => await open().replaceKey(key),
    },
    close: async () => await opened?.db.close(),
  };
}

async function askRegion(url: string, apiKey: string): Promise<RegionReadiness> {
  const client = createClient({ url, apiKey, random: systemRandom(), timeoutMs: ASK_MS, deadlineMs: ASK_MS });
  try {
    const { body } = await client.call('status.show', {});
    return { isReady: body.state === 'ok', why: body.summary };
  } catch (error) {
    return { isReady: false, why: sentenceOf(error) };
  }
}

/** A line for people; stdout belongs to results. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Warnings of the store for people. */
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
