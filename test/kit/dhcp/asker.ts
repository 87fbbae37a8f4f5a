import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Result, Wish } from './program.ts';

/** `address` null: no lease, and `why`. */
export type DhcpResult = Omit<Result, 'id'>;

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
  const child: ChildProcess = spawn('nsenter', [`--net=/run/netns/${netns}`, '--', process.execPath, program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const waiting = new Map<number, (result: Result) => void>();
  let count = 0;
  if (!child.stdout) throw new Error('the DHCP client has no output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const result = JSON.parse(line) as Result;
    waiting.get(result.id)?.(result);
    waiting.delete(result.id);
  });
  const ask = (wish: Omit<Wish, 'id'>): Promise<DhcpResult> => {
    count += 1;
    const id = count;
    return new Promise((resolve) => {
      // The client itself may be starved: an answer of ours comes in any case.
      const none = { address: null, seconds: null, offered: [], why: 'no offer' } as const;
      const timer = setTimeout(() => resolve(none), wish.timeoutMs + 5000);
      waiting.set(id, (result) => {
        clearTimeout(timer);
        resolve(result);
      });
      child.stdin?.write(`${JSON.stringify({ id, ...wish })}\n`);
    });
  };
  return {
    lease: (mac, { hostname, timeoutMs = 2000 } = {}) =>
      ask({ kind: 'new', mac, timeoutMs, ...(hostname === undefined ? {} : { hostname }) }),
    again: (mac, address, timeoutMs = 2000) => ask({ kind: 'again', mac, address, timeoutMs }),
    release: async (mac, address, server) => {
      await ask({ kind: 'release', mac, address, server, timeoutMs: 100 });
    },
    close: () => {
      child.stdin?.end();
      child.kill('SIGKILL');
    },
  };
}

/** The n-th MAC of a family: `52:54:<family>:…`. */
export function macOf(family: number, number: number): string {
  const bytes = [0x52, 0x54, family, (number >> 16) & 255, (number >> 8) & 255, number & 255];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
