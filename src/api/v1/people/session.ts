import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type OwnSession, SessionStart } from '../../../contract/people/session.ts';
import { API_PREFIX, SESSION_PATH } from '../../../contract/base/wire/transport.ts';
import { invalid, isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import type { SessionProof } from '../../../region/people/accounts/port.ts';
import { clientAddress } from '../../client-address.ts';
import { createAdmission } from '../../admission.ts';
import { type Callers, csrfOf, refuseForeign, type ShownSession } from '../../callers.ts';
import { isSecure, sessionCookie } from '../../cookie.ts';
import { sourceOf } from '../../limiter.ts';
import { type LoginLimiter, TOO_MANY_LOGINS } from '../../login-limiter.ts';
import { type ApiPorts, sendProblem } from '../../server.ts';
import { bodyValidator } from '../../validate.ts';

/** `isPlain`: sessions also work without TLS (a developer's own host). */
export interface SessionPorts extends ApiPorts {
  readonly callers: Callers;
  readonly logins: LoginLimiter;
  readonly isPlain: boolean;
}

const PATH = API_PREFIX + SESSION_PATH;
const BODY_MAX = 8 * 1024;
const KEY_FORM = /^([A-Za-z0-9]{1,64}):([A-Za-z0-9]{1,64}):([A-Za-z0-9]{1,128})$/;
const AGENT_MAX = 200;
const WRONG = rejected('unauthenticated', 'Wrong name or password, or the API key is invalid.');

/**
 * A browser's session: `POST /api/v1/session` begins one, `GET` shows it, `DELETE` ends it. The session is committed before the answer, so every
 * region knows it. Its token never changes: a request that was answered by another region must not log anybody out.
 */
export function registerSession(app: FastifyInstance, ports: SessionPorts): void {
  const { region, callers, clock, logins, isPlain } = ports;
  const admission = createAdmission();
  const validate = bodyValidator(SessionStart);

  const show = ({ session, csrf }: ShownSession): OwnSession => {
    const { id, user, role, isWall, expiresAt } = session;
    return { id, user, role, isReadOnly: isWall, expiresAt, csrf, version: region.version };
  };

  async function begin(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const address = clientAddress(request);
    const checked = validate(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const start = checked.value as SessionStart;
    const proof = readProof(start);
    if (isRejected(proof)) return sendProblem(reply, proof);
    const account = 'key' in proof ? `key ${proof.key.token}` : `user ${proof.user}`;
    const attempt = { source: sourceOf(address), account };
    const isKnown = async () => 'user' in proof && (await region.sessions.isKnownAt(proof.user, address));
    const refuse = async () => ((await logins.mayTry(attempt, isKnown)) ? null : TOO_MANY_LOGINS);
    const refusal = await refuse();
    if (refusal !== null) return sendProblem(reply, refusal);
    const agent = (request.headers['user-agent'] ?? '').replace(/\p{Cc}/gu, ' ').slice(0, AGENT_MAX);
    const origin = { address, agent, isWall: start.isWall === true };
    const opened = await region.sessions.open(proof, origin, refuse);
    if (opened === null) return sendProblem(reply, (await logins.countWrong(attempt)) ?? WRONG);
    if (isRejected(opened)) return sendProblem(reply, opened);
    logins.remember(attempt);
    const { session, token } = opened;
    const seconds = (Date.parse(session.expiresAt) - clock.now()) / 1000;
    return reply
      .code(201)
      .header('set-cookie', sessionCookie(request, token, seconds))
      .send(JSON.stringify(show({ session, csrf: csrfOf(token) })));
  }

  app.route({
    method: 'POST',
    url: PATH,
    bodyLimit: BODY_MAX,
    onRequest: async (request, reply) => {
      const refusal = refuseInsecure(request, isPlain) ?? refuseForeign(request);
      return refusal ? sendProblem(reply, refusal) : undefined;
    },
    handler: async (request, reply) => {
      reply.header('content-type', 'application/json; charset=utf-8');
      const sent = await admission.within(() => begin(request, reply));
      return isRejected(sent) ? sendProblem(reply, sent) : sent;
    },
  });
  app.get(PATH, async (request, reply) => {
    const found = await admission.within(() => callers.session(request));
    if (isRejected(found)) return sendProblem(reply, found);
    return reply.header('content-type', 'application/json; charset=utf-8').send(JSON.stringify(show(found)));
  });
  app.delete(PATH, async (request, reply) => {
    const found = await callers.session(request);
    if (isRejected(found)) return sendProblem(reply, found);
    await region.sessions.end(found.session);
    callers.forget(request);
    return reply
      .header('set-cookie', sessionCookie(request, '', 0))
      .header('content-type', 'application/json; charset=utf-8')
      .send(JSON.stringify(show(found)));
  });
}

function refuseInsecure(request: FastifyRequest, isPlain: boolean): Rejected | null {
  if (isPlain || isSecure(request)) return null;
  return rejected('forbidden', 'A session needs TLS: https://ADDRESS:5443/ui/.');
}

/** A name with a password, or an API key. */
function readProof({ user, password, apiKey }: SessionStart): SessionProof | Rejected {
  if (apiKey !== undefined && user === undefined && password === undefined) {
    const [, consumer, token, secret] = KEY_FORM.exec(apiKey.trim()) ?? [];
    return consumer && token && secret
      ? { key: { consumer, token, secret } }
      : invalid('apiKey', 'it is not an API key', 'consumer:token:secret');
  }
  if (apiKey === undefined && user !== undefined && password !== undefined) return { user, password };
  return invalid('user', 'this is no login', 'user and password, or apiKey alone');
}
