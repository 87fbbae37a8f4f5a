import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type * as accept from '../../src/agent/accept.ts';
import type * as channels from '../../src/agent/channel/channel.ts';
import { gatherDesired } from '../../src/agent/channel/gather.ts';
import type { Desired } from '../../src/contract/cluster/agent.ts';
import { createClient } from '../../src/contract/client.ts';
import { secretDigest } from '../../src/core/secret.ts';
import { FEATURES } from '../../src/model/cluster/cluster.ts';
import type * as compiler from '../../src/services/compile-node.ts';
import type * as kit from '../../src/services/kit/accept.ts';
import type * as registry from '../../src/services/registry.ts';
import { readMigrations } from '../../src/store/migrate.ts';
import { type EarlierBuild, earlierBuild } from '../kit/earlier-build.ts';
import { realClock, realRandom, usePostgres } from '../kit/postgres.ts';
import { type Regiond, startRegiond } from '../kit/regiond-process.ts';
import { CASES, clusterSnapshot, GOLDEN_SECONDS } from '../kit/snapshots.ts';
import { pause, until } from '../kit/until.ts';

/** Code of either build: the same names, as far as is used here. */
type Code = Pick<typeof registry & typeof compiler & typeof kit, 'SERVICES' | 'compileSite' | 'acceptDesired'>;

/** The build before the newest migration and this one, on one database. */
const SECRET = 'secret0123456789';
const API_KEY = `test:token:${SECRET}`;
const pg = usePostgres();
let folder: string;
let earlier: EarlierBuild | string;
const daemons: Regiond[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'regent-builds-'));
  earlier = earlierBuild();
});
afterAll(async () => {
  for (const { child, exit } of daemons) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exit;
  }
  if (typeof earlier !== 'string') earlier.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Callers that go on, each with its next call as soon as the last one was answered. */
function load(urls: readonly string[], apiKey: string) {
  const failures: string[] = [];
  const made: string[] = [];
  const counts = { reads: 0, retries: 0, slowestMs: 0 };
  let isOver = false;
  const worker = async (number: number) => {
    const [url = '', ...others] = number % 2 === 0 ? urls : urls.toReversed();
    const onRetry = () => {
      counts.retries += 1;
    };
    const client = createClient({ url, others, apiKey, random: realRandom, deadlineMs: 20_000, onRetry });
    for (let n = 0; !isOver; n += 1) {
      const name = `w${number}-${n}.test`;
      const began = performance.now();
      try {
        await client.call('domain.create', { body: { name } });
        made.push(name);
        await client.call('domain.show', { params: { domain: name } });
        counts.reads += 1;
      } catch (error) {
        failures.push(`${name}: ${String(error)}`);
      }
      counts.slowestMs = Math.max(counts.slowestMs, performance.now() - began);
      await pause(20);
    }
  };
  const workers = Promise.all(Array.from({ length: 6 }, (_, number) => worker(number)));
  return {
    failures,
    made,
    counts,
    end: async () => {
      isOver = true;
      await workers;
    },
  };
}

/** What agents of both builds get from the region at a socket, each holding `held`: as it came, and as its own rules judge it. */
async function pullBoth(socket: string, checkout: string, held: Desired | null) {
  const load = async (root: string) => {
    const paths = ['agent/channel/channel.ts', 'agent/accept.ts'];
    const loaded = paths.map((path) => import(pathToFileURL(join(root, 'src', path)).href) as Promise<object>);
    return Object.assign({}, ...(await Promise.all(loaded))) as Pick<
      typeof channels & typeof accept,
      'openChannel' | 'judgeDesired'
    >;
  };
  const query = { generation: held?.generation ?? 0, digest: held?.digest ?? '', wait: 5 };
  const pull = async (root: string, parts: boolean) => {
    const { openChannel, judgeDesired } = await load(root);
    const urls = [`unix:${socket}`];
    const credential = `node:r1:${SECRET}`;
    const channel = openChannel({ urls, credential, rack: null, clock: realClock, random: realRandom });
    try {
      const sent = await channel.pull(parts ? { ...query, parts } : query);
      const gathered = parts ? await gatherDesired(sent, held, channel) : { kind: 'whole' as const, value: sent };
      const verdict = judgeDesired(gathered.kind === 'whole' ? gathered.value : null, 'r1', held);
      return { sent, desired: verdict.kind === 'accepted' ? verdict.desired : null };
    } finally {
      channel.close();
    }
  };
  return { before: await pull(checkout, false), now: await pull(join(import.meta.dirname, '../..'), true) };
}

async function stop({ child, exit }: { readonly child: ChildProcess; readonly exit: Promise<number | null> }) {
  child.kill('SIGTERM');
  expect(await exit).toBe(0);
}

describe('a release and the one before it', () => {
  it('serve side by side, and one node after the other is upgraded under load without a failed call', {
    timeout: 120_000,
  }, async ({ skip }) => {
    if (typeof earlier === 'string') return skip(earlier);
    const { checkout, commit } = earlier;
    expect(earlier.migrations).toBeLessThan(readMigrations().length);
    // The file lay at the top of its room once.
    const places = ['src/model/cluster/cluster.ts', 'src/model/cluster.ts'].map((path) => join(checkout, path));
    const earlierModel = pathToFileURL(places.find((path) => existsSync(path)) ?? '').href;
    const { FEATURES: known } = (await import(earlierModel)) as { FEATURES: readonly string[] };
    const spec = await pg.get().createDatabase('empty');
    const admin = (text: string) => pg.get().admin(text, spec.database);
    const socketOf = (node: string) => join(folder, `${node}.sock`);
    const run = (node: string, build?: string, port?: number) => {
      const socket = socketOf(node);
      const options = { spec, socket, node, ...(build ? { checkout: build } : {}), ...(port ? { port } : {}) };
      const daemon = startRegiond(options);
      daemons.push(daemon);
      return daemon;
    };
    const old = [run('r1', checkout), run('r2', checkout)] as const;
    for (const daemon of old) await daemon.ready();
    expect(await admin('select max(number) as number from migrations')).toEqual([{ number: earlier.migrations }]);
    // In words that every schema since the first understands; the code of today asks for more.
    await admin(`begin; set local session_replication_role = replica;
      insert into domains (name) values ('regent.internal');
      insert into nodes (id, name, is_region) values ('r1', 'r1', true), ('r2', 'r2', true);
      insert into users (name, role) values ('admin', 'admin');
      insert into api_keys (consumer, token, user_name, secret_sha256) values ('test', 'token', 'admin', '${secretDigest(SECRET)}');
      insert into node_credentials (node_id, secret_sha256) values ('r1', '${secretDigest(SECRET)}');
      commit`);
    const urls = await Promise.all(old.map((daemon) => daemon.url()));
    const probes = setInterval(() => {
      // As each node's load balancer does.
      for (const url of urls) void fetch(`${url}/health/ready`).catch(() => {});
    }, 1000);
    const callers = load(urls, API_KEY);
    try {
      await until('there is load', () => callers.made.length > 50);
      // A region of before answers whole, whoever asks.
      const early = await pullBoth(socketOf('r1'), checkout, null);
      for (const { sent, desired } of [early.before, early.now]) {
        expect(sent).toHaveProperty('body');
        expect(desired).not.toBeNull();
      }
      const held = early.now.desired && { ...early.now.desired, generation: 0 };
      const later = await pullBoth(socketOf('r1'), checkout, held);
      for (const { sent, desired } of [later.before, later.now]) {
        expect(sent).toHaveProperty('body');
        expect(desired?.generation).toBeGreaterThan(0);
      }

      await stop(old[0]);
      const first = run('r1', undefined, old[0].port);
      await first.ready();
      expect(await admin('select max(number) as number from migrations')).toEqual([
        { number: readMigrations().length },
      ]);
      const before = callers.made.length;
      await until('both serve for a while', () => callers.made.length > before + 100, { deadlineMs: 30_000 });
      // Each answers for itself, the earlier one on the newer schema.
      for (const url of urls) {
        const { body } = await createClient({ url, apiKey: API_KEY, random: realRandom }).call('me.show', {});
        expect(body).toMatchObject({ user: 'admin' });
      }
      expect(old[1].child.exitCode).toBeNull();
      // What the earlier build does not know yet stays off.
      const on = (await admin('select name from features')) as { name: string }[];
      expect(on.filter(({ name }) => !known.includes(name))).toEqual([]);

      await stop(old[1]);
      const second = run('r2', undefined, old[1].port);
      await second.ready();
      const after = callers.made.length;
      await until('the upgraded ones serve', () => callers.made.length > after + 100, { deadlineMs: 30_000 });
    } finally {
      await callers.end();
      clearInterval(probes);
    }
    const { counts, failures, made } = callers;
    console.log(
      `${made.length} changes and ${counts.reads} reads over two upgrades from ${commit.slice(0, 7)}: ${failures.length} failed, ${counts.retries} tries repeated, slowest pair ${Math.round(counts.slowestMs)} ms`,
    );
    expect(failures).toEqual([]);
    expect(await admin(`select count(*)::int as n from domains where name like 'w%.test'`)).toEqual([
      { n: made.length },
    ]);
    expect(counts.reads).toBe(made.length);
    // The row of the last earlier process grows old by itself; here it is made old.
    await admin(`update heartbeats set at = now() - interval '2 min' where not features @> '{${FEATURES.join()}}'`);
    // A site without an authority seals nothing, so that feature stays off.
    const wanted = FEATURES.filter((name) => name !== 'sealed-secrets');
    await until(
      'what both know now is on',
      async () => (await admin('select from features')).length === wanted.length,
      {
        deadlineMs: 20_000,
      },
    );
    // From now on bodies are stored by parts: an agent of before gets them whole, one of today what it does not hold.
    const client = createClient({ url: urls[0] ?? '', apiKey: API_KEY, random: realRandom, deadlineMs: 20_000 });
    const publishOne = async (name: string) => {
      await client.call('domain.create', { body: { name } });
      const behind = `select from desired, counters where node_id = 'r1' and compiled_revision < counters.revision`;
      await until('it is published', async () => (await admin(behind)).length === 0, { deadlineMs: 20_000 });
    };
    // With addresses they serve the zones of all that was made.
    await admin(`begin; set local session_replication_role = replica;
      update nodes set addresses = array['10.77.0.11'::inet] where id = 'r1'; commit`);
    await publishOne('first.test');
    const { before: whole } = await pullBoth(socketOf('r1'), checkout, null);
    expect(await admin(`select body from desired where node_id = 'r1'`)).toEqual([{ body: null }]);
    await publishOne('second.test');
    const { before, now } = await pullBoth(socketOf('r1'), checkout, whole.desired);
    expect(before.sent).toHaveProperty('body');
    expect(now.sent).not.toHaveProperty('body');
    expect(now.desired).toEqual(before.desired);
    expect(JSON.stringify(now.desired?.body)).toContain('second.test');
  });

  it('the agent of each takes what the region of the other publishes', async ({ skip }) => {
    if (typeof earlier === 'string') return skip(earlier);
    const { checkout } = earlier;
    const codeOf = async (root: string): Promise<Code> => {
      const paths = ['services/registry.ts', 'services/compile-node.ts', 'services/kit/accept.ts'];
      const loaded = paths.map((path) => import(pathToFileURL(join(root, 'src', path)).href) as Promise<object>);
      // The earlier build's types are not known here; what it is asked for is as old as both.
      return Object.assign({}, ...(await Promise.all(loaded))) as Code;
    };
    const [before, now] = [await codeOf(checkout), await codeOf(join(import.meta.dirname, '../..'))];
    const drained = clusterSnapshot();
    const cases = {
      ...CASES,
      drained: { ...drained, nodes: drained.nodes.map((node) => ({ ...node, isDrained: true })) },
    };
    let parts = 0;
    for (const [from, to] of [
      [before, now],
      [now, before],
    ] as const) {
      for (const [name, snapshot] of Object.entries(cases)) {
        const site = from.compileSite(snapshot, from.SERVICES, new Map(), GOLDEN_SECONDS);
        for (const { body } of site.nodes.values()) {
          for (const service of to.SERVICES) {
            // What came over the wire.
            const desired: unknown = JSON.parse(JSON.stringify(body.services[service.name]?.desired ?? null));
            if (desired === null) continue;
            parts += 1;
            expect(() => to.acceptDesired(service, desired), `${name}: ${service.name}`).not.toThrow();
          }
        }
      }
    }
    expect(parts).toBeGreaterThan(40);
  });
});
