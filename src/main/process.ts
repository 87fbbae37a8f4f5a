import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { parseConfFile } from '../core/conf-file.ts';
import { AppError, isRejected, sentenceOf } from '../core/errors.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import { type Liveness, startLiveness } from './systemd/liveness.ts';
import { openLog } from './log.ts';
import { type Notifier, openNotifier } from './systemd/notify.ts';

/** What a long-running process of ours gets from its surroundings; built once, passed down as arguments. */
export interface ProcessPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly settings: ProcessSettings;
  readonly liveness: Liveness;
  readonly notifier: Notifier;
  readonly version: string;
}

/** A started process: `stop` ends it orderly; it has STOP_DEADLINE_MS for that. */
export type Running = { stop(): Promise<void> };

const STOP_DEADLINE_MS = 10_000;
const CONF_PATH = '/etc/regent/regent.conf';

/** The machine's own time. */
export const systemClock = (): Clock => ({ now: () => Date.now(), monotonic: () => performance.now() });

/** The machine's own randomness. */
export function systemRandom(): Random {
  return { fraction: () => Math.random(), hex: (bytes) => randomBytes(bytes).toString('hex') };
}

/** Settings of a process: `REGENT_<KEY>` of the environment wins over the configuration file. Empty counts as unset. */
export interface ProcessSettings {
  get(key: string): string | undefined;
  getOr(key: string, fallback: string): string;
  /** `NODE_NAME`, else the host's name. */
  readonly nodeName: string;
}

/**
 * Reads `/etc/regent/regent.conf` (another path: environment `REGENT_CONF`); a missing file is an empty one. Throws AppError
 * `configuration` with file and line for a bad line, or when the file cannot be read.
 */
export function readSettings(environment: Readonly<Record<string, string | undefined>> = process.env): ProcessSettings {
  const values = readConf(environment['REGENT_CONF'] || CONF_PATH);
  const get = (key: string) => environment[`REGENT_${key}`] || values.get(key) || undefined;
  return { get, getOr: (key, fallback) => get(key) ?? fallback, nodeName: get('NODE_NAME') ?? hostname() };
}

function readConf(path: string): ReadonlyMap<string, string> {
  if (!existsSync(path)) return new Map();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new AppError('configuration', `${path} cannot be read by this user`, { cause: error });
  }
  const values = parseConfFile(path, text);
  if (isRejected(values)) throw new AppError('configuration', values.message);
  return values;
}

/** Version of the product: file `VERSION` beside `src` (written by a release), else package.json's. */
export function productVersion(root = join(import.meta.dirname, '..', '..')): string {
  const versionFile = join(root, 'VERSION');
  if (existsSync(versionFile)) return readFileSync(versionFile, 'utf8').trim();
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : '';
  return typeof version === 'string' ? version : '0.0.0';
}

/**
 * Runs a daemon: builds its ports, starts it, sends systemd READY=1 when `start` has resolved, stops it on SIGTERM and SIGINT
 * (a second signal or STOP_DEADLINE_MS ends it at once). A fault nobody handled ends the process with status 1:
 * systemd starts it again, which is safer than going on in an unknown state.
 */
export async function runDaemon(name: string, start: (ports: ProcessPorts) => Promise<Running>): Promise<void> {
  const settings = settingsOrExit();
  const { log, flush } = openLog({
    node: settings.nodeName,
    process: name,
    level: settings.getOr('LOG_LEVEL', 'info'),
  });
  const clock = systemClock();
  const notifier = openNotifier({ environment: process.env, log });
  const liveness = startLiveness({ clock, log, notifier, environment: process.env });
  const end = (status: number) => {
    flush();
    process.exit(status);
  };
  const fail = (message: string, error: unknown) => {
    log.error(message, { error: sentenceOf(error), stack: error instanceof Error ? error.stack : undefined });
    end(1);
  };
  process.on('uncaughtException', (error) => fail('uncaught exception, the process ends', error));
  process.on('unhandledRejection', (error) => fail('unhandled rejection, the process ends', error));
  // A reader that went away (journald restarted) must not end the process.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const ports = { clock, random: systemRandom(), log, settings, liveness, notifier, version: productVersion() };
  log.info('starting', { version: ports.version });
  try {
    const running = await stoppable(start(ports), { log, notifier, end });
    if (running === undefined) return;
    await notifier.ready();
    log.info('ready');
  } catch (error) {
    fail('the process could not start', error);
  }
}

/** Ends this process as a signal of its manager would: in order. systemd starts it again (`Restart=always`). */
export function endForRestart(): void {
  process.kill(process.pid, 'SIGTERM');
}

function settingsOrExit(): ProcessSettings {
  try {
    return readSettings();
  } catch (error) {
    process.stderr.write(`regent: ${sentenceOf(error)}\n`);
    process.exit(78);
  }
}

type StopPorts = { readonly log: Log; readonly notifier: Notifier; readonly end: (status: number) => void };

/** Waits for the start; a signal stops what has started by then. Resolves to undefined when stopping came first. */
async function stoppable(starting: Promise<Running>, ports: StopPorts): Promise<Running | undefined> {
  let isStopping = false;
  const stop = async (signal: string) => {
    if (isStopping) return ports.end(1);
    isStopping = true;
    ports.log.info('stopping', { signal });
    const guard = setTimeout(() => {
      ports.log.error('stopping took too long, the process ends', { deadlineMs: STOP_DEADLINE_MS });
      ports.end(1);
    }, STOP_DEADLINE_MS);
    try {
      await ports.notifier.stopping();
      await (await starting).stop();
      clearTimeout(guard);
      ports.log.info('stopped');
      ports.end(0);
    } catch (error) {
      ports.log.error('stopping failed', { error: sentenceOf(error) });
      ports.end(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
  const running = await starting;
  return isStopping ? undefined : running;
}
