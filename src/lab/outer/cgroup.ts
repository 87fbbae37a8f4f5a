import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const TOP = '/sys/fs/cgroup';

/** How the outer machine groups processes: `systemd` gives each host a scope, else the lab makes groups itself. */
export type CgroupStyle =
  | { readonly kind: 'systemd' }
  | { readonly kind: 'own'; readonly hierarchies: readonly string[] };

/** Inspects the machine: PID 1, cgroup v2 alone, or v1 with named hierarchies (with or without a v2 one beside). */
export function cgroupStyle(): CgroupStyle {
  if (existsSync('/run/systemd/system')) return { kind: 'systemd' };
  if (existsSync(`${TOP}/cgroup.controllers`)) return { kind: 'own', hierarchies: [TOP] };
  const wanted = ['systemd', 'unified', 'freezer', 'cpu'].map((name) => join(TOP, name));
  return { kind: 'own', hierarchies: wanted.filter((path) => existsSync(path)) };
}

/** What real-time processes of all labs may have of a second, and of one lab at the most, in microseconds. */
const ALL_LABS = 900_000;
const MOST_OF_A_LAB = 800_000;
/** Parts of its target that a lab tries, because other labs may have taken the rest. */
const PARTS = [1, 1 / 2, 1 / 4, 1 / 8];
const SECOND = 1_000_000;
/** A host that has used its share up waits for the next tenth of a second, not for the next second. */
const HOST_PERIOD = 100_000;
/** A region node's keeper, etcd and health program take 0.1 of two slow processors, and must never have to wait for the rest. */
const HOST_SHARE = 20_000;
const RUNTIME = 'cpu.rt_runtime_us';

/**
 * Makes the host's group in every hierarchy; returns the `cgroup.procs` files that a process must be written to. `among`: so many
 * hosts share the lab's real time, this one with them; 0: this one needs none.
 */
export function makeGroups(style: CgroupStyle, group: string, among: number): string[] {
  if (style.kind === 'systemd') return [];
  return style.hierarchies.map((hierarchy) => {
    const path = join(hierarchy, group);
    mkdirSync(path, { recursive: true });
    if (among > 0) allowRealtime(path, among);
    return join(path, 'cgroup.procs');
  });
}

/**
 * Where real-time processes are grouped (CONFIG_RT_GROUP_SCHED; Documentation/scheduler/sched-rt-group.rst of Linux) a new group may have none:
 * keepalived would be late, as it never is on a host of its own. Where that is not to be had, the lab goes on without.
 */
function allowRealtime(host: string, among: number): void {
  const lab = dirname(host);
  if (!existsSync(join(host, RUNTIME))) return;
  if (!mayTake(dirname(lab), SECOND, ALL_LABS)) return;
  const target = Math.min(MOST_OF_A_LAB, (among * HOST_SHARE * SECOND) / HOST_PERIOD);
  const has = runtimeOf(lab);
  const isMore = PARTS.some((part) => target * part > has && mayTake(lab, SECOND, target * part));
  // Where others have the rest, a lab that has grown shares what it had.
  if (!isMore && has === 0) return;
  const share = Math.min(HOST_SHARE, Math.floor((runtimeOf(lab) / SECOND / among) * HOST_PERIOD));
  // In a lab that has grown, those that were there before have more than theirs.
  for (const entry of readdirSync(lab, { withFileTypes: true })) {
    const path = join(lab, entry.name);
    if (entry.isDirectory() && runtimeOf(path) > share) mayTake(path, HOST_PERIOD, share);
  }
  mayTake(host, HOST_PERIOD, share);
}

/** An eighth of what a host has by default (1024 shares of version 1; 100 of version 2). */
const LOW_SHARES = 128;
export const LOW_WEIGHT = 13;

/** Lets a host's group have the processors after all others, while these want them. Where the kernel has no such shares, all are alike. */
export function lowerWeight(style: CgroupStyle, group: string): void {
  if (style.kind === 'systemd') return;
  for (const hierarchy of style.hierarchies) {
    for (const [file, value] of [
      ['cpu.shares', LOW_SHARES],
      ['cpu.weight', LOW_WEIGHT],
    ] as const) {
      const path = join(hierarchy, group, file);
      if (existsSync(path)) writeFileSync(path, String(value));
    }
  }
}

const runtimeOf = (path: string): number => Number(readFileSync(join(path, RUNTIME), 'utf8'));

function mayTake(path: string, period: number, share: number): boolean {
  try {
    writeFileSync(join(path, 'cpu.rt_period_us'), String(period));
    writeFileSync(join(path, RUNTIME), String(share));
    return true;
  } catch {
    return false;
  }
}

/** Stops or continues every process of a host at once. False if the machine has no freezer, or the host is off. */
export function freezeGroup(style: CgroupStyle, group: string, scope: string, isFrozen: boolean): boolean {
  const freezer = freezerOf(style, group, scope);
  if (!freezer) return false;
  writeFileSync(freezer.file, isFrozen ? freezer.frozen : freezer.thawed);
  return true;
}

/** Is a host stopped as a whole? */
export function isGroupFrozen(style: CgroupStyle, group: string, scope: string): boolean {
  const freezer = freezerOf(style, group, scope);
  return freezer !== null && !readFileSync(freezer.file, 'utf8').startsWith(freezer.thawed);
}

/** The file that freezes a group, and its values: cgroup v1's own hierarchy, else v2's file. Null if there is none. */
function freezerOf(style: CgroupStyle, group: string, scope: string) {
  const v1 = join(TOP, 'freezer', group, 'freezer.state');
  const v2 = style.kind === 'systemd' ? join(TOP, 'system.slice', `${scope}.scope`) : join(TOP, group);
  if (existsSync(v1)) return { file: v1, frozen: 'FROZEN', thawed: 'THAWED' };
  const file = join(v2, 'cgroup.freeze');
  return existsSync(file) ? { file, frozen: '1', thawed: '0' } : null;
}

/**
 * Removes a group and all below it, where no process is left in it, and the parents that became empty. False while the kernel
 * still counts a dying process: ask again.
 */
export function removeGroups(style: CgroupStyle, group: string): boolean {
  if (style.kind === 'systemd') return true;
  for (const hierarchy of style.hierarchies) {
    removeGroup(join(hierarchy, group));
    const parts = group.split('/');
    while (parts.length > 1) {
      parts.pop();
      tryRemove(join(hierarchy, ...parts));
    }
  }
  return style.hierarchies.every((hierarchy) => !existsSync(join(hierarchy, group)));
}

function removeGroup(path: string): void {
  if (!existsSync(path)) return;
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isDirectory()) removeGroup(join(path, entry.name));
  }
  tryRemove(path);
}

/** The kernel counts what a removed group may have for a while (its last references go later), and refuses it to the next one: so it is given back first. */
function tryRemove(path: string): void {
  try {
    const isEmpty = !readdirSync(path, { withFileTypes: true }).some((entry) => entry.isDirectory());
    if (isEmpty && existsSync(join(path, RUNTIME))) writeFileSync(join(path, RUNTIME), '0');
    rmdirSync(path);
  } catch {
    // Not empty, or gone: the next `down` checks again.
  }
}
