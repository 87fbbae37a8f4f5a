import type { RouteOutput } from '../../contract/routes.ts';
import type { Site } from './site.ts';

/** Lists that objects name each other by. Each is read at most once in a call, whatever the number of objects that are shown. */
const LISTS = {
  annotations: 'annotation.list',
  bmcs: 'bmc.list',
  devices: 'device.list',
  domains: 'domain.list',
  fabrics: 'fabric.list',
  inventories: 'machine-inventory.list',
  machines: 'machine.list',
  nodes: 'node.list',
  pools: 'resource-pool.list',
  ranges: 'range.list',
  records: 'record.list',
  spaces: 'space.list',
  storages: 'storage.list',
  subnets: 'subnet.list',
  tags: 'tag.list',
  vlans: 'vlan.list',
  zones: 'zone.list',
} as const;
type Lists = typeof LISTS;
type Item<N extends keyof Lists> = RouteOutput<Lists[N]>['items'][number];

/** The lists of a call. */
export type SiteLists = { readonly [N in keyof Lists]: () => Promise<readonly Item<N>[]> };

/** Makes the lists of one call. */
export function createSiteLists(site: Site): SiteLists {
  const read = new Map<string, Promise<readonly unknown[]>>();
  const entries = Object.entries(LISTS).map(([name, id]) => [
    name,
    () => {
      const known = read.get(name);
      if (known) return known;
      const fresh: Promise<readonly unknown[]> = site.all(id);
      read.set(name, fresh);
      return fresh;
    },
  ]);
  // The table above gives each its type.
  return Object.fromEntries(entries) as SiteLists;
}
