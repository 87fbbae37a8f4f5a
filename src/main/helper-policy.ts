import type { HelperPolicy, InstancePolicies, ServicePolicy } from '../host/policy.ts';
import { TRUST_FILES } from '../model/cluster/trust-files.ts';
import { TRUST_TEXTS } from '../model/cluster/trust-texts.ts';
import { UPGRADE_UNIT } from '../contract/site/upgrade-order.ts';
import type { AnyService, Templates } from '../services/kit/contract.ts';
import { judgeOf } from '../services/kit/grammar/service.ts';
import { instanceOf } from '../services/kit/instances.ts';

/**
 * The root helper's whole list, from what the services declare: their folder, the owners and modes of their files and what these may hold, their
 * unit, command lines and users; and the files of the node's certificate, which the agent renews. `caller`: whom commands without a user run as. Throws if a
 * grammar does not fit its template.
 */
export function helperPolicy(services: readonly AnyService[], caller: string, templates: Templates): HelperPolicy {
  const made = new WeakMap<AnyService, ServicePolicy>();
  const policyOf = (service: AnyService): ServicePolicy => {
    const policy = made.get(service) ?? servicePolicy(service, templates);
    made.set(service, policy);
    return policy;
  };
  const instances = services.flatMap((kind): InstancePolicies[] => {
    if (!kind.instances) return [];
    const { keyIn } = kind.instances;
    const of = (key: string) => {
      const instance = instanceOf(kind, key);
      return instance ? policyOf(instance) : null;
    };
    return [{ keyIn, of }];
  });
  const written = Object.entries(TRUST_FILES).map(([name, file]) => ({
    ...file,
    judge: TRUST_TEXTS[name as keyof typeof TRUST_FILES],
  }));
  return { caller, services: services.map(policyOf), instances, written, startable: UPGRADE_UNIT };
}

function servicePolicy(service: AnyService, templates: Templates): ServicePolicy {
  const { name, folder, unit, commands, version, users } = service;
  const files = service.files.map(({ mode, owner, group }) => ({ mode, owner, group }));
  const boundedFolders = (service.boundedFolders ?? []).map(({ path }) => path);
  return { name, folder, unit, commands, version, files, users, boundedFolders, judge: judgeOf(service, templates) };
}
