import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import { deadline } from './deadline.ts';

/** The result for an address. `port`: the one that answered; `ms`: time until then; `why`: '' if it is reachable. */
export interface Reach {
  readonly isReachable: boolean;
  readonly way: 'connected' | 'refused' | 'rmcp' | null;
  readonly port: number | null;
  readonly ms: number | null;
  readonly why: string;
}

/**
 * Ports on which BMCs accept connections: Redfish and web pages, ssh, IPMI over TCP. A refusal is also a sign of life.
 */
const BMC_PORTS = [443, 80, 22, 623] as const;
const RMCP_PORT = 623;
/** ASF presence ping over RMCP (IPMI 2.0 §13.2.3): every BMC with IPMI answers it, without a session. */
const RMCP_PING = Buffer.from('0600ff06000011be80000000', 'hex');
/** A datagram may be lost. */
const PING_EVERY_MS = 700;

type Sign = { readonly way: NonNullable<Reach['way']>; readonly port: number };

/**
 * Is an address reachable from this host? With `port`: does it accept a TCP connection? Without: is there any sign of life on a BMC's ports? The
 * first one counts. Needs no rights and no process. Ends within `timeoutMs`; `signal` ends it earlier, as unreachable.
 */
export async function reach(
  address: string,
  port: number | null,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Reach> {
  const attempts = (end: AbortSignal) =>
    port === null
      ? [...BMC_PORTS.map((each) => knock(address, each, end)), pingBmc(address, end)]
      : [knock(address, port, end)];
  const startedAt = performance.now();
  const found = await firstSign(attempts, timeoutMs, signal);
  const ms = Math.round((performance.now() - startedAt) * 10) / 10;
  if (typeof found === 'string') return { isReachable: false, way: null, port: null, ms: null, why: found };
  const isClosed = port !== null && found.way === 'refused';
  return { isReachable: !isClosed, ...found, ms, why: isClosed ? `it answers, but refuses TCP port ${port}` : '' };
}

/**
 * The first sign of life of several attempts, or why there is none: all have failed, the time is over, or `signal` has ended it. Then the other
 * attempts end.
 */
export async function firstSign(
  attempts: (end: AbortSignal) => readonly Promise<Sign>[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Sign | string> {
  if (signal.aborted) return ENDED;
  const over = new AbortController();
  const late = Promise.withResolvers<string>();
  const cancel = deadline(timeoutMs, () => late.resolve(`no answer within ${(timeoutMs / 1000).toFixed(1)} s`));
  signal.addEventListener('abort', () => late.resolve(ENDED), { once: true, signal: over.signal });
  try {
    return await Promise.race([late.promise, firstOf(attempts(over.signal))]);
  } finally {
    cancel();
    over.abort();
  }
}

const ENDED = 'the query was cancelled';

/** The first sign of life, or why there is none when all have failed. */
async function firstOf(tries: readonly Promise<Sign>[]): Promise<Sign | string> {
  try {
    return await Promise.any(tries);
  } catch (error) {
    const reasons = error instanceof AggregateError ? error.errors.map(reasonOf) : [reasonOf(error)];
    return [...new Set(reasons)].join(', ');
  }
}

/** The kernel's code for a failed connection. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === 'EHOSTUNREACH') return 'no host has the address (EHOSTUNREACH)';
  if (code === 'ENETUNREACH') return 'there is no route to the network (ENETUNREACH)';
  return code === '' ? 'it failed' : code;
}

function knock(address: string, port: number, signal: AbortSignal): Promise<Sign> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port });
    const end = () => socket.destroy();
    signal.addEventListener('abort', end, { once: true });
    socket.once('connect', () => resolve({ way: 'connected', port }));
    socket.once('error', (error) => {
      if ('code' in error && error.code === 'ECONNREFUSED') resolve({ way: 'refused', port });
      else reject(error);
    });
    // After the end nobody listens for its errors.
    socket.on('error', () => {});
  });
}

/** Asks a BMC for a sign of life by an RMCP ping. It stays pending without an answer, until `signal` ends it. */
export function pingBmc(address: string, signal: AbortSignal, port: number = RMCP_PORT): Promise<Sign> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const send = () => socket.send(RMCP_PING, () => {});
    const timer = setInterval(send, PING_EVERY_MS);
    const end = () => {
      clearInterval(timer);
      socket.close();
    };
    signal.addEventListener('abort', end, { once: true });
    socket.on('error', (error) => {
      if ('code' in error && error.code === 'ECONNREFUSED') resolve({ way: 'refused', port });
      else reject(error);
    });
    // RMCP, class ASF, a presence pong.
    socket.on('message', (data) => {
      if (data[0] === 6 && data[3] === 6 && data[8] === 0x40) resolve({ way: 'rmcp', port });
    });
    socket.on('connect', send);
    socket.connect(port, address);
  });
}
