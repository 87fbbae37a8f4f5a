import { describe, expect, it } from 'vitest';
import { axeInBothThemes } from '../kit/ui/axe.ts';
import { PAGES, shared, snapshotOf, structureOf, whole } from '../kit/ui/pages.ts';
import { wellSite } from '../kit/ui/site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const ui = useBrowser();

describe('a site that is well', () => {
  const lead = shared(ui, wellSite);
  it.each(PAGES)('has a page $path that is accessible in both themes, and quiet', async ({ path, has }) => {
    const { page, complaints } = await lead(path);
    await whole(page, has);
    await expect(await structureOf(page)).toMatchFileSnapshot(snapshotOf(path, 'well'));
    expect(await axeInBothThemes(page)).toEqual([]);
    expect(complaints()).toEqual([]);
  });
});
