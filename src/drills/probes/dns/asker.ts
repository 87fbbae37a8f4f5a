import { join } from 'node:path';
import { startLineAsker } from '../child/line-asker.ts';
import type { DnsAnswer, DnsQuestion } from './ask.ts';

/** Asks DNS questions from inside a network namespace. */
export type DnsAsker = { ask(name: string, type: string, timeoutMs?: number): Promise<DnsAnswer>; close(): void };

/** Starts a DNS client in a network namespace (a name below /run/netns); it ends with `close` or with this process. */
export function startDnsAsker(netns: string | null, server: string): DnsAsker {
  const program = join(import.meta.dirname, 'program.ts');
  const none = { rcode: 'timeout', data: [] };
  const asker = startLineAsker<DnsQuestion, DnsAnswer>({ netns, program }, none);
  return {
    ask: (name, type, timeoutMs = 500) => asker.ask({ name, type, server, timeoutMs }, timeoutMs + 2000),
    close: () => asker.close(),
  };
}
