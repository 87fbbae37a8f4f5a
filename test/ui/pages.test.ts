import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RouteId, ROUTES } from '../../src/contract/routes.ts';
import { axe, buildUi, openPage, startBrowser } from '../kit/ui/browser.ts';
import { ADDRESS_PAGES } from '../kit/ui/addresses.ts';
import { KEEPING_PAGES } from '../kit/ui/keeping.ts';
import { hostileSite, illSite, newSite, type SiteData, wellSite } from '../kit/ui/site.ts';
import { StandIn } from '../kit/ui/stand-in.ts';
import { until } from '../kit/until.ts';

const ui = buildUi();
let browser: Browser;

beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  ui.remove();
});

/** What a reader of screens finds on a page. Ages go on while a test runs. */
async function structureOf(page: Page): Promise<string> {
  const tree = await page.locator('main').ariaSnapshot();
  return `${tree.replace(/\b\d+ (?:s|min) ago\b/g, 'a moment ago')}\n`;
}

/** Pages, and what stands on them once they are there. */
const PAGES = [
  { path: 'overview', has: 'What is here' },
  { path: 'nodes', has: 'r1' },
  { path: 'nodes/r2', has: '10.77.0.11' },
  { path: 'services', has: 'Services' },
  { path: 'services/r2/dns', has: '1.2.3' },
  { path: 'doctor', has: 'Doctor' },
  { path: 'racks', has: 'k1' },
  { path: 'vlans', has: 'lab/vlan10' },
  { path: 'vlans/lab/vlan10', has: 'eth1' },
  { path: 'subnets', has: '10.10.10.0/24' },
  { path: 'leases', has: '10.10.10.100' },
  ...KEEPING_PAGES,
  ...ADDRESS_PAGES,
] as const;
const SITES: readonly (readonly [string, () => SiteData])[] = [
  ['well', wellSite],
  ['ill', illSite],
];

const nameOf = (path: string) => path.replaceAll(/[^\w.-]/g, '-');

describe.each(PAGES)('the page $path', ({ path, has }) => {
  describe.each(SITES)('of a site that is %s', (name, makeSite) => {
    it.each(['light', 'dark'] as const)('is accessible and quiet in the %s theme', async (theme) => {
      await using site = await StandIn.start(makeSite(), ui.folder);
      await using open = await openPage(browser, site.url, { theme, path });
      const { page } = open;
      await page.locator('main').getByText(has).first().waitFor();
      await until('everything is there', async () => (await page.locator('.skeleton').count()) === 0);
      expect(await axe(page)).toEqual([]);
      expect(open.complaints).toEqual([]);
      // It is the same in both themes.
      await expect(await structureOf(page)).toMatchFileSnapshot(`snapshots/${nameOf(path)}.${name}.yml`);
    });
  });

  it('needs no scrolling sideways on a phone, and is accessible there', async () => {
    await using site = await StandIn.start(illSite(), ui.folder);
    await using open = await openPage(browser, site.url, { width: 390, path });
    const { page } = open;
    await page.locator('main').getByText(has).first().waitFor();
    const width = await page.evaluate<number>('document.documentElement.scrollWidth');
    expect(width).toBeLessThanOrEqual(390);
    expect(await axe(page)).toEqual([]);
  });

  // Waits are most of it: all pages wait together.
  it.concurrent('is old, and says from when, while nobody answers; then it is shown again', async ({ expect }) => {
    await using site = await StandIn.start(wellSite(), ui.folder);
    await using open = await openPage(browser, site.url, { path });
    const { page } = open;
    await page.locator('main').getByText(has).first().waitFor();
    // A heading stands there before the first answer: what never came cannot be old.
    await page.locator('main .shown').first().waitFor();
    await until('everything is there', async () => (await page.locator('.skeleton').count()) === 0);
    site.turn('gone');
    await page.locator('[data-badge=lost]').waitFor({ timeout: 5000 });
    await page.locator('main .old').first().waitFor({ timeout: 20_000 });
    expect(await page.locator('main .old-note').first().textContent()).toMatch(/From \d\d:\d\d:\d\d/);
    // Old data is still there, and readable.
    expect(await page.locator('main').getByText(has).first().isVisible()).toBe(true);
    expect(await axe(page)).toEqual([]);
    site.turn('well');
    await page.locator('[data-badge=live]').waitFor({ timeout: 5000 });
    await until('nothing is old any more', async () => (await page.locator('main .old').count()) === 0);
    expect(open.complaints).toEqual([]);
  });

  it('shows hostile words as words', async () => {
    await using site = await StandIn.start(hostileSite(), ui.folder);
    await using open = await openPage(browser, site.url, { path });
    const { page } = open;
    await page.locator('main .shown').first().waitFor();
    await until('everything is there', async () => (await page.locator('.skeleton').count()) === 0);
    expect(await page.title()).not.toContain('owned');
    expect(await page.locator('main img').count()).toBe(0);
    expect(open.complaints).toEqual([]);
  });

  it('says what the site refuses, with the id of the request', async () => {
    await using site = await StandIn.start(wellSite(), ui.folder);
    const refusal = { status: 403, code: 'forbidden', detail: 'The role user may not call this.' };
    for (const id of Object.keys(ROUTES) as RouteId[]) site.refusals.set(id, refusal);
    await using open = await openPage(browser, site.url, { path });
    await open.page.locator('.refusal').first().waitFor();
    expect(await open.page.locator('.refusal').first().textContent()).toContain('test-1');
    expect(await axe(open.page)).toEqual([]);
  });
});

describe('a site that is new', () => {
  const own = [...KEEPING_PAGES, ...ADDRESS_PAGES].filter((page) => 'isNew' in page).map(({ path }) => path);
  it.each(['overview', 'services', 'doctor', 'racks', 'vlans', 'subnets', 'leases', ...own])(
    'has a page %s that says what is next',
    async (path) => {
      await using site = await StandIn.start(newSite(), ui.folder);
      await using open = await openPage(browser, site.url, { path });
      const { page } = open;
      await page.locator('main .empty, main .steps').first().waitFor();
      await until('everything is there', async () => (await page.locator('.skeleton').count()) === 0);
      expect(await axe(page)).toEqual([]);
      await expect(await structureOf(page)).toMatchFileSnapshot(`snapshots/${nameOf(path)}.new.yml`);
    },
  );
});

describe('paper', () => {
  it('has the page without its frame', async () => {
    await using site = await StandIn.start(illSite(), ui.folder);
    await using open = await openPage(browser, site.url, { path: 'nodes' });
    const { page } = open;
    await page.locator('main').getByText('r1').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('main table').first().isVisible()).toBe(true);
  });
});

it('stays within its budget', () => {
  console.log(ui.sizes);
  expect(ui.sizes).toMatch(/main +\d/);
});
