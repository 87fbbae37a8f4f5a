import { readFileSync, statSync } from 'node:fs';
import { formatEpoch, parseEpoch } from '../../core/epoch.ts';
import { isRejected } from '../../core/errors.ts';

/** A change of the file is seen within this time, ms. */
const CHECK_MS = 1000;

/**
 * The epoch of the cluster as a file of this host has it (`services/dcs`): known also while the database is away. A cluster that was never recovered has no
 * such file, and is in its first epoch. Null: the file cannot be read.
 */
export function openEpoch(path: string, now: () => number = () => performance.now()): () => string | null {
  let [checkedAt, sign] = [-Infinity, '?'];
  let epoch: string | null = null;
  return () => {
    if (now() - checkedAt < CHECK_MS) return epoch;
    checkedAt = now();
    const info = statSync(path, { throwIfNoEntry: false });
    const seen = info === undefined ? '' : `${info.ino} ${info.mtimeMs} ${info.size}`;
    if (seen !== sign) {
      epoch = info === undefined ? formatEpoch([]) : readEpoch(path);
      // What cannot be read is tried again.
      sign = epoch === null ? '?' : seen;
    }
    return epoch;
  };
}

function readEpoch(path: string): string | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const text = typeof value === 'object' && value !== null && 'epoch' in value ? String(value.epoch) : '';
    return isRejected(parseEpoch(text)) ? null : text;
  } catch {
    return null;
  }
}
