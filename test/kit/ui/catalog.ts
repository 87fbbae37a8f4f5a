import type { RouteId, RouteOutput } from '../../../src/contract/routes.ts';
import { NOUN_PAGES } from '../../../src/ui/models/base/nouns/noun-pages.ts';

/** Nouns that tests play with objects; of every other one there is none. */
type CatalogNoun =
  | 'tag'
  | 'zone'
  | 'resource-pool'
  | 'fabric'
  | 'space'
  | 'static-route'
  | 'tsig-key'
  | 'package-repository'
  | 'script'
  | 'device';
type Lists = { [N in CatalogNoun]: RouteOutput<`${N}.list`>['items'] };

/** What other things of a site refer to, that a test plays. */
export type CatalogData = Lists;

/** One of each. `free`: what takes the place of free texts. */
export function catalog(free = ''): CatalogData {
  return {
    tag: [
      {
        id: 1,
        name: 'rack7',
        comment: free,
        definition: 'cpu.cores >= 8',
        kernelOptions: free || 'iommu=pt',
        machines: 4,
      },
    ],
    zone: [{ id: 1, name: free || 'hall-1', comment: free, machines: 3 }],
    'resource-pool': [{ id: 1, name: free || 'default', comment: free, machines: 3 }],
    fabric: [{ id: 1, name: free || 'lab', vlans: 3 }],
    space: [{ id: 1, name: free || 'storage', vlans: 1 }],
    'static-route': [
      {
        id: 1,
        name: free || 'to-storage',
        comment: free,
        source: '10.10.10.0/24',
        destination: '10.20.0.0/16',
        gateway: '10.10.10.254',
        metric: 0,
      },
    ],
    'tsig-key': [{ id: 1, name: 'ns-partner', algorithm: 'hmac-sha256', secret: '***', domains: 1 }],
    'package-repository': [
      {
        id: 1,
        name: free || 'in-house',
        comment: free,
        enabled: true,
        sourceUrl: 'https://packages.example.net/debian',
        signingKey: '',
        distributions: '',
        components: free || 'main',
        arches: '',
        disabledPockets: '',
        disabledComponents: '',
        disableSources: false,
      },
    ],
    script: [script('regent-inventory', true, ''), script(free || 'check-raid', false, free)],
    device: [
      {
        id: 'ddddd1',
        hostname: 'printer1',
        domain: 'lab.test',
        fqdn: 'printer1.lab.test',
        parent: null,
        owner: free || 'ann',
        zone: 'hall-1',
        pool: 'default',
        description: free,
        annotations: {},
        interfaces: [],
        dhcpOptions: free === '' ? [] : [free],
        tags: [],
      },
    ],
  };
}

/** Nothing of it. */
export function newCatalog(): CatalogData {
  return Object.fromEntries(Object.keys(catalog()).map((noun) => [noun, []])) as unknown as CatalogData;
}

/** Answers of the calls about these. */
export function catalogAnswers(
  data: CatalogData,
  params: Readonly<Record<string, string>>,
): Partial<Record<RouteId, () => unknown>> {
  const none = Object.fromEntries(Object.keys(NOUN_PAGES).map((noun): [string, readonly object[]] => [noun, []]));
  return Object.fromEntries(
    Object.entries<readonly object[]>({ ...none, ...data }).flatMap(([noun, items]): [string, () => unknown][] => [
      [`${noun}.list`, () => ({ items, next: null })],
      [`${noun}.show`, () => shown(items, params[noun.replaceAll('-', '_')])],
    ]),
  );
}

const shown = (items: readonly object[], ref: string | undefined) =>
  items.find((row) => Object.entries(row).some(([name, value]) => ['name', 'fqdn'].includes(name) && value === ref));

function script(name: string, builtIn: boolean, free: string): CatalogData['script'][number] {
  return {
    id: builtIn ? null : 1,
    name,
    comment: free,
    builtIn,
    purpose: 'testing',
    hardware: 'storage',
    timeout: 300,
    parallel: false,
    destructive: false,
    tags: ['default'],
    parameters: {},
    size: 120,
  };
}

/** Pages of these, and what stands on them once they are there. */
export const CATALOG_PAGES = [
  { path: 'catalog', has: 'rack7', isNew: true },
  { path: 'catalog/resource-pool', has: 'Machines', isNew: true },
  { path: 'catalog/zone', has: 'Machines' },
  { path: 'catalog/fabric', has: 'lab' },
  { path: 'catalog/space', has: 'storage' },
  { path: 'catalog/static-route', has: '10.20.0.0/16' },
  { path: 'catalog/device', has: 'printer1.lab.test' },
  { path: 'catalog/script', has: 'regent-inventory' },
  { path: 'catalog/package-repository', has: 'https://packages.example.net/debian' },
  { path: 'catalog/tsig-key', has: 'ns-partner' },
] as const satisfies readonly { path: string; has: string; isNew?: true }[];
