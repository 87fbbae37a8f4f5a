import { fork } from 'node:child_process';
import { type AddressInfo, connect, createServer, Server } from 'node:net';
import { AppError } from '../../core/errors.ts';
import { identify, isRunning } from '../process.ts';
import type { Forwarder } from '../state.ts';

const PORTS_TO_TRY = 50;

/** The name of the forwarder to the cluster's own address. No host is called so. */
export const VIP_FORWARDER = 'vip';
/** The name of the forwarder to the web UI at that address: it is served only over TLS. No host has this name. */
export const UI_FORWARDER = 'ui';

/** What is offered outside: an address and port as they are seen from a network namespace. `name`: in the state file and in messages. */
export interface ForwardTarget {
  readonly name: string;
  readonly netns: string;
  readonly address: string;
  readonly port: number;
}

/** What a forwarder is to do: offer the target on the outer 127.0.0.1, at `firstPort` or the next free one. */
export interface ForwardOrder {
  readonly target: ForwardTarget;
  readonly firstPort: number;
  /** Ports that are somebody else's, although nobody listens there now. */
  readonly except?: ReadonlySet<number>;
  /** The program that runs `serveForward` when it is called with the arguments `forward ADDRESS PORT`. */
  readonly program: string;
}

/**
 * Starts the process that offers a port of the lab outside. The listening socket is made here, in the machine's own network, and
 * handed to a process that lives in the lab's: what it accepts comes from outside, what it connects to is inside. So neither
 * network gets an address, a route or a rule.
 */
export async function startForwarder({ target, firstPort, except, program }: ForwardOrder): Promise<Forwarder> {
  const server = await listenFrom(firstPort, except);
  const port = portOf(server);
  const child = fork(program, ['forward', target.address, String(target.port)], {
    execPath: 'nsenter',
    execArgv: [`--net=/run/netns/${target.netns}`, '--', process.execPath],
    detached: true,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no answer within 10 s')), 10_000);
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
      child.once('message', () => {
        clearTimeout(timer);
        resolve();
      });
      child.send('listen', server);
    });
  } catch (cause) {
    child.kill('SIGKILL');
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError(
      'lab_forward',
      `The forwarder to ${target.name} did not start: ${why}. What to do: run sudo scripts/up again.`,
      { cause },
    );
  } finally {
    server.close();
  }
  child.removeAllListeners();
  child.disconnect();
  child.unref();
  const id = child.pid === undefined ? null : identify(child.pid);
  if (!id)
    throw new AppError(
      'lab_forward',
      `The forwarder to ${target.name} ended at once. What to do: run sudo scripts/up again.`,
    );
  return { ...id, host: target.name, port };
}

/** Does this forwarder still run? */
export const isForwarding = (forwarder: Forwarder): boolean => isRunning(forwarder);

async function listenFrom(first: number, except: ReadonlySet<number> = new Set()): Promise<Server> {
  for (let port = first; port < first + PORTS_TO_TRY; port += 1) {
    if (except.has(port)) continue;
    const server = await tryListen(port);
    if (server) return server;
  }
  throw new AppError(
    'lab_forward',
    `Ports ${first} to ${first + PORTS_TO_TRY - 1} of 127.0.0.1 are all taken. What to do: free one.`,
  );
}

function tryListen(port: number): Promise<Server | null> {
  const server = createServer({ pauseOnConnect: true });
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server));
  });
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string')
    throw new AppError('lab_forward', 'The listening socket has no port.');
  return address.port;
}

/** The forwarder process itself: takes the listening socket from its parent and serves until it is killed. */
export function serveForward(address: string, insidePort: number): void {
  process.on('SIGHUP', () => {});
  process.once('message', (_, handle) => {
    if (!(handle instanceof Server)) process.exit(1);
    handle.on('connection', (outside) => {
      const inside = connect({ port: insidePort, host: address, allowHalfOpen: true });
      const end = () => {
        outside.destroy();
        inside.destroy();
      };
      outside.on('error', end).on('close', end);
      inside.on('error', end).on('close', end);
      outside.pipe(inside);
      inside.pipe(outside);
    });
    process.send?.('serving');
  });
}
