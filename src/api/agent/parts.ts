import type { FastifyInstance } from 'fastify';
import { PARTS_PATH, PartsQuestion } from '../../contract/wire/desired-parts.ts';
import { LIMITS } from '../../contract/common.ts';
import { isRejected } from '../../core/errors.ts';
import type { Region } from '../../region/port.ts';
import { sendProblem } from '../server.ts';
import { bodyValidator } from '../validate.ts';
import type { Gate } from './gate.ts';

/** `POST /agent/v1/parts`: what an agent misses of its published body. It gets parts of its own node alone. */
export function registerPartCalls(app: FastifyInstance, { agents }: Pick<Region, 'agents'>, gate: Gate): void {
  const question = bodyValidator(PartsQuestion);
  app.post(PARTS_PATH, { ...gate.hooks, bodyLimit: LIMITS.agentBody }, async (request, reply) => {
    const checked = question(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    // The validator has just said so.
    const { digests } = checked.value as PartsQuestion;
    return await reply.send(await agents.parts(gate.nodeOf(request), digests));
  });
}
