import type { FastifyInstance } from 'fastify';
import { ENLIST_PATH, EnlistQuestion, type EnlistReply } from '../../contract/machines/enlist.ts';
import { isRejected } from '../../core/errors.ts';
import type { Clock } from '../../core/ports.ts';
import type { Region } from '../../region/port.ts';
import { createLimiter } from '../limiter.ts';
import { sendProblem } from '../server.ts';
import { rawValidator } from '../validate.ts';
import type { AgentGate } from './gate.ts';

/**
 * Questions of one rack, and of all that ask this region: what they may ask at once, and what comes back per second. A rack of forty machines that are
 * switched on together is through in ten seconds; a thousand strange cards cost nothing beyond it.
 */
const RACK = { burst: 20, perSecond: 2, names: 1_000 } as const;
const SITE = { burst: 40, perSecond: 5, names: 1 } as const;
const ALL = 'all';

/** Registers the question of a rack about an unknown machine. A rack that calls too often is refused before anything is read. */
export function registerEnlistCall(
  app: FastifyInstance,
  { region, clock }: { readonly region: Pick<Region, 'agents'>; readonly clock: Clock },
  gate: AgentGate,
): void {
  const question = rawValidator(EnlistQuestion);
  const racks = createLimiter(clock, RACK);
  const site = createLimiter(clock, SITE);
  app.post(ENLIST_PATH, gate.hooks, async (request, reply) => {
    const checked = question(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const nodeId = gate.nodeOf(request);
    if (!racks.mayTry(nodeId) || !site.mayTry(ALL)) return reply.send({ kind: 'busy' } satisfies EnlistReply);
    racks.count(nodeId);
    site.count(ALL);
    // The validator has checked it.
    return reply.send(await region.agents.enlist(nodeId, checked.value as EnlistQuestion));
  });
}
