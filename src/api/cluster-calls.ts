import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HOST_CERTIFICATE_PATH, RenewalRequest } from '../contract/cluster/join.ts';
import { MEMORY_PATH, PEER_PREFIX } from '../contract/cluster/memory.ts';
import { isRejected, rejected } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Region } from '../region/port.ts';
import { isForwarded } from './client-address.ts';
import { createLimiter } from './limiter.ts';
import { sendProblem } from './server.ts';
import { rawValidator } from './validate.ts';

/** An agent asks once in twenty days, and again after failures. */
const RENEWALS = { burst: 10, perSecond: 1 / 30, names: 1 } as const;
const TOO_MANY = rejected('too_many_requests', 'This node requested too many certificates. Try again later.');
const NOT_HERE = rejected('forbidden', 'Only root of this host may ask here, by the socket’s peer credentials.');

/**
 * What root and the agent of this host may ask on the agent's socket though the database is away: the cluster and the doctor, from what regions
 * remember, and a new certificate for this host's own node.
 */
export function registerHostCalls(
  app: FastifyInstance,
  ports: {
    readonly region: Pick<Region, 'host' | 'trust'>;
    readonly clock: Clock;
    readonly isOwnHost: (socket: Socket) => Promise<boolean>;
  },
): void {
  const { host, trust } = ports.region;
  const renewals = createLimiter(ports.clock, RENEWALS);
  const validate = rawValidator(RenewalRequest);
  const answer = (ask: () => Promise<unknown>) => async (request: FastifyRequest, reply: FastifyReply) => {
    if (!(await ports.isOwnHost(request.raw.socket))) return sendProblem(reply, NOT_HERE);
    return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(await ask()));
  };
  app.get(
    '/host/v1/cluster',
    answer(() => host.cluster()),
  );
  app.get(
    '/host/v1/doctor',
    answer(() => host.doctor()),
  );
  app.post(HOST_CERTIFICATE_PATH, async (request, reply) => {
    if (!(await ports.isOwnHost(request.raw.socket))) return sendProblem(reply, NOT_HERE);
    const checked = validate(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    if (!renewals.mayTry('own')) return sendProblem(reply, TOO_MANY);
    renewals.count('own');
    const renewed = await trust.renewOwn((checked.value as RenewalRequest).csr);
    return isRejected(renewed) ? sendProblem(reply, renewed) : reply.send(renewed);
  });
}

const PEERS_ONLY = rejected(
  'forbidden',
  'Only region nodes ask here, directly at port 5251. Rule: what a load balancer hands on is a client’s call.',
);

/**
 * What other regions may ask, on the port where every caller has proven to be one. The load balancers of region nodes show the same certificate, and what they
 * hand on comes from anybody.
 */
export function registerPeerCalls(app: FastifyInstance, region: Pick<Region, 'host'>): void {
  app.addHook('onRequest', async (request, reply) => {
    const isInner = request.routeOptions.url?.startsWith(PEER_PREFIX) === true || request.url.startsWith(PEER_PREFIX);
    return isInner && isForwarded(request) ? sendProblem(reply, PEERS_ONLY) : undefined;
  });
  app.get(MEMORY_PATH, async (_request, reply) =>
    reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(await region.host.recall())),
  );
}
