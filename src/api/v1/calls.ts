import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CHANGE_HEADER } from '../../contract/base/wire/transport.ts';
import { isWrite, type RouteId, type RouteOutput, ROUTES, type RouteSpec } from '../../contract/routes.ts';
import { metricsType, OPENMETRICS_TYPE, openMetricsText, prometheusText } from '../../contract/cluster/prometheus.ts';
import { invalid, isRejected, type Rejected, rejected } from '../../core/errors.ts';
import type { Caller } from '../../region/port.ts';
import { createAdmission } from '../admission.ts';
import type { Callers } from '../callers.ts';
import { chooseCoding, encode } from '../coding.ts';
import { type ApiPorts, sendProblem } from '../server.ts';
import { bodyValidator, textValidator, type Validate } from '../validate.ts';
import { type EventStreams, wantsStream } from './site/events.ts';
import type { CallInput, CallOutcome } from '../../region/base/port.ts';
import { routerPath } from './base/router-path.ts';

const KEY_FORM = /^[\x21-\x7e]{1,255}$/;
const ETAG_FORM = /^(?:W\/)?"(\d{1,15})"$/;

/** What every call of API v1 needs. */
export type CallPorts = ApiPorts & { readonly callers: Callers; readonly streams: EventStreams };

interface Prepared {
  readonly id: RouteId;
  readonly route: RouteSpec;
  readonly params: Validate | null;
  readonly query: Validate | null;
  readonly body: Validate | null;
}

/** Registers every call of the table of calls, and answers 405 with `Allow` where only the method is wrong. */
export function registerCalls(app: FastifyInstance, ports: CallPorts): void {
  const callers = new WeakMap<FastifyRequest, Caller>();
  const admission = createAdmission();
  for (const [name, route] of Object.entries(ROUTES) as [RouteId, RouteSpec][]) {
    // Its body is never whole in memory (images.ts).
    if (route.isUpload) continue;
    const prepared: Prepared = {
      id: name,
      route,
      params: route.params ? textValidator(route.params) : null,
      query: route.query ? textValidator(route.query) : null,
      body: route.body ? bodyValidator(route.body) : null,
    };
    app.route({
      method: route.method,
      url: routerPath(route.path),
      ...(route.bodyLimit === undefined ? {} : { bodyLimit: route.bodyLimit }),
      // Before the body is read: a body of an unknown caller is never parsed.
      onRequest: async (request, reply) => {
        const caller = await admission.within(() => ports.callers.identify(request, isRemembered(name)));
        if (isRejected(caller)) return sendProblem(reply, caller);
        callers.set(request, caller);
        return undefined;
      },
      handler: async (request, reply) => {
        const caller = callers.get(request);
        if (!caller) throw new Error('a call without a caller');
        // A stream is out of hand as soon as it is open.
        const sent = await admission.within(() => answer(ports, prepared, { request, reply, caller }));
        return isRejected(sent) ? sendProblem(reply, sent) : sent;
      },
    });
  }
  registerWrongMethods(app);
}

type CallExchange = { readonly request: FastifyRequest; readonly reply: FastifyReply; readonly caller: Caller };

async function answer(ports: CallPorts, prepared: Prepared, exchange: CallExchange): Promise<FastifyReply> {
  const { request, reply, caller } = exchange;
  const input = readInput(prepared, request);
  if (isRejected(input)) return sendProblem(reply, input);
  const headers = readHeaders(prepared.route, request, ports);
  if (isRejected(headers)) return sendProblem(reply, headers);
  if (prepared.id === 'event.list' && wantsStream(request))
    return ports.streams.open({ ...exchange, query: input.query });
  // haproxy also ends its connection when a caller gives up. A caller that repeated its call elsewhere must not be
  // served twice under load.
  const isWanted = () => !request.raw.socket.destroyed;
  const { region } = ports;
  const origin = caller.sessionId === undefined ? 'api' : 'ui';
  // A page of the user interface goes on while the database is away.
  const outcome =
    origin === 'ui' && isRemembered(prepared.id)
      ? remembered(await (prepared.id === 'cluster.show' ? region.host.cluster() : region.host.doctor()))
      : await region.call(prepared.id, input, { caller, origin, isWanted, ...headers });
  if (isRejected(outcome)) return sendProblem(reply, outcome);
  if (outcome.version !== null) reply.header('etag', `"${outcome.version}"`);
  if (outcome.isReplay) reply.header('idempotent-replayed', 'true');
  if (typeof outcome.change === 'number') reply.header(CHANGE_HEADER, String(outcome.change));
  if (prepared.route.method === 'GET' && outcome.version !== null && isSame(request, outcome.version))
    return reply.code(304).send();
  if (prepared.id === 'metric.list' && !wantsJson(request)) {
    const { families } = outcome.body as RouteOutput<'metric.list'>;
    const type = metricsType(String(request.headers.accept ?? ''));
    const text = type === OPENMETRICS_TYPE ? openMetricsText(families) : prometheusText(families);
    return reply.header('content-type', type).send(text);
  }
  if (prepared.id === 'drill.report' && !wantsJson(request)) {
    const file = reportFile(request, outcome.body as RouteOutput<'drill.report'>);
    if (file) return reply.headers(file.headers).send(file.text);
  }
  reply.code(outcome.status).header('content-type', 'application/json; charset=utf-8');
  return sendText(exchange, JSON.stringify(outcome.body), outcome.version);
}

/**
 * Sends an answer, coded if its client takes that. Only answers of reads are coded: those of changes may have a secret that is shown once, and the length of a
 * coded answer with a secret and a caller's own text in it reveals the secret (BREACH).
 */
async function sendText({ request, reply, caller }: CallExchange, text: string, version: number | null) {
  if (request.method !== 'GET') return reply.send(text);
  reply.header('vary', 'Accept-Encoding');
  const accepted = String(request.headers['accept-encoding'] ?? '');
  const coding = chooseCoding(accepted, text.length, caller.sessionId !== undefined);
  if (coding === null) return reply.send(text);
  // Not the same bytes as without the coding, but the same object: a weak tag.
  if (version !== null) reply.header('etag', `W/"${version}"`);
  return reply.header('content-encoding', coding).send(await encode(text, coding));
}

/** What regions remember while the database is away. */
const isRemembered = (id: RouteId): boolean => id === 'cluster.show' || id === 'cluster.doctor';

function remembered(body: unknown): CallOutcome {
  return { kind: 'done', status: 200, body, version: null, isReplay: false };
}

/** Path and query first: their errors are the cheaper ones. */
function readInput(prepared: Prepared, request: FastifyRequest): CallInput | Rejected {
  const params = prepared.params?.(request.params);
  if (params && isRejected(params)) return params;
  const query = (prepared.query ?? NO_QUERY)(request.query);
  if (isRejected(query)) return query;
  if (!prepared.body && request.body !== undefined && Object.keys(request.body ?? {}).length > 0)
    return rejected('bad_request', 'This call takes no body.');
  const body = prepared.body?.(request.body ?? (prepared.route.isBodyOptional ? {} : undefined));
  if (body && isRejected(body)) return body;
  return { params: params?.value ?? {}, query: query.value, body: body?.value };
}

const NO_QUERY: Validate = (value) => {
  const name = Object.keys(value ?? {})[0];
  if (name === undefined) return { kind: 'valid', value: {} };
  return invalid(name.slice(0, 60), 'there is no such query parameter', 'this call takes none');
};

function readHeaders(
  route: RouteSpec,
  request: FastifyRequest,
  ports: CallPorts,
): { idempotencyKey: string; ifMatch: string | null } | Rejected {
  const key = request.headers['idempotency-key'];
  if (key !== undefined && (typeof key !== 'string' || !KEY_FORM.test(key)))
    return invalid('Idempotency-Key', 'it is not usable', '1–255 printable ASCII characters without blanks, once');
  const match = request.headers['if-match'];
  const etag = match === undefined || match === '*' ? null : ETAG_FORM.exec(match)?.[1];
  if (etag === undefined)
    return rejected('precondition_failed', 'If-Match is not an ETag that Regent gave, such as "3".');
  return { idempotencyKey: isWrite(route) ? (key ?? ports.random.hex(16)) : '', ifMatch: etag };
}

const REPORT_TYPES = { html: 'text/html', junit: 'application/xml', text: 'text/plain' } as const;
const REPORT_ENDINGS = { html: 'html', junit: 'xml', text: 'txt' } as const;

/** A report as a file, where the client takes its media type; null: as JSON. A page in it may do nothing: it stands beside the user interface. */
function reportFile(request: FastifyRequest, { format, text }: RouteOutput<'drill.report'>) {
  const type = REPORT_TYPES[format];
  if (!(request.headers.accept ?? '').toLowerCase().includes(type)) return null;
  const headers = {
    'content-type': `${type}; charset=utf-8`,
    // A browser shows a page and downloads the other formats.
    'content-disposition': `${format === 'html' ? 'inline' : 'attachment'}; filename="drill.${REPORT_ENDINGS[format]}"`,
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  };
  return { headers, text };
}

/** Does the client ask for JSON by name? Prometheus asks for its text formats, and for anything. */
function wantsJson(request: FastifyRequest): boolean {
  return (request.headers.accept ?? '').toLowerCase().includes('application/json');
}

function isSame(request: FastifyRequest, version: number): boolean {
  const header = request.headers['if-none-match'];
  return header !== undefined && header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${version}"`);
}

function registerWrongMethods(app: FastifyInstance): void {
  const paths = new Map<string, Set<string>>();
  for (const route of Object.values(ROUTES) as RouteSpec[]) {
    const methods = paths.get(route.path) ?? new Set<string>();
    paths.set(route.path, methods.add(route.method));
    if (route.method === 'GET') methods.add('HEAD');
  }
  for (const [path, allowed] of paths) {
    const others = (['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const).filter(
      (method) => !allowed.has(method),
    );
    const allow = [...allowed].join(', ');
    app.route({
      method: [...others],
      url: routerPath(path),
      handler: (_request, reply) => reply,
      onRequest: async (request, reply) =>
        sendProblem(reply, rejected('method_not_allowed', `The path takes ${allow}, not ${request.method}.`), {
          allow,
        }),
    });
  }
}
