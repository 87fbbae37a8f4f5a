import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { TestIdentity } from './pki.ts';

/** A call as a region saw it. `node`: common name of the caller's certificate. */
export interface SeenCall {
  readonly method: string;
  readonly path: string;
  readonly node: string;
  readonly serial: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** The agent port of a region, of which a test decides what it answers. */
export interface SecureRegion {
  readonly port: number;
  readonly seen: SeenCall[];
  /** Answers POST calls, and pulls when it gives something; a pull that gets nothing waits. */
  answer: (call: SeenCall) => { readonly status: number; readonly body?: unknown } | null;
  /** What it tells of the epoch of its cluster; undefined: nothing, as an earlier release. */
  epoch?: string;
  /** Takes connections and calls and says nothing at all, as a process that was stopped. */
  freeze(isFrozen: boolean): void;
  /** From now on it hears nothing on the connections that are open, without a word; new ones are well. */
  halfOpen(): void;
  down(): Promise<void>;
  up(): Promise<void>;
}

/** Starts a region on an address; `port` 0: any. It takes certificates of its authority alone. */
export async function startSecureRegion(identity: TestIdentity, address: string, port = 0): Promise<SecureRegion> {
  const sockets = new Set<Duplex>();
  const secured = new Set<Duplex>();
  const deaf = new WeakSet<Duplex>();
  const seen: SeenCall[] = [];
  let isFrozen = false;
  let server: Server | null = null;

  const take = (request: IncomingMessage, response: ServerResponse, body: unknown) => {
    const { subject, serialNumber } = (request.socket as TLSSocket).getPeerCertificate();
    const { authorization } = request.headers;
    const [path = ''] = (request.url ?? '').split('?');
    const call = {
      method: request.method ?? '',
      path,
      node: String(subject?.CN),
      serial: serialNumber,
      authorization,
      body,
    };
    if (isFrozen || deaf.has(request.socket)) return;
    if (path.startsWith('/health/')) return void response.end('{}');
    seen.push(call);
    const answer = region.answer(call);
    if (answer === null) return;
    response.statusCode = answer.status;
    if (region.epoch !== undefined) response.setHeader('regent-epoch', region.epoch);
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  };

  const up = async () => {
    const { certificate: cert, key, authority: ca } = identity;
    const started = createServer(
      { cert, key, ca, requestCert: true, rejectUnauthorized: true },
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8');
          take(request, response, text === '' ? null : (JSON.parse(text) as unknown));
        });
      },
    );
    started.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      // A stopped process does not read: no TLS begins.
      if (isFrozen) socket.pause();
    });
    // As regiond's.
    started.keepAliveTimeout = 72_000;
    started.on('secureConnection', (socket) => {
      secured.add(socket);
      socket.on('close', () => secured.delete(socket));
    });
    started.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => started.listen(port, address, resolve));
    port = (started.address() as AddressInfo).port;
    region.port = port;
    server = started;
  };
  const region = {
    port,
    seen,
    answer: ({ method }: SeenCall) => (method === 'GET' ? null : { status: 204 }),
    freeze: (next: boolean) => {
      isFrozen = next;
    },
    halfOpen: () => {
      for (const socket of secured) deaf.add(socket);
    },
    down: async () => {
      const closing = server;
      server = null;
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()));
    },
    up,
  } as SecureRegion & { port: number };
  await up();
  return region;
}
