import type { Desired } from '../contract/cluster/agent.ts';
import type { HostFacts } from '../core/host-values.ts';
import type { AnyService, Finding } from '../services/kit/contract.ts';
import { withInstances } from '../services/kit/instances.ts';
import type { Findings } from './findings.ts';

/** Reports, as findings of the agent, what services cannot do on this host. */
export interface Limits {
  /** Checks again and clears findings that no longer hold. */
  update(desired: Desired | null, facts: HostFacts | null): void;
}

/** Opens it; it raises no finding before the first update. */
export function openLimits(services: readonly AnyService[], findings: Findings): Limits {
  let raised: ReadonlySet<string> = new Set();
  return {
    update: (desired, facts) => {
      const parts = desired?.body.services ?? {};
      const found = withInstances(services, Object.keys(parts)).flatMap((service) =>
        limitsOf(service, parts[service.name]?.desired ?? null, facts).map((finding) => ({
          code: `${service.name}_${finding.code}`,
          sentence: finding.sentence,
        })),
      );
      const byCode = Map.groupBy(found, (finding) => finding.code);
      for (const code of raised) if (!byCode.has(code)) findings.clear(code);
      for (const [code, list] of byCode) findings.raise(code, list.map((finding) => finding.sentence).join(' '));
      raised = new Set(byCode.keys());
    },
  };
}

function limitsOf(service: AnyService, desired: unknown, facts: HostFacts | null): readonly Finding[] {
  if (desired === null || facts === null) return [];
  try {
    return service.limits?.(desired, facts) ?? [];
  } catch {
    // A part that does not fit this release: the engine refuses it and says so.
    return [];
  }
}
