import type { LogRunnerPorts } from '../../src/main/calls/log-runner.ts';

/** Of an agent that is not asked for any log. */
export function noLog(): LogRunnerPorts {
  return { services: [], read: () => Promise.reject(new Error('nobody asks for a log')) };
}
