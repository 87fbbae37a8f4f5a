import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, inject } from 'vitest';

/** The built user interface and the browser (`once.ts`), for the tests of a file. */
export function useBrowser(): { readonly folder: string; readonly sizes: string; readonly browser: Browser } {
  const { folder, sizes, browser } = inject('ui');
  let connected: Browser | null = null;
  beforeAll(async () => {
    connected = await chromium.connect(browser);
  });
  afterAll(() => connected?.close());
  return {
    folder,
    sizes,
    get browser() {
      if (connected === null) throw new Error('the browser is there before the first test');
      return connected;
    },
  };
}
