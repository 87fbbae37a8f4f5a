import { spawnSync } from 'node:child_process';

/** Of so many, the one in the middle: the first ones read their pages from the disk. */
const SPAWNS = 15;
/** What it takes on a usual machine that is not busy, ms: 1 to 2. */
const USUAL_SPAWN_MS = 2;
/** A machine whose hypervisor makes a system call, a page and a process several times as dear takes so long for one, ms. */
const SLOW_SPAWN_MS = 5;
/** Nothing is given more time than so many times what a usual machine has. */
const MOST_PATIENCE = 3;

/** How long this machine takes to start and end the smallest program, ms. Blocks for a fraction of a second. */
function spawnMs(): number {
  const took = Array.from({ length: SPAWNS }, () => {
    const start = performance.now();
    spawnSync('/bin/true');
    return performance.now() - start;
  });
  return took.toSorted((a, b) => a - b)[Math.floor(SPAWNS / 2)] ?? 0;
}

/** Measured when this file is loaded: in the process that runs all steps no host runs yet, in one that runs a file of tests others run beside it. */
const SPAWN_MS = spawnMs();

/** Is a process so dear here that a cluster's hosts, all on this one machine, have little left for anything else? */
export const IS_SLOW_MACHINE = SPAWN_MS > SLOW_SPAWN_MS;

const PATIENCE = Math.min(MOST_PATIENCE, Math.max(1, SPAWN_MS / USUAL_SPAWN_MS));

/** What a usual machine has done by a deadline a slow one, or a busy one, has by up to three times that, ms. How fast the product is is for drills to say. */
export function patient(deadlineMs: number): number {
  return Math.round(PATIENCE * deadlineMs);
}
