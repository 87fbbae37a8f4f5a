import { beforeAll, describe, expect, it } from 'vitest';
import { operatorCertificate, type OperatorCertificate } from '../kit/cluster/operator-certificate.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';
import { useRealSite } from '../kit/ui/region/use-real-site.ts';
import { until } from '../kit/until.ts';

const ui = useBrowser();
const play = useRealSite(ui);
let own: OperatorCertificate;
beforeAll(async () => {
  own = await operatorCertificate({ names: ['other.example'], kind: 'ec', addresses: ['10.77.0.10'] });
});
const pem = () => `${own.leaf}${own.middle}`;

describe('the certificate of the site', () => {
  it('is replaced by an own one and taken back; its key is sent once, and stands nowhere else', async () => {
    const { site } = play;
    const open = await play.page('access/certificates');
    const { page } = open;
    await page.getByText('regent.example').first().waitFor();
    await page.getByRole('button', { name: 'Show an own one' }).click();
    await page.getByLabel('Certificate', { exact: true }).fill(pem());
    await page.getByLabel('Private key').fill(own.key);
    await page.getByRole('button', { name: 'See what it would do' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    const [, secret = ''] = own.key.split('\n');
    expect(secret).not.toBe('');
    expect(await page.content()).not.toContain(secret);
    await page.keyboard.press('Escape');
    // A change that follows at once is not somebody else's.
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map((change) => [change.id, change.body])).toEqual([
      ['site-certificate.set', { certificate: pem(), privateKey: own.key }],
      ['site-certificate.unset', undefined],
    ]);
    expect(open.complaints).toEqual([]);
  });

  it('that somebody else replaced meanwhile is not replaced unseen', async () => {
    await using site = await RealSite.start(ui);
    await using open = await site.open(ui, { path: 'access/certificates' });
    const { page } = open;
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.locator('[data-apply]').waitFor();
    await site.call('PUT', '/site-certificate', { certificate: pem(), privateKey: own.key });
    // The page behind the dialog reads it again.
    await page.locator('main').getByText('other.example').waitFor();
    await page.locator('[data-apply]').click();
    await page.getByText('Somebody else changed it').waitFor();
    await page.getByRole('table', { name: 'Both versions' }).getByText('other.example').first().waitFor();
    expect(site.made).toEqual([]);
  });
});

describe('a change of the past', () => {
  it('tells what was found when it was compiled; one that is not compiled yet says so until it is', async () => {
    await using site = await RealSite.start(ui);
    await site.call('PATCH', '/vlans/lab%2Fvlan10', { secondaryRack: null });
    await site.call('POST', '/ranges', {
      subnet: '10.20.0.0/16',
      kind: 'dynamic',
      first: '10.20.0.10',
      last: '10.20.0.13',
    });
    await site.call('PATCH', '/vlans/lab%2Fmgmt', { dhcpOn: true });
    const [last] = (await site.call('GET', '/config/history?limit=1'))['items'] as { id: number }[];
    await using open = await site.open(ui, { path: `changes/${last?.id}` });
    const { page } = open;
    await page.getByText('It is not compiled yet.').waitFor();
    expect(await page.getByRole('heading', { name: 'What it did to the files' }).count()).toBe(0);
    await until('the stream', () => site.way.streams === 1);
    const endTasks = site.region.region.startTasks();
    await page
      .getByText(/VLAN .*mgmt.*\(new\)/)
      .first()
      .waitFor({ timeout: 10_000 });
    await page.getByRole('heading', { name: 'What it did to the files' }).waitFor();
    await endTasks();
    expect(open.complaints).toEqual([]);
  });
});

describe('addresses and names', () => {
  it('a proposal is applied as it was looked at', async () => {
    await using site = await RealSite.start(ui, { kind: 'ill' });
    await using open = await site.open(ui, { path: 'vlans/lab/vlan10' });
    const { page } = open;
    const proposed = page.getByRole('region', { name: 'Proposed pairs of racks' });
    await proposed.getByText('k1, k2').waitFor();
    await page.getByRole('button', { name: 'Apply the proposal' }).click();
    await page.locator('[data-apply]').click();
    await page.getByText('Done.').waitFor();
    expect(site.made.map(({ id }) => id)).toEqual(['pairing.apply']);
    expect(await site.call('GET', '/vlans/lab%2Fvlan10')).toMatchObject({ primaryRack: 'k1', secondaryRack: 'k2' });
  });
});
