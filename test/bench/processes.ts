import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../kit/until.ts';

const ROOT = join(import.meta.dirname, '../..');

/** A server under test, on the first core alone; the load comes from the other. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  /** ms from start to the first good answer of `readyPath`. */
  readonly startMs: number;
  stop(): Promise<void>;
}

/** What to start: a program of this checkout, Node's flags, where it answers when it is ready. */
export interface ServerOrder {
  readonly program: string;
  readonly flags?: readonly string[];
  readonly port: number;
  readonly readyPath: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Starts a program on one core and waits until it answers 200. */
export async function startServer(order: ServerOrder): Promise<Server> {
  const started = performance.now();
  const argv = ['-c', '0', process.execPath, ...(order.flags ?? []), join(ROOT, order.program)];
  const child = spawn('taskset', argv, {
    env: { ...process.env, ...order.env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${order.port}`;
  const isReady = async () => (await fetch(url + order.readyPath, { signal: AbortSignal.timeout(1000) })).ok;
  await until(`${order.program} is ready`, isReady, { deadlineMs: 20_000, everyMs: 5 });
  return { url, pid: child.pid ?? 0, startMs: performance.now() - started, stop: () => ended(child) };
}

/**
 * How a unit of ours starts its program, so that what is measured is what is installed: Node's flags, the program as one file, and the environment without
 * places of a host.
 */
export function unitStart(unit: string): Pick<ServerOrder, 'program' | 'flags' | 'env'> {
  const text = readFileSync(join(ROOT, 'systemd', unit), 'utf8');
  const words = /^ExecStart=\S+\/node (.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  const program = words.find((word) => word.endsWith('.mjs'))?.replace('/opt/regent/current/', '');
  if (program === undefined) throw new Error(`${unit} starts no program of ours`);
  const settings = /^Environment=(.*)$/m.exec(text)?.[1]?.split(' ') ?? [];
  const env = settings.filter((word) => !word.includes('/')).map((word) => word.split('=', 2));
  return { program, flags: words.filter((word) => word.startsWith('--')), env: Object.fromEntries(env) };
}

/** Makes the daemons as one file each, as a release has them. */
export async function buildDaemons(): Promise<void> {
  await runTime([process.execPath, 'scripts/build-daemons.mjs', 'dist']);
}

/** Resident memory of a process, MB. */
export function residentMb(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? Number.NaN) / 1024;
}

/** Runs a program to its end; ms. Throws when it fails. */
export function runTime(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const [program = '', ...rest] = argv;
    const child = spawn(program, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: ROOT,
    });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve(performance.now() - started) : reject(new Error(`${argv.join(' ')}: exit ${code}`)),
    );
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
