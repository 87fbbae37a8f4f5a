import type { FastifyInstance } from 'fastify';
import { rejected } from '../core/errors.ts';
import type { Region } from '../region/port.ts';
import { sendProblem } from './server.ts';

/**
 * `/health/live`: the process answers. `/health/ready`: the database takes a real write through it, so work may be sent here. Both are
 * open: load balancers have no keys, and the answers tell no secret.
 */
export function registerHealth(app: FastifyInstance, region: Pick<Region, 'health' | 'version'>): void {
  app.get('/health/live', async () => ({ state: 'live', version: region.version }));
  app.get('/health/ready', async (_request, reply) => {
    const health = await region.health();
    if (health.isUp) return { state: 'ready', version: region.version, latencyMs: health.latencyMs };
    return sendProblem(reply, rejected('unavailable', `Not ready: ${health.why}.`));
  });
}
