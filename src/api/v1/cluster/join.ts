import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { TSchema } from 'typebox';
import {
  JOIN_PATH,
  JoinRequest,
  MEMBERSHIP_PATH,
  MembershipRequest,
  RACK_PROOF_HEADER,
  UNDO_PATH,
  UndoRequest,
} from '../../../contract/cluster/join.ts';
import { isProven, parseRackAuthorization } from '../../../contract/cluster/rack-signature.ts';
import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import { NO_TOKEN } from '../../../model/cluster/joining.ts';
import type { PresentedToken } from '../../../region/cluster/trust/port.ts';
import { clientAddress } from '../../client-address.ts';
import { createLimiter, sourceOf } from '../../limiter.ts';
import { type ApiPorts, sendProblem } from '../../server.ts';
import { rawValidator } from '../../validate.ts';

/** `isBehindProxy`: calls come through the cluster's own load balancers, which say how the client came. */
export type JoinApiPorts = ApiPorts & { readonly isBehindProxy: boolean };

const BODY_MAX = 32 * 1024;
const TOKEN_FORM = /^Bearer +([a-z0-9]{12}):([A-Za-z0-9]{16,128})$/i;
/** Per source: wrong tokens, and calls at all. */
const FAILURES = { burst: 10, perSecond: 0.2, names: 10_000 } as const;
const CALLS = { burst: 30, perSecond: 0.5, names: 10_000 } as const;

/**
 * `POST /api/v1/join`: lets a host in that shows a join token. Only over TLS: the answer holds what nobody else may
 * read. `POST /api/v1/join/undo`: takes a join back by the key that joined. `POST /api/v1/join/membership`: answers
 * whether a host is still a node.
 */
export function registerJoin(app: FastifyInstance, ports: JoinApiPorts): void {
  const failures = createLimiter(ports.clock, FAILURES);
  const calls = createLimiter(ports.clock, CALLS);
  const validate = rawValidator(JoinRequest);
  const shown = new WeakMap<FastifyRequest, PresentedToken>();

  function mayAsk(request: FastifyRequest): Rejected | null {
    const isTls = ports.isBehindProxy && request.headers['x-forwarded-proto'] === 'https';
    if (!isTls) return rejected('forbidden', 'Joining needs TLS: https://ADDRESS:5443, as the join token says.');
    const source = sourceOf(clientAddress(request));
    if (!calls.mayTry(source) || !failures.mayTry(source))
      return rejected('too_many_requests', `There were too many joins from ${source}. Try again in a few seconds.`);
    calls.count(source);
    return null;
  }

  /** Before the body is read: the body of an unknown host is never parsed. */
  async function admit(request: FastifyRequest): Promise<Rejected | null> {
    const refusal = mayAsk(request);
    if (refusal) return refusal;
    const [, id = '', secret = ''] = TOKEN_FORM.exec(request.headers.authorization ?? '') ?? [];
    const token = { id: id.toLowerCase(), secret };
    if (id === '' || !(await ports.region.trust.isToken(token))) {
      failures.count(sourceOf(clientAddress(request)));
      return NO_TOKEN;
    }
    shown.set(request, token);
    return null;
  }

  app.post(
    JOIN_PATH,
    {
      bodyLimit: BODY_MAX,
      onRequest: async (request, reply) => {
        const refusal = await admit(request);
        return refusal ? sendProblem(reply, refusal) : undefined;
      },
    },
    async (request, reply) => {
      const token = shown.get(request);
      if (!token) throw new Error('a join without a token');
      const checked = validate(request.body);
      if (isRejected(checked)) return sendProblem(reply, checked);
      const wanted = checked.value as JoinRequest;
      const isRackProven = readRackProof(request, wanted);
      if (isRejected(isRackProven)) return sendProblem(reply, isRackProven);
      const answer = await ports.region.trust.join(token, wanted, { source: clientAddress(request), isRackProven });
      return isRejected(answer) ? sendProblem(reply, answer) : reply.send(answer);
    },
  );

  /** A call by which a host proves itself only with its body. */
  function answerHost<B>(path: string, schema: TSchema, call: (body: B, source: string) => Promise<object | Rejected>) {
    const validateBody = rawValidator(schema);
    const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
      const refusal = mayAsk(request);
      return refusal ? sendProblem(reply, refusal) : undefined;
    };
    app.post(path, { bodyLimit: BODY_MAX, onRequest }, async (request, reply) => {
      const checked = validateBody(request.body);
      if (isRejected(checked)) return sendProblem(reply, checked);
      const answer = await call(checked.value as B, clientAddress(request));
      if (!isRejected(answer)) return reply.send(answer);
      if (answer.code !== 'unavailable') failures.count(sourceOf(clientAddress(request)));
      return sendProblem(reply, answer);
    });
  }

  const { trust } = ports.region;
  answerHost<UndoRequest>(UNDO_PATH, UndoRequest, (body, source) => trust.undo(body, source));
  answerHost<MembershipRequest>(MEMBERSHIP_PATH, MembershipRequest, (body) => trust.membership(body));
}

const WRONG_PROOF = rejected(
  'unauthenticated',
  `The header ${RACK_PROOF_HEADER} is not a signature of this call by the rack's key. Rule: the key whose public part the join names.`,
);

/**
 * Did the key of the rack sign this join? False: the host of an earlier release sends no signature. A signature that another host has seen is of no use to it:
 * the certificate is for the key of the request that was signed.
 */
function readRackProof(request: FastifyRequest, { rack }: JoinRequest): boolean | Rejected {
  const header = request.headers[RACK_PROOF_HEADER];
  if (header === undefined || rack === null) return false;
  const proof = parseRackAuthorization(String(header));
  const call = { method: request.method, path: JOIN_PATH, body: request.body };
  const isRight = proof !== null && proof.uuid === rack.uuid.toLowerCase() && isProven(call, proof, rack.publicKey);
  return isRight ? true : WRONG_PROOF;
}
