import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { LEASES_PATH, LeaseReport, OBSERVATION_PATH, Observation, PullQuery } from '../../contract/cluster/agent.ts';
import { LIMITS } from '../../contract/base/common.ts';
import { isRejected, rejected } from '../../core/errors.ts';
import type { Region } from '../../region/port.ts';
import { type ApiPorts, sendProblem } from '../server.ts';
import { bodyValidator, rawValidator, textValidator } from '../validate.ts';
import type { PeerIdentity } from '../peers.ts';
import { registerCommandCalls } from './command-calls.ts';
import { registerEnlistCall } from './enlist-calls.ts';
import { createGate, type AgentGate } from './gate.ts';
import { reportHooks } from './remember.ts';
import { registerRegistration } from './register.ts';
import { registerStepCalls } from './step-calls.ts';
import { registerTrustCalls } from './trust-calls.ts';
import { PARTS_PATH, PartsQuestion } from '../../contract/cluster/desired-parts.ts';

/** A pull also reads the database without a wake, because a wake is only a hint. */
const RECHECK_MS = 5000;

/**
 * What agents call. `isLocal`: on the agent's own listener, where bearer credentials count; `isOwnHost`: peer credentials of its socket.
 * `peerOf`: on the port where every caller shows a certificate, which says who calls.
 */
export interface AgentCallPorts extends ApiPorts {
  readonly isLocal: boolean;
  readonly isOwnHost?: ((socket: Socket) => Promise<boolean>) | undefined;
  readonly peerOf?: ((socket: Socket) => PeerIdentity | null) | undefined;
}

/** Registers the agent channel: registration of racks, pull of the desired state, reports of the observation and of leases. A node reaches only its own. */
export function registerAgentCalls(app: FastifyInstance, ports: AgentCallPorts): void {
  const { agents } = ports.region;
  const gate = createGate(ports);
  const waiting = new Set<() => void>();
  const query = textValidator(PullQuery);
  const observation = rawValidator(Observation);
  const leases = rawValidator(LeaseReport);
  const takesCommands = (request: FastifyRequest, pull: PullQuery) =>
    pull.commands !== undefined && gate.isNode(request);
  let isClosing = false;

  registerRegistration(app, ports);
  registerTrustCalls(app, ports, gate);
  registerCommandCalls(app, agents.commands, gate);
  registerPartCalls(app, ports.region, gate);
  registerEnlistCall(app, ports, gate);
  registerStepCalls(app, agents, gate);

  app.get('/agent/v1/desired', gate.hooks, async (request, reply) => {
    const checked = query(request.query);
    if (isRejected(checked)) return sendProblem(reply, checked);
    // The validator has checked it.
    const pull = checked.value as PullQuery;
    const end = ports.clock.monotonic() + pull.wait * 1000;
    while (!reply.raw.destroyed) {
      const next = nextWake(ports.region, waiting);
      try {
        if (!(await gate.isStillGood(request))) return sendProblem(reply, WITHDRAWN);
        const desired = await agents.pull(gate.nodeOf(request), pull).catch(async (error: unknown) => {
          // Rejected after the check: there is nothing of its node any more.
          if (await gate.isStillGood(request)) throw error;
          return WITHDRAWN;
        });
        if (desired !== null && isRejected(desired)) return sendProblem(reply, desired);
        if (desired) return await reply.send(desired);
        const sign = takesCommands(request, pull) ? await agents.commands.waiting(gate.nodeOf(request)) : null;
        if (sign !== null && sign !== pull.commands) return await reply.send({ commands: sign });
        const left = end - ports.clock.monotonic();
        if (left <= 0 || isClosing) break;
        await next.wait(Math.min(left, RECHECK_MS), reply);
      } finally {
        next.end();
      }
    }
    return reply.code(204).send();
  });

  const reports = reportHooks(gate, ports);
  app.post(OBSERVATION_PATH, { ...reports.hooks, bodyLimit: LIMITS.agentBody }, async (request, reply) => {
    const checked = observation(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const report = checked.value as Observation;
    const nodeId = gate.nodeOf(request);
    if (report.nodeId !== nodeId)
      return sendProblem(
        reply,
        rejected('forbidden', `The credential is that of node ${nodeId}, the report that of another.`),
      );
    // The later one has everything, and may have been stored already.
    if (!reports.isOvertaken(nodeId, request)) await agents.observe(nodeId, report);
    return reply.code(204).send();
  });

  app.post(LEASES_PATH, { ...gate.hooks, bodyLimit: LIMITS.agentBody }, async (request, reply) => {
    const checked = leases(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const refusal = await agents.leases(gate.nodeOf(request), checked.value as LeaseReport);
    return refusal ? sendProblem(reply, refusal) : reply.code(204).send();
  });

  app.addHook('preClose', async () => {
    isClosing = true;
    for (const wake of waiting) wake();
  });
}

const WITHDRAWN = rejected(
  'forbidden',
  'This node is not part of the cluster any more, or its certificate is not good any more.',
);

interface NextWake {
  /** Returns when something was committed since this object was made, after `ms`, or when the agent went away. */
  wait(ms: number, reply: FastifyReply): Promise<void>;
  end(): void;
}

/** Subscribes before the database is read, so that a commit between the read and the wait is not missed. */
function nextWake(region: Pick<Region, 'wake'>, waiting: Set<() => void>): NextWake {
  const signal = Promise.withResolvers<void>();
  const wake = () => signal.resolve();
  const off = region.wake.onWake(wake);
  waiting.add(wake);
  return {
    wait: async (ms, reply) => {
      const timer = setTimeout(wake, ms);
      reply.raw.once('close', wake);
      await signal.promise;
      clearTimeout(timer);
      reply.raw.off('close', wake);
    },
    end: () => {
      off();
      waiting.delete(wake);
    },
  };
}

/** `POST /agent/v1/parts`: what an agent misses of its published body. It gets only parts of its own node. */
export function registerPartCalls(app: FastifyInstance, { agents }: Pick<Region, 'agents'>, gate: AgentGate): void {
  const question = bodyValidator(PartsQuestion);
  app.post(PARTS_PATH, { ...gate.hooks, bodyLimit: LIMITS.agentBody }, async (request, reply) => {
    const checked = question(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    // The validator has checked it.
    const { digests } = checked.value as PartsQuestion;
    return await reply.send(await agents.parts(gate.nodeOf(request), digests));
  });
}
