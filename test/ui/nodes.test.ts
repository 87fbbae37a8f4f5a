import { describe, expect, it } from 'vitest';
import { axe } from '../kit/ui/axe.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { answerLogs, type LogAnswer } from '../kit/ui/region/agents.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { addRackThatWaits, vacate } from '../kit/ui/region/seed-ill.ts';
import { endWork, takeUp } from '../kit/ui/region/seed-work.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();
const HOSTILE = '<img src=x onerror="document.title=`owned`">';
/** Begins a drain of r2, and a region takes it up; gives its number. */
async function draining(site: RealSite): Promise<string> {
  const { id } = await site.call('POST', '/nodes/r2/drain');
  await takeUp(site.region, 'node-drain', { progress: 'hands the database to r1' });
  return String(id);
}

describe('roles', () => {
  it('are moved from the page of a node', async () => {
    for (const [button, kind, made] of [
      ['Give it the database', 'switchover', ['cluster.switchover', { to: 'r2' }]],
      ['Restart services', 'restart', ['cluster.restart', { nodes: ['r2'] }]],
    ] as const) {
      await using site = await RealSite.start(ui);
      await using open = await site.open(ui, { path: 'nodes/r2' });
      const { page } = open;
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.locator('[data-apply]').click();
      await page.getByText('Started. The bar above').waitFor();
      expect(site.made.map(({ id, body }) => [id, body])).toEqual([made]);
      const jobs = (await site.call('GET', '/jobs?unfinished=true'))['items'];
      expect(jobs).toMatchObject([{ kind: expect.stringContaining(kind), caller: 'admin' }]);
      expect(open.complaints).toEqual([]);
    }
  });

  it('a rack is given a new key or forgotten', async () => {
    await using site = await RealSite.start(ui);
    await addRackThatWaits(site.region);
    await using open = await site.open(ui, { path: 'racks' });
    const { page } = open;
    for (const button of ['Take a new key k1', 'Forget k9']) {
      await page.getByRole('button', { name: button }).click();
      await page.locator('[data-apply]').click();
      await page.getByText('Done.').waitFor();
      await page.keyboard.press('Escape');
    }
    expect(await page.getByRole('button', { name: 'Forget k1' }).count()).toBe(0);
    expect(site.made.map(({ id, body }) => [id, body])).toEqual([
      ['rack.reset-key', {}],
      ['rack.delete', undefined],
    ]);
    expect(open.complaints).toEqual([]);
  });
});

describe('the log of a part', () => {
  it('is read when somebody asks for it, is followed, and says why there is none; a user has no such button', async () => {
    await using site = await RealSite.start(ui, { hasTasks: true });
    const line = (text: string) => ({ at: new Date().toISOString(), program: HOSTILE, level: 'info' as const, text });
    let answer: LogAnswer = { items: [line(HOSTILE)], cursor: 's=1;i=2' };
    const end = answerLogs(site.region, 'r2', () => answer);
    await using open = await site.open(ui, { path: 'services/r2/dns' });
    const { page } = open;
    await page.getByRole('button', { name: 'Show the last lines' }).waitFor();
    expect(site.way.seen).not.toContain('node.logs');
    await page.getByRole('button', { name: 'Show the last lines' }).click();
    const lines = page.getByLabel('Log of dns on r2');
    await lines.filter({ hasText: '<img src=x' }).waitFor();
    expect(await page.locator('main img').count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('checkbox', { name: 'Follow' }).check();
    await lines.waitFor();
    answer = { items: [line('a line that came later')], cursor: 's=1;i=9' };
    await lines.filter({ hasText: 'a line that came later' }).waitFor({ timeout: 8000 });
    answer = 'The journal cannot be read.';
    await page.locator('main').getByText('The journal cannot be read').waitFor({ timeout: 8000 });
    // A node has more parts, one of which is chosen.
    await page.goto(`${site.url}/ui/#/nodes/r2`);
    answer = { items: [line('a line of the region')], cursor: 's=1;i=9' };
    await page.locator('.filters select').selectOption('region');
    await page.getByLabel('Log of region on r2').waitFor();
    expect(open.complaints).toEqual([]);
    await using user = await site.open(ui, { path: 'nodes/r2', role: 'user' });
    await user.page.getByText('10.77.0.12').first().waitFor();
    expect(await user.page.getByRole('heading', { name: 'Log' }).count()).toBe(0);
    await end();
  });
});

describe('work that is under way', () => {
  it('is on the overview: what, how far, since when, by whom, where; and is ended from there', async () => {
    await using site = await RealSite.start(ui);
    const job = await draining(site);
    await using open = await site.open(ui, { path: 'overview' });
    const { page } = open;
    const row = page.getByRole('region', { name: 'Under way' }).getByRole('row', { name: /node-drain r2/ });
    await row.getByText('hands the database to r1').waitFor();
    expect(await row.textContent()).toMatch(/\d+ s ago/);
    expect(await row.textContent()).toContain('admin');
    expect(await row.getByRole('link', { name: 'node-drain r2' }).getAttribute('href')).toBe('#/nodes/r2');
    await row.getByRole('button', { name: 'End node-drain r2' }).click();
    await page.getByText(`regent job abort ${job}`).waitFor();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.', { exact: true }).waitFor();
    expect(site.made.map(({ id, params }) => [id, params])).toEqual([['job.abort', { job }]]);
    expect(open.complaints).toEqual([]);
  });

  it('and what has ended are on one page, narrowed by state and object; a job has a page of its own, and its end there', async () => {
    await using site = await RealSite.start(ui);
    const job = await draining(site);
    await using open = await site.open(ui, { path: 'jobs' });
    const { page } = open;
    const rows = page.getByRole('region', { name: 'Jobs' }).locator('tbody tr');
    await rows.nth(2).waitFor();
    await page.getByRole('combobox', { name: 'State' }).selectOption('failed');
    await until('one row', async () => (await rows.count()) === 1);
    expect(page.url()).toContain('state=failed');
    expect(await rows.textContent()).toContain('The BMC did not answer within 60 s.');
    await page.getByRole('combobox', { name: 'State' }).selectOption('');
    await page.getByRole('searchbox', { name: 'About' }).fill('r2');
    await page.getByRole('searchbox', { name: 'About' }).press('Enter');
    await until('two rows', async () => (await rows.count()) === 2);
    await rows.first().getByRole('link', { name: 'node-drain r2' }).click();
    await page.getByRole('heading', { name: `Job ${job}` }).waitFor();
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.', { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    expect(site.made.map(({ id, params }) => [id, params])).toEqual([['job.abort', { job }]]);
    await endWork(site.region, Number(job), { state: 'aborted', result: 'admin ended it' });
    await page.locator('main').getByText('admin ended it').waitFor();
    expect(await page.getByRole('button', { name: 'End', exact: true }).count()).toBe(0);
    expect(open.complaints).toEqual([]);
  });
});

describe('the place of a node', () => {
  it('is given to another host: its token is shown once, when the node is out', async () => {
    await using site = await RealSite.start(ui);
    await using open = await site.open(ui, { path: 'nodes/r2' });
    const { page } = open;
    await page.getByRole('button', { name: 'Replace', exact: true }).click();
    await page.locator('dialog .refusal').getByText('Not now').first().waitFor();
    await page.getByLabel('Also when it is alive and well').check();
    await page.getByText('regent node replace r2 --force').waitFor();
    await page.getByLabel('Write r2 to confirm').fill('r2');
    await page.locator('[data-apply]').click();
    await page.getByText('When r2 is out').waitFor();
    // The node is out: its page is empty, and the dialog goes on.
    await until('the stream', () => site.way.streams === 1);
    site.silent = ['r2'];
    await vacate(site.region, 'r2');
    await page.getByRole('button', { name: 'Token for its new host' }).click();
    await page.getByText('regent token create --role region --place r2 --minutes 15').waitFor();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    const shown = page
      .locator('dialog')
      .getByText(/regent-join-1\./)
      .first();
    await shown.waitFor();
    const [secret = ''] = /regent-join-1\.[\w-]+/.exec((await shown.textContent()) ?? '') ?? [];
    expect(secret).not.toBe('');
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain(secret);
    const wanted = { isRegion: true, isRack: false, place: 'r2', minutes: 15 };
    expect(site.made.map(({ id, body }) => [id, body])).toEqual([
      ['node.replace', { isForced: true }],
      ['token.create', wanted],
    ]);
    expect(open.complaints).toEqual([]);
  });

  it('is given up; that of a rack goes with the rack, which is silent; who looks only has no button', async () => {
    await using site = await RealSite.start(ui);
    site.silent = ['k1', 'r3'];
    for (const name of site.silent) await vacate(site.region, name);
    await using open = await site.open(ui, { path: 'nodes' });
    const { page } = open;
    await page.getByRole('heading', { name: 'Kept places' }).waitFor();
    await using auditor = await site.open(ui, { path: 'nodes', role: 'auditor' });
    await auditor.page.getByRole('heading', { name: 'Kept places' }).waitFor();
    expect(await auditor.page.getByRole('button', { name: /Give up|Token for/ }).count()).toBe(0);
    for (const [name, done] of [
      ['r3', 'Done.'],
      ['k1', 'Started. The bar above'],
    ] as const) {
      await page.getByRole('button', { name: `Give up ${name}` }).click();
      await page.getByText(`regent node remove ${name}`).waitFor();
      await page.getByLabel(`Write ${name} to confirm`).fill(name);
      await page.locator('[data-apply]').click();
      await page.getByText(done).waitFor();
      await page.keyboard.press('Escape');
    }
    expect(site.made.map(({ id, params }) => [id, params])).toEqual([
      ['place.delete', { place: 'r3' }],
      ['node.remove', { node: 'k1' }],
    ]);
  });
});
