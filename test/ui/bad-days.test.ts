import { describe, expect, it } from 'vitest';
import { axe } from '../kit/ui/axe.ts';
import { openPage } from '../kit/ui/browser.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();
const play = useRealSite(ui);

describe('two releases side by side', () => {
  it('give a page all the same: what the other one has not got is asked for until its own answers', async () => {
    await using site = await RealSite.start(ui);
    // The other release answers the first two requests for each file of this one.
    site.way.otherReleaseAnswers = 2;
    await using open = await site.open(ui, { path: 'nodes' });
    await open.page.getByText('5 rows').waitFor();
    expect(site.way.otherReleaseAnswered).toBeGreaterThanOrEqual(4);
  });
});

describe('the policy of the page', () => {
  it('lets no script in but its own, and its breach is seen by every test of a page', async () => {
    const open = await play.page('nodes');
    const { page } = open;
    await page.getByText('5 rows').waitFor();
    expect(open.complaints).toEqual([]);
    await page.evaluate(`(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);
    })()`);
    await until('the complaint', () => open.complaints.some((text) => text.includes('Content Security Policy')));
    expect(await page.title()).not.toBe('owned');
  });

  it('lets nobody show it in a frame', async () => {
    await using framed = await RealSite.start(ui);
    const open = await play.page('-');
    const bait = await open.context.newPage();
    await bait.setContent(`<iframe src="${framed.url}/ui/" title="bait"></iframe>`);
    await until('the refusal', () => open.complaints.some((text) => text.includes('frame-ancestors')));
    expect(framed.way.seen).toEqual([]);
    await bait.close();
  });
});

describe('a page of another site', () => {
  it('makes no change with the cookie of the browser: a call without our header is refused', async () => {
    const { site } = play;
    const { page } = await play.page('nodes');
    await page.getByText('5 rows').waitFor();
    const status = await page.evaluate<number>(
      `fetch('/api/v1/nodes/r2/drain', { method: 'POST', credentials: 'include' }).then((answer) => answer.status)`,
    );
    expect(status).toBe(403);
    expect(site.made).toEqual([]);
  });
});

describe('the login', () => {
  it('says how a browser comes to trust the site, with the fingerprint', async () => {
    await using site = await RealSite.start(ui);
    await using open = await openPage(ui.browser, site.url);
    const { page } = open;
    await page.getByText('Let this browser trust the site').click();
    await page.getByText('0A:1B:0A:1B').waitFor();
    expect(await page.getByRole('link', { name: 'regent-ca.crt' }).getAttribute('href')).toBe('ca.crt');
    expect(await axe(page)).toEqual([]);
    expect(open.complaints).toEqual([]);
  });
});
