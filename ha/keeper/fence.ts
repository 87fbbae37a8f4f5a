import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { allPids, statOf } from '../kit/starved.ts';

const NAME = 'postgres';
const SWEEP_MS = 20;
const DEAD_WITHIN_MS = 5000;

/** Does a postmaster that is no standby work on this data folder? One that starts or stops counts; single-user mode does not. */
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

/** Processes that may lack a processor: the postmaster and its children. None if one of them is stopped, because the others wait for that one. */
export function awakeOf(data: string): number[] {
  const pids = processesOf(data);
  return pids.some(isPidStopped) ? [] : pids;
}

/** Is the postmaster, or one of its processes, stopped (SIGSTOP)? Then others will wait for it. */
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
 * Sends SIGKILL to all of them (SIGQUIT does not reach a stopped process), the postmaster first, and again until none is left. False: one is still
 * there after 5 s. The first round is done before this returns; it forks nothing.
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
  // Single-user mode writes a negative number. An old file may name a foreign process, or none.
  return pid > 0 && isOurs(pid, data) ? pid : null;
}

/** A server's working folder is its data folder. A process that has ended and was not waited for (a zombie) has none. */
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
