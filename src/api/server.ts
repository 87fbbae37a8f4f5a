import type { IncomingMessage } from 'node:http';
import type { ServerOptions } from 'node:https';
import { finished } from 'node:stream';
import type { FastifyInstance, FastifyServerOptions, FastifyReply, FastifyRequest } from 'fastify';
import { fastify } from 'fastify';
import { LIMITS } from '../contract/base/common.ts';
import { EPOCH_HEADER } from '../core/epoch.ts';
import { type Rejected, rejected, isRejected, sentenceOf, show } from '../core/errors.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import type { Region } from '../region/port.ts';
import { parseJsonBody } from './json-body.ts';
import { internalFault, problemAnswer, refusalOf } from './problem.ts';

/** How a listener speaks. `tls`: options of Node's TLS server; `isBehindProxy`: the one hop before it says where a call came from. */
export type Transport = { readonly tls?: ServerOptions; readonly isBehindProxy?: boolean };

/** What the HTTP servers are built from. */
export interface ApiPorts {
  readonly region: Region;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The epoch of this region's cluster, which each answer has in a header; null and left out: it is no cluster. */
  readonly epoch?: () => string | null;
}

/** One route as it was registered: `/api/v1/racks/:rack`. */
export type KnownRoute = { readonly method: string; readonly url: string };

const known = new WeakMap<FastifyInstance, KnownRoute[]>();

/** Every route of a server that `createServer` made: for the walk through all doors, which a new route must not escape. */
export const routesOf = (app: FastifyInstance): readonly KnownRoute[] => known.get(app) ?? [];

function noteRoutes(app: FastifyInstance): void {
  const routes: KnownRoute[] = [];
  known.set(app, routes);
  app.addHook(
    'onRoute',
    ({ method, url }) => void routes.push(...[method].flat().map((one) => ({ method: one, url }))),
  );
}

/** Longest that a client may take to send a request, ms. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Longer than a proxy's own, so that the proxy closes first and no request meets a closing connection. */
const KEEP_ALIVE_MS = 75_000;
/** Longest that an answer waits for the end of a body that nobody reads, ms. */
const DRAIN_MS = 10_000;

/** Sends a refusal as a problem document. */
export function sendProblem(
  reply: FastifyReply,
  refusal: Rejected,
  headers: Record<string, string> = {},
): FastifyReply {
  const answer = problemAnswer(refusal, reply.request.id, headers);
  return reply.code(answer.status).headers(answer.headers).send(JSON.stringify(answer.body));
}

/**
 * Makes a Fastify server with what every listener of ours has in common: limits, JSON in and out, problem documents for every
 * refusal and fault, request ids. Schemas are checked by our own validators; Fastify is the HTTP server.
 */
export function createServer(ports: ApiPorts, bodyLimit: number, transport: Transport = {}): FastifyInstance {
  // One random prefix for the process; a number makes each of its requests unique.
  const prefix = ports.random.hex(4);
  let requests = 0;
  const parser = { maxHeaderSize: LIMITS.headers };
  const options: FastifyServerOptions = {
    // One hop: only the entry of the last proxy can be trusted.
    trustProxy: transport.isBehindProxy ? (_address, hop) => hop === 0 : false,
    bodyLimit,
    logger: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // A call that was already sent when the stop began is answered, and is the last one of its connection.
    return503OnClosing: false,
    // Clients of MAAS end each path with a slash.
    routerOptions: { maxParamLength: LIMITS.param, ignoreTrailingSlash: true },
    // Ansible and cloud-init repeat slashes; MAAS's web server merges them.
    rewriteUrl: ({ url = '/' }) => (/^\/+MAAS\//.test(url) ? mergeSlashes(url) : url),
    genReqId: () => {
      requests += 1;
      return `${prefix}-${requests.toString(36)}`;
    },
    frameworkErrors: (error, _request, reply) => {
      const refusal = refusalOf(error) ?? rejected('bad_request', 'The request cannot be read.');
      void sendProblem(reply as FastifyReply, refusal);
    },
    clientErrorHandler: (error, socket) => {
      if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
      const refusal =
        error.code === 'HPE_HEADER_OVERFLOW'
          ? rejected('headers_too_large', `The headers are larger than ${LIMITS.headers} bytes.`)
          : rejected('bad_request', 'This is not a correct HTTP/1.1 request (RFC 9112).');
      const { status, body } = problemAnswer(refusal, '');
      const text = JSON.stringify(body);
      socket.end(
        `HTTP/1.1 ${status} ${body.code}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
      );
    },
  };
  // Over TLS or not, it is the same to every handler.
  const wire = transport.tls ? { https: { ...parser, ...transport.tls } } : { http: parser };
  const app = fastify({ ...options, ...wire } as FastifyServerOptions);
  noteRoutes(app);
  app.addHook('onSend', async (_request, reply) => {
    const epoch = ports.epoch?.() ?? null;
    if (epoch !== null) reply.header(EPOCH_HEADER, epoch);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(/^application\/json(?:\s*;.*)?$/i, { parseAs: 'string' }, (_request, body, done) => {
    const parsed = parseJsonBody(String(body));
    if (isRejected(parsed)) done(Object.assign(new Error('refused'), { refusal: parsed }));
    else done(null, parsed.value);
  });
  app.setErrorHandler((error, request, reply) => {
    const refusal = explain(error, request, ports.log);
    // Fastify closes the connection of a body that it does not take.
    reply.removeHeader('connection');
    if (refusal.code === 'payload_too_large')
      return sendProblem(
        reply,
        rejected(
          'payload_too_large',
          `The body is larger than the limit of ${request.routeOptions.bodyLimit ?? bodyLimit} bytes.`,
        ),
      );
    return sendProblem(reply, refusal);
  });
  app.addHook('onRequest', async (request, reply) => {
    const refusal = refuseEmptySegment(request.url);
    return refusal === null ? undefined : sendProblem(reply, refusal);
  });
  app.addHook('preClose', async () => {
    // Connections become idle one by one while requests end; each is closed then, not after its keep-alive time.
    const timer = setInterval(() => app.server.closeIdleConnections(), 50);
    app.server.once('close', () => clearInterval(timer));
    timer.unref();
  });
  app.addHook('onSend', async (request, reply) => {
    await drain(request.raw);
    reply.header('x-request-id', request.id);
    reply.header('x-regent-node', ports.region.node);
    reply.header('x-content-type-options', 'nosniff');
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store');
  });
  return app;
}

/**
 * Reads what a caller still sends and throws it away, for DRAIN_MS at most. An answer that comes earlier may be lost: the proxy fails to send
 * the rest and answers its caller that the region went away.
 */
function drain(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  request.resume();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, DRAIN_MS);
    finished(request, () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function mergeSlashes(url: string): string {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  return path.replace(/\/{2,}/g, '/') + url.slice(path.length);
}

/** An empty segment is a name that somebody left out: guessing which one could change another object. */
function refuseEmptySegment(url: string): Rejected | null {
  const path = url.split('?')[0] ?? '';
  if (!path.startsWith('/') || !path.includes('//')) return null;
  const nearest = path.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
  const problem = `There is no path ${show(path, 120)}: a name between two slashes is empty.`;
  return rejected('not_found', `${problem} The nearest path without it is ${show(nearest, 120)}.`);
}

function explain(error: unknown, request: FastifyRequest, log: Log): Rejected {
  const carried = typeof error === 'object' && error !== null && 'refusal' in error ? error.refusal : null;
  const refusal = isRejected(carried) ? carried : refusalOf(error);
  if (refusal) return refusal;
  log.error('a request met a fault', {
    request: request.id,
    method: request.method,
    route: request.routeOptions.url,
    error: sentenceOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  return internalFault(request.id);
}
