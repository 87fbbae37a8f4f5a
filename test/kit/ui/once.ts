import type { TestProject } from 'vitest/node';
import { buildUi, serveBrowser } from './browser.ts';
import { type BuiltSites, makeSites } from './region/make-sites.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The user interface as it was built, what the build said of its sizes, and where the browser listens. */
    readonly ui: { readonly folder: string; readonly sizes: string; readonly browser: string };
    readonly uiSites: BuiltSites;
  }
}

/** Builds the user interface, starts the browser and fills a site, once for all files of the project, side by side: each takes seconds of a processor. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [build, start, site] = await Promise.allSettled([buildUi(), serveBrowser(), makeSites()]);
  const end = async () => {
    if (start.status === 'fulfilled') await start.value.close();
    if (build.status === 'fulfilled') build.value.remove();
    if (site.status === 'fulfilled') await site.value.pg.stop();
  };
  const failed = [build, start, site].find((part) => part.status === 'rejected');
  if (build.status === 'rejected' || start.status === 'rejected' || site.status === 'rejected') {
    await end();
    throw failed?.reason;
  }
  const { folder, sizes } = build.value;
  project.provide('ui', { folder, sizes, browser: start.value.wsEndpoint() });
  const { place, databases, keys } = site.value;
  project.provide('uiSites', { place, databases, keys });
  return end;
}
