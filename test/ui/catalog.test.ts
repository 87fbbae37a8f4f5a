import { describe, expect, it } from 'vitest';
import { axe } from '../kit/ui/axe.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';

const play = useRealSite(useBrowser());
/** A key of 32 octets in base64. */
const SECRET = /[A-Za-z0-9+/]{43}=/;

describe('a noun of the catalog', () => {
  it('is made with what is given, and changed by what is other than before', async () => {
    const open = await play.page('catalog');
    const { page } = open;
    await page.getByRole('button', { name: 'New tag' }).click();
    await page.locator('dialog [name=name]').fill('gpu');
    await page.locator('dialog [name=kernelOptions]').fill('intel_iommu=on iommu=pt');
    await page.getByText("regent tag create gpu --kernel-options 'intel_iommu=on iommu=pt'").waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Change rack7' }).click();
    await page.locator('dialog [name=definition]').fill('');
    await page.getByText("regent tag set rack7 --definition ''").waitFor();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(play.site.made.map(({ id, body }) => [id, body])).toEqual([
      ['tag.create', { name: 'gpu', kernelOptions: 'intel_iommu=on iommu=pt' }],
      ['tag.set', { definition: '' }],
    ]);
    const tags = (await play.site.call('GET', '/tags'))['items'];
    expect(tags).toContainEqual(expect.objectContaining({ name: 'gpu', kernelOptions: 'intel_iommu=on iommu=pt' }));
    expect(tags).toContainEqual(expect.objectContaining({ name: 'rack7', definition: '' }));
    expect(open.complaints).toEqual([]);
  });

  it('that two people change is changed by the first of them; the other sees both versions', async () => {
    const { page: one, context } = await play.page('catalog/zone');
    const other = await context.newPage();
    await other.goto(`${play.site.url}/ui/#/catalog/zone`);
    for (const [page, text] of [
      [one, 'the first'],
      [other, 'the second'],
    ] as const) {
      await page.getByRole('button', { name: 'Change hall-1' }).click();
      await page.locator('dialog [name=comment]').fill(text);
      await page.getByRole('button', { name: 'See what it would do' }).click();
      await page.locator('[data-apply]').waitFor();
    }
    await one.locator('[data-apply]').click();
    await one.getByText('Done.').waitFor();
    await other.locator('[data-apply]').click();
    await other.getByText('Somebody else changed it').waitFor();
    const versions = other.getByRole('table', { name: 'Both versions' });
    await versions.getByText('the first').waitFor();
    expect(await other.locator('dialog [name=comment]').inputValue()).toBe('the second');
    expect(play.site.made.map(({ body }) => body)).toEqual([{ comment: 'the first' }]);
    expect(await play.site.call('GET', '/zones/hall-1')).toMatchObject({ comment: 'the first' });
    await other.close();
  });

  it('shows a secret that the site made once, and deletes after its name was written', async () => {
    const open = await play.page('catalog/tsig-key');
    const { page } = open;
    await page.getByRole('button', { name: 'New TSIG key' }).click();
    await page.locator('dialog [name=name]').fill('partner');
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    const shown = page.locator('dialog').getByText(SECRET).first();
    await shown.waitFor();
    const [secret = ''] = SECRET.exec((await shown.textContent()) ?? '') ?? [];
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    expect(await page.content()).not.toContain(secret);
    await page.getByRole('button', { name: 'Delete ns-partner' }).click();
    await page.getByLabel('Write ns-partner to confirm').fill('ns-partner');
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(play.site.made.map(({ id }) => id)).toEqual(['tsig-key.create', 'tsig-key.delete']);
  });
});

describe('a network', () => {
  it('is made from its page: a VLAN, then a subnet on it, then DHCP told otherwise', async () => {
    const { site } = play;
    await site.call('POST', '/domains', { name: 'away.test' });
    await site.call('POST', '/records', { fqdn: 'www.away.test', type: 'A', data: '10.10.10.22' });
    const open = await play.page('vlans');
    const { page } = open;
    await page.getByRole('button', { name: 'New VLAN' }).click();
    await page.locator('dialog [name=vid]').fill('31');
    await page.locator('dialog [name=dnsOn]').selectOption('on');
    await page.getByText('regent vlan create --vid 31 --dns on').waitFor();
    expect(await axe(page)).toEqual([]);
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    await page.goto(`${site.url}/ui/#/subnets/10.10.10.0%2F24`);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.locator('dialog [name=resolvers]').fill('192.0.2.53\n192.0.2.54');
    await page.getByText('--resolver 192.0.2.53 --resolver 192.0.2.54').waitFor();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id, body }) => [id, body])).toEqual([
      ['vlan.create', { vid: 31, dnsOn: true }],
      ['subnet.set', { resolvers: ['192.0.2.53', '192.0.2.54'] }],
    ]);
    await page.goto(`${site.url}/ui/#/dns/domains/away.test`);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.locator('dialog [name=transferTo]').fill('192.0.2.5');
    await page.getByText('regent domain set away.test --transfer-to 192.0.2.5').waitFor();
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    await page.keyboard.press('Escape');
    // The page has the new version then, and so has the dialog.
    await page.locator('dd', { hasText: '192.0.2.5' }).waitFor();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByLabel('With its records').check();
    await page.getByText('regent domain delete away.test --cascade').waitFor();
    await page.getByLabel('Write away.test to confirm').fill('away.test');
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.slice(2).map(({ id, body }) => [id, body])).toEqual([
      ['domain.set', { transferTo: ['192.0.2.5'] }],
      ['domain.delete', undefined],
    ]);
    expect(open.complaints).toEqual([]);
  });
});
