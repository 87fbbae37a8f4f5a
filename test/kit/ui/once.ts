import type { TestProject } from 'vitest/node';
import { buildUi, serveBrowser } from './browser.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The user interface as it was built, what the build said of its sizes, and where the browser listens. */
    readonly ui: { readonly folder: string; readonly sizes: string; readonly browser: string };
  }
}

/** Builds the user interface and starts the browser once for all files of the project: either takes seconds of a processor. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const ui = buildUi();
  try {
    const server = await serveBrowser();
    project.provide('ui', { folder: ui.folder, sizes: ui.sizes, browser: server.wsEndpoint() });
    return async () => {
      await server.close();
      ui.remove();
    };
  } catch (error) {
    ui.remove();
    throw error;
  }
}
