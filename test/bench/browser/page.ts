import type { Browser, Page } from 'playwright-core';
import { startBrowser } from '../../kit/ui/browser.ts';

const PATIENCE_MS = 60_000;

/** Names of what the page's observer keeps on its window. */
interface Watched {
  readonly regentBadges: { readonly kind: string; readonly at: number }[];
}

/** Keeps each change of the badge; run once more, it begins anew. */
const WATCH = `{
  const kindOf = () => document.querySelector('[data-badge]')?.getAttribute('data-badge') ?? 'none';
  regentBadges = [{ kind: kindOf(), at: Date.now() }];
  const look = () => {
    const kind = kindOf();
    if (regentBadges.at(-1).kind !== kind) regentBadges.push({ kind, at: Date.now() });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}`;

/** A page of the user interface of a living site, logged in with a key. Times: the machine's clock, ms. */
export interface SitePage extends AsyncDisposable {
  readonly page: Page;
  /** Opens the form of a new record, fills it, and has it looked at, so that it only has to be applied. */
  fillRecord(fqdn: string, address: string): Promise<void>;
  /** From now on the changes of the connection's badge are kept with their times. */
  startWatch(): Promise<void>;
  /** Applies the form that is open, again where it is not known whether the change was made; when it was made. */
  apply(): Promise<number>;
  /** When the badge first said that something is wrong, and when it said for the last time that all is well. */
  badgeTimes(): Promise<{ readonly lostAt: number; readonly liveAt: number }>;
  asksForLogin(): Promise<boolean>;
}

/** A browser that takes the certificate of a site as it comes, also in the page's worker: who issued it is another test's. */
export const startLenientBrowser = (): Promise<Browser> => startBrowser(['--ignore-certificate-errors']);

/** Opens the user interface at `url` and logs in. */
export async function openSite(browser: Browser, url: string, apiKey: string): Promise<SitePage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${url}#/dns/records`);
  await page.getByRole('button', { name: 'With an API key' }).click();
  await page.getByLabel('API key').fill(apiKey);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'New record' }).waitFor();
  const badge = (kind: string) => page.locator(`[data-badge=${kind}]`).first().waitFor();
  const closeForm = async () => {
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
  };
  return {
    page,
    fillRecord: async (fqdn, address) => {
      if ((await page.locator('dialog').count()) > 0) await closeForm();
      await badge('live');
      await page.getByRole('button', { name: 'New record' }).click();
      await page.getByLabel('Full name').fill(fqdn);
      await page.getByLabel('Data', { exact: true }).fill(address);
      await page.keyboard.press('Enter');
      await page.locator('[data-apply]').waitFor();
    },
    startWatch: async () => {
      await page.evaluate(WATCH);
    },
    apply: async () => {
      await page.locator('[data-apply]').click();
      const [done, again] = [page.getByText('Done.'), page.getByRole('button', { name: 'Send it again' })];
      for (;;) {
        await done.or(again).first().waitFor();
        if ((await done.count()) > 0) return Date.now();
        await again.click();
      }
    },
    badgeTimes: async () => {
      await badge('live');
      const changes = await page.evaluate(() => (globalThis as unknown as Watched).regentBadges);
      const lost = changes.find(({ kind }) => kind !== 'live');
      const live = changes.at(-1);
      if (lost === undefined || live === undefined) throw new Error('the badge never said that something is wrong');
      return { lostAt: lost.at, liveAt: live.at };
    },
    asksForLogin: async () => (await page.locator('main.login').count()) > 0,
    [Symbol.asyncDispose]: () => context.close(),
  };
}
