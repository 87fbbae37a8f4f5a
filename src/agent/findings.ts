import type { AgentFinding } from '../contract/cluster/agent.ts';
import type { Clock, Log } from '../core/ports.ts';

/** What an operator should know of the agent itself; each code once, with the time of its first appearance. */
export interface Findings {
  raise(code: string, sentence: string): void;
  clear(code: string): void;
  all(): readonly AgentFinding[];
}

const SENTENCE_LIMIT = 1_000;
const FINDINGS_MAX = 16;

/** Opens an empty list. */
export function openFindings(clock: Clock, log: Log): Findings {
  const found = new Map<string, AgentFinding>();
  return {
    raise: (code, sentence) => {
      const before = found.get(code);
      if (!before) log.warn('the agent has a finding', { code, sentence });
      const since = before?.since ?? new Date(clock.now()).toISOString();
      found.set(code, { code, sentence: sentence.slice(0, SENTENCE_LIMIT), since });
    },
    clear: (code) => void found.delete(code),
    all: () => Array.from(found.values()).slice(0, FINDINGS_MAX),
  };
}
