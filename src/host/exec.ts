import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { sentenceOf } from '../core/errors.ts';
import type { ExecResult, ProcessCommand } from '../core/host-values.ts';
import { type Account, findUser } from './accounts.ts';
import { deadline } from './ask/deadline.ts';
import type { Program } from './ask/bmc/interface.ts';

/** Bytes stored of each output; the rest is read and dropped, so that a chatty daemon never blocks. */
const OUTPUT_LIMIT = 64 * 1024;
/** How long a background child may keep the pipes open after the command has ended. */
const DRAIN_MS = 300;
/** How long a killed process may take to end on a busy host: less than the slack of `helper-client.ts`. One in an uninterruptible wait survives SIGKILL. */
const DEATH_MS = 700;
/** setpriv(1): a privilege or the program could not be had. */
const NOT_EXECUTED = 127;
/** So that a process of the usual priority (0) gets nine times as much (sched(7), weights of nice values). */
const PATIENT_NICE = 10;
/** A folder in memory, not on a disk. */
const IN_MEMORY = '/dev/shm';
/** Nothing of our own environment (secrets, locale) reaches a command. */
const ENVIRONMENT = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', HOME: '/' };

/**
 * Runs a command without a shell, in a process group of its own that is killed at the time limit. Never throws: if the command cannot start, the
 * result has `failure`.
 */
export async function runCommand(command: ProcessCommand): Promise<ExecResult> {
  let account: Account | undefined;
  try {
    account = command.user === undefined ? undefined : await accountOf(command.user);
  } catch (error) {
    return notStarted(sentenceOf(error));
  }
  return await run(command, account);
}

/** Runs a program that talks to another device, as `runCommand` does. `Program` has its inputs beside argv. */
export async function runProgram({ files = [], ...program }: Program): Promise<ExecResult> {
  let texts: readonly FileHandle[] = [];
  try {
    texts = await openTexts(files);
    return await run({ ...program, descriptors: texts.map(({ fd }) => fd) }, undefined);
  } catch (error) {
    return notStarted(`what ${program.argv[0] ?? ''} needs could not be written: ${sentenceOf(error)}`);
  } finally {
    await Promise.all(texts.map((text) => text.close()));
  }
}

/** A command, and further inputs of a program; descriptors from 3 on. */
interface ProgramCommand extends ProcessCommand {
  readonly env?: Readonly<Record<string, string>>;
  readonly descriptors?: readonly number[];
}

/** An account to change to; undefined when this process is that user already. */
async function accountOf(user: string): Promise<Account | undefined> {
  const account = await findUser(user);
  return process.getuid?.() === account.uid ? undefined : account;
}

function run(command: ProgramCommand, account: Account | undefined): Promise<ExecResult> {
  return new Promise((resolve) => {
    const [program = ''] = command.argv;
    const [started = '', ...rest] = argvFor(command, account);
    let child: ChildProcess;
    try {
      child = spawn(started, rest, {
        detached: true,
        shell: false,
        cwd: '/',
        env: { ...ENVIRONMENT, ...command.env },
        // Descriptor 3 is the helper's listening socket under socket activation; no command may inherit it.
        stdio: ['pipe', 'pipe', 'pipe', ...(command.descriptors ?? ['ignore' as const])],
        ...(account && !needsSetpriv(command, account) ? { uid: account.uid, gid: account.gid } : {}),
      });
    } catch (error) {
      resolve(notStarted(`${program} could not be started: ${sentenceOf(error)}`));
      return;
    }
    if (command.isPatient) lowerPriority(child.pid);
    const stdout = collect(child.stdout);
    const stderr = collect(child.stderr);
    let timedOut = false;
    let ended: { code: number | null; signal: string | null } = { code: null, signal: null };
    let endDrain = () => {};
    const settle = (failure: string | null) => {
      cancel();
      endDrain();
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(judge({ ...ended, stdout: stdout(), stderr: stderr(), timedOut, failure }, program, started));
    };
    const cancel = deadline(command.timeoutMs, () => {
      timedOut = true;
      killGroup(child.pid);
      endDrain = deadline(DEATH_MS, () => settle(null));
    });
    child.on('error', (error) => settle(`${program} could not be started: ${sentenceOf(error)}`));
    child.on('exit', (code, signal) => {
      ended = { code, signal };
      cancel();
      endDrain();
      endDrain = deadline(DRAIN_MS, () => settle(null));
    });
    child.on('close', () => settle(null));
    child.stdin?.on('error', () => {});
    child.stdin?.end(command.stdin ?? '');
  });
}

function needsSetpriv({ right }: ProcessCommand, account: Account): boolean {
  return account.groups.length > 0 || right !== undefined;
}

/**
 * Node gives a child only the main group and no right, but a group may own a daemon's key, and nft needs CAP_NET_ADMIN. setpriv(1) gives it all groups,
 * and that right alone (an ambient one, capabilities(7)): without CAP_DAC_OVERRIDE it reads only what its user may read.
 */
function argvFor(command: ProcessCommand, account: Account | undefined): readonly string[] {
  if (account === undefined || !needsSetpriv(command, account)) return command.argv;
  const { uid, gid, groups } = account;
  const rights = command.right === undefined ? '-all' : `-all,+${command.right}`;
  return [
    '/usr/bin/setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups',
    `--inh-caps=${rights}`,
    `--ambient-caps=${rights}`,
    '--no-new-privs',
    '--',
    ...command.argv,
  ];
}

/** A command that setpriv could not start has not started. */
function judge(result: ExecResult, program: string, started: string): ExecResult {
  const { code, stderr } = result;
  const isOurs = started !== program && stderr.startsWith('setpriv: ');
  if (!isOurs || code !== NOT_EXECUTED) return result;
  return notStarted(`${program} could not be started: ${stderr.trim()}`);
}

/** Processes that it starts later inherit the lower priority. */
function lowerPriority(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    setPriority(pid, PATIENT_NICE);
  } catch {
    // It ended in the meantime.
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream?.on('data', (chunk: Buffer) => {
    if (size >= OUTPUT_LIMIT) return;
    const part = chunk.subarray(0, OUTPUT_LIMIT - size);
    chunks.push(part);
    size += part.length;
  });
  stream?.on('error', () => {});
  return () => Buffer.concat(chunks).toString('utf8');
}

function notStarted(failure: string): ExecResult {
  return { code: null, signal: null, stdout: '', stderr: '', timedOut: false, failure };
}

/** Opens each text as a file that no longer has a name. Only a process that gets the descriptor can read it. */
async function openTexts(texts: readonly string[]): Promise<readonly FileHandle[]> {
  const opened: FileHandle[] = [];
  try {
    for (const text of texts) {
      const path = `${IN_MEMORY}/regent-${randomBytes(12).toString('hex')}`;
      const file = await open(path, 'wx+', 0o600);
      opened.push(file);
      await unlink(path);
      await file.writeFile(text);
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map((file) => file.close()));
    throw error;
  }
}
