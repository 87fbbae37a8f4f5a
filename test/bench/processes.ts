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

/** Starts a program from source on one core and waits until it answers 200. */
export async function startServer(
  program: string,
  port: number,
  readyPath: string,
  env: Readonly<Record<string, string>>,
): Promise<Server> {
  const started = performance.now();
  const child = spawn('taskset', ['-c', '0', process.execPath, join(ROOT, program)], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const url = `http://127.0.0.1:${port}`;
  await until(
    `${program} is ready`,
    async () => (await fetch(url + readyPath, { signal: AbortSignal.timeout(1000) })).ok,
    { deadlineMs: 20_000, everyMs: 5 },
  );
  return { url, pid: child.pid ?? 0, startMs: performance.now() - started, stop: () => ended(child) };
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
