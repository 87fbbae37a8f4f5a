import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isRejected } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { Region } from '../../region/port.ts';
import { clientAddress } from '../client-address.ts';
import { sourceOf } from '../limiter.ts';
import type { PeerIdentity } from '../peers.ts';
import { sendProblem } from '../server.ts';
import { createNodeAuthenticator, type Recognised } from './authenticate.ts';

/** What a gate is built from: see `AgentCallPorts`. */
interface GatePorts {
  readonly region: Pick<Region, 'agents' | 'trust'>;
  readonly clock: Clock;
  readonly isLocal: boolean;
  readonly peerOf?: ((socket: Socket) => PeerIdentity | null) | undefined;
}

/** The gate of the agent channel. */
export type AgentGate = ReturnType<typeof createGate>;

/** We know the caller before we read the body, and have the proof after it. */
export function createGate({ region, clock, isLocal, peerOf }: GatePorts) {
  const { agents, trust } = region;
  const authenticator = createNodeAuthenticator({ agents, trust, clock, isLocal });
  const recognised = new WeakMap<FastifyRequest, Recognised>();
  const nodes = new WeakMap<FastifyRequest, string>();
  return {
    hooks: {
      onRequest: async (request: FastifyRequest, reply: FastifyReply) => {
        const who = peerOf
          ? await authenticator.recognisePeer(peerOf(request.raw.socket))
          : await authenticator.recognise(request.headers, sourceOf(clientAddress(request)));
        if (isRejected(who)) return sendProblem(reply, who);
        recognised.set(request, who);
        return undefined;
      },
      preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
        const who = recognised.get(request);
        if (!who) throw new Error('an agent call without a caller');
        const call = { method: request.method, path: request.url, body: request.body };
        const node = await authenticator.prove(who, call);
        if (isRejected(node)) return sendProblem(reply, node);
        nodes.set(request, node.nodeId);
        return undefined;
      },
    },
    nodeOf: (request: FastifyRequest): string => {
      const nodeId = nodes.get(request);
      if (nodeId === undefined) throw new Error('an agent call without a node');
      return nodeId;
    },
    /** Did the node prove itself by more than a rack's signature? */
    isNode: (request: FastifyRequest): boolean => recognised.get(request)?.kind !== 'rack',
    /** Did it show a certificate, which is good? */
    hasCertificate: (request: FastifyRequest): boolean => recognised.get(request)?.kind === 'certificate',
    /** A pull may wait for long: the rack may be rejected, the node forgotten, the certificate revoked meanwhile. */
    isStillGood: async (request: FastifyRequest): Promise<boolean> => {
      const who = recognised.get(request);
      if (who?.kind === 'rack') return (await agents.rack(who.rack.uuid))?.state === 'accepted';
      if (who?.kind !== 'certificate') return true;
      return trust.checkSerial(who.serial) === null && (await trust.isServed(who.nodeId));
    },
  };
}
