import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, type BrowserServer, chromium, type Page } from 'playwright-core';
import { patient } from '../machine.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** Debian's chromium without windows, which starts pages in two thirds of the time; where it is not, the whole one. */
const DEBIANS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'] as const;
/** Another one by REGENT_CHROMIUM. */
const CHROMIUM = process.env['REGENT_CHROMIUM'] ?? DEBIANS.find((path) => existsSync(path)) ?? DEBIANS[0];

/** The user interface as it was built, in a folder of its own, and what the build said of its sizes. */
interface BuiltUi {
  readonly folder: string;
  readonly sizes: string;
  remove(): void;
}

/** Builds the user interface. */
export async function buildUi(): Promise<BuiltUi> {
  const parent = mkdtempSync(join(tmpdir(), 'regent-ui-'));
  const folder = join(parent, 'ui');
  const remove = () => rmSync(parent, { recursive: true, force: true });
  try {
    const build = [join(ROOT, 'scripts', 'build-ui.mjs'), folder];
    const { stdout } = await promisify(execFile)(process.execPath, build, { encoding: 'utf8', timeout: 170_000 });
    return { folder, sizes: stdout, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Starts the browser, with more arguments of its command line. A machine without one fails its tests: nothing is skipped. */
export const startBrowser = (more: readonly string[] = []): Promise<Browser> => chromium.launch(launchOptions(more));

/** Starts the browser for all processes of a run, which connect to it. */
export const serveBrowser = (): Promise<BrowserServer> => chromium.launchServer(launchOptions());

function launchOptions(more: readonly string[] = []) {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is not there: apt-get install chromium-headless-shell`);
  // Root has no sandbox of its own; the pages are ours.
  const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  // A machine that runs tests has none: one that is played costs a tenth of all processor time.
  const args = ['--disable-gpu', ...sandbox];
  return { executablePath: CHROMIUM, headless: true, args: [...args, ...more] };
}

/** How a page is looked at. */
export interface Look {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly path?: string;
  /** Of a session that is there already. */
  readonly cookie?: string;
  /** Its timers run when the test says so (`page.clock`), beside the time that passes. */
  readonly isTimePlayed?: boolean;
}

/** A page, and what it must never do: complain on the console, or ask anybody but its site. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
}

/** Opens a page of the user interface in a browser profile of its own. */
export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<OpenPage> {
  const { theme = 'light', width = 1280, path = '' } = look;
  const context = await browser.newContext({ colorScheme: theme, viewport: { width, height: 900 } });
  if (look.cookie !== undefined) await context.addCookies([{ name: 'regent', value: look.cookie, url }]);
  const complaints: string[] = [];
  context.on('console', (message) => {
    // A call that failed is the test's doing; the page itself must say nothing.
    const isNetwork = message.text().startsWith('Failed to load resource');
    if (['error', 'warning'].includes(message.type()) && !isNetwork) complaints.push(message.text());
  });
  context.on('weberror', (error) => complaints.push(String(error.error())));
  context.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asked ${request.url()}`);
  });
  const page = await context.newPage();
  if (look.isTimePlayed) await page.clock.install();
  await page.goto(`${url}/ui/${path === '' ? '' : `#/${path}`}`);
  return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() };
}

/**
 * Leads an open page to another place, as a link does: nothing is loaded anew. Between two places is one without a page, so that nothing of the one before is left.
 * `until`: what is waited for there, too.
 */
export async function goTo(page: Page, path: string, until: readonly Step[] = []): Promise<void> {
  const steps: Step[] = [{ hash: '#/-', heading: NOWHERE }];
  if (path !== '-') steps.push({ hash: `#/${path}`, selector: 'main .page', notHeading: NOWHERE });
  await inPage(page, [...steps, ...until]);
}

/** Nothing of a page is still on its way; `has`: a text that stands on it then. */
export const whole = (has: string | null = null): Step => ({
  noSelector: '.skeleton',
  ...(has === null ? {} : { text: has }),
});

/** Waits for it. */
export const settled = (page: Page, has: string | null = null): Promise<void> => inPage(page, [whole(has)]);

const NOWHERE = 'There is no such page.';

/** Where it goes, and what is waited for there: an element, none, the first heading, a text. */
export interface Step {
  readonly hash?: string;
  readonly selector?: string;
  readonly noSelector?: string;
  readonly heading?: string;
  readonly notHeading?: string;
  readonly text?: string;
}

/** Goes to places and waits there, all in the page: each word between a test and the browser costs milliseconds, and pages are led hundreds of times. */
function inPage(page: Page, steps: readonly Step[]): Promise<void> {
  return page.evaluate(
    async ({ all, mostMs }) => {
      const { document, location, requestAnimationFrame } = globalThis as unknown as LedWindow;
      const isSo = ({ selector, noSelector, heading, notHeading, text }: Step) => {
        const title = document.querySelector('main h1')?.textContent ?? '';
        return (
          (selector === undefined || document.querySelector(selector) !== null) &&
          (noSelector === undefined || document.querySelector(noSelector) === null) &&
          (heading === undefined || title === heading) &&
          (notHeading === undefined || title !== notHeading) &&
          (text === undefined || document.querySelector('main')?.textContent?.includes(text) === true)
        );
      };
      for (const step of all) {
        if (step.hash !== undefined) location.hash = step.hash;
        const end = Date.now() + mostMs;
        while (!isSo(step)) {
          if (Date.now() > end) throw new Error(`not within ${mostMs} ms at ${location.hash}: ${JSON.stringify(step)}`);
          await new Promise<void>((done) => requestAnimationFrame(() => done()));
        }
      }
    },
    { all: steps, mostMs: patient(20_000) },
  );
}

/** What of a window is needed to lead it. */
interface LedWindow {
  readonly document: { querySelector(selector: string): { readonly textContent: string | null } | null };
  readonly location: { hash: string };
  readonly requestAnimationFrame: (next: () => void) => void;
}
