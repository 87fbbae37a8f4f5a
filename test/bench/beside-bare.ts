import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { isRejected } from '../../src/core/errors.ts';
import { bootstrapDatabase } from '../../src/main/region/bootstrap-database.ts';
import { startPostgres } from '../../src/main/embedded/postgres.ts';
import { Database } from '../../src/store/database.ts';
import { realClock, realRandom, silentLog } from '../kit/postgres.ts';
import { buildDaemons, type Server, type ServerOrder, startServer, unitStart } from './processes.ts';

/** The key of the site that `prepare` makes. */
export const KEY = { consumer: 'bench', token: 'benchtoken', secret: 'benchsecret0123456789' };
export const BEARER = { authorization: `Bearer ${KEY.consumer}:${KEY.token}:${KEY.secret}` };

/** A site's database, and how its region process, and bare Fastify and pg over the same rows, are started. `start`: until the work has ended. */
interface Site {
  readonly client: pg.Client;
  readonly region: ServerOrder;
  readonly bare: ServerOrder;
  readonly start: (order: ServerOrder) => Promise<Server>;
}

/** Works on a new site over an embedded PostgreSQL; nothing of it stays. */
export async function besideBare<T>(
  port: { readonly region: number; readonly bare: number },
  work: (site: Site) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'regent-bench-'));
  const postgres = await startPostgres({});
  const url = `postgresql:///postgres?host=${postgres.socketFolder}&user=${postgres.user}`;
  const client = new pg.Client({ connectionString: url });
  const servers: Server[] = [];
  const installed = unitStart('regent-regiond.service');
  try {
    await buildDaemons();
    await prepare(postgres.socketFolder, postgres.user);
    await client.connect();
    return await work({
      client,
      region: {
        ...installed,
        port: port.region,
        readyPath: '/health/ready',
        env: {
          ...installed.env,
          REGENT_DATABASE_URL: url,
          REGENT_REGION_LISTEN: `127.0.0.1:${port.region}`,
          REGENT_REGION_AGENT_LISTEN: `unix:${folder}/agent.sock`,
          REGENT_NODE_NAME: 'bench',
          // As installed: scripts/install compiles the product's code once.
          NODE_COMPILE_CACHE: join(folder, 'compiled'),
        },
      },
      bare: {
        program: 'test/bench/bare.ts',
        port: port.bare,
        readyPath: '/ready',
        env: { BARE_DATABASE_URL: url, BARE_PORT: String(port.bare) },
      },
      start: async (order) => {
        const server = await startServer(order);
        servers.push(server);
        return server;
      },
    });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await client.end().catch(() => undefined);
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Makes the site: its schema, its node, its key. */
async function prepare(host: string, user: string): Promise<void> {
  const db = new Database({
    connection: { host, port: 5432, user, database: 'postgres' },
    name: 'bench',
    clock: realClock,
    random: realRandom,
    log: silentLog,
  });
  const site = bootstrapDatabase(db);
  const steps = [
    await site.migrate(),
    await site.writeSite({ nodeId: 'bench', nodeName: 'bench', addresses: ['127.0.0.1'], domain: 'regent.internal' }),
    await site.replaceKey({ user: 'admin', label: 'bench', ...KEY }),
  ];
  for (const step of steps) if (isRejected(step)) throw new Error(step.message);
  await db.close();
}
