import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sentenceOf } from '../../../src/core/errors.ts';
import type { Log } from '../../../src/core/ports.ts';
import { secretDigest } from '../../../src/core/secret.ts';
import { openCertificateAuthority } from '../../../src/main/region/certificate-authority.ts';
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
  close(): Promise<void>;
}

/** What a call came to; status 0: the connection failed with `failure`. */
export interface SecureAnswer {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly failure: string;
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
  /** The database is away, and stays so. */
  readonly isCold?: boolean;
  /** Does the agent of its host call on its socket? */
  readonly isOwnHost?: () => boolean;
}

/** Starts one over a database of its own, or over that of another one. */
export async function startTrustedRegion(pg: TestPostgres, options: TrustedOptions = {}): Promise<TrustedRegion> {
  const { of } = options;
  const connection = of?.connection ?? (await pg.createDatabase());
  const db = pg.open(connection);
  const keys = of?.keys ?? (await seed(db));
  if (!of) {
    const cluster = { id: 'c1', vip: options.vip ?? null, virtualRouter: 51 };
    value(await change(db, (tx) => writeCluster(tx, cluster)));
  }
  const authority = of?.authority ?? (await testAuthority());
  const own = await testIdentity(authority, { nodeId: 'r1', isRegion: true, ...options.own });
  const folder = await mkdtemp(join(tmpdir(), 'regent-trust-'));
  const at = (name: string) => join(folder, name);
  await writeFile(at('ca.crt'), authority.certificate);
  await writeFile(at('ca.key'), authority.key, { mode: 0o600 });
  await writeFile(at('secrets.json'), JSON.stringify(SECRETS), { mode: 0o600 });
  await writeFile(at('node.crt'), own.certificate);
  await writeFile(at('node.key'), own.key, { mode: 0o600 });
  const { isOwnHost } = options;
  const process = await startRegionProcess({
    connection: options.isCold ? { ...connection, host: '127.0.0.1', port: 1 } : connection,
    ...(isOwnHost ? { isOwnHost: async () => isOwnHost() } : {}),
    listen: { host: '127.0.0.1', port: 0, isTls: true },
    agentListen: { path: at('agent.sock') },
    secureAgentListen: { host: '127.0.0.1', port: 0, isTls: true },
    tlsFiles: { authority: at('ca.crt'), certificate: at('node.crt'), key: at('node.key') },
    ca: openCertificateAuthority(
      { certificate: at('ca.crt'), key: at('ca.key'), secrets: at('secrets.json'), own: at('node.crt') },
      { clock: realClock, random: realRandom },
    ),
    node: 'r1',
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
    close: async () => {
      await process.stop();
      await db.close(500);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** How to call. `agent`: to keep the connection; `open`: told of the request before it is sent. */
export interface SecureCall {
  readonly port: number | null;
  readonly ca: string;
  readonly identity?: TestIdentity | undefined;
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly agent?: Agent;
  readonly open?: (request: ClientRequest) => void;
}

/** Calls a region over TLS, by its name `regent-region`. */
export function callSecure(call: SecureCall): Promise<SecureAnswer> {
  const { identity, body } = call;
  const payload = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve) => {
    const fail = (error: unknown) => resolve({ status: 0, body: {}, failure: sentenceOf(error) });
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: call.port ?? 0,
        path: call.path,
        method: call.method ?? (payload === undefined ? 'GET' : 'POST'),
        servername: 'regent-region',
        ca: call.ca,
        ...(identity ? { cert: identity.certificate, key: identity.key } : {}),
        agent: call.agent ?? new Agent({ keepAlive: false }),
        headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...call.headers },
        timeout: 10_000,
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('error', fail);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
            failure: '',
          }),
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.on('timeout', () => outgoing.destroy(new Error('timed out')));
    call.open?.(outgoing);
    outgoing.end(payload);
  });
}
