import type { TestProject } from 'vitest/node';
import { buildUi, serveBrowser } from './browser.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The user interface as it was built, what the build said of its sizes, and where the browser listens. */
    readonly ui: { readonly folder: string; readonly sizes: string; readonly browser: string };
  }
}

/** Builds the user interface and starts the browser once for all files of the project, side by side: either takes seconds of a processor. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [build, start] = await Promise.allSettled([buildUi(), serveBrowser()]);
  const end = async () => {
    if (start.status === 'fulfilled') await start.value.close();
    if (build.status === 'fulfilled') build.value.remove();
  };
  const failed = [build, start].find((part) => part.status === 'rejected');
  if (build.status === 'rejected' || start.status === 'rejected') {
    await end();
    throw failed?.reason;
  }
  const { folder, sizes } = build.value;
  project.provide('ui', { folder, sizes, browser: start.value.wsEndpoint() });
  return end;
}
