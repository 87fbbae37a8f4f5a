import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { uptimeMs } from './host.ts';

/** In the keeper's own folder of /run, which other programs may read. */
const PROOF = '/run/regent-keeper/majority';
/**
 * The keeper asks every 0.2 s and hears after 5 to 20 ms. What is older says that it is gone, or that etcd is slow: then everybody asks. Not before
 * etcd takes 0.2 s: what is slow is not to be asked more for it. Whoever needs a proof of 0.6 s has it from his own question in time.
 */
const FRESH_MS = 400;
/** Of `/proc/uptime`. */
const STEP_MS = 10;

/*
 * The keeper reads from this host's etcd five times a second, and only a majority answers that. Whoever else needs to know asks only when the
 * keeper has not just heard it: a question costs etcd, its leader and their network more than anything else that a cluster at rest does.
 */

/** Says that this host's etcd has answered with its majority what was asked at `at` (`uptimeMs`). Where it cannot be said, the others ask. */
export function sayProof(at: number, path = PROOF): void {
  try {
    writeFileSync(`${path}.new`, `${at}\n`);
    renameSync(`${path}.new`, path);
  } catch {
    // It is no part of what the keeper must do.
  }
}

/** For how many ms at most it has been known that this host's etcd has its majority, from before it was asked; null: not from a question of just now. */
export function proofAge(path = PROOF): number | null {
  try {
    const age = uptimeMs() - Number.parseInt(readFileSync(path, 'utf8'), 10) + STEP_MS;
    return age >= 0 && age <= FRESH_MS ? age : null;
  } catch {
    return null;
  }
}
