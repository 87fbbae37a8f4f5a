import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { buildUi, startBrowser } from './browser.ts';

/** The built user interface and a browser, for the tests of a file: both go when they have ended. */
export function useBrowser(): { readonly folder: string; readonly sizes: string; readonly browser: Browser } {
  const ui = buildUi();
  let started: Browser | null = null;
  beforeAll(async () => {
    started = await startBrowser();
  });
  afterAll(async () => {
    await started?.close();
    ui.remove();
  });
  return {
    ...ui,
    get browser() {
      if (started === null) throw new Error('the browser starts before the first test');
      return started;
    },
  };
}
