import { expect, it } from 'vitest';
import { goTo, openPage } from '../kit/ui/browser.ts';
import { event, wellSite } from '../kit/ui/site.ts';
import { StandIn } from '../kit/ui/stand-in.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();

it('reads that hang hold three connections of the browser: stream, looks, changes and other pages go on', async () => {
  await using site = await StandIn.start(wellSite(), ui.folder);
  await using open = await openPage(ui.browser, site.url, { path: 'nodes/r2' });
  const { page } = open;
  await page.getByText('10.77.0.11').first().waitFor();
  await until('the stream', () => site.streams === 1);
  await page.evaluate(`(() => {
    const badge = document.querySelector('[data-badge]');
    globalThis.badges = [];
    new MutationObserver(() => badges.push(badge.dataset.badge)).observe(badge, { attributes: true, attributeFilter: ['data-badge'] });
  })()`);
  // What tabs read hangs, but for what one page needs.
  site.hangs = (id) => !['event.list', 'node.drain', 'setting.list', 'job.list'].includes(id);
  const others = await Promise.all(
    ['overview', 'doctor'].map(async (path) => {
      const tab = await open.context.newPage();
      await tab.goto(`${site.url}/ui/#/${path}`);
      return tab;
    }),
  );
  let most = 0;
  await until('calls hang', () => (most = Math.max(most, site.hanging)) >= 3);
  const seenAt = site.seen.length;
  // Each look and each event finds its way, for longer than a site may be silent.
  const end = Date.now() + 2000;
  while (Date.now() < end) {
    most = Math.max(most, site.hanging);
    await new Promise((done) => setTimeout(done, 50));
  }
  expect(await page.evaluate('globalThis.badges.filter((kind) => kind === "lost")')).toEqual([]);
  expect(site.streams).toBe(1);
  expect(most).toBe(3);
  await page.getByRole('button', { name: 'Drain', exact: true }).click();
  await page.locator('[data-apply]').click({ timeout: 3000 });
  await page.getByText('Begun.').waitFor({ timeout: 3000 });
  expect(site.made.map(({ id }) => id)).toEqual(['node.drain']);
  expect(site.seen.slice(seenAt)).toContain('node.drain');
  // Who leaves a page ends what it asks for: the next one has turns. Calls that hang by now are known to be slow, and leave two of three to others.
  for (const tab of others) await goTo(tab, 'settings');
  for (const tab of others) await tab.getByText('default_ttl').first().waitFor({ timeout: 6000 });
  site.hangs = () => false;
  site.emit(event(1, 'node.changed', 'r2'));
  await until('nothing is old any more', async () => (await page.locator('main .old').count()) === 0);
  expect(open.complaints).toEqual([]);
});
