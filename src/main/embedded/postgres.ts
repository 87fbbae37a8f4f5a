import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nativeFolder } from './native.ts';

/** PostgreSQL 17 from the npm package, for tests and `npm run dev`. Product hosts run Debian's. */
export interface EmbeddedPostgres {
  /** Folder of the unix socket (port 5432). */
  readonly socketFolder: string;
  /** TCP port on 127.0.0.1 if one was requested. */
  readonly port: number | null;
  readonly user: string;
  /** Pid of the postmaster, null when it does not run. */
  pid(): number | null;
  /** Starts it again after `kill` or `halt`; one that runs is restarted. */
  start(): Promise<void>;
  /** Sends a signal to the postmaster and all its children (what SIGSTOP and SIGKILL of the service mean). */
  kill(signal: NodeJS.Signals): void;
  /** Fast shutdown; the data stays. */
  halt(): Promise<void>;
  /** Ends it and removes its temporary folder (a folder that the caller gave stays). */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Where the data stays between runs; left out: a temporary folder that `stop` removes. */
  readonly folder?: string;
  /** Also listen on 127.0.0.1. */
  readonly port?: number;
  /** fsync. Off for tests: killed processes lose nothing, only a power cut would. */
  readonly isDurable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
}

/** PostgreSQL refuses to run as root; this user exists everywhere. */
const NOBODY = 65_534;
const PREFIX = 'regent-pg-';
const START_DEADLINE_MS = 30_000;
const USER = 'regent';

/**
 * Ends the server when this process is gone, however it ended: the guard's stdin is a pipe that only we hold. A line on it
 * means that we are alive and keep the folder. Arguments: folder to remove or empty, then the server's command.
 */
const GUARD = `folder=$1; shift
"$@" </dev/null & pid=$!
read -r _ && folder=
kill -INT $pid 2>/dev/null; wait $pid
[ -z "$folder" ] || rm -rf "$folder"`;

/** Makes a cluster if there is none, starts it, and waits until it answers. */
export async function startPostgres(options: EmbeddedOptions = {}): Promise<EmbeddedPostgres> {
  sweep();
  const isRoot = process.getuid?.() === 0;
  const owner = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const native = nativeFolder(isRoot);
  const home = options.folder ?? mkdtempSync(join(tmpdir(), PREFIX));
  mkdirSync(home, { recursive: true });
  if (isRoot) chownSync(home, NOBODY, NOBODY);
  chmodSync(home, 0o700);
  writeFileSync(join(home, 'owner'), ownerText(process.pid));
  const server = new Server({ home, native, owner, options });
  server.init();
  await server.start();
  return server;
}

interface Installation {
  readonly home: string;
  readonly native: string;
  readonly owner: { readonly uid?: number; readonly gid?: number };
  readonly options: EmbeddedOptions;
}

class Server implements EmbeddedPostgres {
  readonly user = USER;
  readonly port: number | null;
  readonly #installation: Installation;
  #guard: ChildProcess | null = null;
  #output = '';

  constructor(installation: Installation) {
    this.#installation = installation;
    this.port = installation.options.port ?? null;
  }

  get socketFolder(): string {
    return this.#installation.home;
  }

  get #data(): string {
    return join(this.#installation.home, 'data');
  }

  init(): void {
    if (existsSync(join(this.#data, 'PG_VERSION'))) return;
    rmSync(this.#data, { recursive: true, force: true });
    const args = [
      '-D',
      this.#data,
      '-U',
      USER,
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ];
    const options = {
      ...this.#installation.owner,
      cwd: '/',
      env: environment(this.#installation.native),
      timeout: 60_000,
    };
    const result = spawnSync(join(this.#installation.native, 'bin/initdb'), args, { ...options, encoding: 'utf8' });
    if (result.status !== 0) throw new Error(`initdb failed: ${result.error?.message ?? result.stderr}`);
  }

  async start(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    do {
      await this.#endLast();
      this.#launch();
      if (await this.#becomesReady(deadline)) return;
      // The children of a killed postmaster may still hold its memory for a moment.
      await sleep(50);
    } while (performance.now() < deadline);
    throw new Error(`PostgreSQL did not start within ${START_DEADLINE_MS / 1000} s: ${this.#output.slice(-2000)}`);
  }

  pid(): number | null {
    return postmasterOf(this.#installation.home);
  }

  kill(signal: NodeJS.Signals): void {
    const pid = this.pid();
    if (pid === null) return;
    const children = childrenOf(pid);
    for (const target of [pid, ...children]) signalQuietly(target, signal);
  }

  async halt(): Promise<void> {
    this.kill('SIGCONT');
    const pid = this.pid();
    if (pid !== null) signalQuietly(pid, 'SIGINT');
    if (!(await gone(this.#guard, 10_000, () => this.pid() === null))) this.kill('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.#endLast();
    if (this.#installation.options.folder === undefined)
      rmSync(this.#installation.home, { recursive: true, force: true });
  }

  /** The last server is over before the next one starts: its pid file would pass for the next one's, and its lock would refuse that. */
  async #endLast(): Promise<void> {
    this.#guard?.stdin?.end('keep\n');
    if (await gone(this.#guard, 5000, () => false)) return;
    this.kill('SIGKILL');
    await gone(this.#guard, 5000, () => false);
  }

  #launch(): void {
    const { native, home, options, owner } = this.#installation;
    const settings = {
      listen_addresses: options.port === undefined ? '' : '127.0.0.1',
      port: String(options.port ?? 5432),
      unix_socket_directories: home,
      fsync: options.isDurable ? 'on' : 'off',
      full_page_writes: options.isDurable ? 'on' : 'off',
      shared_buffers: '32MB',
      max_connections: '120',
      max_wal_size: '256MB',
      autovacuum_naptime: '10s',
      log_min_messages: 'fatal',
      ...options.settings,
    };
    const command = [join(native, 'bin/postgres'), '-D', this.#data];
    for (const [key, value] of Object.entries(settings)) command.push('-c', `${key}=${value}`);
    const folder = options.folder === undefined ? home : '';
    const guard = spawn('/bin/sh', ['-c', GUARD, 'sh', folder, ...command], {
      ...owner,
      cwd: '/',
      env: environment(native),
      stdio: ['pipe', 'ignore', 'pipe'],
      detached: true,
    });
    guard.stdin?.on('error', () => {});
    guard.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-8000);
    });
    guard.unref();
    this.#guard = guard;
  }

  /** The server writes its state into the last line of postmaster.pid. False: it has ended. */
  async #becomesReady(deadline: number): Promise<boolean> {
    const started = performance.now();
    while (performance.now() < deadline) {
      const lines = pidFile(this.#installation.home);
      if (this.pid() !== null && lines[7]?.trim() === 'ready') return true;
      if (performance.now() - started > 1000 && this.pid() === null) return false;
      await sleep(10);
    }
    return false;
  }
}

/** Removes what killed processes of ours have left behind: folders whose owner is dead. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(PREFIX)) continue;
    const home = join(tmpdir(), name);
    const owner = readQuietly(join(home, 'owner'));
    if (owner === null || owner === ownerText(Number(owner.split(' ')[0]))) continue;
    const pid = postmasterOf(home);
    if (pid !== null) for (const target of [...childrenOf(pid), pid]) signalQuietly(target, 'SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

/** Pid and start time: a later process with the same pid is another one. */
function ownerText(pid: number): string {
  const stat = readQuietly(`/proc/${pid}/stat`);
  return stat === null ? '' : `${pid} ${stat.slice(stat.lastIndexOf(')')).split(' ')[20]}`;
}

function pidFile(home: string): string[] {
  return readQuietly(join(home, 'data/postmaster.pid'))?.split('\n') ?? [];
}

/** The postmaster of this folder, only while it is alive and really ours. */
function postmasterOf(home: string): number | null {
  const pid = Number(pidFile(home)[0]);
  if (!Number.isInteger(pid) || pid <= 1) return null;
  const command = readQuietly(`/proc/${pid}/cmdline`);
  return command?.includes(join(home, 'data')) ? pid : null;
}

function childrenOf(pid: number): number[] {
  const list = readQuietly(`/proc/${pid}/task/${pid}/children`) ?? '';
  return list.split(' ').filter(Boolean).map(Number);
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It is gone already.
  }
}

function readQuietly(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

async function gone(guard: ChildProcess | null, limitMs: number, isEnough: () => boolean): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (isEnough() || guard === null || guard.exitCode !== null || guard.signalCode !== null) return true;
    await sleep(10);
  }
  return false;
}

function environment(native: string): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC', LD_LIBRARY_PATH: join(native, 'lib') };
}
