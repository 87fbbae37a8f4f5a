import type { Client } from '../contract/client.ts';
import type { GlobalOptions } from './global-options.ts';
import { checkKey, resolveContext } from './context/context.ts';
import { CliError, EXIT } from './exit.ts';
import { printable } from './format/escape.ts';
import type { CliIo } from './io.ts';

/** The region for commands: its address and the typed client. */
export type Region = { readonly url: string; readonly client: Client };

/** How long calls may take, ms. `refusedMs`: when to give up on a port without a listener. `timeoutMs`: of one try. */
export type Patience = { readonly deadlineMs: number; readonly timeoutMs?: number; readonly refusedMs: number };

/** A database failover takes seconds, and the region holds calls meanwhile. A closed port nearly always means that the region is down. */
const PATIENCE: Patience = { deadlineMs: 45_000, refusedMs: 3000 };

/** Resolves the context and makes the client; asks for the key on the terminal when there is none. */
export async function connect(io: CliIo, global: GlobalOptions, patience: Patience = PATIENCE): Promise<Region> {
  const context = await resolveContext(io, global);
  const apiKey = context.apiKey ?? (await askKey(io, context.url));
  // Only commands that make a client load its table of calls.
  const { createClient } = await import('../contract/client.ts');
  const state = { refusedSince: null as number | null, lastReason: '' };
  const client = createClient({
    url: context.url,
    others: context.others,
    apiKey,
    random: { fraction: io.fraction, hex: () => io.uuid() },
    deadlineMs: patience.deadlineMs,
    ...(patience.timeoutMs === undefined ? {} : { timeoutMs: patience.timeoutMs }),
    fetch: async (target, init = {}) => {
      const signal = init.signal ? AbortSignal.any([init.signal, io.interrupted]) : io.interrupted;
      const response = await io.fetch(target, { ...init, signal });
      state.refusedSince = null;
      return response;
    },
    now: io.monotonic,
    onRetry: (why) => {
      if (io.interrupted.aborted) return;
      state.refusedSince = why.includes('ECONNREFUSED') ? (state.refusedSince ?? io.monotonic()) : null;
      if (state.lastReason !== why)
        io.err.write(`regent: ${printable(context.url)}: ${printable(why.replace(/\.$/, ''))}; trying again\n`);
      state.lastReason = why;
    },
    sleep: async (ms) => {
      io.interrupted.throwIfAborted();
      if (state.refusedSince !== null && io.monotonic() + ms - state.refusedSince > patience.refusedMs)
        throw new RegionRefusedError(context.url);
      await io.sleep(ms, io.interrupted);
    },
  });
  return { url: context.url, client };
}

/** Nobody listens at the region's address. */
export class RegionRefusedError extends CliError {
  constructor(url: string) {
    super(EXIT.error, `Nothing listens at ${url}: the connection is refused.`, connectionHints());
    this.name = 'RegionRefusedError';
  }
}

/** Hints for the case that a region does not answer. */
export function connectionHints(): string[] {
  return [
    'Is the region up? In a checkout: scripts/lab status. On its host: systemctl status regent-regiond.',
    'Is it the right address? See --url, --context and REGENT_URL.',
  ];
}

async function askKey(io: CliIo, url: string): Promise<string> {
  const key = await io.askSecret(`API key for ${printable(url)}: `);
  if (key === null || key.trim() === '')
    throw new CliError(EXIT.error, `There is no API key for ${url}.`, [
      'Set REGENT_API_KEY, or REGENT_API_KEY_FILE to a file that holds it. There is no option for it: others can read a command line.',
    ]);
  return checkKey(key.trim(), 'the answer');
}
