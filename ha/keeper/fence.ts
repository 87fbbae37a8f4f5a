import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const NAME = 'postgres';
const SWEEP_MS = 20;
const DEAD_WITHIN_MS = 5000;

/** Is a postmaster at work on this data folder that is no standby? One that starts or stops counts; a single user mode does not. */
export function isPrimary(data: string): boolean {
  const pid = postmasterOf(data);
  return pid !== null && !existsSync(`${data}/standby.signal`) && !existsSync(`${data}/recovery.signal`);
}

/** Processes whose postmaster has died: backends may go on without it. */
export function findOrphans(data: string): number[] {
  return postmasterOf(data) === null ? findProcesses(data) : [];
}

/** Every process of PostgreSQL that works in this data folder. */
export function findProcesses(data: string): number[] {
  const entries = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return entries.flatMap((entry) => (isOurs(entry, data) ? [Number(entry)] : []));
}

/** Is one of the postmaster's processes, or itself, stopped (SIGSTOP)? Then something will wait for it. */
export function isStopped(data: string): boolean {
  const pid = postmasterOf(data);
  if (pid === null) return false;
  const children = read(`/proc/${pid}/task/${pid}/children`) ?? '';
  return [String(pid), ...children.trim().split(' ')].some((entry) => statOf(entry)?.state === 'T');
}

/**
 * SIGKILL to all of them (SIGQUIT does not reach a stopped one), the postmaster first, again until none is left. False: one is still there
 * after 5 s. The first round is done before this returns; nothing is forked.
 */
export function endPostgres(data: string): Promise<boolean> {
  sweep(data);
  return (async () => {
    for (const end = performance.now() + DEAD_WITHIN_MS; performance.now() < end; ) {
      if (!sweep(data)) return true;
      await delay(SWEEP_MS);
    }
    return !sweep(data);
  })();
}

function sweep(data: string): boolean {
  const first = postmasterOf(data);
  const found = findProcesses(data);
  for (const pid of first === null ? found : [first, ...found]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
  return found.length > 0;
}

function postmasterOf(data: string): number | null {
  const pid = Number.parseInt(read(`${data}/postmaster.pid`) ?? '', 10);
  // A single user mode writes a negative number; an old file may name a stranger, or nobody.
  return pid > 0 && isOurs(String(pid), data) ? pid : null;
}

/** A server's working folder is its data folder. One that has ended and was not waited for (a zombie) has none. */
function isOurs(entry: string, data: string): boolean {
  if (statOf(entry)?.name !== NAME) return false;
  try {
    return readlinkSync(`/proc/${entry}/cwd`) === data;
  } catch {
    return false;
  }
}

function statOf(entry: string): { name: string; state: string } | null {
  const text = entry === '' ? null : read(`/proc/${entry}/stat`);
  if (text === null) return null;
  // The name stands in parentheses and may hold some itself.
  const [start, end] = [text.indexOf('('), text.lastIndexOf(')')];
  return { name: text.slice(start + 1, end), state: text.charAt(end + 2) };
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
