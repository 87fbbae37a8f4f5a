import addresses from './networks/addresses.json' with { type: 'json' };
import controllers from './cluster/controllers.json' with { type: 'json' };
import images from './images/images.json' with { type: 'json' };
import machines from './machines/machines.json' with { type: 'json' };
import names from './names/names.json' with { type: 'json' };
import networks from './networks/networks.json' with { type: 'json' };
import { type Operation, parseResource, type Resource, type ResourceText } from './base/parse.ts';
import people from './people/people.json' with { type: 'json' };
import pods from './machines/pods.json' with { type: 'json' };
import results from './machines/results.json' with { type: 'json' };
import site from './site/site.json' with { type: 'json' };
import storage from './machines/storage.json' with { type: 'json' };

const SUBJECTS: readonly (readonly ResourceText[])[] = [
  machines,
  storage,
  results,
  controllers,
  networks,
  addresses,
  names,
  images,
  people,
  site,
  pods,
];

/** Every resource of MAAS's API 2.0 as of 3.7, but those that its own parts use among each other. */
export const RESOURCES: readonly Resource[] = SUBJECTS.flat().map(parseResource);

/** A resource that a path names, and the values in the path. */
export type ResourceMatch = { readonly resource: Resource; readonly path: Readonly<Record<string, string>> };

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
