import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import { realRandom, usePostgres } from '../kit/postgres.ts';
import { type Regiond, startRegiond } from '../kit/regiond-process.ts';
import { startTestRegion } from '../kit/region.ts';
import { until } from '../kit/until.ts';

const REGENT = join(import.meta.dirname, '..', '..', 'bin', 'regent');
const pg = usePostgres();
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** Two regions on one database. */
async function site() {
  const folder = mkdtempSync(join(tmpdir(), 'regent-follow-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));
  const seeded = await startTestRegion(pg.get());
  await seeded.close();
  const { keys, connection: spec } = seeded;
  const start = (name: string, port?: number) => {
    const daemon = startRegiond({ spec, socket: join(folder, `${name}.sock`), ...(port ? { port } : {}) });
    ends.push(() => end(daemon.child));
    return daemon;
  };
  const daemons = [start('a'), start('b')] as const;
  for (const daemon of daemons) await daemon.ready();
  const [url, other] = await Promise.all(daemons.map((daemon) => daemon.url()));
  return { keys, start, daemons, url: url ?? '', other: other ?? '' };
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((done) => child.once('exit', done));
  if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await ended;
}

/** `regent event --follow` as a process; `ids`: of what it printed so far. */
function follow(url: string, key: string) {
  const child = spawn(REGENT, ['events', '--follow', '-o', 'json'], {
    env: { PATH: process.env['PATH'], HOME: '/nonexistent', REGENT_URL: url, REGENT_API_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  ends.push(() => end(child));
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  let err = '';
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const lines = () => out.split('\n').slice(0, -1);
  return { err: () => err, ids: () => lines().map((line) => (JSON.parse(line) as { id: number }).id) };
}

/** Whoever follows has connected when the region knows one connection more; it prints nothing before there is an event. */
async function connected(told: { ids: () => number[] }, make: () => Promise<unknown>): Promise<void> {
  await until(
    'it follows',
    async () => {
      await make();
      return told.ids().length > 0;
    },
    { everyMs: 300, deadlineMs: 20_000 },
  );
}

describe('regent event --follow', () => {
  it('misses nothing and tells nothing twice while regions are killed, hang and come back', {
    timeout: 120_000,
  }, async () => {
    const { keys, start, daemons, url, other } = await site();
    const writer = createClient({ url, others: [other], apiKey: keys.admin, random: realRandom });
    let made = 0;
    const make = () => writer.call('domain.create', { body: { name: `d${(made += 1)}.test` } });
    const told = follow(`${url},${other}`, keys.admin);
    await connected(told, make);
    const lastId = async () =>
      (await writer.call('event.list', { query: { after: 0, limit: 1000 } })).body.items.at(-1)?.id;
    const catchUp = async (deadlineMs: number) => {
      const last = await lastId();
      await until(`event ${last} is told`, () => (told.ids().at(-1) ?? 0) >= (last ?? 0), { deadlineMs }).catch(
        (cause: unknown) => {
          throw new Error(`told up to ${told.ids().at(-1)}; ${told.err()}`, { cause });
        },
      );
    };
    let [first, second]: readonly [Regiond, Regiond] = daemons;
    for (let round = 0; round < 3; round += 1) {
      // Its connection is reset; whether it was there that was followed or not.
      first.child.kill('SIGKILL');
      for (let n = 0; n < 5; n += 1) await make();
      await first.exit;
      await catchUp(10_000);
      const again = start(round % 2 === 0 ? 'a' : 'b', first.port);
      await again.ready();
      [first, second] = [second, again];
    }
    // As a host whose address moved away: open connections, and not a byte any more. What hangs is found by its silence.
    for (const daemon of [first, second]) {
      daemon.child.kill('SIGSTOP');
      for (let n = 0; n < 3; n += 1) await make();
      await catchUp(25_000);
      daemon.child.kill('SIGCONT');
      await daemon.ready();
    }
    await catchUp(10_000);
    const ids = told.ids();
    expect(ids.length).toBeGreaterThan(20);
    expect(ids).toEqual(Array.from(ids, (_, index) => (ids[0] ?? 0) + index));
  });
});
