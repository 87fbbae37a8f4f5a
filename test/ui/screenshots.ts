import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { buildUi, startBrowser } from '../kit/ui/browser.ts';
import { makeSites } from '../kit/ui/region/make-sites.ts';
import { RealSite } from '../kit/ui/region/real-site.ts';

/**
 * `npm run screenshots [-- FOLDER] [--url URL --key-file FILE] [--small NAME,NAME]`: every page of the user interface in light and dark as FOLDER/NAME.THEME.png
 * (dist/screenshots). Without --url of the site of the tests that is ill, which has something on each page; with it of a living one (`npm run dev`, a lab), where
 * the file has an API key. `--small`: these pages alone, as pictures of less than 60 kB for documents.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { url: { type: 'string' }, 'key-file': { type: 'string' }, small: { type: 'string' } },
});
const folder = positionals[0] ?? join(import.meta.dirname, '..', '..', 'dist', 'screenshots');
const small = values.small?.split(',') ?? null;
const SMALL_MAX = 60_000;
const WAIT_MS = 60_000;
const MOST = 80;

mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
try {
  const { url, key, end } = values.url === undefined ? await tested() : living(values.url, values['key-file']);
  try {
    for (const theme of ['light', 'dark'] as const) {
      if (small === null || theme === 'light') await shoot(browser, { url, key, theme });
    }
  } finally {
    await end();
  }
} finally {
  await browser.close();
}

interface Site {
  readonly url: string;
  readonly key: string;
  readonly end: () => Promise<void>;
}

async function tested(): Promise<Site> {
  const ui = await buildUi();
  const sites = await makeSites();
  const site = await RealSite.start({ folder: ui.folder, sites }, { kind: 'ill' });
  const end = async () => {
    await site[Symbol.asyncDispose]();
    await sites.pg.stop();
    ui.remove();
  };
  return { url: site.url, key: site.region.keys.admin, end };
}

function living(url: string, keyFile: string | undefined): Site {
  if (keyFile === undefined) throw new Error('--url needs --key-file FILE with an API key of that site.');
  return {
    url: url.replace(/\/$/, ''),
    key: readFileSync(keyFile, 'utf8').trim(),
    end: async () => {},
  };
}

/** Logs in, then looks at each page that a link leads to: those of the navigation, their parts, and the first object of each list. */
async function shoot(
  from: Browser,
  site: Pick<Site, 'url' | 'key'> & { readonly theme: 'light' | 'dark' },
): Promise<void> {
  const viewport = small === null ? { width: 1280, height: 800 } : { width: 1000, height: 620 };
  // A lab's certificate is signed by its own cluster's authority.
  const context = await from.newContext({ colorScheme: site.theme, viewport, ignoreHTTPSErrors: true });
  context.setDefaultTimeout(WAIT_MS);
  const page = await context.newPage();
  await page.goto(`${site.url}/ui/`);
  if (small === null) await save(page, 'login', site.theme);
  await page.getByLabel('API key').fill(site.key);
  await page.keyboard.press('Enter');
  await page.locator('nav a').first().waitFor();
  const todo = await linksOf(page, 'nav a');
  const seen = new Set<string>();
  while (todo.length > 0 && seen.size < MOST) {
    const link = todo.shift() ?? '';
    const name = nameOf(link);
    if (seen.has(link)) continue;
    seen.add(link);
    await page.evaluate(`location.hash = ${JSON.stringify(link)}`);
    await page.locator('main h1').first().waitFor();
    await page.locator('.skeleton').first().waitFor({ state: 'detached' });
    if (small === null || small.includes(name)) await save(page, name, site.theme);
    todo.push(...(await linksOf(page, '.tabs a')));
    const [first] = (await linksOf(page, 'main tbody a')).filter((to) => to.startsWith(`${link.split('?')[0]}/`));
    if (first !== undefined) todo.push(first);
  }
  await context.close();
}

async function save(page: Page, name: string, theme: string): Promise<void> {
  const path = join(folder, small === null ? `${name}.${theme}.png` : `${name}.jpg`);
  if (small === null) {
    await page.screenshot({ path, fullPage: true });
  } else {
    let quality = 80;
    let bytes = await page.screenshot({ type: 'jpeg', quality });
    while (bytes.length >= SMALL_MAX && quality > 20) {
      quality -= 10;
      bytes = await page.screenshot({ type: 'jpeg', quality });
    }
    writeFileSync(path, bytes);
  }
  process.stdout.write(`${path}\n`);
}

async function linksOf(page: Page, selector: string): Promise<string[]> {
  const found = await page.evaluate<string[]>(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((link) => link.getAttribute('href') ?? '')`,
  );
  return found.filter((link) => link.startsWith('#/'));
}

function nameOf(link: string): string {
  return link
    .replace(/^#\//, '')
    .replace(/[^\w.-]+/g, '-')
    .slice(0, 60);
}
