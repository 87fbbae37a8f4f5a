import { createSealTask } from '../../../../src/region/base/seal.ts';
import { TestPostgres } from '../../postgres.ts';
import { startTestRegion, type TestRegion } from '../../region.ts';
import { until } from '../../until.ts';
import { report } from './agents.ts';
import { AUTHORITY, seedLastChange, seedSite } from './seed.ts';
import { ILL, seedIll } from './seed-ill.ts';
import { SCRIPTS } from './seed-machines.ts';
import { SEEDED_SERIES } from './seed-series.ts';

/** A server with databases that each file copies for a region of its own, and the keys to them. */
export interface BuiltSites {
  readonly place: { readonly socketFolder: string; readonly user: string };
  readonly databases: { readonly well: string; readonly ill: string };
  readonly keys: TestRegion['keys'];
}

/** Fills a site that is well and one that is ill. Whoever asks for them stops the server. */
export async function makeSites(): Promise<BuiltSites & { readonly pg: TestPostgres }> {
  const pg = await TestPostgres.start({ settings: { max_slot_wal_keep_size: '1GB' } });
  try {
    const well = await startTestRegion(pg, { ca: AUTHORITY, machineScripts: SCRIPTS });
    const { database } = well.connection;
    await seedSite(well, (text) => pg.admin(text, database));
    // Otherwise a later publication has other secrets.
    await createSealTask(well.db).run();
    await publish(well);
    await seedLastChange(well);
    await publish(well);
    await report(well);
    await pg.admin(SEEDED_SERIES, database);
    await well.close();
    const { keys } = well;
    const ill = await startTestRegion(pg, {
      ca: AUTHORITY,
      machineScripts: SCRIPTS,
      connection: await pg.copyDatabase(database),
      keys,
    });
    await seedIll(ill, (text) => pg.admin(text, ill.connection.database));
    await publish(ill);
    await report(ill, ILL.changes, ILL.silent);
    await ill.close();
    const { socketFolder, user } = pg.server;
    return { pg, place: { socketFolder, user }, databases: { well: database, ill: ill.connection.database }, keys };
  } catch (error) {
    await pg.stop();
    throw error;
  }
}

async function publish(site: TestRegion): Promise<void> {
  const endTasks = site.region.startTasks();
  await until('all is published', async () => {
    const { body } = await site.call('GET', '/status');
    return Number(body['published']) >= Number(body['revision']);
  });
  await endTasks();
}
