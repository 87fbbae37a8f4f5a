import type { FastifyInstance } from 'fastify';
import { LIMITS } from '../../contract/base/common.ts';
import { BOOT_STEPS_PATH, BootStepReport } from '../../contract/machines/boot-steps.ts';
import { isRejected } from '../../core/errors.ts';
import type { AgentPort } from '../../region/port.ts';
import { sendProblem } from '../server.ts';
import { rawValidator } from '../validate.ts';
import type { AgentGate } from './gate.ts';

/** Registers the reports of a rack about machines that boot from it. */
export function registerStepCalls(app: FastifyInstance, agents: Pick<AgentPort, 'bootSteps'>, gate: AgentGate): void {
  const steps = rawValidator(BootStepReport);
  app.post(BOOT_STEPS_PATH, { ...gate.hooks, bodyLimit: LIMITS.agentBody }, async (request, reply) => {
    const checked = steps(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const refusal = await agents.bootSteps(gate.nodeOf(request), checked.value as BootStepReport);
    return refusal ? sendProblem(reply, refusal) : reply.code(204).send();
  });
}
