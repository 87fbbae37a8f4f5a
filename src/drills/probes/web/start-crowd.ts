import { join } from 'node:path';
import { startLineAsker } from '../child/line-asker.ts';

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
export type CrowdCount = { readonly answered: number; readonly failed: number };

/** Longer than the crowd: its start, and its last calls. */
const MARGIN_MS = 20_000;

/**
 * Lets a crowd call from a network namespace (null: where we are); back when it has gone. Counts nothing when it did not come back in time.
 */
export async function playCrowd(netns: string | null, crowd: Crowd): Promise<CrowdCount> {
  const program = join(import.meta.dirname, 'crowd-program.ts');
  const asker = startLineAsker<Crowd, CrowdCount>({ netns, program }, { answered: 0, failed: 0 });
  try {
    return await asker.ask(crowd, crowd.seconds * 1000 + crowd.timeoutMs + MARGIN_MS);
  } finally {
    asker.close();
  }
}
