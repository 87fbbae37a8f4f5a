import { expect, it } from 'vitest';
import { axe } from '../kit/ui/axe.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const play = useRealSite(useBrowser());
const SUBNET = 'subnets/10.10.10.0%2F24';

it('a pool has its leases over time, its size, and the day on which it is full', async () => {
  const { page, complaints } = await play.page(SUBNET);
  const plot = page.getByRole('slider', { name: 'Leases over time' });
  await plot.waitFor();
  await page.getByText(/At this rate the pool is full on \d{4}-\d\d-\d\d/).waitFor();
  expect(await plot.getAttribute('aria-valuetext')).toMatch(/Z: leases [\d.]+$/);
  await page.getByText('addresses of the pool').waitFor();
  expect(await axe(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

it('a plot is read by keyboard, value by value; gaps are said', async () => {
  const { page } = await play.page('charts');
  const plot = page.getByRole('slider', { name: 'Region nodes that may fail' });
  await plot.focus();
  const text = async () => (await plot.getAttribute('aria-valuetext')) ?? '';
  await page.keyboard.press('End');
  const last = Number(await plot.getAttribute('aria-valuenow'));
  expect(last).toBeGreaterThan(280);
  await page.keyboard.press('Home');
  expect(Number(await plot.getAttribute('aria-valuenow'))).toBe(0);
  expect(await text()).toMatch(/: Region nodes that may fail 1$/);
  // The gap lies between 200 and 212 steps before the site was filled.
  const seen: string[] = [];
  for (let step = 0; step < 9; step += 1) {
    await page.keyboard.press('PageUp');
    seen.push((await text()).split(' ').at(-1) ?? '');
  }
  expect(seen).toContain('–');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  expect(Number(await plot.getAttribute('aria-valuenow'))).toBe(1);
});

it('a plot has the same values as a table, and its span stands in the address', async () => {
  const { page, complaints } = await play.page('charts');
  await page.getByRole('slider', { name: 'Disk space in use' }).waitFor();
  const section = page.locator('section', { has: page.getByRole('heading', { name: 'Disk space in use' }) });
  await section.getByText('Values as a table').click();
  const table = section.getByRole('region', { name: 'Values of Disk space in use' });
  await table.getByRole('columnheader', { name: 'r1 /', exact: true }).waitFor();
  await table.getByRole('cell', { name: '40 %' }).first().waitFor();
  expect(await axe(page)).toEqual([]);
  await page.getByRole('radio', { name: 'Week' }).check();
  await page.waitForURL(/span=week/);
  await page.getByRole('slider', { name: 'Disk space in use' }).waitFor();
  // A chart that has no values says so.
  await page.getByText('No values in this span yet.').first().waitFor();
  expect(complaints).toEqual([]);
});
