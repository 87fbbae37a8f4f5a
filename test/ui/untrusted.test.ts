import { expect, it } from 'vitest';
import { patient } from '../kit/machine.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

/** A browser whose user clicked through the warning about the certificate: the worker's calls fail, the page's own do not. */

const ui = useBrowser();
const SENTENCE =
  'Live updates are off: this browser does not trust the site’s certificate yet. Install the CA (1 minute).';
/** A worker that reaches nobody. `workerFindsSite()` in the page: from now on it does. */
const PLAYED_WORKER = `globalThis.SharedWorker = class {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    const link = (isUp) => port2.postMessage({ kind: 'link', link: { isUp, since: Date.now(), why: isUp ? '' : 'Failed to fetch', node: isUp ? 'r3' : '', version: '' } });
    port2.onmessage = ({ data }) => data.kind === 'probe' && link(false);
    link(false);
    globalThis.workerFindsSite = () => link(true);
  }
};`;

it('gets live updates by a stream of the page, and is told what to do', async () => {
  await using site = await RealSite.start(ui);
  await using open = await site.open(ui);
  const { page, context } = open;
  await context.addInitScript(PLAYED_WORKER);
  await page.goto(`${site.url}/ui/?played#/notes`);
  const badge = page.locator('[data-badge]');
  await page.locator('[data-badge="lost"]').waitFor();
  await page.getByText(SENTENCE).waitFor({ timeout: 10_000 });
  expect(await page.locator('details.trust').getAttribute('open')).not.toBeNull();
  await until('the badge is live', async () => (await badge.getAttribute('data-badge')) === 'live');
  // The stream of the page before, by the real worker, ended with it.
  await until('the page has a stream', () => site.way.streams === 1);
  await site.call('POST', '/notifications', { message: 'Hall 3 is cold', users: true });
  await page
    .getByText('Hall 3 is cold')
    .first()
    .waitFor({ timeout: patient(3000) });
  // The certificate is installed: the worker takes over.
  await page.evaluate('workerFindsSite()');
  await page.getByText(SENTENCE).waitFor({ state: 'detached' });
  expect(open.complaints).toEqual([]);
});

it('does not blame the certificate when the site is away for the page, too', async () => {
  await using site = await RealSite.start(ui);
  await using open = await site.open(ui);
  await open.context.addInitScript(PLAYED_WORKER);
  await open.context.route('**/health/live', (route) => route.abort());
  await open.page.goto(`${site.url}/ui/?played#/nodes`);
  await open.page.locator('[data-badge="lost"]').waitFor();
  await open.page.waitForTimeout(6000);
  expect(await open.page.getByText(SENTENCE).count()).toBe(0);
});
