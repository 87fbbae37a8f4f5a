import type { CheckRunnerPorts } from '../../src/main/calls/check-runner.ts';
import type { LogRunnerPorts } from '../../src/main/calls/log-runner.ts';

/** Of an agent that is not asked for any log. */
export function noLog(): LogRunnerPorts {
  return { services: [], read: () => Promise.reject(new Error('nobody asks for a log')) };
}

/** Of an agent that tries no configuration. */
export function noCheck(): CheckRunnerPorts {
  const refuse = () => Promise.reject(new Error('nobody tries a configuration'));
  const files = { read: refuse, list: refuse, install: refuse, move: refuse, remove: refuse };
  return { services: [], templates: {}, host: { files, exec: refuse, facts: refuse }, clock: { monotonic: () => 0 } };
}
