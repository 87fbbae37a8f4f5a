import { describe, expect, it } from 'vitest';
import { axeInBothThemes, axeLayout } from '../kit/ui/axe.ts';
import { isSameWhenIll, PAGES, shared, snapshotOf, structureOf, whole } from '../kit/ui/pages.ts';
import { illSite } from '../kit/ui/site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const ui = useBrowser();
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 900 };

describe('a site that is ill', () => {
  const lead = shared(ui, illSite);
  it.each(PAGES)(
    'has a page $path that is accessible in both themes and on a phone, and quiet',
    async ({ path, has }) => {
      const { page, complaints } = await lead(path);
      await whole(page, has);
      await expect(await structureOf(page)).toMatchFileSnapshot(snapshotOf(path, 'ill'));
      // A page that is the same where the site is well is judged there (pages-well.test.ts).
      expect(isSameWhenIll(path) ? [] : await axeInBothThemes(page)).toEqual([]);
      await page.setViewportSize(PHONE);
      expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width);
      expect(await axeLayout(page)).toEqual([]);
      await page.setViewportSize(WIDE);
      expect(complaints()).toEqual([]);
    },
  );

  it('has on paper the page without its frame', async () => {
    const { page } = await lead('nodes');
    await whole(page, 'r1');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('main table').first().isVisible()).toBe(true);
  });
});
