import { chmod, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { createAgentApi } from '../api/agent/app.ts';
import { createApi } from '../api/v1/app.ts';
import { AppError, isRejected, type Rejected, rejected, sentenceOf } from '../core/errors.ts';
import type { Clock, Log, Random } from '../core/ports.ts';
import { gateRegion } from '../region/gate.ts';
import { createRegion } from '../region/region.ts';
import { createWakes } from '../region/wakes.ts';
import { SERVICES } from '../services/registry.ts';
import type { ConnectionSpec } from '../store/connection.ts';
import { Database } from '../store/database.ts';
import { listen } from '../store/listen.ts';
import { checkSchema, migrate, readMigrations } from '../store/migrate.ts';
import { readTemplates } from './templates.ts';

/** Where a server listens. */
export type Listen = { readonly host: string; readonly port: number } | { readonly path: string };

/** What a region process is started with. `beatOf`: proof of life per task. */
export interface RegionProcessOptions {
  readonly connection: ConnectionSpec;
  readonly listen: Listen;
  readonly agentListen: Listen;
  readonly node: string;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly beatOf?: (task: string) => () => void;
  /** Does this host's own agent call on this socket of the agent listener? Left out: nobody counts as that. */
  readonly isOwnHost?: (socket: Socket) => Promise<boolean>;
  /** Told when this version must not work on the database any more; the process has to end. */
  readonly onRefused: (refusal: Rejected) => void;
}

/** A region process that listens. Ports are the real ones where 0 was asked for. */
export interface RegionProcess {
  readonly apiPort: number | null;
  readonly agentPort: number | null;
  /** Resolves when the database is migrated and the tasks run. */
  readonly opened: Promise<void>;
  stop(): Promise<void>;
}

const DRAIN_MS = 5000;
/** How long a start waits for the database before it says ready; then it goes on beside. */
const OPEN_WAIT_MS = 5000;
const SCHEMA_EVERY_MS = 30_000;
const TEMPLATES = join(import.meta.dirname, '..', '..', 'templates');

/** Parses `host:port`, `[v6]:port`, `unix:/path` or `/path`. */
export function parseListen(text: string): Listen {
  const path = text.replace(/^unix:/, '');
  if (path.startsWith('/')) return { path };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new AppError('configuration', `"${text}" is no address to listen on: HOST:PORT or unix:/PATH`);
  return { host: match[1] ?? match[2] ?? '', port };
}

/**
 * Starts a region: servers first, so that it is live at once; then, as soon as the database answers, migration, publisher and purge. Until
 * then every call is answered 503. Throws when this version is too old for the database.
 */
export async function startRegionProcess(options: RegionProcessOptions): Promise<RegionProcess> {
  const { connection, clock, random, log, version, node } = options;
  const process = `${node}:${random.hex(4)}`;
  const db = new Database({ connection, name: `regiond ${process}`, clock, random, log });
  const wakes = createWakes();
  const region = createRegion({
    db,
    clock,
    random,
    log,
    wakes,
    version,
    process,
    node,
    renderer: { services: SERVICES, templates: await readTemplates(TEMPLATES) },
    startedAt: new Date(clock.now()).toISOString(),
    beatOf: options.beatOf ?? (() => () => {}),
  });
  let closed: Rejected | null = rejected('unavailable', 'Regent is starting: it waits for its database.');
  const gated = gateRegion(region, () => closed);
  const api = createApi({ region: gated, clock, random, log });
  const agentApi = createAgentApi({
    region: gated,
    clock,
    random,
    log,
    isOwnHost: options.isOwnHost ?? (async () => false),
  });
  const listener = listen({ connection, name: `regiond ${process}`, random, log, onWake: () => wakes.fire() });
  const ends: (() => Promise<void>)[] = [() => listener.close()];
  const stop = async () => {
    closed = rejected('unavailable', 'Regent is stopping.');
    await Promise.all([close(api), close(agentApi)]);
    await Promise.all(ends.map((end) => end()));
    await db.close(1000);
  };

  const open = async () => {
    const applied = await migrate(db, readMigrations());
    if (isRejected(applied)) throw new AppError('database_refused', applied.message);
    if (applied.length > 0) log.info('database migrated', { migrations: applied.join(', ') });
    closed = null;
    ends.push(region.startTasks(), watchSchema(options, db));
  };

  try {
    const apiPort = await listenOn(api, options.listen);
    const agentPort = await listenOn(agentApi, options.agentListen);
    log.info('listening', { api: showListen(options.listen), agents: showListen(options.agentListen) });
    const opened = open();
    const first = await Promise.race([opened.then(() => 'open' as const), wait(OPEN_WAIT_MS)]);
    if (first !== 'open') {
      log.warn('the database is away, calls are answered 503 until it is back');
      opened.catch((error: unknown) => options.onRefused(rejected('conflict', sentenceOf(error))));
    }
    return { apiPort, agentPort, opened, stop };
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** A newer version may migrate the database while this one runs; then this one must end. */
function watchSchema(options: RegionProcessOptions, db: Database): () => Promise<void> {
  const timer = setInterval(() => {
    void checkSchema(db, readMigrations()).then(
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

function wait(ms: number): Promise<'late'> {
  return new Promise((done) => {
    setTimeout(() => done('late'), ms).unref();
  });
}

function showListen(where: Listen): string {
  return 'path' in where ? `unix:${where.path}` : `${where.host}:${where.port}`;
}
