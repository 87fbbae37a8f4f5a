import type { Browser, Page } from 'playwright-core';
import { type Layout, layoutOf } from '../../../src/lab/layout.ts';
import { labStatus } from '../../../src/lab/status.ts';
import { labOf } from '../../kit/lab.ts';
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
  /** When the badge first said that something is wrong, and when it said for the last time that all is well; null: it said so all the time. */
  badgeTimes(): Promise<{ readonly lostAt: number; readonly liveAt: number } | null>;
  asksForLogin(): Promise<boolean>;
}

/** A running lab, and a page of its user interface. */
export interface LabPage {
  readonly layout: Layout;
  readonly url: string;
  readonly apiKey: string;
  readonly open: SitePage;
}

/**
 * Does something with a page of the running lab of `REGENT_LAB`. The browser takes the certificate as it comes, also in the page's worker: who issued it is
 * another test's. Throws for a lab that does not offer its user interface outside.
 */
export async function withLabPage<T>(work: (lab: LabPage) => Promise<T>): Promise<T> {
  const layout = layoutOf(process.env['REGENT_LAB'] ?? 'lab');
  const { url, apiKey } = await labOf(layout);
  const { ui } = labStatus(layout);
  if (ui === null) throw new Error('the lab does not forward its user interface: scripts/down, then scripts/up');
  const browser = await startBrowser(['--ignore-certificate-errors']);
  try {
    await using open = await openSite(browser, ui, apiKey);
    return await work({ layout, url, apiKey, open });
  } finally {
    await browser.close();
  }
}

/** Opens the user interface at `url` and logs in. */
async function openSite(browser: Browser, url: string, apiKey: string): Promise<SitePage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  await page.goto(`${url}#/dns/records`);
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
      return lost === undefined || live === undefined ? null : { lostAt: lost.at, liveAt: live.at };
    },
    asksForLogin: async () => (await page.locator('main.login').count()) > 0,
    [Symbol.asyncDispose]: () => context.close(),
  };
}
