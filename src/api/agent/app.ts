import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../../contract/base/common.ts';
import { rejected } from '../../core/errors.ts';
import { registerHostCalls } from '../cluster-calls.ts';
import { registerHealth } from '../health.ts';
import { isForwarded } from '../client-address.ts';
import { registerMetadata } from '../metadata/metadata.ts';
import { METADATA_PREFIX } from '../metadata/paths.ts';
import { guardPeers, type PeerPorts } from '../peers.ts';
import { type ApiPorts, createServer, sendProblem, type Transport } from '../server.ts';
import { registerAgentCalls } from './calls.ts';
import { registerImageFiles } from './images.ts';

/** What the server of the agent's own listener is built from. `isOwnHost`: does a process of this host's agent call on this socket? */
export type AgentApiPorts = ApiPorts & { readonly isOwnHost: (socket: Socket) => Promise<boolean> };

/** The server of the agent channel on this host: a unix socket in production. The port of API v1 offers the same calls to racks elsewhere. */
export function createAgentApi(ports: AgentApiPorts): FastifyInstance {
  const app = createServer(ports, LIMITS.agentBody);
  refuseForwarded(app, []);
  registerHealth(app, ports.region);
  registerAgentCalls(app, { ...ports, isLocal: true });
  registerHostCalls(app, ports);
  return withoutOthers(app);
}

/** What the server of port 5250 is built from. */
export type SecureAgentPorts = ApiPorts & { readonly transport: Transport; readonly peerOf: PeerPorts['peerOf'] };

/** The server of the agent channel for the nodes of the cluster: every caller shows a certificate. */
export function createSecureAgentApi(ports: SecureAgentPorts): FastifyInstance {
  const { region, clock, peerOf } = ports;
  const app = createServer(ports, LIMITS.agentBody, ports.transport);
  guardPeers(app, { trust: region.trust, clock, peerOf, isRegionOnly: false });
  refuseForwarded(app, RELAYED);
  registerHealth(app, region);
  registerAgentCalls(app, { ...ports, isLocal: false });
  // Racks' relays show their certificate here, and say for which machine they ask.
  registerMetadata(app, { ...ports, forwarder: 'rack', peerOf });
  registerImageFiles(app, region);
  return withoutOthers(app);
}

/**
 * What racks' web servers hand on, with the certificate of their node: what a machine may ask, and whether a region lives. A new route is none of these until
 * it stands here.
 */
const RELAYED = [METADATA_PREFIX, '/images/', '/health/'] as const;
const DIRECT_ONLY = rejected(
  'forbidden',
  'Only the agent of a node asks here, without a proxy or a relay in between. Rule: what a relay hands on is a machine’s call, not its node’s.',
);

/** Refuses what a relay hands on beside the paths that are relayed: the certificate is then the relay's, not the caller's. */
function refuseForwarded(app: FastifyInstance, relayed: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const { url } = request.routeOptions;
    const isRelayed = url !== undefined && relayed.some((prefix) => url.startsWith(prefix));
    return isForwarded(request) && !isRelayed ? sendProblem(reply, DIRECT_ONLY) : undefined;
  });
}

function withoutOthers(app: FastifyInstance): FastifyInstance {
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, rejected('not_found', 'The agent channel has no such path.')),
  );
  return app;
}
