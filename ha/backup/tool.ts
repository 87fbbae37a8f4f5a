import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** The rendered configuration: store, keys, members; a restore has one of its own. */
export const CONF = process.env['PGBACKREST_CONFIG'] ?? '/etc/regent/backup/pgbackrest.conf';
export const DATA = '/var/lib/postgresql/17/regent';
export const BIN = '/usr/lib/postgresql/17/bin';
const STDOUT_MAX = 8 * 1024 * 1024;
const STDERR_MAX = 64 * 1024;
const SENTENCE_MAX = 600;

/** What came of a program. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly isLate: boolean;
}

/** Runs a program to its end, or to the deadline, at which it and what it started get SIGKILL. */
export function runProgram(
  argv: readonly string[],
  { timeoutMs, env = {}, stdin = '' }: { timeoutMs: number; env?: Readonly<Record<string, string>>; stdin?: string },
): Promise<Ended> {
  const [program = '', ...args] = argv;
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
      env: { PATH: '/usr/bin:/bin', LANG: 'C.UTF-8', PGBACKREST_CONFIG: CONF, ...env },
    });
    let [stdout, stderr, isLate] = ['', '', false];
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child.pid);
      // A process that hangs in the kernel (a dead network disk) cannot be ended: nobody waits for it.
      setTimeout(() => resolve({ code: null, stdout, stderr, isLate }), 2000).unref();
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < STDOUT_MAX) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < STDERR_MAX) stderr += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(stdin);
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ code: null, stdout, stderr: `ERROR: ${error.message}`, isLate });
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr, isLate });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}

/** Runs pgBackRest on the stanza of the cluster. */
export function pgbackrest(args: readonly string[], timeoutMs: number): Promise<Ended> {
  return runProgram(['/usr/bin/pgbackrest', '--stanza=regent', ...args], { timeoutMs });
}

/** What messages of pgBackRest mean for whoever set the target: pattern, clause. */
const REASONS = (
  JSON.parse(readFileSync(new URL('reasons.json', import.meta.url), 'utf8')) as readonly [string, string][]
).map(([pattern, clause]) => ({ pattern: new RegExp(pattern), clause }));

/** What a message of pgBackRest means, as a clause for people; null: that is not known. */
export function knownReason(message: string): string | null {
  for (const { pattern, clause } of REASONS) {
    const found = pattern.exec(message.replaceAll(/\s+/g, ' '));
    if (found !== null) return clause.replaceAll(/\$(\d)/g, (_, group: string) => found[Number(group)] ?? '');
  }
  return null;
}

/** Why it failed, as a sentence. */
export function reasonOf({ code, stderr, isLate }: Ended, timeoutMs: number): string {
  const message = /ERROR: (?:\[\d+\]: )?([\s\S]*?)(?=\n\S*(?:ERROR|WARN|INFO)|$)/.exec(stderr)?.[1] ?? '';
  const text = knownReason(message) ?? message.replaceAll(/\s+/g, ' ').trim().slice(0, SENTENCE_MAX);
  if (isLate) return `no end within ${Math.round(timeoutMs / 1000)} s${text === '' ? '' : `: ${text}`}`;
  return text === '' ? `pgBackRest ended with code ${code ?? 'none'}` : text;
}

/** A failure whose sentence an operator reads. */
export class TaskError extends Error {}

/** The output of a run that must succeed. */
export async function must(args: readonly string[], timeoutMs: number): Promise<string> {
  const ended = await pgbackrest(args, timeoutMs);
  if (ended.code !== 0) throw new TaskError(reasonOf(ended, timeoutMs));
  return ended.stdout;
}
