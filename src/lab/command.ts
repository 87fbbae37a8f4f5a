import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { AppError } from '../core/errors.ts';
import { endTree } from './process.ts';

/** How a command ended. `code` is null when it was ended at its deadline. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly isTimeout: boolean;
}

/** `timeoutMs` has no default: nothing waits without a deadline. */
export interface CommandOptions {
  readonly timeoutMs: number;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The child talks to our own terminal; `stdout` and `stderr` of the result are empty. */
  readonly isAttached?: boolean;
  /** Called for each line of standard error as it comes: progress of what takes long. */
  readonly onStderrLine?: (line: string) => void;
  /** The same of standard output. */
  readonly onStdoutLine?: (line: string) => void;
}

/** The environment of commands in hosts: nothing of the outer user's leaks in. */
export const CLEAN_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

const OUTPUT_LIMIT = 64 * 1024 * 1024;

/**
 * Runs a command to its end or its deadline; then it and all its descendants get SIGKILL, and the promise settles even when a
 * frozen one cannot die. Throws AppError `lab_command` only when the program cannot be started.
 */
export function run(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: '/',
      stdio: options.isAttached ? 'inherit' : ['pipe', 'pipe', 'pipe'],
      ...(options.env ? { env: { ...options.env } } : {}),
    });
    const output = collect(child);
    if (options.onStderrLine && child.stderr) createInterface({ input: child.stderr }).on('line', options.onStderrLine);
    if (options.onStdoutLine && child.stdout) createInterface({ input: child.stdout }).on('line', options.onStdoutLine);
    const finish = (code: number | null, isTimeout: boolean) => {
      clearTimeout(timer);
      resolve({ code, stdout: output.stdout(), stderr: output.stderr(), isTimeout });
    };
    const timer = setTimeout(() => {
      if (child.pid !== undefined) endTree(child.pid);
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
      finish(null, true);
    }, options.timeoutMs);
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(
        new AppError('lab_command', `Cannot start ${program}. What to do: run sudo scripts/up, which installs it.`, {
          cause,
        }),
      );
    });
    child.on('close', (code, signal) => finish(code ?? (signal ? 128 : 1), false));
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

function collect(child: ChildProcess): { stdout: () => string; stderr: () => string } {
  const gather = (stream: NodeJS.ReadableStream | null) => {
    const chunks: Buffer[] = [];
    let size = 0;
    stream?.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= OUTPUT_LIMIT) chunks.push(chunk);
    });
    return () => Buffer.concat(chunks).toString('utf8');
  };
  return { stdout: gather(child.stdout), stderr: gather(child.stderr) };
}

/** Runs a command that must succeed; returns its standard output. Throws AppError `lab_command` with its output otherwise. */
export async function must(argv: readonly string[], options: CommandOptions): Promise<string> {
  const result = await run(argv, options);
  if (result.code === 0) return result.stdout;
  const output = result.stderr.trim() || result.stdout.trim();
  const ended = result.isTimeout ? `did not end within ${options.timeoutMs / 1000} s` : `ended with ${result.code}`;
  throw new AppError('lab_command', `"${argv.join(' ')}" ${ended}${output ? `: ${output.slice(-2000)}` : ''}`);
}
