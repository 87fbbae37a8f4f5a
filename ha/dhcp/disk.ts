import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { OwnerRecord } from './messages.ts';

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

/**
 * A file that is written durably beside the program's loop: a disk that is slow for a second must not make a program late that proves that a host
 * lives. Texts that come meanwhile are written after that, the last one alone.
 */
export class DurableFile {
  readonly #path: string;
  #next: string | null = null;
  #work: Promise<void> | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Something is not on the disk yet. */
  get isBusy(): boolean {
    return this.#work !== null;
  }

  /** Resolves when this text, or one that came after it, is on the disk; rejects with what the disk says. */
  write(text: string): Promise<void> {
    this.#next = text;
    this.#work ??= this.#run().finally(() => (this.#work = null));
    return this.#work;
  }

  async #run(): Promise<void> {
    const folder = dirname(this.#path);
    await mkdir(folder, { recursive: true, mode: 0o755 });
    while (this.#next !== null) {
      const text = this.#next;
      this.#next = null;
      const file = await open(`${this.#path}.new`, 'w', 0o644);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${this.#path}.new`, this.#path);
      const entry = await open(folder, 'r');
      try {
        await entry.sync();
      } finally {
        await entry.close();
      }
    }
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
