import { describe, expect, it } from 'vitest';
import { patient } from '../kit/machine.ts';
import { axe } from '../kit/ui/axe.ts';
import { openPage } from '../kit/ui/browser.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();
const play = useRealSite(ui);
const PASSWORD = 'a long one for the tests';

/** Keeps each change of the badge with its time. */
const KEEP_BADGES = `(() => {
  globalThis.badges = [];
  const badge = document.querySelector('[data-badge]');
  new MutationObserver(() => badges.push({ kind: badge.dataset.badge, at: Date.now() })).observe(badge, { attributes: true, attributeFilter: ['data-badge'] });
})()`;

describe('the login', () => {
  it('takes a password, says why not, and leads to the page that was asked for', async () => {
    const { site } = play;
    await site.call('PUT', '/users/operator/password', { password: PASSWORD });
    await using open = await openPage(ui.browser, site.url, { path: 'doctor' });
    const { page } = open;
    await page.getByLabel('Name').fill('operator');
    await page.getByLabel('Password').fill('wrong');
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByText('Wrong name or password').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Doctor' }).waitFor();
    expect(open.complaints).toEqual([]);
  });

  it('takes an API key', async () => {
    const { site } = play;
    await using open = await openPage(ui.browser, site.url);
    await open.page.getByLabel('API key').fill(site.region.keys.admin);
    // Of a screen on the wall, which only looks.
    await open.page.getByLabel('Read-only wall display').check();
    await open.page.getByLabel('API key').press('Enter');
    await open.page.getByRole('heading', { name: 'Overview' }).waitFor();
    const sessions = (await site.call('GET', '/sessions'))['items'];
    expect(sessions).toContainEqual(expect.objectContaining({ user: 'admin', isReadOnly: true }));
    await open.page.evaluate('location.hash = "#/nodes/r2"');
    await open.page.getByText('10.77.0.12').first().waitFor();
    expect(await open.page.getByRole('button', { name: 'Drain', exact: true }).count()).toBe(0);
  });

  it('stands over a page whose session was revoked, and gives it back as it was', async () => {
    const { site } = play;
    await using open = await site.open(ui, { path: 'nodes', role: 'operator' });
    const { page } = open;
    await page.getByPlaceholder('Filter').fill('r2');
    await page.getByText('1 of 5 rows').waitFor();
    const sessions = (await site.call('GET', '/sessions'))['items'] as { id: string; user: string }[];
    for (const { id, user } of sessions) if (user === 'operator') await site.call('DELETE', `/sessions/${id}`);
    site.way.cutStreams();
    await page
      .getByText('The session has ended. Log in again: this page is as you left it.')
      .waitFor({ timeout: patient(15_000) });
    await page.getByLabel('Name', { exact: true }).fill('operator');
    await page.getByLabel('Password').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByText('1 of 5 rows').waitFor();
  });

  it('shows no button that the site would refuse', async () => {
    const { site } = play;
    site.way.reset();
    await using open = await site.open(ui, { path: 'nodes/r2', role: 'user' });
    await open.page.getByText('10.77.0.12').first().waitFor();
    expect(await open.page.getByRole('button', { name: 'Drain', exact: true }).count()).toBe(0);
    expect(site.way.seen).not.toContain('job.list');
  });
});

describe('a change', () => {
  it('that is refused says why', async () => {
    const open = await play.page('nodes/r2');
    const detail = 'r1 is drained already; one at a time.';
    play.site.way.refusals.set('node.drain', { status: 409, code: 'conflict', detail });
    await open.page.getByRole('button', { name: 'Drain', exact: true }).click();
    await open.page.getByText('one at a time').waitFor();
    expect(await open.page.locator('[data-apply]').count()).toBe(0);
  });

  it('is looked at first, is kept while the site is away, and is made once', async () => {
    const { site } = play;
    const open = await play.page('nodes/r2');
    const { page } = open;
    await page.getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator('[data-apply]').waitFor();
    expect(site.made).toEqual([]);
    expect(await axe(page)).toEqual([]);
    site.way.turn('held');
    await page.locator('[data-apply]').click();
    await page.getByText('The change is kept here').waitFor();
    expect(await page.locator('[data-apply]').isDisabled()).toBe(true);
    site.way.turn('well');
    await page.getByText('Started. The bar above').waitFor({ timeout: patient(15_000) });
    expect(site.made.map(({ id, params }) => [id, params['node']])).toEqual([['node.drain', 'r2']]);
    const jobs = (await site.call('GET', '/jobs?unfinished=true'))['items'];
    expect(jobs).toMatchObject([{ kind: 'node-drain', target: 'r2', caller: 'admin' }]);
    expect(open.complaints).toEqual([]);
  });

  it('of what somebody else has changed meanwhile is not made', async () => {
    const { site } = play;
    const { page } = await play.page('vlans/lab/vlan10');
    await page.getByRole('button', { name: 'Swap the racks' }).click();
    await page.locator('[data-apply]').waitFor();
    await site.call('PATCH', '/vlans/lab%2Fvlan10', { mtu: 9000 });
    await page.locator('[data-apply]').click();
    await page.getByText('Somebody else changed it').waitFor();
    await page.getByRole('table', { name: 'Both versions' }).getByText('9000').waitFor();
    expect(site.made).toEqual([]);
    expect(await site.call('GET', '/vlans/lab%2Fvlan10')).toMatchObject({ primaryRack: 'k1' });
  });
});

describe('live data', () => {
  it('follows an event within a moment', async () => {
    await using site = await RealSite.start(ui);
    await using open = await site.open(ui, { path: 'overview' });
    const { page } = open;
    await page.locator('[data-badge=live]').waitFor();
    await until('the stream', () => site.way.streams === 1);
    await site.call('POST', '/nodes/r2/drain');
    await page.getByText('One job is under way').waitFor({ timeout: patient(2000) });
    await page
      .getByText('was ordered')
      .first()
      .waitFor({ timeout: patient(2000) });
  });

  it('has one stream for all pages of a browser', async () => {
    await using site = await RealSite.start(ui);
    await using open = await site.open(ui, { path: 'overview' });
    await open.page.locator('[data-badge=live]').waitFor();
    // A browser has six connections to a site: with a stream for each page the seventh would wait for ever. One for all is seen with three.
    const pages = await Promise.all(Array.from({ length: 2 }, () => open.context.newPage()));
    await Promise.all(pages.map((page) => page.goto(`${site.url}/ui/#/nodes`)));
    for (const page of pages) await page.getByText('5 rows').waitFor({ timeout: patient(5000) });
    expect(site.way.streams).toBe(1);
  });

  it('is asked for again when a stream that broke is back', async () => {
    const { site } = play;
    const { page } = await play.page('catalog/zone');
    await page.getByText('hall-1').first().waitFor();
    await until('the stream', () => site.way.streams === 1);
    // No event tells of it.
    await site.admin(`insert into zones (name) values ('hall-7')`);
    site.way.cutStreams();
    await page
      .getByText('hall-7')
      .first()
      .waitFor({ timeout: patient(5000) });
  });

  it('offers a newer release, and loads nothing by itself', async () => {
    await using site = await RealSite.start(ui);
    await using open = await site.open(ui, { path: 'nodes' });
    await open.page.getByText('5 rows').waitFor();
    site.way.release = '1.1.0';
    await open.page.getByText('newer user interface').waitFor({ timeout: patient(5000) });
    expect(await axe(open.page)).toEqual([]);
    await open.page.getByRole('button', { name: 'Load it' }).click();
    await open.page.getByText('newer user interface').waitFor({ state: 'detached' });
  });

  it('says that the site waits for its database', async () => {
    const { site } = play;
    const open = await play.page('overview');
    await open.page.locator('[data-badge=live]').waitFor();
    site.way.turn('held');
    await open.page.locator('[data-badge=held]').waitFor({ timeout: patient(10_000) });
    site.way.turn('well');
    await open.page.locator('[data-badge=live]').waitFor({ timeout: patient(10_000) });
  });

  it.each(['silent', 'gone'] as const)(
    'says within a second that a site that is %s is away, and never without need',
    async (mode) => {
      const { site } = play;
      const open = await play.page('overview');
      const { page } = open;
      await page.locator('[data-badge=live]').waitFor();
      await page.evaluate(KEEP_BADGES);
      const after: number[] = [];
      // Each round at another moment of the looks. The machine may be busy with other things: one round must do.
      for (let round = 0; round < 3 && Math.min(...after) > 1000; round += 1) {
        // A stream that is cut alone is no loss, and neither is a slow answer.
        site.way.cutStreams();
        site.way.delayMs = 300;
        await until('the stream is back', () => site.way.streams === 1);
        site.way.delayMs = 0;
        expect(await page.evaluate('globalThis.badges.splice(0)')).toEqual([]);
        const at = Date.now();
        site.way.turn(mode);
        await page.locator('[data-badge=lost]').waitFor({ timeout: patient(4000) });
        after.push((await page.evaluate<number>('globalThis.badges.at(-1).at')) - at);
        site.way.turn('well');
        await page.locator('[data-badge=live]').waitFor({ timeout: patient(4000) });
        await page.evaluate('globalThis.badges.splice(0)');
      }
      console.log(`${mode}: lost after ${after.join(', ')} ms`);
      expect(Math.min(...after)).toBeLessThanOrEqual(1000);
    },
  );

  it('shows ages by the clock of the site', async () => {
    await using site = await RealSite.start(ui);
    // The browser is a day late.
    site.way.clockMs = 86_400_000;
    await using open = await site.open(ui, { path: 'nodes' });
    // It was reported a moment before the test's now, a day before the site's.
    await open.page.getByText('24 h ago').first().waitFor();
  });
});

describe('keys', () => {
  it('lead through the pages and their rows, and can be switched off', async () => {
    await using site = await RealSite.start(ui);
    await using open = await site.open(ui);
    const { page } = open;
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('n');
    await page.getByText('5 rows').waitFor();
    await page.keyboard.press('f');
    await page.keyboard.type('rg');
    expect(await page.getByPlaceholder('Filter').inputValue()).toBe('rg');
    await page.getByPlaceholder('Filter').fill('');
    await page.getByText('5 rows').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'k2' }).waitFor();
    await page.keyboard.press('?');
    await page.getByRole('button', { name: 'Switch single keys off' }).click();
    await page.keyboard.press('Escape');
    // What is behind a dialog is nothing to a reader of roles.
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: 'k2' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    expect(await page.getByRole('heading', { name: 'k2' }).count()).toBe(1);
    expect(open.complaints).toEqual([]);
  });

  it('reach everything by Tab alone, and it is seen where they are', async () => {
    const { page } = await play.page('nodes');
    await page.getByText('5 rows').waitFor();
    const reached = new Set<string>();
    for (let count = 0; count < 40; count += 1) {
      await page.keyboard.press('Tab');
      const now = await page.evaluate<string>(
        '(() => { const e = document.activeElement; return `${e.tagName} ${getComputedStyle(e).outlineStyle}`; })()',
      );
      reached.add(now);
    }
    const tags = [...reached].map((text) => text.split(' ')[0]);
    for (const tag of ['A', 'BUTTON', 'SELECT', 'INPUT', 'TR']) expect(tags).toContain(tag);
    expect([...reached].filter((text) => text.endsWith(' none') && !text.startsWith('BODY'))).toEqual([]);
  });
});
