import { describe, expect, it } from 'vitest';
import { event, type SiteData, wellSite } from '../kit/ui/site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { usePlay } from '../kit/ui/use-play.ts';
import { until } from '../kit/until.ts';

const play = usePlay(useBrowser());

/** Names in addresses of pages, how somebody else changes them, and what the page is called then. */
const RENAMED: readonly {
  readonly path: string;
  readonly noun: string;
  readonly rename: (site: SiteData) => void;
  readonly after: string;
  readonly title: string;
}[] = [
  {
    path: 'dns/domains/lab.test',
    noun: 'domain',
    rename: ({ addresses }) => {
      addresses.domains = addresses.domains.map((row) => (row.id === 1 ? { ...row, name: 'hall.test' } : row));
      addresses.records = addresses.records.map((row) => ({ ...row, domain: 'hall.test' }));
    },
    after: 'dns/domains/hall.test',
    title: 'hall.test',
  },
  {
    path: 'vlans/lab/vlan10',
    noun: 'vlan',
    rename: ({ networks }) => {
      networks.vlans = networks.vlans.map((row) => (row.id === 1 ? { ...row, name: 'storage' } : row));
    },
    after: 'vlans/lab/storage',
    title: 'lab/storage',
  },
  {
    path: 'vlans/lab/vlan20',
    noun: 'fabric',
    rename: ({ networks }) => {
      networks.vlans = networks.vlans.map((row) => ({ ...row, fabric: 'hall 2' }));
    },
    after: 'vlans/hall%202/vlan20',
    title: 'hall 2/vlan20',
  },
  {
    path: 'subnets/10.10.10.0%2F24?filter=m10',
    noun: 'subnet',
    rename: ({ networks }) => {
      networks.subnets = networks.subnets.map((row) => (row.id === 1 ? { ...row, cidr: '10.10.8.0/22' } : row));
    },
    after: 'subnets/10.10.8.0%2F22?filter=m10',
    title: '10.10.8.0/22',
  },
];

describe('a page with a name in its address', () => {
  it.each(RENAMED)('follows $path to $after when somebody renames it', async ({ path, noun, rename, after, title }) => {
    const site = await play.site(wellSite());
    const open = await play.page(path);
    const { page } = open;
    await page.locator('main .shown').first().waitFor();
    await until('the stream', () => site.streams === 1);
    const steps = await page.evaluate<number>('history.length');
    rename(site.site);
    site.emit(event(1, `${noun}.changed`, title));
    await page.getByRole('heading', { name: title, exact: true }).waitFor({ timeout: 3000 });
    await until('the address', () => page.url() === `${site.url}/ui/#/${after}`);
    // Nothing leads back to where nothing is any more.
    expect(await page.evaluate<number>('history.length')).toBe(steps);
    await page.reload();
    await page.getByRole('heading', { name: title, exact: true }).waitFor();
    expect(await page.locator('main .refusal').count()).toBe(0);
    expect(open.complaints).toEqual([]);
  });

  it('stays while a dialog is open, so that its last word is read', async () => {
    const renamed = RENAMED[0];
    const data = wellSite();
    const [domain] = data.addresses.domains;
    if (renamed === undefined || domain === undefined) throw new Error('there is no domain');
    const site = await play.site(data);
    site.results.set('domain.set', { ...domain, name: 'hall.test' });
    const open = await play.page(renamed.path);
    const { page } = open;
    await until('the stream', () => site.streams === 1);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.locator('dialog [name=name]').fill('hall.test');
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    renamed.rename(site.site);
    site.emit(event(1, 'domain.changed', 'hall.test'));
    await until('the title', async () => (await page.locator('main h1').textContent()) === 'hall.test');
    expect(await page.getByText('Done.').isVisible()).toBe(true);
    expect(page.url()).toContain('lab.test');
    await page.keyboard.press('Escape');
    await until('the address', () => page.url().endsWith('#/dns/domains/hall.test'));
    await page.locator('main').getByText('www.lab.test').waitFor();
    expect(open.complaints).toEqual([]);
  });

  it('of what was deleted says so, and shows what has the name after it', async () => {
    const site = await play.site(wellSite());
    const { addresses } = site.site;
    const [first, ...others] = addresses.domains;
    if (first === undefined) throw new Error('there is no domain');
    const open = await play.page('dns/domains/lab.test');
    const { page } = open;
    await page.locator('main').getByText('www.lab.test').waitFor();
    await until('the stream', () => site.streams === 1);
    addresses.domains = others;
    site.emit(event(1, 'domain.deleted', 'lab.test'));
    await page.locator('main .refusal').first().waitFor({ timeout: 3000 });
    addresses.domains = [...others, { ...first, id: 9, ttl: 77 }];
    site.emit(event(2, 'domain.created', 'lab.test'));
    await page.locator('main dd').getByText('77').waitFor({ timeout: 3000 });
    expect(open.complaints).toEqual([]);
  });
});
