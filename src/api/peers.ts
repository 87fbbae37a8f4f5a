import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { MEMORY_PATH } from '../contract/cluster/memory.ts';
import { MEMBER_PATH } from '../contract/cluster/join.ts';
import { type Rejected, rejected } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { TrustPort } from '../region/cluster/trust/port.ts';
import { sendProblem } from './server.ts';

/** Who is at the other end of a TLS connection, by a certificate that the TLS layer has verified. `notAfter` in ms. */
export interface PeerIdentity {
  readonly serial: string;
  readonly nodeId: string;
  readonly isRegion: boolean;
  readonly notAfter: number;
}

/** What a listener with client certificates is built from. `peerOf`: null for a connection without one that names a node. */
export interface PeerPorts {
  readonly trust: Pick<TrustPort, 'checkSerial' | 'onRevoked' | 'isServed'>;
  readonly clock: Clock;
  readonly peerOf: (socket: Socket) => PeerIdentity | null;
  /** Only region nodes may call. */
  readonly isRegionOnly: boolean;
}

/** A connection whose certificate was revoked may finish the answer that it is getting, ms. */
const FINISH_MS = 500;
const NOBODY = rejected('forbidden', 'The certificate names no node of the cluster.');
const NO_REGION = rejected(
  'forbidden',
  'This port is only for region nodes. The API is at port 5240, over TLS at 5443; agents call port 5250.',
);
const EXPIRED = rejected('forbidden', 'The certificate has expired while the connection was open. Connect again.');

/** Checks the certificate of every call: connections live longer than trust. Ends open connections of certificates that are revoked. */
export function guardPeers(app: FastifyInstance, ports: PeerPorts): void {
  const open = new Set<Socket>();
  app.server.on('secureConnection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  const off = ports.trust.onRevoked(() => {
    for (const socket of open) {
      const peer = ports.peerOf(socket);
      if (peer && ports.trust.checkSerial(peer.serial)) setTimeout(() => socket.destroy(), FINISH_MS).unref();
    }
  });
  app.addHook('onClose', async () => off());
  app.addHook('onRequest', async (request, reply) => {
    const refusal = (await goneOf(ports, request.raw)) ?? judge(ports, request.raw);
    if (refusal === null) return undefined;
    reply.header('connection', 'close');
    return sendProblem(reply, refusal);
  });
}

/**
 * A host that joins learns that it was forgotten, revoked as its certificate is by then. Null for all other calls and callers.
 */
async function goneOf({ trust, peerOf }: PeerPorts, request: IncomingMessage): Promise<Rejected | null> {
  const peer = request.url === MEMBER_PATH ? peerOf(request.socket) : null;
  if (peer === null || (await trust.isServed(peer.nodeId))) return null;
  return rejected('not_found', `There is no node ${peer.nodeId} (any more).`);
}

function isForEverybody(url: string): boolean {
  return url.startsWith('/health/') || url.startsWith('/images/') || url === MEMORY_PATH;
}

function judge(ports: PeerPorts, request: IncomingMessage): Rejected | null {
  const peer = ports.peerOf(request.socket);
  if (peer === null) return NOBODY;
  if (ports.isRegionOnly && !peer.isRegion) return NO_REGION;
  if (peer.notAfter <= ports.clock.now()) return EXPIRED;
  const refusal = ports.trust.checkSerial(peer.serial);
  // Whether the process lives, what it remembers, and images, which have no secrets: before it has read the list, which it cannot while the database is away.
  const isUnread = refusal?.code === 'unavailable';
  return isUnread && isForEverybody(request.url ?? '') ? null : refusal;
}
