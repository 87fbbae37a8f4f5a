import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealerOf } from '../../../src/region/base/sealer.ts';
import type { Log } from '../../../src/core/ports.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { openCertificateAuthority } from '../../../src/main/region/certificate-authority.ts';
import type { SendAlarm } from '../../../src/region/site/alarms/port.ts';
import type { ImageOptions } from '../../../src/main/region/image-ways.ts';
import { type RegionProcess, startRegionProcess } from '../../../src/main/region/region-process.ts';
import type { Authority } from '../../../src/pki/authority.ts';
import type { ConnectionSpec } from '../../../src/store/connection.ts';
import type { Database } from '../../../src/store/database.ts';
import { writeCluster } from '../../../src/store/queries/cluster/cluster.ts';
import { createToken } from '../../../src/store/queries/cluster/tokens.ts';
import { realClock, realRandom, silentLog, type TestPostgres } from '../postgres.ts';
import { seed, type TestRegion } from '../region.ts';
import { change, value } from '../store.ts';
import { testAuthority, type TestIdentity, testIdentity, type TestSubject } from './pki.ts';
import { callSecure, type SecureAnswer } from './secure-call.ts';

/** A region process with certificates: its API as load balancers reach it, and the port of agents. */
export interface TrustedRegion {
  readonly authority: Authority;
  readonly own: TestIdentity;
  readonly db: Database;
  readonly connection: ConnectionSpec;
  readonly keys: TestRegion['keys'];
  readonly process: RegionProcess;
  /** Folder of ca.crt, ca.key, secrets.json, node.crt, node.key. */
  readonly folder: string;
  /** Makes a join token as an admin would; the header's value. */
  token(roles: { readonly isRegion: boolean; readonly isRack: boolean }, minutes?: number): Promise<string>;
  /** Calls the API below /api/v1 as its admin. */
  asAdmin(method: string, path: string, body?: unknown): Promise<SecureAnswer>;
  close(): Promise<void>;
}

const SECRETS = Object.fromEntries(
  ['superuser', 'replication', 'rewind', 'restapi', 'database', 'beacon'].map((name) => [
    name,
    `${name}SecretOfTheTests`,
  ]),
);

/** `of`: another one whose database it has. `own`: of its certificate. */
interface TrustedOptions {
  readonly of?: TrustedRegion;
  readonly log?: Log;
  readonly vip?: string | null;
  readonly own?: Partial<TestSubject>;
  /** Name of its node. */
  readonly node?: string;
  /** The database is away, and stays so. */
  readonly isCold?: boolean;
  /** Does the agent of its host call on its socket? */
  readonly isOwnHost?: () => boolean;
  /** Where it listens; a port of chance on 127.0.0.1 when left out. */
  readonly agentsAt?: { readonly host: string; readonly port: number };
  readonly images?: ImageOptions;
  readonly sendAlarm?: SendAlarm;
  /** The database is an operator's own, and these are its URLs as regent.conf has them. */
  readonly databaseUrl?: string;
}

/** Starts one over a database of its own, or over that of another one. */
export async function startTrustedRegion(pg: TestPostgres, options: TrustedOptions = {}): Promise<TrustedRegion> {
  const { of } = options;
  const connection = of?.connection ?? (await pg.createDatabase());
  const authority = of?.authority ?? (await testAuthority());
  const own = await testIdentity(authority, { nodeId: 'r1', isRegion: true, ...options.own });
  const folder = await mkdtemp(join(tmpdir(), 'regent-trust-'));
  const at = (name: string) => join(folder, name);
  await writeFile(at('ca.crt'), authority.certificate);
  await writeFile(at('ca.key'), authority.key, { mode: 0o600 });
  await writeFile(at('secrets.json'), JSON.stringify(SECRETS), { mode: 0o600 });
  await writeFile(at('node.crt'), own.certificate);
  await writeFile(at('node.key'), own.key, { mode: 0o600 });
  const ca = openCertificateAuthority(
    { certificate: at('ca.crt'), key: at('ca.key'), secrets: at('secrets.json'), own: at('node.crt') },
    { clock: realClock, random: realRandom },
  );
  const db = pg.open(connection, { sealer: sealerOf({ ca, random: realRandom }) });
  const keys = of?.keys ?? (await seed(db));
  if (!of) {
    const isDatabaseExternal = options.databaseUrl !== undefined;
    const cluster = { id: 'c1', vip: options.vip ?? null, virtualRouter: 51, isDatabaseExternal };
    value(await change(db, (tx) => writeCluster(tx, cluster)));
  }
  const { isOwnHost } = options;
  const process = await startRegionProcess({
    connection: options.isCold ? { ...connection, host: '127.0.0.1', port: 1 } : connection,
    ...(isOwnHost ? { isOwnHost: async () => isOwnHost() } : {}),
    listen: { host: '127.0.0.1', port: 0, isTls: true },
    agentListen: { path: at('agent.sock') },
    secureAgentListen: { host: '127.0.0.1', port: 0, ...options.agentsAt, isTls: true },
    ...(options.images ? { images: options.images } : {}),
    ...(options.sendAlarm ? { sendAlarm: options.sendAlarm } : {}),
    ...(options.databaseUrl === undefined ? {} : { databaseUrl: options.databaseUrl }),
    tlsFiles: { authority: at('ca.crt'), certificate: at('node.crt'), key: at('node.key') },
    ca,
    node: options.node ?? 'r1',
    version: '1.4.2',
    clock: realClock,
    random: realRandom,
    log: options.log ?? silentLog,
    onRefused: () => {},
  });
  if (!options.isCold) await process.opened;
  return {
    authority,
    own,
    db,
    connection,
    keys,
    process,
    folder,
    token: async (roles, minutes = 15) => {
      const [id, secret] = [realRandom.hex(6), realRandom.hex(24)];
      const secretSha256 = secretDigest(secret);
      value(await change(db, (tx) => createToken(tx, { id, ...roles, createdBy: 'admin', minutes, secretSha256 })));
      return `Bearer ${id}:${secret}`;
    },
    asAdmin: (method, path, body) =>
      callSecure({
        port: process.apiPort,
        ca: authority.certificate,
        identity: own,
        method,
        path: `/api/v1${path}`,
        body,
        headers: { authorization: `Bearer ${keys.admin}` },
      }),
    close: async () => {
      await process.stop();
      await db.close(500);
      await rm(folder, { recursive: true, force: true });
    },
  };
}
