import Fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { registerHealth } from '../../../src/api/health.ts';

/** What a load balancer is told, by a region that is up or not, and that holds its calls or not. */
async function told(isUp: boolean, isHeld: boolean, path: string) {
  const app = Fastify();
  registerHealth(app, {
    version: '1.2.3',
    health: async () => ({ isUp, why: 'no primary', latencyMs: isUp ? 1 : null }),
    isHeld: () => isHeld,
  });
  const { statusCode } = await app.inject(path);
  return statusCode;
}

describe('a region’s readiness', () => {
  it.each([
    [true, false, 200, 200],
    [true, true, 200, 200],
    // No region has a primary: here, calls wait for it; to others it is not ready.
    [false, true, 503, 200],
    [false, false, 503, 503],
  ])('database up: %s, calls held: %s → %d; asked with ?held → %d', async (isUp, isHeld, ready, held) => {
    expect(await told(isUp, isHeld, '/health/ready')).toBe(ready);
    expect(await told(isUp, isHeld, '/health/ready?held')).toBe(held);
    expect(await told(isUp, isHeld, '/health/live')).toBe(200);
  });
});
