import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { ADDRESS_PAGES } from './addresses.ts';
import { answerOf, type Read } from './answers.ts';
import { goTo, type OpenPage, openPage, type Step, whole } from './browser.ts';
import { CATALOG_PAGES } from './catalog.ts';
import { KEEPING_PAGES } from './keeping.ts';
import type { SiteData } from './site.ts';
import { StandIn } from './stand-in.ts';
import type { useBrowser } from './use-browser.ts';
import { before } from './when.ts';

const TESTS = join(import.meta.dirname, '..', '..', 'ui');

/** Pages, and what stands on them once they are there. `isNew`: it is looked at on a new site, too, where it says what is next. */
export const PAGES = [
  { path: 'overview', has: 'What is here', isNew: true },
  { path: 'nodes', has: 'r1' },
  { path: 'nodes/r2', has: '10.77.0.11' },
  { path: 'services', has: 'Services', isNew: true },
  { path: 'services/r2/dns', has: '1.2.3' },
  { path: 'doctor', has: 'Doctor', isNew: true },
  { path: 'racks', has: 'k1', isNew: true },
  { path: 'vlans', has: 'lab/vlan10', isNew: true },
  { path: 'vlans/lab/vlan10', has: 'eth1' },
  { path: 'subnets', has: '10.10.10.0/24', isNew: true },
  { path: 'leases', has: '10.10.10.100', isNew: true },
  { path: 'machines', has: 'm10', isNew: true },
  { path: 'machines/aaaaa1', has: '10.10.10.20' },
  { path: 'machines/aaaaa1/hardware', has: 'Hardware' },
  { path: 'machines/aaaaa1/network', has: '52:54:00:00:00:07' },
  { path: 'machines/aaaaa1/storage', has: 'sda' },
  { path: 'machines/aaaaa1/scripts', has: 'regent-' },
  { path: 'machines/aaaaa1/events', has: 'What happened to it' },
  { path: 'images', has: 'ours', isNew: true },
  { path: 'images/3f2a90'.padEnd(71, '0'), has: 'root.tar.zst' },
  { path: 'drills', has: 'planned-switchover' },
  { path: 'drills/rounds', has: 'planned-switchover', isNew: true },
  { path: 'drills/rounds/1', has: 'ledger' },
  { path: 'drills/what-if', has: 'r1' },
  { path: 'jobs', has: 'node-drain r2', isNew: true },
  { path: 'jobs/6', has: 'The BMC did not answer' },
  ...KEEPING_PAGES,
  ...ADDRESS_PAGES,
  ...CATALOG_PAGES,
] as const satisfies readonly { path: string; has: string; isNew?: true }[];
/** Those that a new site has something to say on. */
export const NEW_PAGES = PAGES.filter((page) => 'isNew' in page);

/** What the frame asks for on every page: its bar of jobs. */
const isOfFrame = ({ id, query }: Read): boolean => id === 'job.list' && query.has('unfinished');

/**
 * A site, and one page of the user interface that all tests of a group lead from place to place: loading it anew for each takes most of their time. `until`:
 * what is waited for on a page besides that it is whole. `reads`: what the page asked for, without what its frame asks for everywhere.
 */
export function shared(
  ui: ReturnType<typeof useBrowser>,
  makeSite: () => SiteData,
  prepare: (site: StandIn) => void = () => {},
) {
  let site: StandIn;
  let open: OpenPage;
  beforeAll(async () => {
    site = await StandIn.start(makeSite(), ui.folder);
    prepare(site);
    // A place where no page is: whatever comes next is another one.
    open = await openPage(ui.browser, site.url, { path: '-' });
  });
  afterAll(async () => {
    await open[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });
  return async (path: string, has: string | null = null, until: readonly Step[] = []) => {
    site.reads.length = 0;
    await goTo(open.page, path, [...until, whole(has)]);
    const reads = site.reads.filter((read) => !isOfFrame(read));
    return { page: open.page, complaints: () => open.complaints.splice(0), reads };
  };
}

/** What a reader of screens finds on a page. Ages go on while a test runs; a machine that is busy for a second makes a page old for a moment. */
export async function structureOf(page: Page): Promise<string> {
  await page.locator('main .old-note').first().waitFor({ state: 'hidden' });
  const tree = await page.locator('main').ariaSnapshot();
  const days = [0, 1].map((ago) => before(ago * 86_400_000).slice(0, 10)).join('|');
  const still = tree
    .replace(new RegExp(`(?:${days})[T ][\\d:.]+Z?`, 'g'), 'a moment')
    .replace(/\b\d+ (?:s|min) ago\b/g, 'a moment ago')
    .replace(/\bin \d+ (?:s|min)\b/g, 'in a moment')
    .replace(/(?<![\d:])\d\d:\d\d:\d\d(?![\d:Z])/g, 'a time');
  return `${still}\n`;
}

/** The file of what a page is made of, by its place. */
export const snapshotOf = (path: string, site: string): string =>
  `snapshots/${path.replaceAll(/%2F|[/?=]/g, '-').replace(/0{20,}/, '')}.${site}.yml`;

/** Is a page another one where a site is ill? Such a one has a file of what it is made of then; who adds one makes it, and vitest fills it. */
export const isIll = (path: string): boolean => existsSync(join(TESTS, snapshotOf(path, 'ill')));

/** Reads that two sites answer otherwise, whatever time it is. */
export function otherAnswers(reads: readonly Read[], one: SiteData, other: SiteData): string[] {
  const said = (site: SiteData, read: Read) =>
    (JSON.stringify(answerOf(site, read)) ?? '').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'a moment');
  return reads.filter((read) => said(one, read) !== said(other, read)).map(({ id }) => id);
}
