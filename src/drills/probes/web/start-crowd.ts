import { once } from 'node:events';
import { join } from 'node:path';
import { readLines } from '../child/lines.ts';
import { endProgram, startProgram } from '../child/program.ts';

/** Callers who ask the same at once, each on a connection of its own, and ask again `pauseMs` after an answer or after `timeoutMs` without one. */
export interface Crowd {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly apiKey: string;
  readonly callers: number;
  readonly seconds: number;
  readonly timeoutMs: number;
  readonly pauseMs: number;
}

/** Calls with 200, and all others. */
export interface CrowdCount {
  readonly answered: number;
  readonly failed: number;
}

/** Longer than the crowd: its start, and its last calls. */
const MARGIN_MS = 20_000;

/** Lets a crowd call from a network namespace (null: where we are); back when it has gone. Throws when it did not go in time. */
export async function playCrowd(netns: string | null, crowd: Crowd): Promise<CrowdCount> {
  const child = startProgram({ netns, program: join(import.meta.dirname, 'crowd-program.ts') });
  try {
    const counted = new Promise<CrowdCount>((resolve) => readLines(child.stdout, resolve));
    // The key of the API is nobody's to read in a list of processes.
    child.stdin.write(`${JSON.stringify(crowd)}\n`);
    const limit = AbortSignal.timeout(crowd.seconds * 1000 + crowd.timeoutMs + MARGIN_MS);
    const early = once(child, 'exit', { signal: limit }).then(() => {
      throw new Error('the crowd of callers ended before its time');
    });
    return await Promise.race([counted, early]);
  } finally {
    endProgram(child);
  }
}
