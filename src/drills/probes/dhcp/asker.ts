import { join } from 'node:path';
import { startLineAsker } from '../child/line-asker.ts';
import type { LeaseResult, LeaseRequest } from './machines.ts';

/** What a machine got: `address` null: no lease, and `why`. */
export type DhcpResult = LeaseResult;

/** Asks for leases from inside a network namespace, as any number of machines. */
export interface DhcpAsker {
  /** A machine without an address: discover, then request what is offered first. */
  lease(mac: string, options?: { readonly hostname?: string; readonly timeoutMs?: number }): Promise<DhcpResult>;
  /** A machine that goes on with the address that it had. */
  again(mac: string, address: string, timeoutMs?: number): Promise<DhcpResult>;
  /** Gives an address back; nobody answers that. */
  release(mac: string, address: string, server: string): Promise<void>;
  close(): void;
}

/** Starts the program in a network namespace (a name below /run/netns); it ends with `close` or with this process. */
export function startDhcpAsker(netns: string): DhcpAsker {
  const program = join(import.meta.dirname, 'program.ts');
  const none = { address: null, server: null, seconds: null, offered: [], why: 'no offer' } as const;
  const asker = startLineAsker<LeaseRequest, LeaseResult>({ netns, program }, none);
  const ask = (request: LeaseRequest) => asker.ask(request, request.timeoutMs + 5000);
  return {
    lease: (mac, { hostname, timeoutMs = 2000 } = {}) =>
      ask({ kind: 'new', mac, timeoutMs, ...(hostname === undefined ? {} : { hostname }) }),
    again: (mac, address, timeoutMs = 2000) => ask({ kind: 'again', mac, address, timeoutMs }),
    release: async (mac, address, server) => {
      await ask({ kind: 'release', mac, address, server, timeoutMs: 100 });
    },
    close: () => asker.close(),
  };
}
