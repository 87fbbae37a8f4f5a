import { sentenceOf } from '../../core/errors.ts';
import type { Command, HostFacts } from '../../core/host-values.ts';
import { stableJson } from '../../core/stable-json.ts';
import type { Host } from '../../host/interface.ts';
import { keepAddresses } from '../../model/networks/vlan-attachments.ts';
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
/**
 * An interface that loses its carrier keeps its addresses for so long: systemd-networkd takes them away and gives them back with it. A cable that
 * was away for a blink took its VLAN out of Kea's file, and DHCP from it for seconds. A node that waits for an interface reads the facts more often.
 */
const BLINK_MS = 5_000;
const SILENCE_MS = 90_000;

/** Opens the keeper. */
export function openNodeFacts(options: NodeFactsOptions): NodeFacts {
  const { ports, host, versions } = options;
  let current: HostFacts | null = null;
  let versionsAt = Number.NEGATIVE_INFINITY;
  /** Interfaces without carrier, since when they are seen so, on the monotonic clock. */
  const silentSince = new Map<string, number>();

  const isBlinking = (name: string) =>
    ports.clock.monotonic() - (silentSince.get(name) ?? Number.NEGATIVE_INFINITY) < BLINK_MS;
  const steady = (interfaces: HostFacts['interfaces']): HostFacts['interfaces'] => {
    for (const { name, hasCarrier } of interfaces) {
      if (hasCarrier !== false) silentSince.delete(name);
      else if (!silentSince.has(name)) silentSince.set(name, ports.clock.monotonic());
    }
    const before = (current?.interfaces ?? []).filter(({ name }) => isBlinking(name));
    return keepAddresses(interfaces, before);
  };

  const refresh = async (): Promise<boolean> => {
    try {
      const now = ports.clock.monotonic();
      // Each version is a process: what a node is to do does not wait for them while it and its daemons start.
      const withVersions = current !== null && now - versionsAt > VERSIONS_EVERY_MS;
      const read = await host.facts(withVersions ? versions : {});
      if (withVersions) versionsAt = now;
      const interfaces = steady(read.interfaces);
      const next = { ...read, interfaces, versions: withVersions ? read.versions : (current?.versions ?? {}) };
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
        const isSteady = isFresh && ![...silentSince.keys()].some(isBlinking);
        await ports.wait((isSteady ? EVERY_MS : RETRY_MS) * (0.75 + ports.random.fraction() / 2), signal);
      }
      beat.end();
    },
  };
}
