import type { FastifyInstance } from 'fastify';
import { CLAIM_PATH, ClaimRequest, CommandReport, reportPath } from '../../contract/base/command.ts';
import { isRejected, rejected } from '../../core/errors.ts';
import type { CommandPort } from '../../region/base/commands/port.ts';
import { sendProblem } from '../server.ts';
import { rawValidator } from '../validate.ts';
import type { AgentGate } from './gate.ts';

const BY_SIGNATURE = rejected(
  'forbidden',
  'Commands may hold secrets: a node asks for its own by its certificate at port 5250, or at its own region’s socket.',
);
const NO_NUMBER = rejected('not_found', 'There is no such command.');

/** Registers the calls of a node about commands: it takes its own, and reports their end. */
export function registerCommandCalls(app: FastifyInstance, commands: CommandPort, gate: AgentGate): void {
  const claim = rawValidator(ClaimRequest);
  const report = rawValidator(CommandReport);

  app.post(CLAIM_PATH, gate.hooks, async (request, reply) => {
    if (!gate.isNode(request)) return sendProblem(reply, BY_SIGNATURE);
    const checked = claim(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    return reply.send(await commands.claim(gate.nodeOf(request), checked.value as ClaimRequest));
  });

  app.post(reportPath(':command'), gate.hooks, async (request, reply) => {
    if (!gate.isNode(request)) return sendProblem(reply, BY_SIGNATURE);
    const { command } = request.params as { command: string };
    if (!/^[1-9]\d{0,9}$/.test(command) || Number(command) > 2_147_483_647) return sendProblem(reply, NO_NUMBER);
    const checked = report(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const refusal = await commands.report(gate.nodeOf(request), Number(command), checked.value as CommandReport);
    return refusal ? sendProblem(reply, refusal) : reply.code(204).send();
  });
}
