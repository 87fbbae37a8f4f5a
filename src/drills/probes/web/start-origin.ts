import { once } from 'node:events';
import { join } from 'node:path';
import { endProgram, startProgram } from '../child/program.ts';

/** The program that serves as origin (`serveOrigin`): its arguments are ports, it prints `ready`. */
export const ORIGIN_PROGRAM = join(import.meta.dirname, 'origin-program.ts');

const START_MS = 20_000;

/** Starts an origin in a network namespace; it ends with `close` or with this process. Throws when it does not listen in time. */
export async function startOrigin(netns: string, port: number): Promise<{ close(): void }> {
  const child = startProgram({ netns, program: ORIGIN_PROGRAM, args: [String(port)] });
  try {
    await once(child.stdout, 'data', { signal: AbortSignal.timeout(START_MS) });
  } catch (cause) {
    endProgram(child);
    throw new Error(`no web server on port ${port} of ${netns} within ${START_MS / 1000} s`, { cause });
  }
  return { close: () => endProgram(child) };
}
