import type { FastifyInstance, FastifyRequest } from 'fastify';
import {
  CERTIFICATE_PATH,
  MEMBER_PATH,
  PAIR_CERTIFICATE_PATH,
  RenewalRequest,
  SITE_CERTIFICATE_PATH,
} from '../../contract/cluster/join.ts';
import { isRejected, rejected } from '../../core/errors.ts';
import { clientAddress } from '../client-address.ts';
import { createLimiter } from '../limiter.ts';
import { type ApiPorts, sendProblem } from '../server.ts';
import { rawValidator } from '../validate.ts';
import type { AgentGate } from './gate.ts';

/** Certificates that a node may ask for: an agent asks once in twenty days, and again after failures. */
const PER_NODE = { burst: 10, perSecond: 1 / 30, names: 10_000 } as const;
const TOO_OFTEN = rejected('too_many_requests', 'This node sent too many requests. Try again later.');
const BY_NODE = rejected(
  'forbidden',
  'Only region nodes, proven by their certificate, get the certificate of the site.',
);
const BY_SIGNATURE = rejected(
  'forbidden',
  'Only the node itself reports its membership, with its certificate, at port 5250.',
);

/** Registers the calls of a node about its own trust: a certificate, the end of its join. */
export function registerTrustCalls(app: FastifyInstance, ports: ApiPorts, gate: AgentGate): void {
  const { trust } = ports.region;
  const renewals = createLimiter(ports.clock, PER_NODE);
  const sites = createLimiter(ports.clock, PER_NODE);
  const pairs = createLimiter(ports.clock, PER_NODE);
  const validate = rawValidator(RenewalRequest);

  app.post(CERTIFICATE_PATH, gate.hooks, async (request, reply) => {
    const checked = validate(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const nodeId = gate.nodeOf(request);
    if (!renewals.mayTry(nodeId))
      return sendProblem(
        reply,
        rejected('too_many_requests', 'This node requested too many certificates. Try again later.'),
      );
    renewals.count(nodeId);
    const answer = await trust.renew(nodeId, (checked.value as RenewalRequest).csr, gate.hasCertificate(request));
    return isRejected(answer) ? sendProblem(reply, answer) : reply.send(answer);
  });

  app.post(SITE_CERTIFICATE_PATH, gate.hooks, async (request, reply) => {
    if (!gate.isNode(request)) return sendProblem(reply, BY_NODE);
    const nodeId = gate.nodeOf(request);
    if (!sites.mayTry(nodeId)) return sendProblem(reply, TOO_OFTEN);
    sites.count(nodeId);
    const answer = await trust.siteCertificate(nodeId);
    return isRejected(answer) ? sendProblem(reply, answer) : reply.header('cache-control', 'no-store').send(answer);
  });

  app.post(PAIR_CERTIFICATE_PATH, gate.hooks, async (request, reply) => {
    const checked = validate(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    if (!gate.isNode(request)) return sendProblem(reply, BY_SIGNATURE);
    const nodeId = gate.nodeOf(request);
    if (!pairs.mayTry(nodeId)) return sendProblem(reply, TOO_OFTEN);
    pairs.count(nodeId);
    const answer = await trust.pairCertificate(nodeId, (checked.value as RenewalRequest).csr);
    return isRejected(answer) ? sendProblem(reply, answer) : reply.send(answer);
  });

  app.post(MEMBER_PATH, gate.hooks, async (request, reply) => {
    if (!gate.isNode(request)) return sendProblem(reply, BY_SIGNATURE);
    const answer = await trust.finish(gate.nodeOf(request), sourceText(request));
    return isRejected(answer) ? sendProblem(reply, answer) : reply.send(answer);
  });
}

const sourceText = (request: FastifyRequest): string => clientAddress(request) || 'unix';
