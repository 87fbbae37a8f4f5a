import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isRejected, type Rejected, rejected, sentenceOf, show } from '../../core/errors.ts';
import type { Caller } from '../../region/port.ts';
import { originOf } from '../client-address.ts';
import { createAdmission } from '../admission.ts';
import type { Authenticator } from '../auth.ts';
import type { LoginLimiter } from '../login-limiter.ts';
import { internalFault, refusalOf } from '../problem.ts';
import type { ApiPorts } from '../server.ts';
import { registerAccounts } from './accounts.ts';
import { type MaasAnswer, refusalAnswer, text } from './answer.ts';
import { readArgs } from './args.ts';
import { createMaasAuthenticator } from './auth.ts';
import type { Operation } from './catalog/base/parse.ts';
import { findOperation, findResource, type ResourceMatch } from './catalog/table.ts';
import { createDescription } from './describe.ts';
import { createSiteLists } from './site-lists.ts';
import { MAAS_PREFIX } from './prefix.ts';
import { checkConstraints } from './operations/machines/constraints.ts';
import { HANDLERS } from './operations/table.ts';
import { BODY_MAX, type CallForm, readBody, readQuery } from './request.ts';
import { createSite } from './site.ts';

/** What the MAAS API is built from. */
export type MaasPorts = ApiPorts & { readonly authenticator: Authenticator; readonly logins: LoginLimiter };

const HASH_HEADER = 'x-maas-api-hash';
const TRACE_HEADER = 'maas-trace-id';
/** The `maas` command compares the whole header: no charset. Fastify adds one to texts, so the document is sent as bytes. */
const DESCRIBE_TYPE = 'application/json';
const OP_SEGMENT = /^op-([a-z_]+)$/;
/** A caller without a key, who requests only public facts. */
const ANONYMOUS: Caller = { user: 'anonymous', role: 'user' };
const NO_KEY = rejected('unauthenticated', 'There is no API key.');
const NO_BODY: CallForm = { values: new Map(), files: new Map() };

/** The part of a call that is known before its body is read. */
type CallTarget = { readonly found: ResourceMatch; readonly pathOp: string | null; readonly query: CallForm };

/** `/MAAS/api/2.0/…`: MAAS's HTTP API by its table (catalog), over the use cases of API v1. */
export function registerMaas(app: FastifyInstance, ports: MaasPorts): void {
  const { clock, log } = ports;
  const description = createDescription();
  const authenticator = createMaasAuthenticator(ports.authenticator, clock);
  const admission = createAdmission();
  const callers = new WeakMap<FastifyRequest, Caller | Rejected>();

  function send(reply: FastifyReply, { status, type, body, headers = {} }: MaasAnswer): FastifyReply {
    return reply
      .code(status)
      .headers({
        vary: 'Authorization, Cookie',
        ...headers,
        [HASH_HEADER]: description.hash,
        [TRACE_HEADER]: reply.request.id,
        'content-type': type,
      })
      .send(bodyToSend(body));
  }

  /** Finds out who calls; a refusal is stored, because some operations need no key. */
  async function identify(request: FastifyRequest): Promise<void> {
    const { authorization } = request.headers;
    callers.set(request, await admission.within(() => authenticator.authenticate(authorization, originOf(request))));
  }

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const [path, query] = splitUrl(request.url);
    const target = readTarget(path.slice(MAAS_PREFIX.length), query);
    if (isRejected(target)) return send(reply, refusalAnswer(target));
    if (target === null) return send(reply, text(`Unknown API endpoint: ${path}.`, 404));
    const answer = await admission.within(() => perform(ports, request, target, callers.get(request) ?? NO_KEY));
    return send(reply, isRejected(answer) ? refusalAnswer(answer) : answer);
  }

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_MAX }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error, request, reply) => {
      const known = refusalOf(error);
      if (known === null)
        log.error('a call of the MAAS API met a fault', {
          request: request.id,
          url: splitUrl(request.url)[0],
          error: sentenceOf(error),
          stack: error instanceof Error ? error.stack : undefined,
        });
      return send(reply, refusalAnswer(known ?? internalFault(request.id)));
    });
    scope.get(`${MAAS_PREFIX}/describe`, (request, reply) =>
      send(reply, { status: 200, type: DESCRIBE_TYPE, body: Buffer.from(description.textFor(baseOf(request))) }),
    );
    registerAccounts(scope, ports, send);
    scope.get('/MAAS/api/version', (_request, reply) => send(reply, text('2.0')));
    scope.route({
      method: ['GET', 'POST', 'PUT', 'DELETE'],
      url: '/MAAS/api/1.0/*',
      handler: (_request, reply) => send(reply, text('The API 1.0 is no longer supported. Use the API 2.0.', 410)),
    });
    for (const url of [MAAS_PREFIX, `${MAAS_PREFIX}/*`])
      scope.route({
        method: ['GET', 'POST', 'PUT', 'DELETE'],
        url,
        bodyLimit: BODY_MAX,
        onRequest: async (request) => identify(request),
        handler: handle,
      });
  });
}

/** Parts go out as they are made. */
function bodyToSend(body: MaasAnswer['body']): string | Uint8Array | Readable | undefined {
  if (body === null) return undefined;
  return typeof body === 'string' || body instanceof Uint8Array ? body : Readable.from(body);
}

/** Does what a call requests, or answers why not. `caller`: who calls; a refusal if nobody is known. */
async function perform(
  { region, random }: MaasPorts,
  request: FastifyRequest,
  { found, pathOp, query }: CallTarget,
  caller: Caller | Rejected,
): Promise<MaasAnswer> {
  const form = request.method === 'GET' ? NO_BODY : readBody(bodyOf(request), request.headers['content-type']);
  // A body that cannot be read may have named an operation for everybody: the missing key is answered first.
  if (isRejected(form)) return refusalAnswer(isRejected(caller) ? caller : form);
  const op = opOf(query) ?? opOf(form) ?? pathOp;
  const operation = findOperation(found.resource, request.method, op);
  const isOpen = typeof operation !== 'string' && operation.isAnonymous && operation.method === 'GET';
  const who = isRejected(caller) && isOpen ? ANONYMOUS : caller;
  if (isRejected(who)) return refusalAnswer(who);
  if (operation === 'other') return wrongMethod(found, request.method);
  if (operation === 'unknown')
    return text(`Unrecognised signature: method=${request.method} op=${op === null ? 'None' : show(op)}`, 400);
  const handler = Object.hasOwn(HANDLERS, operation.key) ? HANDLERS[operation.key] : undefined;
  if (handler === undefined) return text(`Regent does not do ${nameOf(operation)} yet. Nothing was done.`, 501);
  const args = readArgs(operation, form, query);
  if (isRejected(args)) return refusalAnswer(args, operation);
  const isWanted = () => !request.raw.socket.destroyed;
  const site = createSite({ region, random, caller: who, isWanted });
  try {
    const lists = createSiteLists(site);
    if (operation.isConstrained) await checkConstraints(lists, args);
    const call = { site, lists, path: found.path, args, base: baseOf(request), images: region.images };
    return await handler(call);
  } catch (error) {
    const known = refusalOf(error);
    if (known === null) throw error;
    return refusalAnswer(known, operation);
  }
}

/** The target of a path and a query; null: there is no such path. Pure. */
function readTarget(path: string, queryText: string): CallTarget | Rejected | null {
  const query = readQuery(queryText);
  if (isRejected(query)) return query;
  const segments = decodeSegments(path);
  if (segments === null) return rejected('bad_request', 'The path is not correctly percent-encoded UTF-8.');
  const pathOp = OP_SEGMENT.exec(segments.at(-1) ?? '')?.[1] ?? null;
  const found = findResource(pathOp === null ? segments : segments.slice(0, -1));
  return found === null ? null : { found, pathOp, query };
}

function decodeSegments(path: string): string[] | null {
  try {
    return path
      .split('/')
      .filter((segment) => segment !== '')
      .map((segment) => decodeURIComponent(segment));
  } catch {
    return null;
  }
}

function splitUrl(url: string): readonly [string, string] {
  const end = url.indexOf('?');
  return end < 0 ? [url, ''] : [url.slice(0, end), url.slice(end + 1)];
}

/** An empty `op` is none: gomaasapi sends one with every POST. gomaasclient writes hyphens (`is-importing`). */
const opOf = (form: CallForm): string | null => form.values.get('op')?.at(-1)?.replaceAll('-', '_') || null;

function wrongMethod({ resource }: ResourceMatch, method: string): MaasAnswer {
  const allow = [...new Set(resource.operations.map((operation) => operation.method))].join(', ');
  return { ...text(`The path takes ${allow}, not ${method}.`, 405), headers: { allow } };
}

function nameOf({ key, method, op }: Operation): string {
  return `${key} (${method}${op === null ? '' : ` op=${op}`})`;
}

function bodyOf(request: FastifyRequest): Buffer | undefined {
  return Buffer.isBuffer(request.body) ? request.body : undefined;
}

function baseOf(request: FastifyRequest): string {
  return `${request.protocol}://${request.host}`;
}
