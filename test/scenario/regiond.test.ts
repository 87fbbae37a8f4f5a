import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import type { ConnectionSpec } from '../../src/store/connection.ts';
import { requestRestart } from '../../src/store/queries/cluster/restarts.ts';
import { realRandom, usePostgres } from '../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../kit/region.ts';
import { type Regiond, startRegiond } from '../kit/regiond-process.ts';
import { change } from '../kit/store.ts';
import { pause, until } from '../kit/until.ts';

/** The daemon as a process of its own: start, gate, database away, stop, kill. */

const pg = usePostgres();
let folder: string;
let keys: TestRegion['keys'];
let connection: ConnectionSpec;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'regent-regiond-'));
  const seeded = await startTestRegion(pg.get());
  ({ keys, connection } = seeded);
  await seeded.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const daemons: Regiond[] = [];
afterEach(async () => {
  for (const daemon of daemons.splice(0)) {
    daemon.child.kill('SIGKILL');
    await daemon.exit;
  }
});

function start(spec: ConnectionSpec, socket = join(folder, 'agent.sock')): Regiond {
  const daemon = startRegiond({ spec, socket });
  daemons.push(daemon);
  return daemon;
}

const isReady = async (url: string) => (await fetch(`${url}/health/ready`)).status === 200;
const ready = (url: string) => until('ready', () => isReady(url), { deadlineMs: 30_000 });

function longPoll(socket: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer node:r1:${NODE_SECRET}` };
    const path = '/agent/v1/desired?generation=9000000&digest=x&wait=30';
    request({ socketPath: socket, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('regiond', () => {
  it('serves over TCP and the agent socket, and stops in order while streams and polls are open', {
    timeout: 60_000,
  }, async () => {
    const socket = join(folder, 'agent.sock');
    const daemon = start(connection, socket);
    const url = await daemon.url();
    await ready(url);
    const client = createClient({ url, apiKey: keys.admin, random: realRandom });
    expect((await client.call('domain.list', {})).body.items).toHaveLength(1);
    const stop = new AbortController();
    const events = client.events(0, stop.signal);
    expect((await events.next()).value).toMatchObject({ id: 1 });
    const poll = longPoll(socket);
    const resident =
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.child.pid}/status`, 'utf8'))?.[1]) / 1024;
    expect(resident).toBeLessThan(250);
    const started = performance.now();
    daemon.child.kill('SIGTERM');
    expect(await daemon.exit).toBe(0);
    expect(performance.now() - started).toBeLessThan(8000);
    await poll.catch(() => 0);
    stop.abort();
    expect(daemon.output()).toContain('"stopped"');
  });

  it('ends in order, to be started anew, when an operator wants it so', { timeout: 60_000 }, async () => {
    const db = pg.get().open(connection);
    const wish = (nonce: string) =>
      change(db, (tx) => requestRestart(tx, { nodeId: 'r1', service: 'regiond', nonce, actor: 'ada' }));
    await wish('before');
    const daemon = start(connection);
    await ready(await daemon.url());
    // Its first look takes what is there for done; it looks every two seconds.
    await pause(3000);
    expect(daemon.child.exitCode).toBeNull();
    await wish('after');
    expect(await daemon.exit).toBe(0);
    expect(daemon.output()).toContain('"stopped"');
  });

  it('takes the place of one that was killed, though its socket is still there', { timeout: 60_000 }, async () => {
    const first = start(connection);
    await ready(await first.url());
    first.child.kill('SIGKILL');
    await first.exit;
    expect(existsSync(join(folder, 'agent.sock'))).toBe(true);
    const second = start(connection);
    await ready(await second.url());
  });

  it('is live and not ready while the database is away at its start, and gets ready by itself', {
    timeout: 60_000,
  }, async () => {
    await pg.get().server.halt();
    const daemon = start(connection);
    const url = await daemon.url();
    expect((await fetch(`${url}/health/live`)).status).toBe(200);
    const refused = await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${keys.admin}` } });
    expect(refused.status).toBe(503);
    expect(await isReady(url)).toBe(false);
    await pg.get().server.start();
    await ready(url);
  });

  it('migrates an empty database, two at once', { timeout: 60_000 }, async () => {
    const empty = await pg.get().createDatabase('empty');
    const both = [start(empty, join(folder, 'a.sock')), start(empty, join(folder, 'b.sock'))];
    for (const daemon of both) await ready(await daemon.url());
    expect(both.filter((daemon) => daemon.output().includes('database migrated'))).toHaveLength(1);
  });

  it('ends with a sentence when a newer version has migrated the database', { timeout: 60_000 }, async () => {
    const newer = await pg.get().createDatabase();
    await pg
      .get()
      .admin(
        `insert into migrations (number, name, digest, breaking) values (999, 'future', 'x', true)`,
        newer.database,
      );
    const daemon = start(newer, join(folder, 'newer.sock'));
    expect(await daemon.exit).toBe(1);
    expect(daemon.output()).toContain('This version of Regent is too old for the database');
  });

  it('refuses a bad configuration without showing a password', { timeout: 60_000 }, async () => {
    const daemon = start({ host: '/x', port: 5432, user: 'u&colour=geheim1', database: 'd' });
    expect(await daemon.exit).toBe(1);
    expect(daemon.output()).toContain('DATABASE_URL');
    expect(daemon.output()).not.toContain('geheim1');
  });
});
