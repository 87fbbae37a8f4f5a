import { expect, it } from 'vitest';
import { watchOwnRestart } from '../../src/agent/self/self.ts';
import type { Desired } from '../../src/contract/cluster/agent.ts';

const desired = (agentRestart?: string): Desired => ({
  nodeId: 'r1',
  generation: 1,
  digest: '0'.repeat(64),
  revision: 1,
  body: { services: {}, ...(agentRestart === undefined ? {} : { agentRestart }) },
});

it.each<[string, Desired | null, (string | undefined)[], string[]]>([
  ['a new wish', desired(), ['job-1'], ['job-1']],
  ['a wish that is held when it starts', desired('job-1'), ['job-1', 'job-1'], []],
  ['another wish after that', desired('job-1'), ['job-2', 'job-2'], ['job-2']],
  ['the first desired state of a host', null, ['job-1', 'job-1'], []],
  ['a wish after the first desired state', null, [undefined, 'job-1'], ['job-1']],
  ['no wish', desired('job-1'), [undefined, undefined], []],
])('the agent ends once for each wish: %s', (_, held, nonces, ends) => {
  const ended: string[] = [];
  const heed = watchOwnRestart(held, (nonce) => ended.push(nonce));
  for (const nonce of nonces) heed(desired(nonce));
  expect(ended).toEqual(ends);
});
