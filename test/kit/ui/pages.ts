import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { until } from '../until.ts';
import { goTo, type OpenPage, type Step, whole } from './browser.ts';
import { RealSite, type SiteOptions } from './region/real-site.ts';
import type { useBrowser } from './use-browser.ts';

/** Longer than between two reads of a page that follow each other. */
const QUIET_MS = 60;
/** Of a page that the site has not answered for a moment. */
const OLD = 'It may be otherwise by now';
const TESTS = join(import.meta.dirname, '..', '..', 'ui');

/**
 * Pages, and what stands on them once they are there. `{image}`, `{change}`: the image of the site, its last change. `isNew`: it is looked at on a new site,
 * too, where it says what is next.
 */
export const PAGES = [
  { path: 'overview', has: 'What is here', isNew: true },
  { path: 'nodes', has: 'r1' },
  { path: 'nodes/r2', has: '10.77.0.12' },
  { path: 'services', has: 'Services' },
  { path: 'services/r2/dns', has: '1.2.3' },
  { path: 'doctor', has: 'Doctor' },
  { path: 'charts', has: 'Charts' },
  { path: 'racks', has: 'k1' },
  { path: 'vlans', has: 'lab/vlan10' },
  { path: 'vlans/lab/vlan10', has: 'eth1' },
  { path: 'subnets', has: '10.10.10.0/24', isNew: true },
  { path: 'subnets/10.10.10.0%2F24', has: '10.10.10.100–10.10.10.199' },
  { path: 'leases', has: '10.10.10.100', isNew: true },
  { path: 'leases/reservations', has: '10.10.10.50', isNew: true },
  { path: 'dns', has: 'lab.test' },
  { path: 'dns/records', has: 'www.lab.test', isNew: true },
  { path: 'dns/domains/lab.test', has: 'www.lab.test' },
  { path: 'machines', has: 'm10', isNew: true },
  { path: 'machines/m1', has: 'Boot timeline' },
  { path: 'machines/m1/hardware', has: 'Hardware' },
  { path: 'machines/m1/network', has: '52:54:00:00:00:01' },
  { path: 'machines/m1/storage', has: 'sda' },
  { path: 'machines/m1/scripts', has: 'regent-' },
  { path: 'machines/m1/events', has: 'What happened to it' },
  { path: 'images', has: 'ours', isNew: true },
  { path: 'images/{image}', has: 'root.tar.zst' },
  { path: 'drills', has: 'planned-switchover' },
  { path: 'drills/rounds', has: 'planned-switchover', isNew: true },
  { path: 'drills/rounds/1', has: 'ledger' },
  { path: 'drills/what-if', has: 'r1' },
  { path: 'jobs', has: 'node-drain r2', isNew: true },
  { path: 'jobs/2', has: 'The BMC did not answer' },
  { path: 'changes?table=vlans', has: 'created VLAN', isNew: true },
  { path: 'changes/{change}', has: 'Rows before and after' },
  { path: 'events?kind=vlan', has: 'lab/vlan10' },
  { path: 'events/audit?action=vlan', has: 'created VLAN', isNew: true },
  { path: 'access/users', has: 'ann' },
  { path: 'access/keys', has: 'terraform' },
  { path: 'access/ssh-keys', has: 'SHA256:', isNew: true },
  { path: 'access/sessions', has: '127.0.0.1' },
  { path: 'access/tokens', has: 'region', isNew: true },
  { path: 'access/certificates', has: 'r2', isNew: true },
  { path: 'notes', has: 'Hall 2 has no power', isNew: true },
  { path: 'settings', has: 'default_ttl' },
  { path: 'search?q=10', has: 'Search' },
  { path: 'catalog', has: 'rack7', isNew: true },
  { path: 'catalog/resource-pool', has: 'Machines' },
  { path: 'catalog/zone', has: 'Machines' },
  { path: 'catalog/fabric', has: 'lab' },
  { path: 'catalog/space', has: 'storage' },
  { path: 'catalog/static-route', has: '10.20.0.0/16' },
  { path: 'catalog/device', has: 'printer1.lab.test' },
  { path: 'catalog/script', has: 'regent-inventory' },
  { path: 'catalog/package-repository', has: 'https://packages.example.net/debian' },
  { path: 'catalog/tsig-key', has: 'ns-partner' },
] as const satisfies readonly { path: string; has: string; isNew?: true }[];
/** Those that a new site has something to say on. */
export const NEW_PAGES = PAGES.filter((page) => 'isNew' in page);

/** Texts that are others on each site, by what stands in their place. */
type Names = readonly (readonly [text: string, name: string])[];

/**
 * A site, and one page of the user interface that all tests of a group lead from place to place: loading it anew for each takes most of their time. `steps`:
 * what is waited for on a page besides that it is whole.
 */
export function shared(
  ui: ReturnType<typeof useBrowser>,
  options: SiteOptions,
  prepare: (site: RealSite) => void = () => {},
) {
  let site: RealSite;
  let open: OpenPage;
  let names: Names;
  beforeAll(async () => {
    site = await RealSite.start(ui, options);
    // A place where no page is: whatever comes next is another one.
    open = await site.open(ui, { path: '-' });
    names = await namesOf(site);
    prepare(site);
  });
  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });
  return async (path: string, has: string | null = null, steps: readonly Step[] = []) => {
    await goTo(open.page, placeOf(path, names), [...steps, whole(has)]);
    return {
      page: open.page,
      complaints: () => open.complaints.splice(0),
      structure: async () => {
        // A page reads in turns, and shows what is missing only after a while.
        await until('every call is answered', () => site.way.quietMs > QUIET_MS);
        return structureOf(open.page, names);
      },
    };
  };
}

/** The place of a page on this site. */
export const placeOf = (path: string, names: Names): string =>
  path.replace(/\{(\w+)\}/, (_, name: string) => names.find((entry) => entry[1] === name)?.[0] ?? '-');

/** What has a number or a secret of its own on each site. */
export async function namesOf(site: RealSite): Promise<Names> {
  const items = async (path: string) => (await site.call('GET', path))['items'] as Record<string, string>[];
  const of = async (path: string, id: string, name: string) =>
    (await items(path)).map(
      (item, index) => [item[id] ?? '', `${name} ${item['hostname'] ?? item['label'] ?? index}`] as const,
    );
  const [change] = await items('/config/history?limit=1');
  const [image] = await items('/images');
  return [
    ...(await of('/machines', 'id', 'id of')),
    ...(await of('/devices', 'id', 'id of')),
    ...(await of('/tokens', 'id', 'token')),
    ...(await of('/api-keys', 'token', 'token of')),
    ...(await of('/sessions', 'id', 'session')).map(([id, name]) => [id.slice(0, 6), name] as const),
    [image?.['digest'] ?? '', 'image'],
    [String(change?.['id'] ?? ''), 'change'],
  ];
}

/** What a reader of screens finds on a page. Ages go on while a test runs; a machine that is busy for a second makes a page old for a moment. */
async function structureOf(page: Page, names: Names): Promise<string> {
  const read = async (): Promise<string> => {
    await page.locator('main .old-note').first().waitFor({ state: 'hidden' });
    const tree = await page.locator('main').ariaSnapshot();
    return tree.includes(OLD) ? read() : tree;
  };
  const tree = await read();
  const named = names.reduce((text, [own, name]) => (own.length < 6 ? text : text.replaceAll(own, name)), tree);
  const still = named
    .replace(/\b\d{4}-\d\d-\d\d[T ]\d\d[\d:.]*Z?/g, 'a moment')
    .replace(/\bRequest [\w-]+/g, 'Request of this call')
    .replace(/\bin \d+ (?:s|min)\b/g, 'in a moment')
    .replace(/(?<![\d.])\d+ (?:s|min) ago\b/g, 'a moment ago')
    .replace(/(?<![\d.])\d+ (?:s|min)\b/g, 'a moment')
    .replace(/(?<![\d:])\d\d:\d\d:\d\d(?![\d:Z])/g, 'a time')
    .replace(/(\brow "a time |cell ")\d+(?:\.\d+)? (?:s|ms)\b/g, '$1so long')
    .replace(/(time: |cell "|\brow ".*? )now\b/g, '$1a moment ago')
    .replace(/\b[0-9a-f]{32,64}\b/g, 'a digest')
    // Numbers of events: how many publications there were is not the same each time.
    .replace(/(row ")(\d+)( a moment ago .*\n\s+- cell ")\2"/g, '$1N$3N"')
    // How many ms a query took that nobody answered.
    .replace(
      /(row "\S+ TIMEOUT )\d+(":(?:\n\s+- cell(?: "[A-Za-z]\S*")?)+\n\s+- cell ")\d+"/g,
      (_, row: string, cells: string) => `${row}0${cells}0"`,
    );
  return `${withoutPlots(still)}\n`;
}

/** A site stores values of its own while a test runs: of a plot only that it is there. */
function withoutPlots(tree: string): string {
  const isPlot = /^( *)- figure "(?:a moment|\d).*":\n\1 +- slider .*\n(?:\1 +.*\n?)*/gm;
  return tree.replace(isPlot, '$1- figure: a plot\n').replace(/full on \d{4}-\d\d-\d\d/g, 'full on a day');
}

/** The file of what a page is made of, by its place. */
export const snapshotOf = (path: string, site: string): string =>
  `snapshots/${path.replaceAll(/[{}]/g, '').replaceAll(/%2F|[/?=]/g, '-')}.${site}.yml`;

/** Is a page another one where a site is ill? Such a one has a file of what it is made of then; who adds one makes it, and vitest fills it. */
export const isIll = (path: string): boolean => existsSync(join(TESTS, snapshotOf(path, 'ill')));
