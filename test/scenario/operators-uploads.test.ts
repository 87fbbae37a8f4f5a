import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createClient } from '../../src/contract/client.ts';
import type { ConnectionSpec } from '../../src/store/connection.ts';
import { writeCluster } from '../../src/store/queries/cluster/cluster.ts';
import { createNode, findNode, updateNode } from '../../src/store/queries/cluster/nodes.ts';
import { type Interruption, sendFile } from '../../src/ui/live/files/upload.ts';
import { testAuthority, testIdentity } from '../kit/cluster/pki.ts';
import { realRandom, usePostgres } from '../kit/postgres.ts';
import { seed, type TestRegion } from '../kit/region.ts';
import { type Regiond, startRegiond } from '../kit/regiond-process.ts';
import { change, value } from '../kit/store.ts';
import { aTar, SYSTEM } from '../kit/tar.ts';
import { until } from '../kit/until.ts';

/** Three region daemons behind a load balancer that gives each request to the next one: uploads end, also when daemons die meanwhile. */

const pg = usePostgres();
const NODES = ['r1', 'r2', 'r3'] as const;
/** Another process of tests has other ones: region nodes fetch at one port. */
const ADDRESSES = [1, 2, 3].map((at) => `127.28.${process.pid % 250}.${at}`);
const PIECE = 8 * 2 ** 20;
const table: string[] = [];
let folder = '';
let keys: TestRegion['keys'];
let connection: ConnectionSpec;
let daemons: Regiond[] = [];
let balancer: Server | null = null;
/** Which daemon took each request with a body, and its answer. */
let taken: { readonly node: number; readonly status: number }[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'regent-uploads-'));
  connection = await pg.get().createDatabase();
  const db = pg.get().open(connection);
  keys = await seed(db);
  value(await change(db, (tx) => writeCluster(tx, { id: 'c1', vip: null, virtualRouter: 51 })));
  const authority = await testAuthority();
  for (const [at, name] of NODES.entries()) {
    const own = await testIdentity(authority, { nodeId: name, isRegion: true, addresses: [ADDRESSES[at] ?? ''] });
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'ca.crt'), authority.certificate);
    writeFileSync(join(folder, name, 'node.crt'), own.certificate);
    writeFileSync(join(folder, name, 'node.key'), own.key, { mode: 0o600 });
  }
  value(
    await change(db, async (tx) => {
      const first = await findNode(tx, { name: 'r1' });
      await updateNode(tx, { key: first?.id ?? '' }, { addresses: [ADDRESSES[0] ?? ''] });
      for (const at of [1, 2])
        await createNode(tx, {
          id: NODES[at] ?? '',
          name: NODES[at] ?? '',
          isRegion: true,
          isRack: false,
          addresses: [ADDRESSES[at] ?? ''],
          isDrained: false,
        });
      return {};
    }),
  );
  await db.close(500);
});
afterAll(() => {
  process.stdout.write(`\nui F28: upload → answer\n${table.join('\n')}\n`);
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  taken = [];
  daemons = NODES.map((node, at) => {
    const own = join(folder, node);
    return startRegiond({
      spec: connection,
      socket: join(own, 'agent.sock'),
      node,
      settings: {
        REGION_IMAGES: join(own, 'images'),
        REGION_AGENT_TLS_LISTEN: `tls:${ADDRESSES[at]}:5250`,
        PKI_AUTHORITY: join(own, 'ca.crt'),
        PKI_CERTIFICATE: join(own, 'node.crt'),
        PKI_KEY: join(own, 'node.key'),
      },
    });
  });
  await Promise.all(daemons.map((daemon) => daemon.ready()));
  balancer = await startBalancer();
});
afterEach(async () => {
  balancer?.closeAllConnections();
  balancer?.close();
  balancer = null;
  for (const { child, exit } of daemons) {
    child.kill('SIGKILL');
    await exit;
  }
});

/** Gives each request to the next daemon that lives, as haproxy does with round robin. */
async function startBalancer(): Promise<Server> {
  let turn = 0;
  const server = createServer((incoming, answer) => {
    const living = daemons.flatMap(({ child }, at) =>
      child.signalCode === null && child.exitCode === null ? [at] : [],
    );
    const node = living[(turn += 1) % living.length] ?? 0;
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: daemons[node]?.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
      },
      (response) => {
        if (incoming.headers['content-length'] !== '0' && incoming.method === 'PUT')
          taken.push({ node, status: response.statusCode ?? 0 });
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
        response.on('error', () => answer.destroy());
      },
    );
    outgoing.on('error', () => {
      if (answer.headersSent) return answer.destroy();
      return answer.writeHead(502).end();
    });
    incoming.pipe(outgoing);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
}
const origin = () => {
  const place = balancer?.address() as AddressInfo | undefined;
  return `http://127.0.0.1:${place?.port}`;
};
const client = () => createClient({ url: origin(), apiKey: keys.admin, random: realRandom });

/** A whole tar of about that many MiB, other bytes each time. */
function aSystem(mebibytes: number): { readonly bytes: Buffer; readonly sha256: string } {
  const body = Buffer.alloc(mebibytes * 2 ** 20);
  for (let at = 0; at < body.length; at += 4096) body.write(realRandom.hex(16), at);
  const bytes = aTar([...SYSTEM, { name: './usr/share/body', body }]);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function announce(name: string, { bytes, sha256 }: ReturnType<typeof aSystem>): Promise<string> {
  const content = { file: 'root.tar', format: 'tar', compression: 'none', cloudInit: true };
  const files = { 'root.tar': { size: bytes.length, sha256 } };
  const manifest = { format: 1, kind: 'deployable', architecture: 'amd64', name, content, files };
  const { body } = await client().call('image.create', { body: { manifest: `${JSON.stringify(manifest)}\n` } });
  return body.image.digest;
}

/** Sends it as a browser does. `onSent` may end daemons. */
async function send(image: string, bytes: Buffer, onSent: (sent: number) => void = () => {}) {
  const interruptions: Interruption[] = [];
  let most = 0;
  const started = performance.now();
  await sendFile(
    { origin: origin(), fetch, headers: () => ({ authorization: `Bearer ${keys.admin}` }), pauseMs: 200 },
    {
      image,
      name: 'root.tar',
      file: new Blob([new Uint8Array(bytes)]),
      signal: AbortSignal.timeout(120_000),
      onSent: (sent) => {
        most = Math.max(most, sent);
        onSent(sent);
      },
      onInterruption: (interruption) => interruptions.push(interruption),
    },
  );
  return { interruptions, most, seconds: (performance.now() - started) / 1000 };
}

async function isWholeSomewhere(image: string, bytes: Buffer): Promise<void> {
  await until('the image is whole', async () => {
    const { body } = await client().call('image.show', { params: { image } });
    return body.wholeOn.length > 0;
  });
  const holders = (await client().call('image.show', { params: { image } })).body.wholeOn;
  const stored = readFileSync(join(folder, holders[0] ?? '', 'images', image, 'root.tar'));
  expect(stored.equals(bytes)).toBe(true);
}

describe('an upload of 57 MiB whose pieces come to different region nodes', { timeout: 180_000 }, () => {
  it('ends without an interruption', async () => {
    const system = aSystem(57);
    const image = await announce('whole', system);
    const { interruptions, seconds } = await send(image, system.bytes);
    expect(interruptions).toEqual([]);
    expect(new Set(taken.map(({ node }) => node)).size).toBe(3);
    expect(taken.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    await isWholeSomewhere(image, system.bytes);
    table.push(`57 MiB, pieces to three nodes in turn → done, no interruption, ${seconds.toFixed(1)} s`);
  });

  it('goes on when the node that took the last piece is killed', async () => {
    const system = aSystem(57);
    const image = await announce('killed', system);
    const { interruptions, most } = await send(image, system.bytes, (sent) => {
      if (sent >= 3 * PIECE && daemons.every(({ child }) => child.signalCode === null))
        daemons[taken.at(-1)?.node ?? 0]?.child.kill('SIGKILL');
    });
    expect(most).toBe(system.bytes.length);
    await isWholeSomewhere(image, system.bytes);
    // The one before it had taken the piece before, so at most one piece is sent again.
    const resumed = interruptions.flatMap(({ at }) => (at === null ? [] : [at]));
    expect(
      resumed.every((at) => at >= 2 * PIECE),
      JSON.stringify(interruptions),
    ).toBe(true);
    table.push(`the node with the last piece is killed → done, ${JSON.stringify(interruptions)}`);
  });

  it('starts again from byte 0 when the only nodes that have bytes are killed', async () => {
    const system = aSystem(57);
    const image = await announce('both', system);
    let isKilled = false;
    const { interruptions } = await send(image, system.bytes, (sent) => {
      if (isKilled || sent < 2 * PIECE) return;
      isKilled = true;
      for (const { node } of taken.slice(-2)) daemons[node]?.child.kill('SIGKILL');
    });
    expect(isKilled).toBe(true);
    expect(interruptions.filter(({ at }) => at === 0)).toHaveLength(1);
    await isWholeSomewhere(image, system.bytes);
    table.push(`both nodes that have bytes are killed → ${JSON.stringify(interruptions)}, then done`);
  });

  it('by the command line ends, too, when a node is killed', async () => {
    const system = aSystem(57);
    const image = await announce('command', system);
    let isKilled = false;
    const retries: string[] = [];
    const commands = createClient({
      url: origin(),
      apiKey: keys.admin,
      random: realRandom,
      onRetry: (why) => {
        retries.push(why);
      },
    });
    async function* open(start: number) {
      for (let at = start; at < system.bytes.length; at += 2 ** 20) {
        if (at >= 3 * PIECE && !isKilled) {
          isKilled = true;
          // It takes the bytes just now: the last one that was asked.
          for (const [node, daemon] of daemons.entries()) if (readParts(node, image) > 0) daemon.child.kill('SIGKILL');
        }
        yield new Uint8Array(system.bytes.subarray(at, at + 2 ** 20));
      }
    }
    await commands.upload('image.upload', { image, file: 'root.tar' }, { size: system.bytes.length, open });
    expect([isKilled, retries.length > 0]).toEqual([true, true]);
    await isWholeSomewhere(image, system.bytes);
    table.push(`by the command line, the node that takes it is killed → ${retries.join('; ')}, then done`);
  });
});

/** Bytes of an image's file that are on their way at a daemon; earlier tests left parts of other images there. */
function readParts(node: number, image: string): number {
  const parts = join(folder, NODES[node] ?? '', 'images', '.parts');
  try {
    const own = readdirSync(parts, 'utf8').filter((name) => name.includes(image));
    return own.reduce((sum, name) => sum + statSync(join(parts, name)).size, 0);
  } catch {
    return 0;
  }
}
