import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../../contract/base/common.ts';
import { openApiDocument } from '../../contract/openapi.ts';
import { API_PREFIX } from '../../contract/routes.ts';
import { rejected, show } from '../../core/errors.ts';
import { registerAgentCalls } from '../agent/calls.ts';
import { createAuthenticator } from '../auth.ts';
import { registerPeerCalls } from '../cluster-calls.ts';
import { registerHealth } from '../health.ts';
import { createLoginLimiter } from '../login-limiter.ts';
import { registerMaas } from '../maas/app.ts';
import { registerMetadata } from '../metadata/metadata.ts';
import { guardPeers, type PeerPorts } from '../peers.ts';
import { type ApiPorts, createServer, sendProblem, type Transport } from '../server.ts';
import { createCallers } from '../callers.ts';
import { registerAuthority } from '../ui/authority.ts';
import { registerUi, type UiAssets } from '../ui/assets.ts';
import { registerCalls } from './calls.ts';
import { createEventStreams } from './site/events.ts';
import { registerImageUpload } from './images/images.ts';
import { registerJoin } from './cluster/join.ts';
import { registerSession } from './people/session.ts';
import { measureRequests } from '../measure.ts';

/** `transport`: plain HTTP for everybody when left out. `peerOf`: over TLS, who shows which certificate. */
export interface V1Ports extends ApiPorts {
  readonly transport?: Transport;
  readonly peerOf?: PeerPorts['peerOf'];
  /** Left out: the release has no user interface. */
  readonly ui?: UiAssets;
  /** Sessions and the user interface also work without TLS: on a developer's own host. */
  readonly isPlainUi?: boolean;
}

/**
 * The server of API v1: its document, health, joining, and the agent channel for racks that have no certificate. With certificates it is for the
 * load balancers of region nodes only, which serve everybody. It listens to nothing yet.
 */
export function createApi(ports: V1Ports): FastifyInstance {
  const { transport = {}, peerOf, region, clock } = ports;
  const app = createServer(ports, LIMITS.body, transport);
  measureRequests(app, region);
  if (peerOf) {
    guardPeers(app, { trust: region.trust, clock, peerOf, isRegionOnly: true });
    registerPeerCalls(app, region);
  }
  const authenticator = createAuthenticator(ports.region, ports.clock);
  const isPlain = ports.isPlainUi ?? false;
  const callers = createCallers(region, authenticator, { clock, isPlain });
  const streams = createEventStreams(region, callers, ports.log);
  registerHealth(app, ports.region);
  registerCalls(app, { ...ports, callers, streams });
  registerImageUpload(app, { ...ports, callers });
  const logins = createLoginLimiter(clock, region.sessions.wrongLogins);
  registerSession(app, { ...ports, callers, logins, isPlain });
  registerAuthority(app, region.trust);
  registerUi(app, { assets: ports.ui ?? new Map(), siteHosts: (host) => region.trust.siteHost(host), isPlain });
  registerJoin(app, { ...ports, isBehindProxy: transport.isBehindProxy ?? false });
  const { log, random } = ports;
  registerMetadata(app, { region, clock, log, forwarder: transport.isBehindProxy === true ? 'proxy' : 'nobody' });
  registerMaas(app, { region, clock, log, random, authenticator, logins });
  registerAgentCalls(app, { region, clock, log, random, isLocal: false });
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
