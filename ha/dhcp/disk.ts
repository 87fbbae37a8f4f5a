import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { OwnerRecord } from './words.ts';

/** Writes a file so that after its return either the old or the new text is there, also when the power goes. Throws what the disk says. */
export function writeDurably(path: string, text: string): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = openSync(`${path}.new`, 'w', 0o644);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.new`, path);
  const entry = openSync(folder, 'r');
  try {
    fsyncSync(entry);
  } finally {
    closeSync(entry);
  }
}

/** Writes a file that lives in memory only (`/run`), whole or not at all. */
export function writeAtOnce(path: string, text: string): void {
  const file = openSync(`${path}.new`, 'w', 0o644);
  writeSync(file, text);
  closeSync(file);
  renameSync(`${path}.new`, path);
}

/** JSON of a file; null: it is not there. Throws for what is no JSON. */
export function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return JSON.parse(text);
}

/** A record as it stands in a file; null: it is none. */
export function recordOf(value: unknown): OwnerRecord | null {
  if (typeof value !== 'object' || value === null) return null;
  const { owner, epoch, isAlone, isWhole, isOrdered } = value as Record<string, unknown>;
  if (typeof owner !== 'string' || typeof epoch !== 'number' || !Number.isSafeInteger(epoch)) return null;
  if (typeof isAlone !== 'boolean' || typeof isWhole !== 'boolean' || typeof isOrdered !== 'boolean') return null;
  return { owner, epoch, isAlone, isWhole, isOrdered };
}
