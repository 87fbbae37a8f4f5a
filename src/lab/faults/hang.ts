import { readFileSync } from 'node:fs';
import { AppError } from '../../core/errors.ts';
import { cgroupStyle, freezeGroup, isGroupFrozen } from '../outer/cgroup.ts';
import { execHost } from '../exec.ts';
import { findNspawn } from '../host.ts';
import type { Layout } from '../layout.ts';
import { type ProcessFacts, signal, treeOf } from '../process.ts';
import { placeOf } from '../lab.ts';
import { needState } from '../state.ts';
import { emptyDisks } from './fill.ts';
import { healNetwork } from './network.ts';

/** SIGSTOP to every process of a unit: it hangs as a daemon does that no longer answers. Again: harmless. */
export async function pauseUnit(layout: Layout, host: string, unit: string): Promise<void> {
  const argv = ['systemctl', 'kill', '--kill-whom=all', '--signal=SIGSTOP', unit];
  const result = await execHost(layout, host, argv, { timeoutMs: 10_000 });
  if (result.code === 0) return;
  const reason = result.isTimeout ? 'systemctl did not answer within 10 s' : result.stderr.trim();
  throw new AppError(
    'lab_unit',
    `SIGSTOP to ${unit} in ${host}: ${reason}. What to do: scripts/lab exec ${host} -- systemctl list-units`,
  );
}

/**
 * SIGCONT to the stopped processes of a host, or of one of its units, from outside: what hangs there may be what a command inside
 * would need. Again, or in a host that is off: harmless.
 */
export function resumeUnits(layout: Layout, host: string, unit?: string): void {
  const name = unit === undefined || unit.includes('.') ? unit : `${unit}.service`;
  for (const item of stoppedIn(layout, host)) {
    if (name === undefined || unitOf(item.pid) === name) signal(item, 'SIGCONT');
  }
}

/** Units of a host whose processes are stopped. */
export function pausedUnits(layout: Layout, host: string): string[] {
  return [...new Set(stoppedIn(layout, host).map((item) => unitOf(item.pid)))].toSorted();
}

function stoppedIn(layout: Layout, host: string): ProcessFacts[] {
  return findNspawn(layout, host).flatMap((nspawn) => treeOf(nspawn.pid).filter((item) => item.state === 'T'));
}

/** The last unit in a process's cgroup path, as systemd inside made it; else the process's number. */
function unitOf(pid: number): string {
  try {
    const parts = readFileSync(`/proc/${pid}/cgroup`, 'utf8').split(/[/\n]/);
    return parts.findLast((part) => /\.(service|scope|socket|mount)$/.test(part)) ?? `process ${pid}`;
  } catch {
    return `process ${pid}`;
  }
}

/** Stops, or continues, every process of a host at once, its init included: a machine that hangs. Commands in it then time out. */
export function setHostFrozen(layout: Layout, host: string, isFrozen: boolean): void {
  if (freezeGroup(cgroupStyle(), layout.cgroup(host), layout.machineName(host), isFrozen) || !isFrozen) return;
  throw new AppError(
    'lab_host',
    `This machine has no freezer for ${host}, or it is off. What to do: scripts/lab pause ${host} UNIT stops one unit.`,
  );
}

/** Is the host stopped as a whole? */
export function isHostFrozen(layout: Layout, host: string): boolean {
  return isGroupFrozen(cgroupStyle(), layout.cgroup(host), layout.machineName(host));
}

/**
 * Takes every fault of a host away, or of all hosts: cables, losses, partitions, what hangs, what is full. What is dead stays dead:
 * that is `start`. Does all of it whatever is known, so it also heals what a killed command left.
 */
export async function heal(layout: Layout, host?: string): Promise<void> {
  const hosts = host === undefined ? needState(layout).topology.hosts : [placeOf(layout, host).host];
  await healNetwork(layout, host);
  for (const item of hosts) {
    setHostFrozen(layout, item.name, false);
    resumeUnits(layout, item.name);
    emptyDisks(layout, item);
  }
}
