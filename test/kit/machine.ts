import { spawnSync } from 'node:child_process';

/** Of so many, the one in the middle: the first ones read their pages from the disk. */
const SPAWNS = 15;
/** A machine whose hypervisor makes a system call, a page and a process several times as dear takes so long for one, ms; a usual one 1 to 2. */
const SLOW_SPAWN_MS = 5;

/** How long this machine, at rest, takes to start and end the smallest program, ms. Blocks for a fraction of a second. */
export function spawnMs(): number {
  const took = Array.from({ length: SPAWNS }, () => {
    const start = performance.now();
    spawnSync('/bin/true');
    return performance.now() - start;
  });
  return took.toSorted((a, b) => a - b)[Math.floor(SPAWNS / 2)] ?? 0;
}

/** Is a process so dear here that a cluster's hosts, all on this one machine, have little left for anything else? Ask while nothing else runs. */
export function isSlowMachine(): boolean {
  return spawnMs() > SLOW_SPAWN_MS;
}
