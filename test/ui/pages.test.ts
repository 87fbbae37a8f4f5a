import { describe, expect, it } from 'vitest';
import { type RouteId, ROUTES } from '../../src/contract/routes.ts';
import { axe, axeMain } from '../kit/ui/axe.ts';
import { NEW_PAGES, PAGES, shared, snapshotOf } from '../kit/ui/pages.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const ui = useBrowser();

/** Names and sentences that would like to be more than text. */
const HOSTILE = '<img src=x onerror="document.title=`owned`"> {{constructor}} \u202e&amp;" onx="1 ';
/** Members of answers that are free texts: of people, of daemons, of machines. */
const FREE = new Set(
  [
    'agent comment components description detail email error explanation hostname label message outcome problem progress',
    'reason remedy result sentence subject summary text title warnings what who why words',
  ].flatMap((line) => line.split(' ')),
);

describe('hostile words', () => {
  const lead = shared(ui, { kind: 'ill' }, (site) => {
    site.way.rewrite = (name, value) => (FREE.has(name) && value !== '' ? HOSTILE : value);
  });
  it.each(PAGES)('are words on the page $path', async ({ path }) => {
    const { page, complaints } = await lead(path, null, [{ selector: 'main .shown' }]);
    const found = await page.evaluate('[document.title, document.querySelectorAll("main img").length]');
    expect(found).toEqual([expect.not.stringContaining('owned'), 0]);
    expect(complaints()).toEqual([]);
  });
});

describe('a refusal', () => {
  const lead = shared(ui, {}, (site) => {
    const refusal = { status: 403, code: 'forbidden', detail: 'The role user may not call this.' };
    for (const id of Object.keys(ROUTES) as RouteId[]) site.way.refusals.set(id, refusal);
  });
  it.each(PAGES)('stands on the page $path, with the id of the request', async ({ path }) => {
    const { page } = await lead(path, null, [{ selector: '.refusal' }]);
    expect(await page.locator('.refusal').first().isVisible()).toBe(true);
    expect(await page.locator('.refusal').first().textContent()).toContain('test-1');
    expect(await axeMain(page)).toEqual([]);
  });
});

describe('a site that is new', () => {
  const lead = shared(ui, { kind: 'new' });
  it.each(NEW_PAGES)('has a page $path that says what is next', async ({ path }) => {
    const { page, structure } = await lead(path, null, [{ selector: 'main .empty, main .steps' }]);
    await expect(await structure()).toMatchFileSnapshot(snapshotOf(path, 'new'));
    expect(await axe(page)).toEqual([]);
  });
});

it('stays within its budget', () => {
  console.log(ui.sizes);
  expect(ui.sizes).toMatch(/main +\d/);
});
