import type { AnyService } from './contract.ts';
import { serviceOf } from './instances.ts';

/** Programs of Regent that are no managed service. */
const OWN: Readonly<Record<string, string>> = {
  agent: 'regent-agent.service',
  helper: 'regent-helper.service',
  region: 'regent-regiond.service',
};

/** Units whose lines are the log of a part: a service by its identity, or a program of ours. Null: there is no such part. */
export function logUnitsOf(services: readonly AnyService[], part: string): readonly string[] | null {
  const own = Object.hasOwn(OWN, part) ? OWN[part] : undefined;
  if (own !== undefined) return [own];
  const service = serviceOf(services, part);
  return service ? [service.unit, ...(service.companions ?? [])] : null;
}

/** Names of parts that have a log, for a refusal. */
export function logParts(services: readonly AnyService[]): string[] {
  return [...services.map(({ name }) => name), ...Object.keys(OWN)];
}
