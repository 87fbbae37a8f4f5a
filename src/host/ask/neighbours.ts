import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRejected } from '../../core/errors.ts';
import { type Address, bitsOf, formatAddress, parseAddress } from '../../core/ip.ts';
import type { ExecResult, ProcessCommand } from '../../core/host-values.ts';

/** What a host on the wire answered: `mac` of whoever has the address, null: nobody answered in time. */
export interface Neighbour {
  readonly address: string;
  readonly mac: string | null;
}

/** Discard (RFC 863): what is sent there wants no answer. The kernel asks for the address's MAC (ARP, or neighbour discovery) before it sends. */
const DISCARD_PORT = 9;
/** How often the table of neighbours is read meanwhile, ms. */
const EVERY_MS = 200;
/** Longest that ip(8) may take, ms. */
const READ_MS = 500;
/** States without an answer (ip-neighbour(8)). */
const SILENT = ['FAILED', 'INCOMPLETE', 'NONE'];

/**
 * Which of these addresses does a host on this host's networks have? Needs no rights: the kernel asks, and its table
 * has the answer. An entry from before that the kernel has not asked again counts as an answer: a host with a firewall
 * answers only ARP. Ends within `timeoutMs` and one reading of the table.
 */
export async function askNeighbours(
  addresses: readonly string[],
  {
    timeoutMs,
    signal,
    run,
  }: {
    readonly timeoutMs: number;
    readonly signal: AbortSignal;
    readonly run: (command: ProcessCommand) => Promise<ExecResult>;
  },
): Promise<Neighbour[]> {
  const end = performance.now() + timeoutMs;
  await Promise.all(addresses.map(sendTo));
  for (;;) {
    await sleep(Math.max(1, Math.min(EVERY_MS, end - performance.now())), undefined, { signal });
    const found = await readTable(addresses, run);
    if (performance.now() >= end || found.every(({ mac }) => mac !== null)) return found;
  }
}

/** A datagram that nobody answers; where it cannot be sent, nobody is there. */
function sendTo(address: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const close = () => {
      socket.removeAllListeners('error');
      socket.on('error', () => {});
      socket.close(() => resolve());
    };
    socket.on('error', close);
    socket.send(Buffer.alloc(1), DISCARD_PORT, address, close);
  });
}

async function readTable(
  addresses: readonly string[],
  run: (command: ProcessCommand) => Promise<ExecResult>,
): Promise<Neighbour[]> {
  const argv = ['ip', '-json', 'neigh', 'show', 'to', networkAround(addresses)];
  const { stdout, code, failure } = await run({ argv, timeoutMs: READ_MS });
  if (code !== 0) throw new Error(`the table of neighbours cannot be read: ${failure ?? `ip ended with ${code}`}`);
  const macs = parseNeighbours(stdout);
  return addresses.map((address) => ({ address, mac: macs.get(address) ?? null }));
}

/** The smallest network that holds them all: a table of thousands of neighbours is not read whole. Pure. */
export function networkAround(texts: readonly string[]): string {
  const addresses = texts.map((text) => parseAddress(text)).filter((one): one is Address => !isRejected(one));
  const [first] = addresses;
  if (first === undefined) return 'all';
  const differing = addresses.reduce((bits, { value }) => bits | (value ^ first.value), 0n);
  const host = differing === 0n ? 0 : differing.toString(2).length;
  const value = (first.value >> BigInt(host)) << BigInt(host);
  return `${formatAddress({ family: first.family, value })}/${bitsOf(first.family) - host}`;
}

/** MAC addresses by address, of `ip -json neigh show`; those that did not answer are left out. Pure. */
export function parseNeighbours(text: string): ReadonlyMap<string, string> {
  const rows: unknown = text.trim() === '' ? [] : JSON.parse(text);
  const found = new Map<string, string>();
  for (const row of Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []) {
    const { dst, lladdr, state } = row;
    const states = Array.isArray(state) ? state : [];
    const isSilent = states.some((one) => SILENT.includes(String(one)));
    if (typeof dst === 'string' && typeof lladdr === 'string' && !isSilent) found.set(dst, lladdr.toLowerCase());
  }
  return found;
}
