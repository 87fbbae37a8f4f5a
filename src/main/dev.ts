import { join } from 'node:path';
import { isRejected, type Rejected } from '../core/errors.ts';
import { Database } from '../store/database.ts';
import { bootstrapDatabase } from './region/bootstrap-database.ts';
import { startPostgres } from './embedded/postgres.ts';
import { runDaemon } from './process.ts';
import { startRegionProcess } from './region/region-process.ts';

/** `npm run dev`: embedded PostgreSQL and a region on 127.0.0.1, stored in `.regent/dev`; the agent channel stays closed to others. */
const FOLDER = join(import.meta.dirname, '..', '..', '.regent', 'dev');
const NODE = { nodeId: 'dev', nodeName: 'dev', addresses: ['127.0.0.1'], domain: 'regent.internal' };

function must<T>(value: T | Rejected): T {
  if (isRejected(value)) throw new Error(value.message);
  return value;
}

await runDaemon('dev', async ({ clock, random, log, settings, version }) => {
  const postgres = await startPostgres({ folder: FOLDER, isDurable: true });
  const connection = { host: postgres.socketFolder, port: 5432, user: postgres.user, database: 'postgres' };
  const db = new Database({ connection, name: 'dev', clock, random, log });
  const site = bootstrapDatabase(db);
  must(await site.migrate());
  must(await site.writeSite(NODE));
  const key = { consumer: random.hex(9), token: random.hex(12), secret: random.hex(24) };
  must(await site.replaceKey({ user: 'admin', label: 'dev', ...key }));
  await db.close();
  const region = await startRegionProcess({
    connection,
    listen: { host: '127.0.0.1', port: Number(settings.getOr('DEV_PORT', '5240')) },
    agentListen: { host: '127.0.0.1', port: 0 },
    node: NODE.nodeName,
    isPlainUi: true,
    version,
    clock,
    random,
    log,
    onRefused: (refusal) => {
      throw new Error(refusal.message);
    },
  });
  const text = [
    '',
    'Regent runs with a database of its own. In another terminal:',
    `  export REGENT_URL=http://127.0.0.1:${region.apiPort} REGENT_API_KEY=${key.consumer}:${key.token}:${key.secret}`,
    '  bin/regent record create --help',
    `The user interface, where it is built: http://127.0.0.1:${region.apiPort}/ui/ (log in with the key)`,
    '',
  ];
  process.stderr.write(text.join('\n'));
  return {
    stop: async () => {
      await region.stop();
      await postgres.stop();
    },
  };
});
