import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import { Compile } from 'typebox/compile';
import { createAgentApi } from '../../src/api/agent/app.ts';
import { createApi, type V1Ports } from '../../src/api/v1/app.ts';
import type { Problem } from '../../src/contract/base/common.ts';
import { API_PREFIX, ROUTES, type RouteId, type RouteSpec } from '../../src/contract/routes.ts';
import type { Role } from '../../src/contract/base/role.ts';
import { isRejected, rejected } from '../../src/core/errors.ts';
import type { Clock, Log } from '../../src/core/ports.ts';
import { secretDigest } from '../../src/core/secret.ts';
import { bootstrapDatabase } from '../../src/main/region/bootstrap-database.ts';
import { NO_AUTHORITY } from '../../src/main/region/certificate-authority.ts';
import { createPasswordHasher } from '../../src/main/region/passwords.ts';
import { readTemplates } from '../../src/main/templates.ts';
import type { MemoryAccess } from '../../src/region/cluster/memory.ts';
import type { RegionPorts } from '../../src/region/region.ts';
import type { ApplyMachineEvent } from '../../src/region/machines/metadata/port.ts';
import type { ImageAccess } from '../../src/region/images/port.ts';
import { createRegion, type RegionNode } from '../../src/region/region.ts';
import type { CertificateAuthority } from '../../src/region/cluster/trust/port.ts';
import { sealerOf } from '../../src/region/base/sealer.ts';
import { createWakes, type Wakes } from '../../src/region/base/wakes.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { SERVICES } from '../../src/services/registry.ts';
import type { ConnectionSpec } from '../../src/store/connection.ts';
import type { Database } from '../../src/store/database.ts';
import { listen } from '../../src/store/listen.ts';
import { createApiKey } from '../../src/store/queries/people/api-keys.ts';
import { setNodeCredential } from '../../src/store/queries/cluster/nodes.ts';
import { createUser } from '../../src/store/queries/people/users.ts';
import { write } from '../../src/store/write.ts';
import { realClock, realRandom, silentLog, type TestPostgres } from './postgres.ts';

/** Secret of the test node's credential. */
export const NODE_SECRET = 'nodesecret0123456789';

/** A region over a database of its own, with its HTTP servers (not listening), a key per role and the node `r1`. */
export interface TestRegion {
  readonly region: RegionNode;
  readonly api: FastifyInstance;
  readonly agentApi: FastifyInstance;
  readonly db: Database;
  readonly connection: ConnectionSpec;
  readonly wakes: Wakes;
  readonly keys: Readonly<Record<Role, string>>;
  call(method: Method, path: string, options?: CallOptions): Promise<Answer>;
  close(): Promise<void>;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
interface CallOptions {
  readonly body?: unknown;
  readonly role?: Role;
  readonly headers?: Readonly<Record<string, string>>;
}
export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> &
    Partial<Problem> & {
      readonly id?: number;
      readonly next?: string | null;
      readonly key?: string;
      readonly token?: string;
    };
  readonly headers: LightMyRequestResponse['headers'];
  readonly raw: string;
}

export interface TestRegionOptions {
  readonly connection?: ConnectionSpec;
  readonly version?: string;
  readonly log?: Log;
  readonly clock?: Clock;
  readonly deadlineMs?: number;
  readonly ca?: CertificateAuthority;
  /** Until when the cluster's authority lives; this region cannot read it when left out. */
  readonly authority?: RegionPorts['authority'];
  /** Whom the agent's listener takes for this host's own agent; nobody when left out. */
  readonly isOwnHost?: () => Promise<boolean>;
  /** Ways to other regions, and to what is kept over a restart. */
  readonly memory?: MemoryAccess;
  /** Whom machines' words are told. */
  readonly tellMachine?: ApplyMachineEvent;
  /** What machines are to run. */
  readonly machineScripts?: RegionPorts['machineScripts'];
  /** Asks name servers; there is no way to one when left out. */
  readonly askName?: RegionPorts['askName'];
  /** Reads people's keys from outside; there is no way to them when left out. */
  readonly readKeys?: RegionPorts['readKeys'];
  /** Sends alarms; nobody gets any when left out. */
  readonly sendAlarm?: RegionPorts['sendAlarm'];
  /** Where images lie; nowhere when left out. */
  readonly images?: ImageAccess;
  /** Other services than the registry's. */
  readonly services?: readonly AnyService[];
  /** How the listener of the API is made, beside what all have. */
  readonly api?: Partial<V1Ports>;
  /** Keys and node are there already (a second region on one database). */
  readonly keys?: TestRegion['keys'];
}

const NO_MEMORY: MemoryAccess = { ask: async () => null, layout: { read: async () => null, write: async () => {} } };

/** Starts a region on a new (or the given) database. Tasks are the test's to start. */
export async function startTestRegion(pg: TestPostgres, options: TestRegionOptions = {}): Promise<TestRegion> {
  const connection = options.connection ?? (await pg.createDatabase());
  const log = options.log ?? silentLog;
  const clock = options.clock ?? realClock;
  const sealer = sealerOf({ ca: options.ca ?? NO_AUTHORITY, random: realRandom });
  const db = pg.open(connection, { log, sealer, deadlineMs: options.deadlineMs ?? 15_000 });
  const keys = options.keys ?? (await seed(db));
  const wakes = createWakes();
  const listener = listen({
    connection,
    name: 'test',
    clock: realClock,
    random: realRandom,
    log,
    onWake: () => wakes.fire(),
  });
  const region = createRegion({
    db,
    clock,
    random: realRandom,
    log,
    wakes,
    ca: options.ca ?? NO_AUTHORITY,
    passwords: createPasswordHasher(realRandom),
    authority: options.authority ?? (() => null),
    databaseUrl: null,
    askServers: async () => null,
    memory: options.memory ?? NO_MEMORY,
    machineScripts: options.machineScripts ?? { builtIn: [], files: { runner: '', runScript: '' } },
    askName: options.askName ?? (async () => ({ code: 'TIMEOUT', answers: [], serial: null })),
    sendAlarm: options.sendAlarm ?? (async () => 'This region sends no alarms.'),
    readKeys: options.readKeys ?? (async () => rejected('unavailable', 'This region cannot fetch keys.')),
    ...(options.tellMachine ? { reportMachine: options.tellMachine } : {}),
    ...(options.images ? { images: options.images } : {}),
    renderer: {
      services: options.services ?? SERVICES,
      templates: await readTemplates(new URL('../../templates', import.meta.url).pathname),
    },
    version: options.version ?? '1.0.0',
    process: `test-${realRandom.hex(4)}`,
    node: 'r1',
    startedAt: new Date(clock.now()).toISOString(),
    beatOf: () => () => {},
  });
  const ports = { region, clock, random: realRandom, log };
  const api = createApi({ ...ports, ...options.api });
  const agentApi = createAgentApi({ ...ports, isOwnHost: options.isOwnHost ?? (async () => false) });
  return {
    region,
    api,
    agentApi,
    db,
    connection,
    wakes,
    keys,
    call: (method, path, call = {}) => inject(api, method, path, { ...call, key: keys[call.role ?? 'admin'] }),
    close: async () => {
      await api.close();
      await agentApi.close();
      await listener.close();
      await db.close(500);
    },
  };
}

async function inject(
  api: FastifyInstance,
  method: Method,
  path: string,
  options: CallOptions & { key: string },
): Promise<Answer> {
  const response = await api.inject({
    method,
    url: API_PREFIX + path,
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${options.key}`,
      ...(options.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...options.headers,
    },
    ...(options.body === undefined
      ? {}
      : { payload: typeof options.body === 'string' ? options.body : JSON.stringify(options.body) }),
  });
  checkConforms(method, path, response);
  return {
    status: response.statusCode,
    body: isJson(response) ? (JSON.parse(response.body) as Answer['body']) : {},
    headers: response.headers,
    raw: response.body,
  };
}

function isJson(response: LightMyRequestResponse): boolean {
  return response.body !== '' && /json/.test(String(response.headers['content-type']));
}

const checks = new Map<RouteId, ReturnType<typeof Compile>>();

/** Every answer of every test is checked against the contract, where the whole object was asked for. */
function checkConforms(method: string, path: string, response: LightMyRequestResponse): void {
  const [plain, query] = path.split('?');
  if (response.statusCode >= 300 || !isJson(response) || /dry_run=true|fields=/.test(query ?? '')) return;
  for (const [id, route] of Object.entries(ROUTES) as [RouteId, RouteSpec][]) {
    const pattern = new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`);
    if (route.method !== method || !pattern.test(plain ?? '')) continue;
    const check = checks.get(id) ?? Compile(route.response);
    checks.set(id, check);
    const body: unknown = JSON.parse(response.body);
    if (!check.Check(body)) {
      throw new Error(`${id}: the answer breaks the contract: ${JSON.stringify(check.Errors(body)).slice(0, 800)}`);
    }
  }
}

/** Writes the node `r1`, a user and a key for every role. */
export async function seed(db: Database): Promise<TestRegion['keys']> {
  const site = bootstrapDatabase(db);
  const rows = { nodeId: 'r1', nodeName: 'r1', addresses: ['10.77.0.11'], domain: 'regent.internal' };
  const done = await site.writeSite(rows);
  if (isRejected(done)) throw new Error(done.message);
  const roles: Role[] = ['admin', 'operator', 'user', 'auditor'];
  const keys = Object.fromEntries(roles.map((role) => [role, `test:token${role}:${realRandom.hex(16)}`]));
  const operation = { key: 'seed', requestDigest: '', actor: 'system:test', origin: 'test', summary: 'seed' };
  const written = await write(db, operation, async (tx) => {
    await setNodeCredential(tx, 'r1', secretDigest(NODE_SECRET));
    for (const role of roles) {
      await createUser(tx, { name: role, role });
      const [consumer = '', token = '', secret = ''] = keys[role]?.split(':') ?? [];
      await createApiKey(tx, {
        user: role,
        label: 'test',
        consumer,
        token,
        expiresAt: null,
        secretSha256: secretDigest(secret),
      });
    }
    return { status: 200, body: null };
  });
  if (isRejected(written)) throw new Error(written.message);
  return keys as TestRegion['keys'];
}
