import { describe, expect, it } from 'vitest';
import { axeInBothThemes } from '../kit/ui/axe.ts';
import { isIll, otherAnswers, PAGES, shared, snapshotOf, structureOf } from '../kit/ui/pages.ts';
import { illSite, wellSite } from '../kit/ui/site.ts';
import { faultsOnPhone } from '../kit/ui/phone.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const ui = useBrowser();
const [well, ill] = [wellSite(), illSite()];

describe('a site that is well', () => {
  const lead = shared(ui, wellSite);
  it.each(PAGES)('has a page $path that is accessible in both themes, and quiet', async ({ path, has }) => {
    const { page, complaints, reads } = await lead(path, has);
    await expect(await structureOf(page)).toMatchFileSnapshot(snapshotOf(path, 'well'));
    expect(await axeInBothThemes(page)).toEqual([]);
    // What is told the same where a site is ill is the same page: it is judged once, here.
    const isOther = isIll(path);
    expect(isOther ? [] : otherAnswers(reads, well, ill)).toEqual([]);
    expect(isOther ? [] : await faultsOnPhone(page)).toEqual([]);
    expect(complaints()).toEqual([]);
  });
});
