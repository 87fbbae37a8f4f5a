import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { isRejected } from '../../src/core/errors.ts';
import type { Clock, Log, Random } from '../../src/core/ports.ts';
import { type EmbeddedOptions, type EmbeddedPostgres, startPostgres } from '../../src/main/embedded/postgres.ts';
import type { ConnectionSpec } from '../../src/store/connection.ts';
import { Database, type DatabaseOptions } from '../../src/store/database.ts';
import { migrate, readMigrations } from '../../src/store/migrate.ts';

export const realClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
export const realRandom: Random = {
  fraction: () => Math.random(),
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silentLog };

/** A server of this test file's own, with a migrated template database. */
export class TestPostgres {
  readonly server: EmbeddedPostgres;
  readonly #opened: Database[] = [];

  private constructor(server: EmbeddedPostgres) {
    this.server = server;
  }

  static async start(options: EmbeddedOptions = {}): Promise<TestPostgres> {
    const postgres = new TestPostgres(await startPostgres(options));
    await postgres.admin('create database template');
    const db = postgres.open(postgres.spec('template'));
    const applied = await migrate(db, readMigrations());
    if (isRejected(applied)) throw new Error(applied.message);
    await db.close();
    return postgres;
  }

  /** One that another process has started, and ends. */
  static at({ socketFolder, user }: Pick<EmbeddedPostgres, 'socketFolder' | 'user'>): TestPostgres {
    const nothing = async () => {};
    return new TestPostgres({
      socketFolder,
      user,
      port: null,
      pid: () => null,
      kill: () => {},
      start: nothing,
      halt: nothing,
      stop: nothing,
    });
  }

  /** How to reach a database over the unix socket, or over TCP at `port`. */
  spec(database: string, port?: number): ConnectionSpec {
    const host = port === undefined ? this.server.socketFolder : '127.0.0.1';
    return { host, port: port ?? this.server.port ?? 5432, user: this.server.user, database };
  }

  /** A new database: migrated (a copy of the template), or empty. */
  async createDatabase(kind: 'migrated' | 'empty' = 'migrated'): Promise<ConnectionSpec> {
    return kind === 'migrated' ? this.copyDatabase('template') : this.#create('');
  }

  /** A copy of a database that nobody is connected to. */
  copyDatabase(database: string): Promise<ConnectionSpec> {
    return this.#create(` template ${database}`);
  }

  async #create(more: string): Promise<ConnectionSpec> {
    const name = `t${randomBytes(6).toString('hex')}`;
    await this.admin(`create database ${name}${more}`);
    return this.spec(name);
  }

  /** The store's helper on a database; closed with the server. */
  open(connection: ConnectionSpec, options: Partial<DatabaseOptions> = {}): Database {
    const db = new Database({
      connection,
      name: 'test',
      clock: realClock,
      random: realRandom,
      log: silentLog,
      ...options,
    });
    this.#opened.push(db);
    return db;
  }

  /** A statement of the test itself, outside the store's helper. */
  async admin<R extends pg.QueryResultRow>(text: string, database = 'postgres', values: unknown[] = []): Promise<R[]> {
    const client = new pg.Client({ ...this.spec(database), connectionTimeoutMillis: 10_000, query_timeout: 50_000 });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<R>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#opened.map((db) => db.close(1000)));
    await this.server.stop();
  }
}

/** Gives the tests of a file one server; `get()` is usable inside tests and later hooks. */
export function usePostgres(options: EmbeddedOptions = {}): { get(): TestPostgres } {
  let postgres: TestPostgres | undefined;
  beforeAll(async () => {
    postgres = await TestPostgres.start(options);
  });
  afterAll(async () => {
    await postgres?.stop();
  });
  return {
    get() {
      if (!postgres) throw new Error('the server is started in beforeAll');
      return postgres;
    },
  };
}
