import { describe, expect, it } from 'vitest';
import { axe } from '../kit/ui/axe.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { usePlay } from '../kit/ui/use-play.ts';
import { note } from '../kit/ui/keeping.ts';
import { event, illSite, wellSite } from '../kit/ui/site.ts';
import { until } from '../kit/until.ts';

const play = usePlay(useBrowser());

describe('a form', () => {
  it('is filled, looked at, refused beside its field, mended, applied once, by the keyboard alone', async () => {
    const site = await play.site(wellSite());
    const open = await play.page('access/users');
    const { page } = open;
    await page.getByRole('button', { name: 'New user' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('dialog [name=name]').fill('Ann!');
    const detail = 'The name is not one.';
    const fields = [{ field: 'name', problem: '"Ann!" is no name', rule: 'a–z, 0–9' }];
    site.refusals.set('user.create', { status: 400, code: 'invalid_value', detail, fields });
    await page.keyboard.press('Enter');
    await page.getByText('Rule: a–z, 0–9').waitFor();
    expect(await page.locator('dialog [name=name]').getAttribute('aria-invalid')).toBe('true');
    expect(await axe(page)).toEqual([]);
    site.refusals.clear();
    await page.locator('dialog [name=name]').fill('ann2');
    await page.keyboard.press('Enter');
    await page.locator('[data-apply]').waitFor();
    expect(site.made).toEqual([]);
    expect(await axe(page)).toEqual([]);
    site.turn('held');
    await page.locator('[data-apply]').click();
    await page.getByText('The change is kept here').waitFor();
    expect(await page.locator('dialog [name=name]').inputValue()).toBe('ann2');
    site.turn('well');
    await page.getByText('Done.').waitFor({ timeout: 15_000 });
    expect(site.made.map(({ id }) => id)).toEqual(['user.create']);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(open.complaints).toEqual([]);
  });

  it('shows a new key once, and has it nowhere when it is closed', async () => {
    const site = await play.site(wellSite());
    site.results.set('api-key.create', { ...site.site.keeping.keys[0], key: 'consumer:token:secretofthekey' });
    const open = await play.page('access/keys');
    const { page } = open;
    await page.getByRole('button', { name: 'New key' }).click();
    await page.locator('dialog [name=label]').fill('backup');
    await page.keyboard.press('Enter');
    await page.locator('[data-apply]').click();
    await page.getByText('secretofthekey', { exact: false }).first().waitFor();
    expect(await axe(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain('secretofthekey');
  });

  it('of a setting is compared with what was read when it opened', async () => {
    const site = await play.site(wellSite());
    const open = await play.page('settings');
    const { page } = open;
    await page.getByRole('button', { name: 'Change upstream_dns' }).click();
    expect(await page.locator('dialog [name=upstream_dns]').inputValue()).toBe('192.0.2.53');
    await page.locator('dialog [name=upstream_dns]').fill('192.0.2.53\n192.0.2.54');
    await page.getByText('regent setting set upstream_dns 192.0.2.53 192.0.2.54').waitFor();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').waitFor();
    site.version = 2;
    site.site.keeping.settings = site.site.keeping.settings.map((row) =>
      row.name === 'upstream_dns' ? { ...row, value: ['198.51.100.53'] } : row,
    );
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

describe('the certificate of the site', () => {
  it('is replaced by an own one and taken back; its key is sent once, and stands nowhere else', async () => {
    const site = await play.site(wellSite());
    site.results.set('site-certificate.set', site.site.keeping.siteCertificate);
    site.results.set('site-certificate.unset', { ...site.site.keeping.siteCertificate, isOwn: false });
    const open = await play.page('access/certificates');
    const { page } = open;
    await page.getByText('It does not cover 10.77.0.11.').waitFor();
    await page.getByRole('button', { name: 'Show an own one' }).click();
    await page.getByLabel('Certificate', { exact: true }).fill('PEM of a certificate');
    await page.getByLabel('Private key').fill('PEM of a key');
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(await page.content()).not.toContain('PEM of a key');
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    const body = { certificate: 'PEM of a certificate', privateKey: 'PEM of a key' };
    expect(site.made.map((change) => [change.id, change.body])).toEqual([
      ['site-certificate.set', body],
      ['site-certificate.unset', undefined],
    ]);
    expect(open.complaints).toEqual([]);
  });
});

describe('a note', () => {
  it('is written and changed by an admin, and seen by who it is for until it is dismissed', async () => {
    const site = await play.site(wellSite());
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
    // Whoever looks only sees what is for them, as it is written, and may dismiss what may be dismissed.
    site.role = 'user';
    await page.goto(`${site.url}/ui/#/overview`);
    await page.reload();
    await page.getByRole('button', { name: 'Dismiss note 1' }).waitFor();
    expect(await page.getByRole('button', { name: 'Dismiss note 2' }).count()).toBe(0);
    const [first, second] = site.site.keeping.notes;
    site.site.keeping.notes = [...site.site.keeping.notes, note(3, 'warning', '<b>Hall 3</b>')];
    await until('the stream', () => site.streams === 1);
    site.emit(event(1, 'notification.created', '3'));
    await page.getByText('<b>Hall 3</b>').waitFor({ timeout: 2000 });
    const other = await open.context.newPage();
    await other.goto(`${site.url}/ui/#/notes`);
    const text = first?.message.split('\n')[0] ?? '';
    await other.getByText(text).waitFor();
    await page.getByRole('button', { name: 'Dismiss note 1' }).click();
    await page.getByText('regent notification dismiss 1').waitFor();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.', { exact: true }).waitFor();
    site.site.keeping.notes = second === undefined ? [] : [second];
    site.emit(event(2, 'notification.dismissed', '1'));
    await page.keyboard.press('Escape');
    // Every tab of this user follows the event.
    for (const tab of [page, other]) await tab.getByText(text).waitFor({ state: 'detached', timeout: 2000 });
    await other.close();
    expect(site.made.at(-1)).toMatchObject({ id: 'notification.dismiss', params: { notification: '1' } });
    expect(open.complaints).toEqual([]);
  });
});

describe('what a role may not', () => {
  it('is not offered: a user sees the own keys and sessions, an auditor no button', async () => {
    const site = await play.site(wellSite());
    site.role = 'user';
    const open = await play.page('access');
    const { page } = open;
    await page.getByRole('heading', { name: 'API keys' }).waitFor();
    expect(await page.locator('.tabs a').allTextContents()).toEqual(['API keys', 'SSH keys', 'Sessions']);
    site.role = 'auditor';
    await page.reload();
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    await page.getByText('ann').first().waitFor();
    expect(
      await page
        .locator('main')
        .getByRole('button', { name: /Delete|New user/ })
        .count(),
    ).toBe(0);
    await page.goto(`${site.url}/ui/#/notes`);
    await page.getByText('Hall 2 has no power').waitFor();
    expect(
      await page
        .locator('main')
        .getByRole('button', { name: /Dismiss|New note/ })
        .count(),
    ).toBe(0);
  });
});

describe('the search', () => {
  it('is a key away, follows what is typed, and leads on', async () => {
    const site = await play.site(wellSite());
    const open = await play.page('nodes');
    const { page } = open;
    await page.getByText('5 rows').waitFor();
    await page.keyboard.press('/');
    await page.getByRole('heading', { name: 'Search' }).waitFor();
    await page.keyboard.type('vlan');
    await page.getByText('3 hits').waitFor();
    expect(page.url()).toContain('q=vlan');
    expect(site.seen.filter((id) => id === 'search.list').length).toBeLessThan(4);
    await page.getByRole('link', { name: 'lab/vlan10', exact: true }).click();
    await page.getByRole('heading', { name: 'lab/vlan10' }).waitFor();
    site.site.keeping.hits = [];
    await page.keyboard.press('/');
    await page.getByRole('heading', { name: 'Search' }).waitFor();
    await page.keyboard.type('nothing');
    await page.getByText('Nothing has “nothing” in its name').waitFor();
    expect(open.complaints).toEqual([]);
  });
});

describe('a change of the past', () => {
  it('is taken back after a look', async () => {
    const site = await play.site(wellSite());
    const open = await play.page('changes/42');
    const { page } = open;
    await page.getByText('Its dynamic range has four addresses.').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id, params }) => [id, params['change']])).toEqual([['config.rollback', '42']]);
  });

  it('tells what was found when it was compiled; one that is not compiled yet says so until it is', async () => {
    const data = wellSite();
    const { found } = data.keeping;
    data.keeping.found = {
      ...found,
      state: 'waiting',
      compiledAt: null,
      first: null,
      last: null,
      items: [],
      gone: [],
      refusals: [],
    };
    const site = await play.site(data);
    const open = await play.page('changes/42');
    const { page } = open;
    await page.getByText('It is not compiled yet.').waitFor();
    expect(await page.getByRole('heading', { name: 'What it did to the files' }).count()).toBe(0);
    await until('the stream', () => site.streams === 1);
    site.site.keeping.found = found;
    site.emit(event(1, 'config.published', 'k1'));
    await page.getByText('Its dynamic range has four addresses. regent range create (new)').waitFor({ timeout: 3000 });
    await page.getByText('with changes 41 to 42').first().waitFor();
    await page.getByText('It has no dynamic range.').waitFor();
    await page.getByText('kea-dhcp4 -t: line 7: syntax error').waitFor();
    await page.getByText('Without snippet phones: kea-dhcp4: no such option. Change it.').waitFor();
    expect(open.complaints).toEqual([]);
  });
});

describe('addresses and names', () => {
  it('a lease becomes a reservation, with what is known of its client', async () => {
    const site = await play.site(wellSite());
    const open = await play.page('leases');
    const { page } = open;
    await page.getByRole('button', { name: 'Reserve 10.10.10.101' }).click();
    expect(await page.locator('dialog [name=address]').inputValue()).toBe('10.10.10.101');
    expect(await page.locator('dialog [name=mac]').inputValue()).toBe('02:00:00:00:00:01');
    await page.getByText('regent reservation create 10.10.10.101 --mac 02:00:00:00:00:01 --hostname phone').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id }) => id)).toEqual(['reservation.create']);
  });

  it('a proposal is applied as it was looked at', async () => {
    const site = await play.site(illSite());
    const open = await play.page('vlans/lab/vlan10');
    const { page } = open;
    await page.getByText('it has one rack alone').waitFor();
    await page.getByRole('button', { name: 'Apply the proposal' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id, body }) => [id, body])).toEqual([['pairing.apply', { digest: 'abc' }]]);
  });

  it('a name is asked of every server; the map has a table that says the same', async () => {
    const site = await play.site(wellSite());
    const open = await play.page('dns');
    const { page } = open;
    await page.locator('[name=name]').fill('www.lab.test');
    await page.keyboard.press('Enter');
    const table = page.getByRole('table', { name: 'www.lab.test A' });
    await table.getByText('10.10.10.20').first().waitFor();
    expect(await table.locator('tbody tr').count()).toBe(2);
    expect(await axe(page)).toEqual([]);
    await page.goto(`${site.url}/ui/#/subnets/10.10.10.0%2F24`);
    await page.getByRole('img', { name: /Map of the addresses from 10.10.10.0/ }).waitFor();
    expect(await page.locator('figure title').filter({ hasText: '10.10.10.60 machine m10' }).count()).toBe(1);
    await page.getByPlaceholder('Filter').fill('m10');
    await page.getByText('1 of 6 rows').waitFor();
    expect(open.complaints).toEqual([]);
  });
});
