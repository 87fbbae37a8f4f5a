import { expect, it } from 'vitest';
import { axe } from '../kit/ui/axe.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const play = useRealSite(useBrowser());

it('the search in the header finds settings, pages and objects, and goes there with the arrow keys (F38)', async () => {
  const { page, complaints } = await play.page('nodes');
  await page.getByText('5 rows').waitFor();
  await page.keyboard.press('/');
  const box = page.getByRole('combobox', { name: 'Search the site' });
  expect(await box.evaluate((element) => element.matches(':focus'))).toBe(true);
  await box.pressSequentially('lease time');
  await page
    .getByRole('option', { name: /lease_time/ })
    .first()
    .waitFor();
  expect(await axe(page)).toEqual([]);
  await box.fill('www.lab');
  await page
    .getByRole('option', { name: /www\.lab\.test/ })
    .first()
    .waitFor();
  await box.press('ArrowDown');
  await box.press('Enter');
  await page.waitForURL(/www\.lab\.test/);
  expect(complaints).toEqual([]);
});

it('the menu of a phone is behind a button, and closes on the way (F43)', async () => {
  const { page } = await play.page('nodes');
  await page.setViewportSize({ width: 390, height: 900 });
  const link = page.getByRole('navigation').getByRole('link', { name: 'VLANs' });
  expect(await link.isVisible()).toBe(false);
  await page.getByRole('button', { name: 'Menu', exact: true }).click();
  expect(await axe(page)).toEqual([]);
  await link.click();
  await page.getByRole('heading', { name: 'VLANs' }).waitFor();
  await link.waitFor({ state: 'hidden', timeout: 5000 });
  await page.setViewportSize({ width: 1280, height: 900 });
});

it('a change says where it is in force, and is undone with two clicks (F13)', async () => {
  const { page } = await play.page('dns/records');
  await page.getByRole('button', { name: 'New record' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Full name').fill('after.lab.test');
  await dialog.getByRole('textbox', { name: 'Data' }).fill('10.10.10.77');
  await dialog.getByRole('button', { name: 'See what it would do' }).click();
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await dialog.getByRole('link', { name: /^Change \d+$/ }).waitFor();
  await dialog.getByRole('button', { name: 'Undo', exact: true }).click();
  await dialog.getByRole('button', { name: 'Undo now' }).click();
  await dialog.getByText(/^Change \d+ is undone\.$/).waitFor();
});
