import { describe, expect, it } from 'vitest';
import { patient } from '../kit/machine.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { until } from '../kit/until.ts';

const play = useRealSite(useBrowser());

/** Names in addresses of pages, how somebody else changes them, and what the page is called then. */
const RENAMED: readonly {
  readonly path: string;
  readonly change: readonly [path: string, body: object];
  readonly after: string;
  readonly title: string;
}[] = [
  {
    path: 'dns/domains/lab.test',
    change: ['/domains/lab.test', { name: 'hall.test' }],
    after: 'dns/domains/hall.test',
    title: 'hall.test',
  },
  {
    path: 'vlans/lab/vlan10',
    change: ['/vlans/lab%2Fvlan10', { name: 'storage' }],
    after: 'vlans/lab/storage',
    title: 'lab/storage',
  },
  {
    path: 'vlans/lab/vlan20',
    change: ['/fabrics/lab', { name: 'hall-2' }],
    after: 'vlans/hall-2/vlan20',
    title: 'hall-2/vlan20',
  },
  {
    path: 'subnets/10.10.10.0%2F24?filter=printer',
    change: ['/subnets/10.10.10.0%2F24', { cidr: '10.10.8.0/22' }],
    after: 'subnets/10.10.8.0%2F22?filter=printer',
    title: '10.10.8.0/22',
  },
];

describe('a page with a name in its address', () => {
  it.each(RENAMED)('follows $path to $after when somebody renames it', async ({ path, change, after, title }) => {
    const { site } = play;
    const open = await play.page(path);
    const { page } = open;
    await page.locator('main .shown').first().waitFor();
    await until('the stream', () => site.way.streams === 1);
    const steps = await page.evaluate<number>('history.length');
    await site.call('PATCH', ...change);
    await page.getByRole('heading', { name: title, exact: true }).waitFor({ timeout: patient(3000) });
    await until('the address', () => page.url() === `${site.url}/ui/#/${after}`);
    // Nothing leads back to where nothing is any more.
    expect(await page.evaluate<number>('history.length')).toBe(steps);
    await page.reload();
    await page.getByRole('heading', { name: title, exact: true }).waitFor();
    expect(await page.locator('main .refusal').count()).toBe(0);
    expect(open.complaints).toEqual([]);
  });

  it('stays while a dialog is open, so that its last sentence is read', async () => {
    const { site } = play;
    await site.call('POST', '/domains', { name: 'own.test' });
    await site.call('POST', '/records', { fqdn: 'www.own.test', type: 'A', data: '10.10.10.21' });
    const open = await play.page('dns/domains/own.test');
    const { page } = open;
    await until('the stream', () => site.way.streams === 1);
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.locator('dialog [name=name]').fill('other.test');
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    await until('the title', async () => (await page.locator('main h1').textContent()) === 'other.test');
    expect(await page.getByText('Done.').isVisible()).toBe(true);
    expect(page.url()).toContain('own.test');
    await page.keyboard.press('Escape');
    await until('the address', () => page.url().endsWith('#/dns/domains/other.test'));
    await page.locator('main').getByText('www.other.test').waitFor();
    expect(open.complaints).toEqual([]);
  });

  it('of what was deleted says so, and shows what has the name after it', async () => {
    const { site } = play;
    await site.call('POST', '/domains', { name: 'gone.test' });
    const open = await play.page('dns/domains/gone.test');
    const { page } = open;
    await page.locator('main .shown').first().waitFor();
    await until('the stream', () => site.way.streams === 1);
    await site.call('DELETE', '/domains/gone.test');
    await page
      .locator('main .refusal')
      .first()
      .waitFor({ timeout: patient(3000) });
    await site.call('POST', '/domains', { name: 'gone.test', ttl: 77 });
    await page
      .locator('main dd')
      .getByText('77')
      .waitFor({ timeout: patient(3000) });
    expect(open.complaints).toEqual([]);
  });
});
