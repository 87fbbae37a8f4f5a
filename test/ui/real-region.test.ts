import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readUiAssets } from '../../src/main/region/ui-assets.ts';
import { openPage } from '../kit/ui/browser.ts';
import { useBrowser } from '../kit/ui/use-browser.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** Pages over a real region and its database: what a played site answers as it likes. */

const ui = useBrowser();
const pg = usePostgres();
let site: TestRegion;
let url = '';

beforeAll(async () => {
  const assets = await readUiAssets([ui.folder]);
  site = await startTestRegion(pg.get(), { api: { ui: assets, isPlainUi: true } });
  await site.api.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(site.api.server.address() as AddressInfo).port}`;
  const made = await site.call('POST', '/machines', {
    body: { hostname: 'm1', interfaces: [{ mac: '52:54:00:00:00:01' }] },
  });
  if (made.status !== 201) throw new Error(made.raw);
});
afterAll(() => site?.close());

it('the Machines page shows a machine that was never deployed and has no BMC', async () => {
  await using open = await openPage(ui.browser, url, { path: 'machines' });
  const { page } = open;
  const answers: string[] = [];
  page.on('response', (response) => {
    const path = response.url().slice(url.length);
    if (path.startsWith('/api/v1/machines'))
      answers.push(`${response.status()} ${response.headers()['content-encoding'] ?? 'as it is'}`);
  });
  await page.getByLabel('API key').fill(site.keys.admin);
  await page.getByLabel('API key').press('Enter');
  await page
    .getByRole('link', { name: 'm1.regent.internal' })
    .or(page.getByText('m1', { exact: true }))
    .first()
    .waitFor();
  expect(await page.getByText('there is no member').count()).toBe(0);
  expect(answers.every((answer) => answer.startsWith('200'))).toBe(true);
  expect(open.complaints).toEqual([]);
});
