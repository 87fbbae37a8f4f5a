import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { axe, axeLayout, axeMain, axeMainColours } from '../kit/ui/axe.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const play = useRealSite(useBrowser());

/** Faults, how a page gets them, and the rule that finds them. */
const FAULTS: readonly (readonly [what: string, add: string, rule: string])[] = [
  ['words that are hard to read', '<p data-style="color: #777; background: #888">words</p>', 'color-contrast'],
  [
    'a word in a known place in a new colour',
    '<p class="faint" data-style="color: #777; background: #888">x y</p>',
    'color-contrast',
  ],
  ['an input without a name', '<p><input type="text"></p>', 'label'],
  ['a button without a name', '<ul><li><button type="button"></button></li></ul>', 'button-name'],
  ['a heading that leaves out a level', '<h5>Five</h5>', 'heading-order'],
  [
    'two parts of one name',
    '<section aria-label="one"></section><section aria-label="one"></section>',
    'landmark-unique',
  ],
  ['a list with something else in it', '<ul><p>no item</p></ul>', 'list'],
  ['a role that is none', '<p role="nothing">words</p>', 'aria-roles'],
];

/** The policy of the page lets no style in by text. */
const append = (page: Page, html: string) =>
  page.evaluate(`(() => {
    const main = document.querySelector('main .page');
    globalThis.own ??= main.childElementCount;
    main.insertAdjacentHTML('beforeend', ${JSON.stringify(html)});
    main.lastElementChild.style.cssText = main.lastElementChild.dataset.style ?? '';
  })()`);

const removeAll = (page: Page) =>
  page.evaluate(`(() => {
    const main = document.querySelector('main .page');
    while (main.childElementCount > globalThis.own) main.lastElementChild.remove();
    delete globalThis.own;
  })()`);

/** Which faults a look tells of. */
const foundIn = (lines: readonly string[]) =>
  FAULTS.filter(([, , rule]) => lines.some((line) => line.startsWith(`${rule}: `)));
const isColour = ([, , rule]: (typeof FAULTS)[number]) => rule === 'color-contrast';

it('a page that was found well is not any more with any of the faults, however it is looked at', async () => {
  const { page } = await play.page('nodes');
  await page.getByText('5 rows').waitFor();
  for (let count = 0; count < 2; count += 1) expect(await axe(page)).toEqual([]);
  for (const [, add] of FAULTS) await append(page, add);
  // What was found ill is found so again.
  for (let count = 0; count < 2; count += 1) expect(foundIn(await axe(page))).toEqual(FAULTS);
  expect(foundIn(await axeMain(page))).toEqual(FAULTS);
  const [colours, layout] = [await axeMainColours(page), await axeLayout(page)];
  expect(foundIn(colours)).toEqual(FAULTS.filter(isColour));
  expect(foundIn(layout)).toEqual(FAULTS.filter((fault) => !isColour(fault)));
  // Both words are told of, not one for the two.
  expect(colours.filter((line) => line.startsWith('color-contrast'))).toHaveLength(2);
  await removeAll(page);
  expect(await axe(page)).toEqual([]);
});

it.each(FAULTS)('a page that was found well is not any more with %s alone', async (_, add, rule) => {
  const { page } = await play.page('nodes');
  await page.getByText('5 rows').waitFor();
  expect(await axe(page)).toEqual([]);
  await append(page, add);
  expect(await axeMain(page)).toContainEqual(expect.stringMatching(new RegExp(`^${rule}: `)));
  await removeAll(page);
});

it('what was found well in light is looked at in dark', async () => {
  const { page } = await play.page('nodes');
  await page.getByText('5 rows').waitFor();
  const add = '<p data-style="color: light-dark(#000, #555)">words of two colours</p>';
  await append(page, add);
  expect(await axe(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect((await axeMainColours(page)).join()).toContain('color-contrast');
  await page.emulateMedia({ colorScheme: 'light' });
});
