import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isRejected, REJECTIONS, type Rejected, rejected, sentenceOf } from '../../core/errors.ts';
import { clientAddress } from '../client-address.ts';
import { plainAddress } from '../../core/ip.ts';
import { createAdmission } from '../admission.ts';
import { createLimiter, sourceOf } from '../limiter.ts';
import { createNonceMemory } from '../oauth.ts';
import type { PeerPorts } from '../peers.ts';
import { internalFault, problemAnswer, refusalOf } from '../problem.ts';
import type { ApiPorts } from '../server.ts';
import { answerMetadata } from './answers.ts';
import type { MetadataAnswer, MetadataExchange } from './exchange.ts';
import { METADATA_PREFIX, readTarget } from './paths.ts';

/**
 * Who says where a call came from. `rack`: the relay of a node of the cluster, which shows its certificate; `proxy`: the cluster's load balancers;
 * `nobody`: the connection itself.
 */
export type Forwarder = 'rack' | 'proxy' | 'nobody';

/** What the metadata service is built from. */
export interface MetadataApiPorts extends Pick<ApiPorts, 'region' | 'clock' | 'log'> {
  readonly forwarder: Forwarder;
  /** Who showed a certificate on a connection. */
  readonly peerOf?: PeerPorts['peerOf'];
}

/** Calls of one machine, and failed ones: what it may have at once, and what comes back per second. */
const CALLS = { burst: 300, perSecond: 20, names: 10_000 } as const;
const FAILURES = { burst: 30, perSecond: 1, names: 10_000 } as const;
const NONCES = 50_000;
const CHALLENGE = 'OAuth realm="MAAS API"';
const FAILED: readonly number[] = [400, 401, 403, 404];

/** `/MAAS/metadata/…`: what cloud-init's MAAS data source and our own images ask. Answers are plain text, as MAAS's are. */
export function registerMetadata(app: FastifyInstance, ports: MetadataApiPorts): void {
  const { clock, forwarder } = ports;
  const calls = createLimiter(clock, CALLS);
  const failures = createLimiter(clock, FAILURES);
  const admission = createAdmission();
  const nonces = createNonceMemory(NONCES);

  async function handle(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const caller = callerOf(request, forwarder);
    const name = sourceOf(caller.source);
    if (!calls.mayTry(name) || !failures.mayTry(name))
      return refuse(reply, rejected('too_many_requests', `There were too many calls from ${name}. Ask again.`));
    calls.count(name);
    const [path = '', query = ''] = request.url.split('?', 2);
    const metadataPath = readTarget(path.slice(METADATA_PREFIX.length));
    const exchange: MetadataExchange = {
      method: request.method === 'HEAD' ? 'GET' : request.method,
      path: metadataPath,
      query: new URLSearchParams(query),
      authorization: request.headers.authorization,
      contentType: request.headers['content-type'],
      body: request.body as Readable | undefined,
      ...caller,
      relay: (forwarder === 'rack' ? ports.peerOf?.(request.raw.socket)?.nodeId : undefined) ?? null,
    };
    const answer = await admission.within(() => answerMetadata({ ...ports, nonces }, exchange));
    const sent = isRejected(answer) ? refuse(reply, answer) : send(reply, answer);
    if (FAILED.includes(reply.statusCode) && !isRetry(reply, request)) failures.count(name);
    return sent;
  }

  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
    scope.setErrorHandler((error, request, reply) => {
      const known = refusalOf(error);
      if (known === null)
        ports.log.error('a metadata call met a fault', { request: request.id, error: sentenceOf(error) });
      return refuse(reply, known ?? internalFault(request.id));
    });
    for (const url of [METADATA_PREFIX, `${METADATA_PREFIX}/*`])
      scope.route({ method: ['GET', 'POST'], url, handler: handle });
  });
}

/** That an optional item is not there is no failure: cloud-init asks for it each time. */
function isRetry({ statusCode }: FastifyReply, { method }: FastifyRequest): boolean {
  return statusCode === 404 && method === 'GET';
}

function callerOf(request: FastifyRequest, forwarder: Forwarder): Pick<MetadataExchange, 'source' | 'host' | 'isTls'> {
  const one = (name: string) => {
    const value = request.headers[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const isTls = forwarder !== 'nobody' && one('x-forwarded-proto') === 'https';
  const forwardedFor = forwarder === 'rack' ? one('x-forwarded-for') : undefined;
  const source = forwardedFor === undefined ? clientAddress(request) : plainAddress(forwardedFor);
  return { source, isTls, host: (forwarder === 'rack' ? one('x-forwarded-host') : undefined) ?? one('host') };
}

function send(reply: FastifyReply, { status, type = 'text/plain; charset=utf-8', body }: MetadataAnswer): FastifyReply {
  return reply.code(status).header('content-type', type).send(body);
}

function refuse(reply: FastifyReply, refusal: Rejected): FastifyReply {
  const { status } = REJECTIONS[refusal.code];
  const { headers } = problemAnswer(refusal, '');
  const challenge = status === 401 ? { 'www-authenticate': CHALLENGE } : {};
  return reply
    .code(refusal.code === 'invalid_value' ? 400 : status)
    .headers({ ...headers, ...challenge, 'content-type': 'text/plain; charset=utf-8' })
    .send(`${refusal.message}\n`);
}
