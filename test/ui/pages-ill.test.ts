import { describe, expect, it } from 'vitest';
import { axeInBothThemes } from '../kit/ui/axe.ts';
import { isIll, PAGES, shared, snapshotOf } from '../kit/ui/pages.ts';
import { faultsOnPhone } from '../kit/ui/phone.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const ui = useBrowser();

describe('a site that is ill', () => {
  const lead = shared(ui, { kind: 'ill' });
  it.each(PAGES.filter(({ path }) => isIll(path)))(
    'has a page $path that is accessible in both themes and on a phone, and quiet',
    async ({ path, has }) => {
      const { page, complaints, structure } = await lead(path, has);
      await expect(await structure()).toMatchFileSnapshot(snapshotOf(path, 'ill'));
      expect(await axeInBothThemes(page)).toEqual([]);
      expect(await faultsOnPhone(page)).toEqual([]);
      expect(complaints()).toEqual([]);
    },
  );

  it('has on paper the page without its frame', async () => {
    const { page } = await lead('nodes', 'r1');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('nav').isVisible()).toBe(false);
    expect(await page.locator('main table').first().isVisible()).toBe(true);
  });
});
