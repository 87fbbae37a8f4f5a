import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../../contract/common.ts';
import { openApiDocument } from '../../contract/openapi.ts';
import { API_PREFIX } from '../../contract/routes.ts';
import { rejected, show } from '../../core/errors.ts';
import { registerAgentCalls } from '../agent/calls.ts';
import { createAuthenticator } from '../auth.ts';
import { registerHealth } from '../health.ts';
import { type ApiPorts, createServer, sendProblem } from '../server.ts';
import { registerCalls } from './calls.ts';
import { createEventStreams } from './events.ts';

/** The server of port 5240: API v1, its document, health, and the agent channel for racks elsewhere. It listens to nothing yet. */
export function createApi(ports: ApiPorts): FastifyInstance {
  const app = createServer(ports, LIMITS.body);
  const authenticator = createAuthenticator(ports.region, ports.clock);
  const streams = createEventStreams(ports.region, authenticator, ports.log);
  registerHealth(app, ports.region);
  registerCalls(app, { ...ports, authenticator, streams });
  registerAgentCalls(app, { ...ports, isLocal: false });
  let document: string | undefined;
  app.get(`${API_PREFIX}/openapi.json`, (_request, reply) => {
    document ??= JSON.stringify(openApiDocument(ports.region.version));
    return reply.header('content-type', 'application/json').send(document);
  });
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      reply,
      rejected(
        'not_found',
        `There is no path ${show(request.url.split('?')[0] ?? '', 120)}. ${API_PREFIX}/openapi.json lists all.`,
      ),
    ),
  );
  app.addHook('preClose', async () => streams.closeAll());
  return app;
}
