import { expect, it } from 'vitest';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const play = useRealSite(useBrowser());

it('a table is one stop of Tab: its row with the buttons of that row, not those of others', async () => {
  const { page } = await play.page('leases');
  await page.getByText(/^\d+ rows$/).waitFor();
  const stops = () =>
    page.evaluate<string[]>(`[...document.querySelectorAll('tbody tr, tbody button, tbody a')]
      .filter((element) => element.tabIndex === 0).map((element) => element.closest('tr').dataset.row)`);
  expect(new Set(await stops())).toEqual(new Set(['0']));
  await page.getByPlaceholder('Filter').focus();
  await page.keyboard.press('Escape');
  for (let count = 0; count < 3; count += 1) await page.keyboard.press('j');
  expect(new Set(await stops())).toEqual(new Set(['2']));
  await page.keyboard.press('Tab');
  expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Copy 10.10.10.102');
  // Whoever points at another row goes on from there.
  await page.getByRole('button', { name: 'Copy 10.10.10.105' }).focus();
  expect(new Set(await stops())).toEqual(new Set(['5']));
  await page.keyboard.press('k');
  expect(await page.evaluate('document.activeElement.dataset.row')).toBe('4');
});

it('all that one can do with a machine is reached with the keys: nothing is begun on the way', async () => {
  const { site } = play;
  const { page } = await play.page('machines/m10');
  const menu = page.locator('details.menu > summary');
  await menu.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Delete', exact: true }).waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await page.getByRole('dialog').count()).toBe(0);
  await page.keyboard.press('Escape');
  expect(await page.getByRole('button', { name: 'Delete', exact: true }).count()).toBe(0);
  expect(await menu.evaluate((element) => element.matches(':focus'))).toBe(true);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Delete', exact: true }).focus();
  await page.keyboard.press('Enter');
  await page.getByLabel('Write m10 to confirm').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(site.way.seen.filter((id) => id.endsWith(' dry'))).toEqual(['machine.delete dry']);
});

it('single keys mean the same where a box is checked, and rows are those of the table that one is in', async () => {
  const { page } = await play.page('machines');
  await page.getByText('4 rows').waitFor();
  await page.getByLabel('Choose m1', { exact: true }).check();
  await page.keyboard.press('g');
  await page.keyboard.press('v');
  await page.getByRole('heading', { name: 'VLANs' }).waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('n');
  await page.getByText('5 rows').waitFor();
});

it('a log-out that nobody answers says so; the page stays', async () => {
  const { site } = play;
  const { page } = await play.page('nodes');
  await page.getByText('5 rows').waitFor();
  site.way.turn('gone');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByText('Still logged in').waitFor();
  site.way.turn('well');
  await page.locator('[data-badge=live]').waitFor({ timeout: 5000 });
  expect(await page.getByText('5 rows').count()).toBe(1);
});
