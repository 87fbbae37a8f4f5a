import { sentenceOf } from '../../core/errors.ts';
import type { Command, HostFacts } from '../../core/host-values.ts';
import { stableJson } from '../../core/stable-json.ts';
import type { Host } from '../../host/interface.ts';
import type { LoopPorts } from '../ports.ts';

/** Keeps this node's facts fresh: interfaces often, versions seldom because each is a process. */
export interface NodeFacts {
  /** Null until they were read for the first time. */
  current(): HostFacts | null;
  run(signal: AbortSignal): Promise<void>;
}

/** What the keeper of facts is built from. `onChange`: they differ from before. */
export interface NodeFactsOptions {
  readonly ports: LoopPorts;
  readonly host: Pick<Host, 'facts'>;
  readonly versions: Readonly<Record<string, Command>>;
  readonly onChange: () => void;
}

/** A VLAN is served again so soon after its address is back. */
const EVERY_MS = 5_000;
const VERSIONS_EVERY_MS = 600_000;
const RETRY_MS = 1_000;
const SILENCE_MS = 90_000;

/** Opens the keeper. */
export function openNodeFacts(options: NodeFactsOptions): NodeFacts {
  const { ports, host, versions } = options;
  let current: HostFacts | null = null;
  let versionsAt = Number.NEGATIVE_INFINITY;

  const refresh = async (): Promise<boolean> => {
    try {
      const now = ports.clock.monotonic();
      const withVersions = now - versionsAt > VERSIONS_EVERY_MS;
      const read = await host.facts(withVersions ? versions : {});
      if (withVersions) versionsAt = now;
      const next = { ...read, versions: withVersions ? read.versions : (current?.versions ?? {}) };
      if (current !== null && stableJson(next) === stableJson(current)) return true;
      current = next;
      options.onChange();
      return true;
    } catch (error) {
      ports.log.warn('facts of this node cannot be read', { error: sentenceOf(error) });
      return false;
    }
  };

  return {
    current: () => current,
    run: async (signal) => {
      const beat = ports.loop('facts', SILENCE_MS);
      while (!signal.aborted) {
        const isFresh = await refresh();
        beat();
        await ports.wait((isFresh ? EVERY_MS : RETRY_MS) * (0.75 + ports.random.fraction() / 2), signal);
      }
      beat.end();
    },
  };
}
