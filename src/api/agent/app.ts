import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../../contract/common.ts';
import { rejected } from '../../core/errors.ts';
import { registerHostCalls } from '../cluster-calls.ts';
import { registerHealth } from '../health.ts';
import { registerMetadata } from '../metadata/metadata.ts';
import { guardPeers, type PeerPorts } from '../peers.ts';
import { type ApiPorts, createServer, sendProblem, type Transport } from '../server.ts';
import { registerAgentCalls } from './calls.ts';
import { registerImageFiles } from './images.ts';

/** What the server of the agent's own listener is built from. `isOwnHost`: does a process of this host's agent call on this socket? */
export interface AgentApiPorts extends ApiPorts {
  readonly isOwnHost: (socket: Socket) => Promise<boolean>;
}

/** The server of the agent channel on this host: a unix socket in production. The port of API v1 offers the same calls to racks elsewhere. */
export function createAgentApi(ports: AgentApiPorts): FastifyInstance {
  const app = createServer(ports, LIMITS.agentBody);
  registerHealth(app, ports.region);
  registerAgentCalls(app, { ...ports, isLocal: true });
  registerHostCalls(app, ports);
  return withoutOthers(app);
}

/** What the server of port 5250 is built from. */
export interface SecureAgentPorts extends ApiPorts {
  readonly transport: Transport;
  readonly peerOf: PeerPorts['peerOf'];
}

/** The server of the agent channel for the nodes of the cluster: every caller shows a certificate. */
export function createSecureAgentApi(ports: SecureAgentPorts): FastifyInstance {
  const { region, clock, peerOf } = ports;
  const app = createServer(ports, LIMITS.agentBody, ports.transport);
  guardPeers(app, { trust: region.trust, clock, peerOf, isRegionOnly: false });
  registerHealth(app, region);
  registerAgentCalls(app, { ...ports, isLocal: false });
  // Racks' relays show their certificate here, and say for which machine they ask.
  registerMetadata(app, { ...ports, forwarder: 'rack' });
  registerImageFiles(app, region);
  return withoutOthers(app);
}

function withoutOthers(app: FastifyInstance): FastifyInstance {
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, rejected('not_found', 'The agent channel has no such path.')),
  );
  return app;
}
