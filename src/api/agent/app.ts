import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../../contract/common.ts';
import { rejected } from '../../core/errors.ts';
import { registerHealth } from '../health.ts';
import { type ApiPorts, createServer, sendProblem } from '../server.ts';
import { registerAgentCalls } from './calls.ts';

/** What the server of the agent's own listener is built from. `isOwnHost`: does a process of this host's agent call on this socket? */
export interface AgentApiPorts extends ApiPorts {
  readonly isOwnHost: (socket: Socket) => Promise<boolean>;
}

/** The server of the agent channel on this host: a unix socket in production. The port of API v1 offers the same calls to racks elsewhere. */
export function createAgentApi(ports: AgentApiPorts): FastifyInstance {
  const app = createServer(ports, LIMITS.agentBody);
  registerHealth(app, ports.region);
  registerAgentCalls(app, { ...ports, isLocal: true });
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, rejected('not_found', 'The agent channel has no such path.')),
  );
  return app;
}
