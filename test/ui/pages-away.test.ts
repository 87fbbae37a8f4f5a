import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patient } from '../kit/machine.ts';
import { axeColours } from '../kit/ui/axe.ts';
import { goTo, type OpenPage, whole } from '../kit/ui/browser.ts';
import { namesOf, PAGES, placeOf } from '../kit/ui/pages.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();

/** Pages that wait together: waits are most of it. */
const TOGETHER = 11;
const GROUPS = Array.from({ length: Math.ceil(PAGES.length / TOGETHER) }, (_, index) =>
  PAGES.slice(index * TOGETHER, (index + 1) * TOGETHER),
);

describe('a site that nobody answers for', () => {
  let site: RealSite;
  let names: Awaited<ReturnType<typeof namesOf>>;
  let first: OpenPage;
  let tabs: Page[];
  beforeAll(async () => {
    site = await RealSite.start(ui);
    names = await namesOf(site);
    first = await site.open(ui, { path: '-' });
    const others = Array.from({ length: TOGETHER - 1 }, async () => {
      const page = await first.context.newPage();
      await page.goto(`${site.url}/ui/#/-`);
      return page;
    });
    tabs = [first.page, ...(await Promise.all(others))];
  });
  afterAll(async () => {
    await first[Symbol.asyncDispose]();
    await site[Symbol.asyncDispose]();
  });

  it.each(GROUPS.map((group) => ({ group, names: group.map(({ path }) => path).join(', ') })))(
    'is old on $names, which say from when; then it is shown again',
    async ({ group }) => {
      const pages = await Promise.all(
        group.map(async ({ path, has }, index) => {
          const page = tabs[index] ?? first.page;
          // A heading stands there before the first answer: what never came cannot be old.
          await goTo(page, placeOf(path, names), [{ selector: 'main .shown' }, whole(has)]);
          return { page, has };
        }),
      );
      site.way.turn('gone');
      await Promise.all(
        pages.map(async ({ page, has }) => {
          await page.locator('[data-badge=lost]').waitFor({ timeout: patient(10_000) });
          await page
            .locator('main .old')
            .first()
            .waitFor({ timeout: patient(20_000) });
          expect(await page.locator('main .old-note').first().textContent()).toMatch(/From \d\d:\d\d:\d\d/);
          // Old data is still there, and readable.
          expect(await page.locator('main').getByText(has).first().isVisible()).toBe(true);
        }),
      );
      // One after the other: what was found well on one is not looked at on the next.
      for (const { page } of pages) expect(await axeColours(page)).toEqual([]);
      site.way.turn('well');
      await Promise.all(
        pages.map(async ({ page }) => {
          await page.locator('[data-badge=live]').waitFor({ timeout: patient(10_000) });
          await until('nothing is old any more', async () => (await page.locator('main .old').count()) === 0, {
            deadlineMs: patient(10_000),
          });
        }),
      );
      expect(first.complaints).toEqual([]);
    },
    patient(60_000),
  );
});
