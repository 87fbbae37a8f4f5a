import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Observation, PullQuery } from '../../contract/agent.ts';
import { LIMITS } from '../../contract/common.ts';
import { isRejected, rejected } from '../../core/errors.ts';
import type { Region } from '../../region/port.ts';
import { registerHealth } from '../health.ts';
import { type ApiPorts, createServer, sendProblem } from '../server.ts';
import { rawValidator, textValidator } from '../validate.ts';
import { authenticateNode } from './authenticate.ts';

/** A pull also looks without being woken, because a wake is only a hint. */
const LOOK_AGAIN_MS = 5000;

/** The server of the agent channel: pull of the desired state, report of the observation. A node reaches only its own. */
export function createAgentApi(ports: ApiPorts): FastifyInstance {
  const app = createServer(ports, LIMITS.agentBody);
  const { agents } = ports.region;
  const nodes = new WeakMap<FastifyRequest, string>();
  const waiting = new Set<() => void>();
  const query = textValidator(PullQuery);
  const observation = rawValidator(Observation);
  let isClosing = false;

  const onRequest = async (request: FastifyRequest, reply: FastifyReply) => {
    const node = await authenticateNode(request.headers.authorization, agents);
    if (isRejected(node)) return sendProblem(reply, node);
    nodes.set(request, node.nodeId);
    return undefined;
  };
  const nodeOf = (request: FastifyRequest): string => {
    const nodeId = nodes.get(request);
    if (nodeId === undefined) throw new Error('an agent call without a node');
    return nodeId;
  };

  registerHealth(app, ports.region);

  app.get('/agent/v1/desired', { onRequest }, async (request, reply) => {
    const checked = query(request.query);
    if (isRejected(checked)) return sendProblem(reply, checked);
    // The validator has just said so.
    const pull = checked.value as PullQuery;
    const end = ports.clock.monotonic() + pull.wait * 1000;
    while (!reply.raw.destroyed) {
      const next = nextWake(ports.region, waiting);
      try {
        const desired = await agents.pull(nodeOf(request), pull);
        if (desired) return await reply.send(desired);
        const left = end - ports.clock.monotonic();
        if (left <= 0 || isClosing) break;
        await next.wait(Math.min(left, LOOK_AGAIN_MS), reply);
      } finally {
        next.end();
      }
    }
    return reply.code(204).send();
  });

  app.post('/agent/v1/observation', { onRequest }, async (request, reply) => {
    const checked = observation(request.body);
    if (isRejected(checked)) return sendProblem(reply, checked);
    const report = checked.value as Observation;
    const nodeId = nodeOf(request);
    if (report.nodeId !== nodeId) {
      return sendProblem(
        reply,
        rejected('forbidden', `The credential is that of node ${nodeId}, the report that of another.`),
      );
    }
    await agents.observe(nodeId, report);
    return reply.code(204).send();
  });

  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, rejected('not_found', 'The agent channel has no such path.')),
  );
  app.addHook('preClose', async () => {
    isClosing = true;
    for (const wake of waiting) wake();
  });
  return app;
}

interface NextWake {
  /** Returns when something was committed since this object was made, after `ms`, or when the agent went away. */
  wait(ms: number, reply: FastifyReply): Promise<void>;
  end(): void;
}

/** Subscribes before the look at the database, so that a commit between the look and the wait is not missed. */
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
