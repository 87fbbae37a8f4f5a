import { expect, it } from 'vitest';
import { goTo } from '../kit/ui/browser.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();

it('reads that hang hold three connections of the browser: stream, looks, changes and other pages go on', async () => {
  await using site = await RealSite.start(ui);
  await using open = await site.open(ui, { path: 'nodes/r2' });
  const { page } = open;
  await page.getByText('10.77.0.12').first().waitFor();
  await until('the stream', () => site.way.streams === 1);
  await page.evaluate(`(() => {
    const badge = document.querySelector('[data-badge]');
    globalThis.badges = [];
    new MutationObserver(() => badges.push(badge.dataset.badge)).observe(badge, { attributes: true, attributeFilter: ['data-badge'] });
  })()`);
  // What tabs read hangs, but for what one page needs.
  site.way.hangs = (id) => id !== null && !['event.list', 'node.drain', 'setting.list', 'job.list'].includes(id);
  const others = await Promise.all(
    ['overview', 'doctor'].map(async (path) => {
      const tab = await open.context.newPage();
      await tab.goto(`${site.url}/ui/#/${path}`);
      return tab;
    }),
  );
  let most = 0;
  await until('calls hang', () => (most = Math.max(most, site.way.hanging)) >= 3);
  const seenAt = site.way.seen.length;
  // Each look and each event finds its way, for longer than a site may be silent.
  const end = Date.now() + 2000;
  while (Date.now() < end) {
    most = Math.max(most, site.way.hanging);
    await new Promise((done) => setTimeout(done, 50));
  }
  expect(await page.evaluate('globalThis.badges.filter((kind) => kind === "lost")')).toEqual([]);
  expect(site.way.streams).toBe(1);
  expect(most).toBe(3);
  await page.getByRole('button', { name: 'Drain', exact: true }).click();
  await page.locator('[data-apply]').click({ timeout: 3000 });
  await page.getByText('Started. The bar above').waitFor({ timeout: 3000 });
  expect(site.made.map(({ id }) => id)).toEqual(['node.drain']);
  expect(site.way.seen.slice(seenAt)).toContain('node.drain');
  // Who leaves a page ends what it asks for: the next one has turns. Calls that hang by now are known to be slow, and leave two of three to others.
  for (const tab of others) await goTo(tab, 'settings');
  for (const tab of others) await tab.getByText('default_ttl').first().waitFor({ timeout: 6000 });
  site.way.hangs = () => false;
  await site.call('POST', '/zones', { name: 'hall-2' });
  await until('nothing is old any more', async () => (await page.locator('main .old').count()) === 0);
  expect(open.complaints).toEqual([]);
});
