import type { FastifyInstance } from 'fastify';

/** Longest that a request may take to come whole, ms: one whose route has the configuration `isUpload`, and any other. */
export type BodyTimes = { readonly othersMs: number; readonly uploadMs: number };

/**
 * Node has one time for all requests of a server. Uploads need more than others, so the others are ended here, as Node would. A request without a body, such
 * as that of an event stream, has come whole with its headers.
 */
export function boundBodies(app: FastifyInstance, { othersMs, uploadMs }: BodyTimes): void {
  app.server.headersTimeout = othersMs;
  app.server.requestTimeout = uploadMs;
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = raw.headers;
    const hasBody = length !== undefined || encoding !== undefined;
    if (!hasBody || raw.complete || (routeOptions.config as { isUpload?: boolean }).isUpload === true) return;
    const late = Object.assign(new Error('Request timeout'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' });
    const timer = setTimeout(() => {
      if (!raw.complete) app.server.emit('clientError', late, raw.socket);
    }, othersMs);
    timer.unref();
    const end = () => clearTimeout(timer);
    raw.once('end', end).once('close', end);
  });
}
