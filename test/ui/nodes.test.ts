import { describe, expect, it } from 'vitest';
import { axe } from '../kit/ui/axe.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { usePlay } from '../kit/ui/use-play.ts';
import { event, hostileSite, illSite, wellSite } from '../kit/ui/site.ts';
import { until } from '../kit/until.ts';

const play = usePlay(useBrowser());

describe('roles', () => {
  it('are moved from the page of a node, and a rack is given a new key or forgotten', async () => {
    const site = await play.site(illSite());
    const open = await play.page('nodes/r2');
    const { page } = open;
    for (const [button, apply] of [
      ['Give it the database', 'Begun.'],
      ['Restart services', 'Begun.'],
    ] as const) {
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.locator('[data-apply]').click();
      await page.getByText(apply).waitFor();
      await page.keyboard.press('Escape');
    }
    await page.goto(`${site.url}/ui/#/racks`);
    for (const button of ['Take a new key k1', 'Forget k9']) {
      await page.getByRole('button', { name: button }).click();
      await page.locator('[data-apply]').click();
      await page.getByText('Done.').waitFor();
      await page.keyboard.press('Escape');
    }
    expect(await page.getByRole('button', { name: 'Forget k1' }).count()).toBe(0);
    expect(site.made.map(({ id, body }) => [id, body])).toEqual([
      ['cluster.switchover', { to: 'r2' }],
      ['cluster.restart', { nodes: ['r2'] }],
      ['rack.reset-key', {}],
      ['rack.delete', undefined],
    ]);
    expect(open.complaints).toEqual([]);
  });
});

describe('the log of a part', () => {
  it('is read when somebody asks for it, is followed, and says why there is none; a user has no such button', async () => {
    const site = await play.site(hostileSite());
    const open = await play.page('services/r2/dns');
    const { page } = open;
    await page.getByRole('button', { name: 'Show the last lines' }).waitFor();
    expect(site.seen).not.toContain('node.logs');
    await page.getByRole('button', { name: 'Show the last lines' }).click();
    const lines = page.getByLabel('Log of dns on r2');
    await lines.filter({ hasText: '<img src=x' }).waitFor();
    expect(await page.locator('main img').count()).toBe(0);
    expect(await axe(page)).toEqual([]);
    await page.getByRole('checkbox', { name: 'Follow' }).check();
    await lines.waitFor();
    const [first] = site.site.log.items;
    if (first === undefined) throw new Error('there is no line');
    site.site.log = { ...site.site.log, items: [{ ...first, text: 'a line that came later' }], cursor: 's=1;i=9' };
    await lines.filter({ hasText: 'a line that came later' }).waitFor({ timeout: 8000 });
    site.site.log = { ...site.site.log, items: [], why: 'The agent of r2 did not answer within 1 s.' };
    await page.locator('main').getByText('did not answer within 1 s').waitFor({ timeout: 8000 });
    // A node has more parts, one of which is chosen.
    await page.goto(`${site.url}/ui/#/nodes/r2`);
    site.site.log = { ...site.site.log, items: [first], why: null };
    await page.locator('.filters select').selectOption('region');
    await page.getByLabel('Log of region on r2').waitFor();
    expect(open.complaints).toEqual([]);
    site.role = 'user';
    await page.reload();
    await page.getByText('10.77.0.11').first().waitFor();
    expect(await page.getByRole('heading', { name: 'Log' }).count()).toBe(0);
  });
});

describe('work that is under way', () => {
  it('is on the overview: what, how far, since when, by whom, where; and is ended from there', async () => {
    const site = await play.site(illSite());
    const open = await play.page('overview');
    const { page } = open;
    const row = page.getByRole('region', { name: 'Under way' }).getByRole('row', { name: /node-drain r2/ });
    await row.getByText('hands the database to r1').waitFor();
    expect(await row.textContent()).toMatch(/\d+ s ago/);
    expect(await row.textContent()).toContain('admin');
    expect(await row.getByRole('link', { name: 'node-drain r2' }).getAttribute('href')).toBe('#/nodes/r2');
    const [job] = site.site.jobs;
    if (job !== undefined) site.results.set('job.abort', job);
    await row.getByRole('button', { name: 'End node-drain r2' }).click();
    await page.getByText('regent job abort 7').waitFor();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.', { exact: true }).waitFor();
    expect(site.made.map(({ id, params }) => [id, params])).toEqual([['job.abort', { job: '7' }]]);
    expect(open.complaints).toEqual([]);
  });

  it('and what has ended are on one page, narrowed by state and object; a job has a page of its own, and its end there', async () => {
    const site = await play.site(illSite());
    const open = await play.page('jobs');
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
    await page.getByRole('heading', { name: 'Job 7' }).waitFor();
    const job = site.site.jobs.find(({ id }) => id === 7);
    if (job === undefined) throw new Error('there is no job 7');
    site.results.set('job.abort', job);
    await page.getByRole('button', { name: 'End', exact: true }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.', { exact: true }).waitFor();
    expect(site.made.map(({ id, params }) => [id, params])).toEqual([['job.abort', { job: '7' }]]);
    Object.assign(job, { state: 'aborted', result: 'admin ended it', endedAt: job.updatedAt, holder: null });
    site.emit(event(9, 'job.aborted', 'r2'));
    await page.locator('main').getByText('admin ended it').waitFor();
    expect(await page.getByRole('button', { name: 'End', exact: true }).count()).toBe(0);
    expect(open.complaints).toEqual([]);
  });
});

describe('the place of a node', () => {
  it('is given to another host: its token is shown once, when the node is out', async () => {
    const site = await play.site(wellSite());
    const [token] = site.site.keeping.tokens;
    site.results.set('token.create', { ...token, place: 'r2', token: 'regent1-secretofthetoken' });
    const alive = 'Not now: r2 is alive and well.';
    site.refuse = (id) => (id === 'node.replace' ? alive : null);
    const open = await play.page('nodes/r2');
    const { page } = open;
    await page.getByRole('button', { name: 'Replace', exact: true }).click();
    await page.getByText(alive).waitFor();
    site.refuse = () => null;
    await page.getByLabel('Also when it is alive and well').check();
    await page.getByText('regent node replace r2 --force').waitFor();
    await page.getByLabel('Write r2 to confirm').fill('r2');
    await page.locator('[data-apply]').click();
    await page.getByText('When r2 is out').waitFor();
    // The node is out: its page is empty, and the dialog goes on.
    const place = { name: 'r2', isRegion: true, isRack: false, openedAt: '2026-03-01T10:00:00Z', openedBy: 'admin' };
    site.site.keeping.places = [place];
    site.site.nodes.delete('r2');
    await until('the stream', () => site.streams === 1);
    site.emit(event(1, 'node.vacated', 'r2'));
    await page.getByRole('button', { name: 'Token for its new host' }).click();
    await page.getByText('regent token create --role region --place r2 --minutes 15').waitFor();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('regent1-secretofthetoken').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain('secretofthetoken');
    const wish = { isRegion: true, isRack: false, place: 'r2', minutes: 15 };
    expect(site.made.map(({ id, body }) => [id, body])).toEqual([
      ['node.replace', { isForced: true }],
      ['token.create', wish],
    ]);
    expect(open.complaints).toEqual([]);
  });

  it('is given up; that of a rack goes with the rack, which is silent; who looks only has no button', async () => {
    const site = await play.site(illSite());
    const [place] = site.site.keeping.places;
    if (place === undefined) throw new Error('no place is kept');
    site.site.keeping.places = [place, { ...place, name: 'k1', isRegion: false, isRack: true }];
    const open = await play.page('nodes');
    const { page } = open;
    for (const [name, said] of [
      ['r9', 'Done.'],
      ['k1', 'Begun.'],
    ] as const) {
      await page.getByRole('button', { name: `Give up ${name}` }).click();
      await page.getByText(`regent node remove ${name}`).waitFor();
      await page.getByLabel(`Write ${name} to confirm`).fill(name);
      await page.locator('[data-apply]').click();
      await page.getByText(said).waitFor();
      await page.keyboard.press('Escape');
    }
    expect(site.made.map(({ id, params }) => [id, params])).toEqual([
      ['place.delete', { place: 'r9' }],
      ['node.remove', { node: 'k1' }],
    ]);
    site.role = 'auditor';
    await page.reload();
    await page.getByRole('heading', { name: 'Kept places' }).waitFor();
    expect(await page.getByRole('button', { name: /Give up|Token for/ }).count()).toBe(0);
  });
});
