import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RouteId, ROUTES } from '../../src/contract/routes.ts';
import { axe, axeColours, goTo, type OpenPage, openPage } from '../kit/ui/browser.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { ADDRESS_PAGES } from '../kit/ui/addresses.ts';
import { KEEPING_PAGES } from '../kit/ui/keeping.ts';
import { hostileSite, illSite, newSite, type SiteData, wellSite } from '../kit/ui/site.ts';
import { StandIn } from '../kit/ui/stand-in.ts';
import { until } from '../kit/until.ts';

/** Pages, and what stands on them once they are there. `isNew`: it is looked at on a new site, too, where it says what is next. */
const PAGES = [
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
  ...KEEPING_PAGES,
  ...ADDRESS_PAGES,
] as const satisfies readonly { path: string; has: string; isNew?: true }[];
const NEW_PAGES = PAGES.filter((page) => 'isNew' in page);

const ui = useBrowser();

/** A site, and one page of the user interface that all tests of a group lead from place to place: loading it anew for each takes most of their time. */
function shared(makeSite: () => SiteData, prepare: (site: StandIn) => void = () => {}) {
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
  return async (path: string) => {
    await goTo(open.page, path);
    return { page: open.page, complaints: () => open.complaints.splice(0) };
  };
}

/** Waits until everything that is asked for is there. */
async function whole(page: Page, has: string): Promise<void> {
  await page.locator('main').getByText(has).first().waitFor();
  await until('everything is there', async () => (await page.locator('.skeleton').count()) === 0);
}

/** What a reader of screens finds on a page. Ages go on while a test runs. */
async function structureOf(page: Page): Promise<string> {
  const tree = await page.locator('main').ariaSnapshot();
  const still = tree
    .replace(/\b\d+ (?:s|min) ago\b/g, 'a moment ago')
    .replace(/\bin \d+ (?:s|min)\b/g, 'in a moment')
    .replace(/(?<![\d:])\d\d:\d\d:\d\d(?![\d:Z])/g, 'a time');
  return `${still}\n`;
}

const nameOf = (path: string) => path.replaceAll(/%2F|[/?=]/g, '-').replace(/0{20,}/, '');

describe.each([
  ['well', wellSite],
  ['ill', illSite],
] as const)('a site that is %s', (name, makeSite) => {
  const lead = shared(makeSite);
  it.each(PAGES)('has a page $path that is accessible in both themes, and quiet', async ({ path, has }) => {
    const { page, complaints } = await lead(path);
    await whole(page, has);
    await expect(await structureOf(page)).toMatchFileSnapshot(`snapshots/${nameOf(path)}.${name}.yml`);
    expect(await axe(page)).toEqual([]);
    // Of the other theme only the colours are others.
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await axeColours(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    expect(complaints()).toEqual([]);
  });
});

describe('a phone', () => {
  const lead = shared(illSite);
  it.each(PAGES)('shows the page $path without scrolling sideways', async ({ path, has }) => {
    const { page } = await lead(path);
    await page.setViewportSize({ width: 390, height: 900 });
    await whole(page, has);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
    expect(await axe(page)).toEqual([]);
  });
});

describe('hostile words', () => {
  const lead = shared(hostileSite);
  it.each(PAGES)('are words on the page $path', async ({ path }) => {
    const { page, complaints } = await lead(path);
    await page.locator('main .shown').first().waitFor();
    await until('everything is there', async () => (await page.locator('.skeleton').count()) === 0);
    expect(await page.title()).not.toContain('owned');
    expect(await page.locator('main img').count()).toBe(0);
    expect(complaints()).toEqual([]);
  });
});

describe('a refusal', () => {
  const lead = shared(wellSite, (site) => {
    const refusal = { status: 403, code: 'forbidden', detail: 'The role user may not call this.' };
    for (const id of Object.keys(ROUTES) as RouteId[]) site.refusals.set(id, refusal);
  });
  it.each(PAGES)('stands on the page $path, with the id of the request', async ({ path }) => {
    const { page } = await lead(path);
    await page.locator('.refusal').first().waitFor();
    expect(await page.locator('.refusal').first().textContent()).toContain('test-1');
    expect(await axe(page)).toEqual([]);
  });
});

describe('a site that is new', () => {
  const lead = shared(newSite);
  it.each(NEW_PAGES)('has a page $path that says what is next', async ({ path }) => {
    const { page } = await lead(path);
    await page.locator('main .empty, main .steps').first().waitFor();
    await until('everything is there', async () => (await page.locator('.skeleton').count()) === 0);
    await expect(await structureOf(page)).toMatchFileSnapshot(`snapshots/${nameOf(path)}.new.yml`);
    expect(await axe(page)).toEqual([]);
  });
});

/** Pages that wait together: waits are most of it. */
const TOGETHER = 7;
const GROUPS = Array.from({ length: Math.ceil(PAGES.length / TOGETHER) }, (_, index) =>
  PAGES.slice(index * TOGETHER, (index + 1) * TOGETHER),
);

describe.each(GROUPS.map((group) => ({ group, names: group.map(({ path }) => path).join(', ') })))(
  'a site that nobody answers for',
  ({ group, names }) => {
    it(`is old on ${names}, which say from when; then it is shown again`, async () => {
      await using site = await StandIn.start(wellSite(), ui.folder);
      await using first = await openPage(ui.browser, site.url);
      const pages = await Promise.all(
        group.map(async ({ path, has }) => {
          const page = await first.context.newPage();
          await page.goto(`${site.url}/ui/#/${path}`);
          await whole(page, has);
          // A heading stands there before the first answer: what never came cannot be old.
          await page.locator('main .shown').first().waitFor();
          return { page, has };
        }),
      );
      site.turn('gone');
      await Promise.all(
        pages.map(async ({ page, has }) => {
          await page.locator('[data-badge=lost]').waitFor({ timeout: 10_000 });
          await page.locator('main .old').first().waitFor({ timeout: 20_000 });
          expect(await page.locator('main .old-note').first().textContent()).toMatch(/From \d\d:\d\d:\d\d/);
          // Old data is still there, and readable.
          expect(await page.locator('main').getByText(has).first().isVisible()).toBe(true);
          expect(await axeColours(page)).toEqual([]);
        }),
      );
      site.turn('well');
      await Promise.all(
        pages.map(async ({ page }) => {
          await page.locator('[data-badge=live]').waitFor({ timeout: 10_000 });
          await until('nothing is old any more', async () => (await page.locator('main .old').count()) === 0);
        }),
      );
      expect(first.complaints).toEqual([]);
    });
  },
);

describe('paper', () => {
  const lead = shared(illSite);
  it('has the page without its frame', async () => {
    const { page } = await lead('nodes');
    await whole(page, 'r1');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('main table').first().isVisible()).toBe(true);
  });
});

it('stays within its budget', () => {
  console.log(ui.sizes);
  expect(ui.sizes).toMatch(/main +\d/);
});
