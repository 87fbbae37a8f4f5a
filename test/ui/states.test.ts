import { describe, expect, it } from 'vitest';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { usePlay } from '../kit/ui/use-play.ts';
import { event, illSite, wellSite } from '../kit/ui/site.ts';
import { until } from '../kit/until.ts';

const play = usePlay(useBrowser());

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

  it('that somebody else replaced meanwhile is not replaced unseen', async () => {
    const site = await play.site(wellSite());
    const { page } = await play.page('access/certificates');
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.locator('[data-apply]').waitFor();
    site.version = 2;
    site.site.keeping.siteCertificate = { ...site.site.keeping.siteCertificate, names: ['other.example'] };
    // The page behind the dialog reads it anew.
    site.cutStreams();
    await page.locator('main').getByText('other.example').waitFor();
    await page.locator('[data-apply]').click();
    await page.getByText('Somebody else changed it').waitFor();
    await page.getByRole('table', { name: 'Both versions' }).getByText('other.example').waitFor();
    expect(site.made).toEqual([]);
  });
});

describe('a change of the past', () => {
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
});
