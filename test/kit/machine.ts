import { spawnSync } from 'node:child_process';

/** Of so many, the one in the middle: the first ones read their pages from the disk. */
const SPAWNS = 15;
/** A machine whose hypervisor makes a system call, a page and a process several times as dear takes so long for one, ms; a usual one 1 to 2. */
const SLOW_SPAWN_MS = 5;

/** How long this machine takes to start and end the smallest program, ms. Blocks for a fraction of a second. */
function spawnMs(): number {
  const took = Array.from({ length: SPAWNS }, () => {
    const start = performance.now();
    spawnSync('/bin/true');
    return performance.now() - start;
  });
  return took.toSorted((a, b) => a - b)[Math.floor(SPAWNS / 2)] ?? 0;
}

/** Is a process so dear here that a cluster's hosts, all on this one machine, have little left for anything else? Measured when this file is loaded: no host runs yet. */
export const IS_SLOW_MACHINE = spawnMs() > SLOW_SPAWN_MS;

/** What a usual machine has done by a deadline a slow one has by three times that, ms. How fast the product is is for drills to say. */
export function patient(deadlineMs: number): number {
  return IS_SLOW_MACHINE ? 3 * deadlineMs : deadlineMs;
}
