import { type Browser, chromium } from 'playwright-core';
import type { BuiltUi } from './region/real-site.ts';
import { afterAll, beforeAll, inject } from 'vitest';

/** The built user interface, the sites and the browser (`once.ts`), for the tests of a file. */
export function useBrowser(): BuiltUi & { readonly sizes: string; readonly browser: Browser } {
  const { folder, sizes, browser } = inject('ui');
  let connected: Browser | null = null;
  beforeAll(async () => {
    connected = await chromium.connect(browser);
  });
  afterAll(() => connected?.close());
  return {
    folder,
    sizes,
    sites: inject('uiSites'),
    get browser() {
      if (connected === null) throw new Error('the browser is there before the first test');
      return connected;
    },
  };
}
