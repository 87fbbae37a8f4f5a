import { describe, expect, it } from 'vitest';
import { axeInBothThemes } from '../kit/ui/axe.ts';
import { isIll, PAGES, shared, snapshotOf } from '../kit/ui/pages.ts';
import { faultsOnPhone } from '../kit/ui/phone.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const ui = useBrowser();

describe('a site that is well', () => {
  const lead = shared(ui, {});
  it.each(PAGES)('has a page $path that is accessible in both themes, and quiet', async ({ path, has }) => {
    const { page, complaints, structure } = await lead(path, has);
    await expect(await structure()).toMatchFileSnapshot(snapshotOf(path, 'well'));
    expect(await axeInBothThemes(page)).toEqual([]);
    // What is another page where a site is ill is looked at on a phone there.
    expect(isIll(path) ? [] : await faultsOnPhone(page)).toEqual([]);
    expect(complaints()).toEqual([]);
  });
});
