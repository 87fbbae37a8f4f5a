import type { HelperPolicy, InstancePolicies, ServicePolicy } from '../host/policy.ts';
import { TRUST_FILES } from '../model/trust/trust-files.ts';
import type { AnyService } from '../services/kit/contract.ts';
import { instanceOf } from '../services/kit/instances.ts';

/**
 * The root helper's whole list, from what the services declare: their folder, the owners and modes of their files, their
 * unit, command lines and users; and the files of the node's certificate, which the agent renews. `caller`: whom commands without a user run as.
 */
export function helperPolicy(services: readonly AnyService[], caller: string): HelperPolicy {
  const instances = services.flatMap((kind): InstancePolicies[] => {
    if (!kind.instances) return [];
    const { keyIn } = kind.instances;
    const of = (key: string) => {
      const instance = instanceOf(kind, key);
      return instance ? servicePolicy(instance) : null;
    };
    return [{ keyIn, of }];
  });
  return { caller, services: services.map(servicePolicy), instances, written: Object.values(TRUST_FILES) };
}

function servicePolicy(service: AnyService): ServicePolicy {
  const { name, folder, unit, commands, version, users } = service;
  const files = service.files.map(({ mode, owner, group }) => ({ mode, owner, group }));
  return { name, folder, unit, commands, version, files, users };
}
