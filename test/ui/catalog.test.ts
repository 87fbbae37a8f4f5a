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

describe('a form of a noun', () => {
  it('has references that are chosen from live names, and says at the field what does not exist', async () => {
    const { page } = await play.page('vlans');
    await page.getByRole('button', { name: 'New VLAN' }).click();
    const fabric = page.getByRole('combobox', { name: 'Fabric' });
    await fabric.press('ArrowDown');
    const list = page.getByRole('listbox', { name: 'Choices for Fabric' });
    await list.getByRole('option').first().waitFor();
    expect(await axe(page)).toEqual([]);
    const name = (await list.getByRole('option').first().textContent()) ?? '';
    await fabric.press('ArrowDown');
    expect(await fabric.getAttribute('aria-activedescendant')).not.toBeNull();
    await fabric.press('Enter');
    expect(await fabric.inputValue()).toBe(name);
    await fabric.press('ArrowDown');
    await list.waitFor();
    // Escape closes the list, not the form.
    await fabric.press('Escape');
    await list.waitFor({ state: 'detached' });
    await fabric.fill('no-such-fabric');
    await fabric.press('Tab');
    await page.getByText('There is no no-such-fabric.').waitFor();
    expect(await fabric.getAttribute('aria-invalid')).toBe('true');
  });

  it('says what is left to the site, as the site then has it', async () => {
    const { page } = await play.page('vlans');
    await page.getByRole('button', { name: 'New VLAN' }).click();
    expect(await page.locator('dialog [name=dnsOn] option').allTextContents()).toEqual(['Default (on)', 'On', 'Off']);
    const { dnsOn } = await play.site.call('POST', '/vlans', { vid: 32 });
    expect(dnsOn).toBe(true);
  });

  it('marks all faults at once, each at its field, and keeps its buttons in sight', async () => {
    const { page } = await play.page('subnets');
    await page.setViewportSize({ width: 1000, height: 420 });
    await page.getByRole('button', { name: 'New subnet' }).click();
    const preview = page.getByRole('button', { name: 'See what it would do' });
    await page.getByText('More options').click();
    const box = await preview.boundingBox();
    expect((box?.y ?? 1000) + (box?.height ?? 0)).toBeLessThanOrEqual(420);
    await page.locator('dialog [name=leaseTime]').fill('an hour');
    await preview.click();
    await page.locator('dialog [name=cidr][aria-invalid=true]').waitFor();
    await page.locator('dialog [name=leaseTime][aria-invalid=true]').waitFor();
    expect(play.site.made).toEqual([]);
    // What the site refuses stands beside its field, once.
    await page.locator('dialog [name=leaseTime]').fill('');
    await page.locator('dialog [name=cidr]').fill('10.99.0.1/24');
    await preview.click();
    const note = page.locator('#form-cidr-note.wrong');
    await note.waitFor();
    const fault = ((await note.textContent()) ?? '').split('. Rule')[0] ?? '';
    expect(await page.locator('dialog').getByText(fault).count()).toBe(1);
    expect(await axe(page)).toEqual([]);
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
