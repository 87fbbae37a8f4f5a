import { chmod, unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { AppError, sentenceOf } from '../core/errors.ts';
import type { Log } from '../core/ports.ts';
import { deadline } from './ask/deadline.ts';
import { awaitChanges, performRequest } from './helper-operations.ts';
import type { Host } from './interface.ts';
import type { FolderWatch } from './observe/watched-folders.ts';
import type { HelperPolicy } from './policy.ts';
import { type HelperRequest, LineReader, LINE_LIMIT, parseRequest } from './protocol.ts';

const CONNECTIONS_MAX = 16;
/** The largest number of running requests. More wait, and beyond WAITING_MAX they are refused. */
const WORKING_MAX = 16;
const WAITING_MAX = 4096;
const DEADLINE_MAX_MS = 150_000;

/** Options of the helper. `listen`: a path of its own (mode 0660), or the descriptor from systemd. */
export interface HelperServerOptions {
  readonly host: Host;
  readonly policy: HelperPolicy;
  readonly watch: FolderWatch;
  readonly log: Log;
  readonly listen: { readonly path: string } | { readonly fd: number };
}

/** A listening helper. */
export interface HelperServer {
  /** Resolves when a request that came now would run: a proof that the helper is not stuck. */
  probe(): Promise<void>;
  close(): Promise<void>;
}

/** Where systemd's socket activation put the socket (sd_listen_fds(3)), null without it. */
export function activatedSocket(environment: Readonly<Record<string, string | undefined>>, pid: number): number | null {
  if (environment['LISTEN_PID'] !== String(pid)) return null;
  return Number(environment['LISTEN_FDS'] ?? 0) >= 1 ? 3 : null;
}

/** Serves the Host interface on a unix socket, within the policy. The socket's mode and group decide who may connect. */
export async function startHelperServer(options: HelperServerOptions): Promise<HelperServer> {
  const gate = openGate();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    serve(socket, options, gate);
  });
  server.maxConnections = CONNECTIONS_MAX;
  await listen(server, options.listen);
  return {
    probe: () => gate(async () => {}),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function listen(server: Server, where: HelperServerOptions['listen']): Promise<void> {
  if ('path' in where) await unlink(where.path).catch(() => {});
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, resolve);
  });
  if ('path' in where) await chmod(where.path, 0o660);
}

function serve(socket: Socket, options: HelperServerOptions, gate: Gate): void {
  const lines = new LineReader();
  const drop = (error: unknown) => {
    options.log.warn('a connection of the helper was dropped', { error: sentenceOf(error) });
    socket.destroy();
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    try {
      for (const line of lines.push(chunk)) void answer(parseRequest(line), socket, options, gate);
    } catch (error) {
      drop(error);
    }
  });
}

async function answer(request: HelperRequest, socket: Socket, options: HelperServerOptions, gate: Gate): Promise<void> {
  let response: object;
  try {
    const deadlineMs = Math.min(request.deadlineMs, DEADLINE_MAX_MS);
    const value = await within(deadlineMs, work(request, options, gate));
    response = { id: request.id, value: value ?? null };
  } catch (error) {
    const code = error instanceof AppError ? error.code : 'io';
    if (code === 'denied') options.log.warn('the helper refused a request', { op: request.op, why: sentenceOf(error) });
    response = { id: request.id, fault: { code, message: sentenceOf(error) } };
  }
  if (!socket.destroyed) socket.write(lineOf(request.id, response));
}

function work(request: HelperRequest, { host, policy, watch }: HelperServerOptions, gate: Gate): Promise<unknown> {
  const { op, ...rest } = request;
  if (op === 'changes') return awaitChanges(request, watch);
  return gate(() => performRequest({ op, ...rest }, host, policy));
}

function lineOf(id: number, response: object): string {
  const line = JSON.stringify(response);
  if (Buffer.byteLength(line) < LINE_LIMIT) return `${line}\n`;
  const message = `the answer is larger than ${LINE_LIMIT} bytes`;
  return `${JSON.stringify({ id, fault: { code: 'io', message } })}\n`;
}

function within<T>(deadlineMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new AppError('timeout', `the helper did not finish within ${deadlineMs} ms`));
    const cancel = deadline(deadlineMs, late);
    work.then(resolve, reject).finally(cancel);
  });
}

type Gate = <T>(work: () => Promise<T>) => Promise<T>;

/** Lets WORKING_MAX works run at once; the others wait in their order. */
function openGate(): Gate {
  let working = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (working >= WORKING_MAX) {
      if (waiting.length >= WAITING_MAX) throw new AppError('unreachable', 'the helper has too many requests');
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      working += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else working -= 1;
    }
  };
}
