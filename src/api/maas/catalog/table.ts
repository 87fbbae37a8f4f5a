import { ADDRESSES } from './networks/addresses.ts';
import { CONTROLLERS } from './cluster/controllers.ts';
import { IMAGES } from './images/images.ts';
import { MACHINES } from './machines/machines.ts';
import { NAMES } from './names/names.ts';
import { NETWORKS } from './networks/networks.ts';
import { type Operation, parseResource, type Resource } from './base/parse.ts';
import { PEOPLE } from './people/people.ts';
import { PODS } from './machines/pods.ts';
import { RESULTS } from './machines/results.ts';
import { SITE } from './site/site.ts';
import { STORAGE } from './machines/storage.ts';

/** Every resource of MAAS's API 2.0 as of 3.7, but those that its own parts use among each other. */
export const RESOURCES: readonly Resource[] = [
  ...MACHINES,
  ...STORAGE,
  ...RESULTS,
  ...CONTROLLERS,
  ...NETWORKS,
  ...ADDRESSES,
  ...NAMES,
  ...IMAGES,
  ...PEOPLE,
  ...SITE,
  ...PODS,
].map(parseResource);

/** A resource that a path names, and the values in the path. */
export interface ResourceMatch {
  readonly resource: Resource;
  readonly path: Readonly<Record<string, string>>;
}

const BY_FIRST = Map.groupBy(
  RESOURCES.flatMap((resource) => resource.paths.map((path) => ({ resource, path }))),
  ({ path }) => path[0] ?? '',
);

/** A CIDR in the path of a subnet has a slash, which clients write as it is. */
function joinCidr(segments: readonly string[]): readonly string[] {
  const [first, address, prefix = '', ...rest] = segments;
  if (first !== 'subnets' || address === undefined || !/^\d{1,3}$/.test(prefix)) return segments;
  return [first, `${address}/${prefix}`, ...rest];
}

/** The resource of a path, by its decoded segments; null: there is none. Pure. */
export function findResource(given: readonly string[]): ResourceMatch | null {
  const segments = joinCidr(given);
  for (const { resource, path } of BY_FIRST.get(segments[0] ?? '') ?? []) {
    if (path.length !== segments.length) continue;
    const values: [string, string][] = [];
    const isSame = path.every((part, at) => {
      const segment = segments[at] ?? '';
      if (!part.startsWith('{')) return part === segment;
      values.push([part.slice(1, -1), segment]);
      return true;
    });
    if (isSame) return { resource, path: Object.fromEntries(values) };
  }
  return null;
}

/** The operation that a method and an op name; `other`: the resource has nothing by this method; `unknown`: not with this op. Pure. */
export function findOperation(
  { operations }: Pick<Resource, 'operations'>,
  method: string,
  op: string | null,
): Operation | 'other' | 'unknown' {
  const found = operations.find((operation) => operation.method === method && operation.op === op);
  if (found) return found;
  return operations.some((operation) => operation.method === method) ? 'unknown' : 'other';
}
