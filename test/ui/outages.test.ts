import { describe, expect, it } from 'vitest';
import { IS_SLOW_MACHINE, patient } from '../kit/machine.ts';
import { emit } from '../kit/ui/region/crowd.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();
const DAY_MS = 86_400_000;

describe.concurrent('a region that answers 503 for a minute', () => {
  it('is told by the badge; what is typed is kept, the change is made once, and all is live again by itself', async () => {
    await using site = await RealSite.start(ui);
    // The minute of the page is played; the worker's clock and the network are real.
    await using open = await site.open(ui, { path: 'access/users', isTimePlayed: true });
    const { page } = open;
    await page.getByText('ann', { exact: true }).first().waitFor();
    await until('the stream', () => site.way.streams === 1);
    await page.evaluate('globalThis.isSamePage = true');
    await page.getByRole('button', { name: 'New user' }).click();
    await page.locator('dialog [name=name]').fill('berta');
    await page.keyboard.press('Enter');
    await page.locator('[data-apply]').waitFor();
    site.way.turn('held');
    site.way.cutStreams();
    await page.locator('[data-apply]').click();
    const before = site.way.refused;
    for (let second = 0; second < 60; second += 2) {
      await page.clock.runFor(2000);
      // A call of the page that is under way is answered meanwhile.
      await page.evaluate('fetch("/health/live")');
    }
    await page.locator('[data-badge=held]').waitFor();
    await page.getByText('The change is kept here').waitFor();
    expect(await page.locator('dialog [name=name]').inputValue()).toBe('berta');
    await page.locator('main .old').first().waitFor();
    expect(await page.locator('main').getByText('ann', { exact: true }).count()).toBeGreaterThan(0);
    expect(site.made).toEqual([]);
    // Who is refused for a minute does not ask hundreds of times.
    expect(site.way.refused - before).toBeLessThan(150);
    site.way.turn('well');
    await until('the change is made', async () => {
      await page.clock.runFor(500);
      return site.made.length > 0;
    });
    await until('all is live', async () => {
      await page.clock.runFor(500);
      const isLive = (await page.locator('[data-badge=live]').count()) === 1;
      return isLive && (await page.locator('main .old').count()) === 0 && site.way.streams === 1;
    });
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id, body }) => [id, (body as { name: string }).name])).toEqual([['user.create', 'berta']]);
    expect(await page.evaluate('globalThis.isSamePage')).toBe(true);
    expect(open.complaints).toEqual([]);
  });
});

describe.concurrent('a browser whose clock is wrong', () => {
  it.each([
    ['a day ahead', DAY_MS],
    ['a day behind', -DAY_MS],
  ])('%s shows ages and deadlines as they are, and they go on', async (_, aheadMs) => {
    await using site = await RealSite.start(ui);
    site.way.browserAheadMs = aheadMs;
    await using open = await site.open(ui, { path: 'nodes' });
    const { page } = open;
    const time = page.locator('main time').first();
    const seconds = async () => Number(/^(\d+) s ago$/.exec((await time.textContent()) ?? '')?.[1]);
    await until('an age of seconds', async () => (await seconds()) >= 2);
    const [wrong, right] = [await page.evaluate<number>('Date.now()'), Date.now()];
    expect(Math.abs(wrong - right - aheadMs)).toBeLessThan(60_000);
    const first = await seconds();
    expect(first).toBeLessThan(patient(20_000) / 1000);
    await until('it goes on', async () => (await seconds()) > first);
    // How long the connection has been lost is by no clock but the browser's own.
    site.way.turn('gone');
    await page.locator('[data-badge=lost]').waitFor({ timeout: patient(5000) });
    await page
      .locator('[data-badge=lost]')
      .getByText(/\b[2-9] s/)
      .waitFor({ timeout: patient(6000) });
    site.way.turn('well');
    await page.locator('[data-badge=live]').waitFor({ timeout: patient(10_000) });
    await page.goto(`${site.url}/ui/#/machines/m3`);
    await page
      .locator('main time')
      .getByText(/^in \d+ min$/)
      .first()
      .waitFor();
    await page.goto(`${site.url}/ui/#/events?kind=job&subject=r2`);
    await emit(site, { kind: 'job.done', subject: 'r2' });
    await page
      .getByRole('cell', { name: /^\d s ago$/ })
      .first()
      .waitFor();
    expect(
      await page
        .locator('main')
        .getByText(/\b2[34] h ago|\b1 d ago/)
        .count(),
    ).toBe(0);
    expect(open.complaints).toEqual([]);
  });
});

describe.concurrent('the stream of events', () => {
  it('may break at each moment: every event is shown once, soon, and nobody is told of a loss', async () => {
    await using site = await RealSite.start(ui);
    await using open = await site.open(ui, { path: 'events?kind=storm' });
    const { page } = open;
    await until('the stream', () => site.way.streams === 1);
    await page.locator('[data-badge=live]').waitFor();
    await page.evaluate(`(() => {
      const badge = document.querySelector('[data-badge]');
      globalThis.badges = [];
      new MutationObserver(() => badges.push(badge.dataset.badge)).observe(badge, { attributes: true, attributeFilter: ['data-badge'] });
    })()`);
    // Before it, in its id, between its lines, in its data, before the end that makes it one, after it.
    const moments: readonly ((text: string) => number)[] = [
      () => 0,
      () => 3,
      (text) => text.indexOf('data:'),
      (text) => text.indexOf('data:') + 20,
      (text) => text.length - 2,
      (text) => text.length - 1,
      (text) => text.length,
    ];
    const { breaks } = site.way;
    for (const [index, moment] of moments.entries()) {
      const subject = `moment${index + 1}`;
      breaks.inEvent = moment;
      await emit(site, { kind: 'storm.seen', subject });
      await page.getByText(subject, { exact: true }).first().waitFor({ timeout: 5000 });
      await until('the stream is back', () => breaks.inEvent === null && site.way.streams === 1);
    }
    // As it opens: before its headers, after them, in its first line, in its id.
    breaks.atOpening.push(-1, 0, 4, 17);
    site.way.cutStreams();
    await emit(site, { kind: 'storm.seen', subject: 'moment8' });
    await page.getByText('moment8', { exact: true }).first().waitFor({ timeout: 10_000 });
    await until('the stream is back', () => site.way.streams === 1 && breaks.atOpening.length === 0);
    await emit(site, { kind: 'storm.seen', subject: 'moment9' });
    await page.getByText('moment9', { exact: true }).first().waitFor({ timeout: 2000 });
    expect(await page.locator('main tbody tr').count()).toBe(9);
    const badges = await page.evaluate<string[]>('globalThis.badges');
    // On a slow machine the site itself is silent for longer than the badge waits: then each loss is over again.
    const losses = IS_SLOW_MACHINE ? badges.length / 2 : 0;
    expect(badges).toEqual(Array.from({ length: losses }, () => ['lost', 'live']).flat());
    expect(open.complaints).toEqual([]);
  });

  it.each([
    ['break before it ever came', [-1, -1, -1, -1]],
    ['come late', []],
  ])('may %s: what happened meanwhile is shown all the same', async (_, cuts) => {
    await using site = await RealSite.start(ui);
    const { breaks } = site.way;
    const { promise, resolve: openGate } = Promise.withResolvers<void>();
    breaks.gate = promise;
    breaks.atOpening.push(...cuts);
    await using open = await site.open(ui, { path: 'notes' });
    const { page } = open;
    await page.getByText('Hall 2 has no power').first().waitFor();
    // It happens while no stream is open: no event tells of it.
    await site.call('POST', '/notifications', { message: 'Hall 9 is dark', category: 'warning', users: true });
    await until('it is late', () => breaks.requestedAt !== null && Date.now() - breaks.requestedAt > 500);
    expect(site.way.streams).toBe(0);
    openGate();
    await page.getByText('Hall 9 is dark').first().waitFor({ timeout: 10_000 });
    expect(open.complaints).toEqual([]);
  });
});
