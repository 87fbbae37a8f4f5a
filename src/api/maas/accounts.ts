import type { FastifyInstance, FastifyReply } from 'fastify';
import { isRejected } from '../../core/errors.ts';
import { clientAddress } from '../client-address.ts';
import { createAdmission } from '../admission.ts';
import { sourceOf } from '../limiter.ts';
import { type LoginLimiter, TOO_MANY_LOGINS } from '../login-limiter.ts';
import type { ApiPorts } from '../server.ts';
import { type MaasAnswer, json, refusalAnswer, text } from './answer.ts';
import { readBody } from './request.ts';
import { createSite } from './site.ts';

type AccountPorts = Pick<ApiPorts, 'region' | 'random'> & { readonly logins: LoginLimiter };

const PATH = '/MAAS/accounts/authenticate';
const BODY_MAX = 8 * 1024;
const TITLE = 'MAAS login';
const TITLE_MAX = 200;

/**
 * `POST /MAAS/accounts/authenticate/`: an API key for a name and a password, as python-libmaas asks for one. Each login makes a key of its own, because no
 * secret is stored that could be shown again.
 */
export function registerAccounts(
  scope: FastifyInstance,
  { region, random, logins }: AccountPorts,
  send: (reply: FastifyReply, answer: MaasAnswer) => FastifyReply,
): void {
  const admission = createAdmission();

  async function login(
    body: Buffer | undefined,
    contentType: string | undefined,
    address: string,
  ): Promise<MaasAnswer> {
    const form = readBody(body, contentType);
    if (isRejected(form)) return refusalAnswer(form);
    const value = (name: string) => form.values.get(name)?.at(-1) ?? '';
    const [user, password, consumer] = [value('username'), value('password'), value('consumer')];
    const attempt = { source: sourceOf(address), account: `user ${user}` };
    const isKnown = () => region.sessions.isKnownAt(user, address);
    if (!(await logins.mayTry(attempt, isKnown))) return refusalAnswer(TOO_MANY_LOGINS);
    const caller = await region.sessions.check({ user, password });
    if (isRejected(caller)) return refusalAnswer(caller);
    if (caller === null) {
      const refusal = await logins.countWrong(attempt);
      return refusal === null ? text('The name and the password do not fit.', 403) : refusalAnswer(refusal);
    }
    if (!(await logins.mayTry(attempt, isKnown))) return refusalAnswer(TOO_MANY_LOGINS);
    logins.remember(attempt);
    const site = createSite({ region, random, caller, isWanted: () => true });
    const name = (consumer || TITLE).slice(0, TITLE_MAX);
    const { key } = await site.call('api-key.create', { body: { label: name } });
    const [consumer_key, token_key, token_secret] = (key ?? '').split(':');
    return json({ consumer_key, token_key, token_secret, name });
  }

  scope.post(PATH, { bodyLimit: BODY_MAX }, async (request, reply) => {
    const body = Buffer.isBuffer(request.body) ? request.body : undefined;
    const answer = await admission.within(() => login(body, request.headers['content-type'], clientAddress(request)));
    return send(reply, isRejected(answer) ? refusalAnswer(answer) : answer);
  });
}
