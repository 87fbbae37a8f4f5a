import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Layout } from '../layout.ts';
import { machineOf } from './machines.ts';
import { machineFolder } from './places.ts';

const POLL_MS = 200;
const CHUNK = 64 * 1024;

/** Control sequences of a terminal (ECMA-48): colours, places, titles; what else moves or rings; and the rest of a sequence at the end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches them.
const CONTROLS =
  /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b[ -/]*[0-Z^-~]|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** What a machine writes, as lines that can do nothing to a terminal. Line ends and tabs stay. */
export const plainText = (text: string): string => text.replaceAll(/\r+\n/g, '\n').replaceAll(CONTROLS, '');

/** Where a text can be cut so that no control sequence is cut: a started one waits for its rest. */
export function splitPlain(text: string): { readonly plain: string; readonly rest: string } {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches it.
  const at = /(?:\x1b(?:\[[0-?]*[ -/]*|\][^\x07\x1b]{0,200}|[ -/]*)?|\r+)$/.exec(text)?.index ?? text.length;
  return { plain: plainText(text.slice(0, at)), rest: text.slice(at) };
}

/**
 * Gives `onText` what a machine has written since it was switched on; with a signal it goes on until that is given, also over the next start. Throws
 * AppError `lab_machine` when there is no such machine.
 */
export async function readConsole(
  layout: Layout,
  name: string,
  onText: (text: string) => void,
  follow?: AbortSignal,
): Promise<void> {
  machineOf(layout, name);
  const file = `${machineFolder(layout, name)}/console.log`;
  let seen = { inode: 0, at: 0, rest: '' };
  for (;;) {
    seen = readFrom(file, seen, onText);
    if (follow === undefined || follow.aborted) break;
    await delay(POLL_MS);
  }
  onText(plainText(seen.rest));
}

type ConsolePosition = { readonly inode: number; readonly at: number; readonly rest: string };

/** What has come since. A file with another inode is that of the next start. */
function readFrom(path: string, seen: ConsolePosition, onText: (text: string) => void): ConsolePosition {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return seen;
  }
  try {
    const { ino, size } = fstatSync(file);
    let { at, rest } = ino === seen.inode && size >= seen.at ? seen : { at: 0, rest: '' };
    const bytes = Buffer.alloc(CHUNK);
    for (;;) {
      const count = readSync(file, bytes, 0, CHUNK, at);
      if (count === 0) return { inode: ino, at, rest };
      at += count;
      // Firmware and kernels write ASCII; what is more is one character per byte.
      const split = splitPlain(rest + bytes.toString('latin1', 0, count));
      onText(split.plain);
      rest = split.rest;
    }
  } finally {
    closeSync(file);
  }
}
