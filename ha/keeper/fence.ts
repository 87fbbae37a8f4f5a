import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { allPids, statOf } from '../kit/starved.ts';

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
  return allPids().filter((pid) => isOurs(pid, data));
}

/** Those that may be short of a processor: the postmaster and its processes, and none where one of them is stopped, since the others wait for that. */
export function awakeOf(data: string): number[] {
  const pids = processesOf(data);
  return pids.some(isPidStopped) ? [] : pids;
}

/** Is one of the postmaster's processes, or itself, stopped (SIGSTOP)? Then something will wait for it. */
export function isStopped(data: string): boolean {
  return processesOf(data).some(isPidStopped);
}

function isPidStopped(pid: number): boolean {
  return statOf(pid)?.state === 'T';
}

function processesOf(data: string): number[] {
  const pid = postmasterOf(data);
  if (pid === null) return [];
  const children = read(`/proc/${pid}/task/${pid}/children`)?.trim() ?? '';
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
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
  return pid > 0 && isOurs(pid, data) ? pid : null;
}

/** A server's working folder is its data folder. One that has ended and was not waited for (a zombie) has none. */
function isOurs(pid: number, data: string): boolean {
  if (statOf(pid)?.name !== NAME) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data;
  } catch {
    return false;
  }
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
