import { describe, expect, it } from 'vitest';
import { type RouteId, ROUTES } from '../../src/contract/routes.ts';
import { axe, axeMain } from '../kit/ui/axe.ts';
import { NEW_PAGES, PAGES, shared, snapshotOf, structureOf } from '../kit/ui/pages.ts';
import { hostileSite, newSite, wellSite } from '../kit/ui/site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const ui = useBrowser();

describe('hostile words', () => {
  const lead = shared(ui, hostileSite);
  it.each(PAGES)('are words on the page $path', async ({ path }) => {
    const { page, complaints } = await lead(path, null, [{ selector: 'main .shown' }]);
    const found = await page.evaluate('[document.title, document.querySelectorAll("main img").length]');
    expect(found).toEqual([expect.not.stringContaining('owned'), 0]);
    expect(complaints()).toEqual([]);
  });
});

describe('a refusal', () => {
  const lead = shared(ui, wellSite, (site) => {
    const refusal = { status: 403, code: 'forbidden', detail: 'The role user may not call this.' };
    for (const id of Object.keys(ROUTES) as RouteId[]) site.refusals.set(id, refusal);
  });
  it.each(PAGES)('stands on the page $path, with the id of the request', async ({ path }) => {
    const { page } = await lead(path, null, [{ selector: '.refusal' }]);
    expect(await page.locator('.refusal').first().isVisible()).toBe(true);
    expect(await page.locator('.refusal').first().textContent()).toContain('test-1');
    expect(await axeMain(page)).toEqual([]);
  });
});

describe('a site that is new', () => {
  const lead = shared(ui, newSite);
  it.each(NEW_PAGES)('has a page $path that says what is next', async ({ path }) => {
    const { page } = await lead(path, null, [{ selector: 'main .empty, main .steps' }]);
    await expect(await structureOf(page)).toMatchFileSnapshot(snapshotOf(path, 'new'));
    expect(await axe(page)).toEqual([]);
  });
});

it('stays within its budget', () => {
  console.log(ui.sizes);
  expect(ui.sizes).toMatch(/main +\d/);
});
