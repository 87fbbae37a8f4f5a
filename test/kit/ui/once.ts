import type { TestProject } from 'vitest/node';
import { until } from '../until.ts';
import { SEALING_AUTHORITY } from '../metadata.ts';
import { TestPostgres } from '../postgres.ts';
import { startTestRegion, type TestRegion } from '../region.ts';
import { buildUi, serveBrowser } from './browser.ts';
import { report } from './region/agents.ts';
import { seedSite } from './region/seed.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The user interface as it was built, what the build said of its sizes, and where the browser listens. */
    readonly ui: { readonly folder: string; readonly sizes: string; readonly browser: string };
    /** A server with a database that each file copies for a region of its own, and the keys to it. */
    readonly uiSite: {
      readonly place: { readonly socketFolder: string; readonly user: string };
      readonly database: string;
      readonly keys: TestRegion['keys'];
    };
  }
}

/** Builds the user interface, starts the browser and fills a site, once for all files of the project, side by side: each takes seconds of a processor. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [build, start, site] = await Promise.allSettled([buildUi(), serveBrowser(), makeSite()]);
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
  const { pg, database, keys } = site.value;
  const { socketFolder, user } = pg.server;
  project.provide('uiSite', { place: { socketFolder, user }, database, keys });
  return end;
}

async function makeSite() {
  const pg = await TestPostgres.start();
  try {
    const site = await startTestRegion(pg, { ca: SEALING_AUTHORITY });
    const { database } = site.connection;
    await seedSite(site, (text) => pg.admin(text, database));
    const endTasks = site.region.startTasks();
    await until('all is published', async () => {
      const { body } = await site.call('GET', '/status');
      return Number(body['published']) >= Number(body['revision']);
    });
    await endTasks();
    await report(site);
    await site.close();
    return { pg, database, keys: site.keys };
  } catch (error) {
    await pg.stop();
    throw error;
  }
}
