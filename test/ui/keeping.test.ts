import { describe, expect, it } from 'vitest';
import { patient } from '../kit/machine.ts';
import { axe } from '../kit/ui/axe.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();
/** Name servers answer as those of a site do. */
const play = useRealSite(ui, {
  askName: async (_server, _name, type) => ({
    code: 'NOERROR',
    answers: ['10.10.10.20'],
    serial: type === 'SOA' ? 42 : null,
  }),
});
/** An API key: consumer, token, secret. */
const KEY = /\w+:\w+:(\w{20,})/;

describe('a form', () => {
  it('is filled, looked at, refused beside its field, mended, applied once, by the keyboard alone', async () => {
    const { site } = play;
    const open = await play.page('access/users');
    const { page } = open;
    await page.getByRole('button', { name: 'New user' }).focus();
    await page.keyboard.press('Enter');
    const name = page.locator('dialog [name=name]');
    await name.fill('Ann!');
    await page.keyboard.press('Enter');
    await page.locator('dialog [name=name][aria-invalid=true]').waitFor();
    await page.locator('dialog').getByText('Rule: ').first().waitFor();
    expect(await axe(page)).toEqual([]);
    await name.fill('ann2');
    await page.keyboard.press('Enter');
    await page.locator('[data-apply]').waitFor();
    expect(site.made).toEqual([]);
    expect(await axe(page)).toEqual([]);
    site.way.turn('held');
    await page.locator('[data-apply]').click();
    await page.getByText('The change is kept here').waitFor();
    expect(await name.inputValue()).toBe('ann2');
    site.way.turn('well');
    await page.getByText('Done.').waitFor({ timeout: patient(15_000) });
    expect(site.made.map(({ id }) => id)).toEqual(['user.create']);
    const users = (await site.call('GET', '/users'))['items'] as { name: string }[];
    expect(users.filter((user) => user.name === 'ann2')).toHaveLength(1);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(open.complaints).toEqual([]);
  });

  it('shows a new key once, and has it nowhere when it is closed', async () => {
    const { page } = await play.page('access/keys');
    await page.getByRole('button', { name: 'New key' }).click();
    await page.locator('dialog [name=label]').fill('backup');
    await page.keyboard.press('Enter');
    await page.locator('[data-apply]').click();
    const shown = page.locator('dialog').getByText(KEY).first();
    await shown.waitFor();
    const [, secret = ''] = KEY.exec((await shown.textContent()) ?? '') ?? [];
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(secret).not.toBe('');
    expect(await page.content()).not.toContain(secret);
  });

  it('of a setting is compared with what was read when it opened', async () => {
    const { site } = play;
    const { page } = await play.page('settings');
    await page.getByRole('button', { name: 'Change upstream_dns' }).click();
    expect(await page.locator('dialog [name=upstream_dns]').inputValue()).toBe('192.0.2.53');
    await page.locator('dialog [name=upstream_dns]').fill('192.0.2.53\n192.0.2.54');
    await page.getByText('regent setting set upstream_dns 192.0.2.53 192.0.2.54').waitFor();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').waitFor();
    await site.call('PUT', '/settings/upstream_dns', { value: ['198.51.100.53'] });
    await page.locator('[data-apply]').click();
    await page.getByText('Somebody else changed it').waitFor();
    // Both versions, so that nobody has to look elsewhere.
    const versions = page.getByRole('table', { name: 'Both versions' });
    await versions.getByText('["192.0.2.53"]').waitFor();
    await versions.getByText('["198.51.100.53"]').waitFor();
    expect(await axe(page)).toEqual([]);
    expect(site.made).toEqual([]);
  });
});

describe('a note', () => {
  it('is written and changed by an admin, and seen by who it is for until it is dismissed', async () => {
    const { site } = play;
    const open = await play.page('notes');
    const { page } = open;
    const apply = async () => {
      await page.getByRole('button', { name: 'See what it would do' }).click();
      await page.locator('[data-apply]').click();
      await page.getByText('Done.').waitFor();
      await page.keyboard.press('Escape');
    };
    await page.getByRole('button', { name: 'New note' }).click();
    await page.locator('dialog [name=message]').fill('<b>Hall 3</b>');
    await page.getByText("regent notification create '<b>Hall 3</b>'").waitFor();
    expect(await axe(page)).toEqual([]);
    await apply();
    await page.getByRole('button', { name: 'Change 2' }).click();
    await page.locator('dialog [name=for]').fill('admins, ann');
    await page.getByText('regent notification set 2 --for admins,ann').waitFor();
    await apply();
    expect(site.made.map(({ id, body }) => [id, body])).toEqual([
      ['notification.create', { message: '<b>Hall 3</b>', category: 'info', users: true, admins: false, user: null }],
      ['notification.set', { users: false, admins: true, user: 'ann' }],
    ]);
    expect(open.complaints).toEqual([]);
    // Whoever looks only sees what is for them, as it is written, and may dismiss what may be dismissed.
    await using user = await site.open(ui, { role: 'user', path: 'overview' });
    await user.page.getByRole('button', { name: 'Dismiss note 1' }).waitFor();
    await user.page.getByText('<b>Hall 3</b>').waitFor();
    expect(await user.page.getByRole('button', { name: 'Dismiss note 2' }).count()).toBe(0);
    await until('two streams', () => site.way.streams === 2);
    await site.call('POST', '/notifications', { message: 'Hall 4 is cold', users: true });
    await user.page.getByText('Hall 4 is cold').waitFor({ timeout: patient(2000) });
    const other = await user.context.newPage();
    await other.goto(`${site.url}/ui/#/notes`);
    const text = 'Hall 2 has no power';
    await other.getByText(text).first().waitFor();
    await user.page.getByRole('button', { name: 'Dismiss note 1' }).click();
    await user.page.getByText('regent notification dismiss 1').waitFor();
    await user.page.locator('[data-apply]').click();
    await user.page.getByText('Done.', { exact: true }).waitFor();
    await user.page.keyboard.press('Escape');
    // Every tab of this user follows the event; the admin still sees it.
    for (const tab of [user.page, other])
      await tab.getByText(text).waitFor({ state: 'detached', timeout: patient(2000) });
    await page.getByText(text).first().waitFor();
    expect(site.made.at(-1)).toMatchObject({ id: 'notification.dismiss', params: { notification: '1' } });
    expect(user.complaints).toEqual([]);
  });
});

describe('what a role may not', () => {
  it('is not offered: a user sees the own keys and sessions, an auditor no button', async () => {
    const { site } = play;
    await using user = await site.open(ui, { role: 'user', path: 'access' });
    await user.page.getByRole('heading', { name: 'API keys' }).waitFor();
    expect(await user.page.locator('.tabs a').allTextContents()).toEqual(['API keys', 'SSH keys', 'Sessions']);
    await using auditor = await site.open(ui, { role: 'auditor', path: 'access/users' });
    const { page } = auditor;
    await page.getByText('ann', { exact: true }).first().waitFor();
    const buttons = (name: RegExp) => page.locator('main').getByRole('button', { name }).count();
    expect(await buttons(/Delete|New user/)).toBe(0);
    await page.goto(`${site.url}/ui/#/notes`);
    await page.getByText('Hall 2 has no power').first().waitFor();
    expect(await buttons(/Dismiss|New note/)).toBe(0);
    // The site refuses what no button offers.
    const made = await site.region.call('POST', '/users', { role: 'auditor', body: { name: 'x', role: 'user' } });
    expect(made.status).toBe(403);
  });
});

describe('the search', () => {
  it('is a key away, follows what is typed, and leads on', async () => {
    const { site } = play;
    const open = await play.page('nodes');
    const { page } = open;
    await page.getByText('5 rows').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('vlan');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Search' }).waitFor();
    await page.getByText(/^\d+ hits$/).waitFor();
    expect(page.url()).toContain('q=vlan');
    expect(site.way.seen.filter((id) => id === 'search.list').length).toBeLessThan(5);
    await page.getByRole('link', { name: 'lab/vlan10', exact: true }).click();
    await page.getByRole('heading', { name: 'lab/vlan10' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('nothing');
    await page.getByText('Nothing fits.').waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('Nothing has “nothing” in its name').waitFor();
    expect(open.complaints).toEqual([]);
  });
});

describe('a change of the past', () => {
  it('is taken back after a look', async () => {
    const { site } = play;
    await site.call('POST', '/zones', { name: 'hall-9' });
    const [last] = (await site.call('GET', '/config/history?limit=1'))['items'] as { id: number }[];
    const { page } = await play.page(`changes/${last?.id}`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id, params }) => [id, params['change']])).toEqual([['config.rollback', String(last?.id)]]);
    expect((await site.region.call('GET', '/zones/hall-9')).status).toBe(404);
  });
});

describe('a change right after one’s own', () => {
  it('is of the object as it is then, though no event has told the page of it', async () => {
    const { site } = play;
    const open = await play.page('vlans/lab/vlan20');
    const { page } = open;
    await until('the stream', () => site.way.streams === 1);
    site.way.breaks.gate = new Promise(() => {});
    site.way.cutStreams();
    for (const primaryRack of ['k2', 'k1']) {
      await page.getByRole('button', { name: 'Swap the racks' }).click();
      await page.locator('[data-apply]').click();
      await page.getByText('Done.').waitFor();
      await page.keyboard.press('Escape');
      expect(await site.call('GET', '/vlans/lab%2Fvlan20')).toMatchObject({ primaryRack });
    }
    expect(open.complaints).toEqual([]);
  });
});

describe('addresses and names', () => {
  it('a lease becomes a reservation, with what is known of its client', async () => {
    const { site } = play;
    const { page } = await play.page('leases');
    await page.getByRole('button', { name: 'Reserve 10.10.10.101' }).click();
    // DHCP gives its address to others: the client gets a free one.
    expect(await page.locator('dialog [name=address]').inputValue()).toBe('auto');
    expect(await page.locator('dialog [name=subnet]').inputValue()).toBe('10.10.10.0/24');
    expect(await page.locator('dialog [name=mac]').inputValue()).toBe('02:00:00:00:01:01');
    await page
      .getByText('regent reservation create auto --subnet 10.10.10.0/24 --mac 02:00:00:00:01:01 --hostname phone1')
      .waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id }) => id)).toEqual(['reservation.create']);
    const { items } = await site.call('GET', '/reservations?mac=02:00:00:00:01:01');
    expect(items).toMatchObject([{ subnet: '10.10.10.0/24', hostname: 'phone1' }]);
  });

  it('a name is asked of every server; the map has a table that says the same', async () => {
    const { site } = play;
    const open = await play.page('dns');
    const { page } = open;
    await page.locator('[name=name]').fill('www.lab.test');
    await page.keyboard.press('Enter');
    const table = page.getByRole('table', { name: 'www.lab.test A' });
    await table.getByText('10.10.10.20').first().waitFor();
    expect(await table.locator('tbody tr').count()).toBe(5);
    expect(await axe(page)).toEqual([]);
    await page.goto(`${site.url}/ui/#/subnets/10.10.10.0%2F24`);
    await page.getByRole('img', { name: /Map of the addresses from 10.10.10.0/ }).waitFor();
    expect(await page.locator('figure title').filter({ hasText: '10.10.10.50 reservation printer' }).count()).toBe(1);
    await page.getByPlaceholder('Filter').first().fill('printer');
    await page.getByText(/^1 of \d+ rows$/).waitFor();
    expect(open.complaints).toEqual([]);
  });
});
