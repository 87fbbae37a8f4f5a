import { chmod, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import { createAgentApi, createSecureAgentApi } from '../../api/agent/app.ts';
import type { Transport } from '../../api/server.ts';
import { createApi, type V1Ports } from '../../api/v1/app.ts';
import { AppError, isRejected, type Rejected, rejected, sentenceOf } from '../../core/errors.ts';
import type { Clock, Log, Random } from '../../core/ports.ts';
import { gateRegion } from '../../region/gate.ts';
import type { PatroniPort } from '../../region/cluster/moves/patroni.ts';
import type { SendAlarm } from '../../region/site/alarms/port.ts';
import { sealerOf } from '../../region/base/sealer.ts';
import { createRegion } from '../../region/region.ts';
import type { CertificateAuthority, EtcdPort } from '../../region/cluster/trust/port.ts';
import { createWakes } from '../../region/base/wakes.ts';
import { SERVICES } from '../../services/registry.ts';
import type { ConnectionSpec } from '../../store/connection.ts';
import { Database } from '../../store/database.ts';
import { listen } from '../../store/listen.ts';
import { readServerStates } from '../../store/pool/server-states.ts';
import { checkSchema, type Migration, migrate, readMigrations } from '../../store/migrate.ts';
import { NO_AUTHORITY } from './certificate-authority.ts';
import { openDrillPort } from './drill-ways.ts';
import { type ImageOptions, openImagePort } from './image-ways.ts';
import { type Listen, showListen } from './listen.ts';
import { createPeerOf, openTls, type Tls, type TlsFiles } from './tls.ts';
import { createPasswordHasher } from './passwords.ts';
import { openRenewalThread } from './renewal/thread.ts';
import { readMachineScripts } from './machine-scripts.ts';
import { openMemoryPort } from './memory-ways.ts';
import { readTemplates } from '../templates.ts';
import { askName } from './ask-name.ts';
import { createAlarmSender } from './outside/alarm-sender.ts';
import { createKeyReader } from './outside/key-reader.ts';
import { readUiAssets } from './ui-assets.ts';

/** What a region process is started with. `beatOf`: proof of life per task. */
export interface RegionProcessOptions {
  readonly connection: ConnectionSpec;
  /** See `RegionPorts.databaseUrl`. */
  readonly databaseUrl?: string;
  /** The API's listener: for everybody, or with TLS only for the load balancers of region nodes. */
  readonly listen: Listen;
  /** The listener for this host's own agent. */
  readonly agentListen: Listen;
  /** The listener for all agents, with TLS. Left out: none. */
  readonly secureAgentListen?: Listen;
  /** Where the node's certificate lies, when something listens with TLS. */
  readonly tlsFiles?: TlsFiles;
  readonly node: string;
  /** The epoch of the cluster as this host has it; left out: this site is no cluster. */
  readonly epoch?: () => string | null;
  /** Where the layout of the site is stored for when the database is away; left out: nowhere. */
  readonly layoutFile?: string;
  /** Where images lie; left out: this region keeps none. */
  readonly images?: ImageOptions;
  /** Left out: this site has none, nobody can join. */
  readonly ca?: CertificateAuthority;
  /** Left out: there is no etcd of this cluster here. */
  readonly etcd?: EtcdPort;
  /** Left out: there is no Patroni of this cluster here. */
  readonly patroni?: PatroniPort;
  /** Ends the process in order, so that its manager starts it again; left out: nobody may request that. */
  readonly endForRestart?: () => void;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly beatOf?: (task: string) => () => void;
  /** Does this host's own agent call on this socket of the agent listener? Left out: nobody counts as that. */
  readonly isOwnHost?: (socket: Socket) => Promise<boolean>;
  /** Sessions and the user interface also work without TLS (api/v1/app.ts). */
  readonly isPlainUi?: boolean;
  /** Sends alarms in place of HTTP and SMTP, in tests. */
  readonly sendAlarm?: SendAlarm;
  /** Called when this version must not work on the database any more; the process has to end. */
  readonly onRefused: (refusal: Rejected) => void;
}

/** A region process that listens. Ports are the real ones where 0 was requested. */
export interface RegionProcess {
  readonly apiPort: number | null;
  readonly agentPort: number | null;
  readonly secureAgentPort: number | null;
  /** Resolves when the database is migrated and the tasks run. */
  readonly opened: Promise<void>;
  stop(): Promise<void>;
}

const DRAIN_MS = 5000;
/** How long a start waits for the database before it says ready; then it goes on beside. */
const OPEN_WAIT_MS = 5000;
const SCHEMA_EVERY_MS = 30_000;
const CHECKOUT = join(import.meta.dirname, '..', '..', '..');
const TEMPLATES = join(CHECKOUT, 'templates');
/** The built user interface, and the one of the release before. */
const UI_FOLDERS = ['ui', 'ui-before'].map((name) => join(CHECKOUT, 'dist', name));
const MACHINE_SCRIPTS = join(CHECKOUT, 'scripts', 'machine');

/**
 * Starts a region: servers first, so that it is live at once; then, as soon as the database answers, migration, publisher and purge. Until
 * then every call is answered 503. Throws when this version is too old for the database.
 */
export async function startRegionProcess(options: RegionProcessOptions): Promise<RegionProcess> {
  const { connection, clock, random, log, version, node, databaseUrl = null } = options;
  const process = `${node}:${random.hex(4)}`;
  const ca = options.ca ?? NO_AUTHORITY;
  const named = { connection, name: `regiond ${process}`, clock, random, log };
  const db = new Database({ ...named, sealer: sealerOf({ ca, random }) });
  const wakes = createWakes();
  const tls = options.tlsFiles ? openTls(options.tlsFiles, log) : null;
  const region = createRegion({
    db,
    clock,
    random,
    log,
    wakes,
    ca,
    passwords: createPasswordHasher(random),
    version,
    process,
    node,
    renderer: { services: SERVICES, templates: await readTemplates(TEMPLATES) },
    machineScripts: await readMachineScripts(MACHINE_SCRIPTS),
    startedAt: new Date(clock.now()).toISOString(),
    beatOf: options.beatOf ?? (() => () => {}),
    ...(options.etcd ? { etcd: options.etcd } : {}),
    ...(options.patroni ? { patroni: options.patroni, drills: openDrillPort(connection) } : {}),
    askName,
    readKeys: createKeyReader(),
    sendAlarm: options.sendAlarm ?? createAlarmSender(),
    databaseUrl,
    askServers: async () => (databaseUrl === null ? null : readServerStates(connection, `regiond ${process} servers`)),
    ...(options.endForRestart ? { endForRestart: options.endForRestart } : {}),
    authority: () => (tls ? { notAfter: tls.authorityEnd() } : null),
    memory: openMemoryPort(options.tlsFiles ?? null, options.layoutFile ?? null, log),
    ...(options.images ? { images: openImagePort(options.images, options.tlsFiles ?? null) } : {}),
    jobs: {
      kinds: [],
      renewer: openRenewalThread({ connection, name: `regiond ${process} leases`, clock, log }),
    },
  });
  let closed: Rejected | null = rejected('unavailable', 'Regent is starting: it waits for its database.');
  const gated = gateRegion(region, () => closed);
  const ports = { region: gated, clock, random, log, ...(options.epoch ? { epoch: options.epoch } : {}) };
  const ui = { ui: await readUiAssets(UI_FOLDERS), isPlainUi: options.isPlainUi ?? false };
  const servers = createServers(options, { ...ports, ...ui }, tls);
  const listener = listen({ ...named, onWake: () => wakes.fire() });
  const ends: (() => Promise<void>)[] = [() => listener.close()];
  const stop = async () => {
    tls?.close();
    // Jobs are handed on while the last requests end. A call that still comes on an open connection is done: only its caller would learn of a refusal.
    await Promise.all([...servers.map(({ app }) => close(app)), ...ends.map((end) => end())]);
    await db.close(1000);
  };

  // Read once: the files of a newer release, unpacked over this one, say nothing of this process.
  const migrations = readMigrations();
  const open = async () => {
    const applied = await migrate(db, migrations);
    if (isRejected(applied)) throw new AppError('database_refused', applied.message);
    if (applied.length > 0) log.info('database migrated', { migrations: applied.join(', ') });
    const refusal = await checkSchema(db, migrations);
    if (refusal && refusal.code !== 'unavailable') throw new AppError('database_refused', refusal.message);
    await region.prepare();
    closed = null;
    ends.push(region.startTasks(), watchSchema(options, db, migrations));
  };

  try {
    const listening = new Map<string, number | null>();
    for (const { name, app, where } of servers) listening.set(name, await listenOn(app, where));
    log.info('listening', Object.fromEntries(servers.map(({ name, where }) => [name, showListen(where)])));
    const portOf = (name: ServerName) => listening.get(name) ?? null;
    const [apiPort, agentPort, secureAgentPort] = [portOf('api'), portOf('agents'), portOf('secureAgents')];
    const opened = open();
    const first = await Promise.race([opened.then(() => 'open' as const), wait(OPEN_WAIT_MS)]);
    if (first !== 'open') {
      log.warn('the database is away, calls are answered 503 until it is back');
      opened.catch((error: unknown) => options.onRefused(rejected('conflict', sentenceOf(error))));
    }
    return { apiPort, agentPort, secureAgentPort, opened, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

type ServerName = 'api' | 'agents' | 'secureAgents';
type Listening = { readonly name: ServerName; readonly app: FastifyInstance; readonly where: Listen };

/** Makes the servers; they listen to nothing yet. Throws AppError `configuration` for TLS without a certificate. */
function createServers(options: RegionProcessOptions, ports: V1Ports, tls: Tls | null): Listening[] {
  const peerOf = createPeerOf();
  const secure = (where: Listen): Transport => {
    if (tls === null)
      throw new AppError('configuration', `${showListen(where)} asks for TLS, and this host has no certificate`);
    return { tls: tls.options };
  };
  const { listen: where, agentListen, secureAgentListen } = options;
  const isTls = 'isTls' in where && where.isTls === true;
  const api = isTls
    ? createApi({ ...ports, transport: { ...secure(where), isBehindProxy: true }, peerOf })
    : createApi(ports);
  const agents = createAgentApi({ ...ports, isOwnHost: options.isOwnHost ?? (async () => false) });
  const servers: Listening[] = [
    { name: 'api', app: api, where },
    { name: 'agents', app: agents, where: agentListen },
  ];
  if (secureAgentListen) {
    const app = createSecureAgentApi({ ...ports, transport: secure(secureAgentListen), peerOf });
    servers.push({ name: 'secureAgents', app, where: secureAgentListen });
  }
  for (const { app } of servers) if (app.server instanceof TlsServer) tls?.follow(app.server);
  return servers;
}

/** A newer version may migrate the database while this one runs; then this one must end. */
function watchSchema(
  options: RegionProcessOptions,
  db: Database,
  migrations: readonly Migration[],
): () => Promise<void> {
  const timer = setInterval(() => {
    void checkSchema(db, migrations).then(
      (refusal) => {
        if (refusal && refusal.code !== 'unavailable') options.onRefused(refusal);
      },
      (error: unknown) => options.log.warn('the schema could not be checked', { error: sentenceOf(error) }),
    );
  }, SCHEMA_EVERY_MS);
  return async () => clearInterval(timer);
}

async function listenOn(app: FastifyInstance, where: Listen): Promise<number | null> {
  if ('path' in where) {
    // A socket that a killed process left behind.
    await rm(where.path, { force: true });
    await app.listen({ path: where.path });
    await chmod(where.path, 0o660);
    return null;
  }
  await app.listen({ host: where.host, port: where.port, backlog: 1024 });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : null;
}

/** Lets running requests end, for a time. */
async function close(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => app.server.closeAllConnections(), DRAIN_MS);
  await app.close();
  clearTimeout(timer);
}

const wait = (ms: number): Promise<'late'> =>
  new Promise((done) => {
    setTimeout(() => done('late'), ms).unref();
  });
