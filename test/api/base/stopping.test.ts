import { Agent } from 'node:https';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { patient } from '../../kit/machine.ts';
import { callSecure } from '../../kit/cluster/secure-call.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
let site: TrustedRegion;
const agent = new Agent({ keepAlive: true });
beforeEach(async () => {
  site = await startTrustedRegion(pg.get());
});
afterEach(async () => {
  agent.destroy();
  await site.close();
});

it('a region that stops refuses no call that reaches it: a load balancer repeats what got no answer, and passes a refusal on', async () => {
  const statuses: number[] = [];
  let hasEnded = false;
  const caller = async () => {
    while (!hasEnded) {
      const { status } = await callSecure({
        port: site.process.apiPort,
        ca: site.authority.certificate,
        identity: site.own,
        path: '/api/v1/nodes',
        headers: { authorization: `Bearer ${site.keys.admin}` },
        agent,
      });
      statuses.push(status);
    }
  };
  const callers = Array.from({ length: 20 }, caller);
  await until('calls are answered', async () => statuses.length > 100, { deadlineMs: patient(10_000) });
  const before = statuses.length;
  await site.process.stop();
  hasEnded = true;
  await Promise.all(callers);
  // 0: no connection, or one that closed without an answer.
  expect(new Set(statuses)).toEqual(new Set([200, 0]));
  expect(statuses.slice(before)).toContain(200);
});
