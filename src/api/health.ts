import type { FastifyInstance } from 'fastify';
import { rejected } from '../core/errors.ts';
import type { Region } from '../region/port.ts';
import { sendProblem } from './server.ts';

/**
 * `/health/live`: the process answers. `/health/ready`: the database takes a real write through it, so work may be sent here; with `?held` also
 * while no region has a primary: it holds its calls until there is one, and another region could do no more. All are open: load balancers have no
 * keys, and the answers have no secret.
 */
export function registerHealth(app: FastifyInstance, region: Pick<Region, 'health' | 'isHeld' | 'version'>): void {
  app.get('/health/live', async () => ({ state: 'live', version: region.version }));
  app.get<{ Querystring: { held?: string } }>('/health/ready', async (request, reply) => {
    if (request.query.held !== undefined && region.isHeld()) return { state: 'held', version: region.version };
    const health = await region.health();
    if (health.isUp) return { state: 'ready', version: region.version, latencyMs: health.latencyMs };
    return sendProblem(reply, rejected('unavailable', `Not ready: ${health.why}.`));
  });
}
