import { keyOf, kindOf } from '../../core/node-identity.ts';
import type { AnyService } from './contract.ts';

const made = new WeakMap<AnyService, Map<string, AnyService>>();

/** The service of an identity: one of the list, or an instance of one. Undefined: this release does not have it. */
export function serviceOf(services: readonly AnyService[], identity: string): AnyService | undefined {
  const kind = services.find((service) => service.name === kindOf(identity));
  const key = keyOf(identity);
  return kind === undefined || key === null ? kind : instanceOf(kind, key);
}

/** An instance of a kind, made once; undefined: the kind has no such key. */
export function instanceOf(kind: AnyService, key: string): AnyService | undefined {
  if (!kind.instances || !new RegExp(`^(?:${kind.instances.keys})$`, 'u').test(key)) return undefined;
  const known = made.get(kind) ?? new Map<string, AnyService>();
  made.set(kind, known);
  const instance: AnyService = known.get(key) ?? kind.instances.of(key);
  known.set(key, instance);
  return instance;
}

/** The service of a folder: a kind, or an instance. Undefined: none. */
export function serviceOfFolder(services: readonly AnyService[], folder: string): AnyService | undefined {
  const kind = services.find((service) => service.folder === folder);
  if (kind) return kind;
  for (const service of services) {
    const key = service.instances?.keyIn(folder) ?? null;
    const instance = key === null ? undefined : instanceOf(service, key);
    if (instance?.folder === folder) return instance;
  }
  return undefined;
}

/**
 * The services of a node: all kinds in their order, each followed by its named instances, in the order of their identities. `identities` may hold
 * others, which are left out.
 */
export function withInstances(services: readonly AnyService[], identities: Iterable<string>): readonly AnyService[] {
  const keyed = [...new Set(identities)].filter((identity) => keyOf(identity) !== null).sort();
  if (keyed.length === 0) return services;
  const byKind = Map.groupBy(keyed, kindOf);
  return services.flatMap((service) => [
    service,
    ...(byKind.get(service.name) ?? []).flatMap((identity) => serviceOf(services, identity) ?? []),
  ]);
}
