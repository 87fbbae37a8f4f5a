import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type EmbeddedPostgres, startPostgres } from '../../src/main/embedded/postgres.ts';
import type { ConnectionSpec, ServerSpec } from '../../src/store/connection.ts';
import { until } from './until.ts';

/** A primary and a standby that streams from it; a commit waits for the standby while that is wanted. Nobody moves roles but the test. */
export class PostgresPair {
  readonly servers: readonly [EmbeddedPostgres, EmbeddedPostgres];
  readonly #folder: string;

  private constructor(servers: readonly [EmbeddedPostgres, EmbeddedPostgres], folder: string) {
    this.servers = servers;
    this.#folder = folder;
  }

  /** Makes one: the standby is a copy of the primary's files. */
  static async start(): Promise<PostgresPair> {
    const first = await startPostgres({ settings: { wal_level: 'replica', wal_receiver_timeout: '2s' } });
    await first.halt();
    const folder = mkdtempSync(join(tmpdir(), 'regent-pair-'));
    execFileSync('cp', ['-a', join(first.socketFolder, 'data'), folder]);
    const data = join(folder, 'data');
    rmSync(join(data, 'postmaster.pid'), { force: true });
    writeFileSync(join(data, 'standby.signal'), '');
    const { uid, gid } = statSync(data);
    chownSync(join(data, 'standby.signal'), uid, gid);
    chownSync(folder, uid, gid);
    chmodSync(folder, 0o700);
    const source = `host=${first.socketFolder} port=5432 user=${first.user} application_name=second`;
    appendFileSync(join(data, 'postgresql.auto.conf'), `primary_conninfo = '${source}'\n`);
    await first.start();
    const second = await startPostgres({ folder, settings: { wal_level: 'replica', wal_receiver_timeout: '2s' } });
    const pair = new PostgresPair([first, second], folder);
    await until('the standby streams', async () => {
      const rows = await pair.ask(0, `select 1 from pg_stat_replication where state = 'streaming'`);
      return rows.length === 1;
    });
    return pair;
  }

  /** One server, at its database. */
  server(index: 0 | 1, database: string): ServerSpec {
    return { host: this.servers[index].socketFolder, port: 5432, user: this.servers[index].user, database };
  }

  /** Both, the standby named first: the order must not matter. */
  spec(database: string): ConnectionSpec {
    return { ...this.server(1, database), others: [this.server(0, database)] };
  }

  /** A statement of the test itself. */
  async ask<R extends pg.QueryResultRow>(index: 0 | 1, text: string, database = 'postgres'): Promise<R[]> {
    const client = new pg.Client({
      ...this.server(index, database),
      connectionTimeoutMillis: 5000,
      query_timeout: 20_000,
    });
    client.on('error', () => {});
    await client.connect();
    try {
      return (await client.query<R>(text)).rows;
    } finally {
      await client.end();
    }
  }

  /** A commit waits for the standby from now on, or does not. */
  async wait(index: 0 | 1, isWanted: boolean): Promise<void> {
    await this.ask(index, `alter system set synchronous_standby_names = '${isWanted ? '*' : ''}'`);
    await this.ask(index, 'select pg_reload_conf()');
  }

  /** The standby becomes the primary, as whoever watches such a pair does it. */
  async promote(): Promise<void> {
    await this.ask(1, 'select pg_promote(true, 20)');
  }

  async stop(): Promise<void> {
    for (const server of this.servers) {
      server.kill('SIGCONT');
      await server.stop();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
