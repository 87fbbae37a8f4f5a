import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { uptimeMs } from './host.ts';

/** The file is in the keeper's own folder of /run; other programs may read it. */
const PROOF = '/run/regent-keeper/majority';
/**
 * The keeper asks every 0.2 s and hears after 5 to 20 ms. An older proof shows that the keeper is gone or etcd is slow; then every program asks for
 * itself. That does not begin before etcd takes 0.2 s, because more questions would not help a slow etcd. A program that needs a proof of 0.6 s still
 * gets its own answer in time.
 */
const FRESH_MS = 400;
/** Of `/proc/uptime`. */
const STEP_MS = 10;

/*
 * The keeper reads from this host's etcd five times a second, and only a majority answers that. Other programs ask only if the keeper has not just
 * had that answer: in a cluster at rest these questions cost etcd, its leader and the network more than anything else.
 */

/**
 * Notes that this host's etcd has answered with its majority a question of `at` (`uptimeMs`). If the note cannot be written, other programs ask for
 * themselves.
 */
export function sayProof(at: number, path = PROOF): void {
  try {
    writeFileSync(`${path}.new`, `${at}\n`);
    renameSync(`${path}.new`, path);
  } catch {
    // The keeper works without it.
  }
}

/** How old (ms) the newest proof is that this host's etcd has its majority, counted from before the question; null: there is no recent proof. */
export function proofAge(path = PROOF): number | null {
  try {
    const age = uptimeMs() - Number.parseInt(readFileSync(path, 'utf8'), 10) + STEP_MS;
    return age >= 0 && age <= FRESH_MS ? age : null;
  } catch {
    return null;
  }
}
