import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createNode, findNode, updateNode } from '../../src/store/queries/cluster/nodes.ts';
import { testIdentity, type TestIdentity } from '../kit/cluster/pki.ts';
import { startTrustedRegion, type TrustedRegion } from '../kit/cluster/trusted-region.ts';
import { anImage, sha256 } from '../kit/images.ts';
import { usePostgres } from '../kit/postgres.ts';
import { change, value } from '../kit/store.ts';
import { until } from '../kit/until.ts';

/** Two region nodes: an image goes from one to the other, and what rots is healed. */

const pg = usePostgres();
const image = anImage({ vmlinuz: Buffer.alloc(3_000_000, 'k') });
const kernel = image.files['vmlinuz'] ?? Buffer.alloc(0);
const SECOND = '127.0.0.2';
let one: TrustedRegion;
let two: TrustedRegion;
let rack: TestIdentity;
const folders: string[] = [];

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'regent-images-'));
  folders.push(folder);
  return folder;
}
const startTwo = () =>
  startTrustedRegion(pg.get(), {
    of: one,
    node: 'r2',
    own: { nodeId: 'r2', addresses: [SECOND] },
    agentsAt: { host: SECOND, port: one.process.secureAgentPort ?? 0 },
    images: { folder: folders[1] ?? '', keepFree: 0, port: one.process.secureAgentPort ?? 0 },
  });

beforeAll(async () => {
  const [first] = [await aFolder(), await aFolder()];
  one = await startTrustedRegion(pg.get(), { images: { folder: first, keepFree: 0 } });
  rack = await testIdentity(one.authority, { nodeId: 'k1' });
  await change(one.db, async (tx) => {
    const own = await findNode(tx, { name: 'r1' });
    await updateNode(tx, { key: own?.id ?? '' }, { addresses: ['127.0.0.1'] });
    await createNode(tx, {
      id: 'r2',
      name: 'r2',
      isRegion: true,
      isRack: false,
      addresses: [SECOND],
      isDrained: false,
    });
    return {};
  }).then(value);
  two = await startTwo();
});
afterAll(async () => {
  await two?.close();
  await one?.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
}
interface Asked {
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly identity?: TestIdentity;
  readonly port?: number | null;
}

function ask(
  path: string,
  { host = '127.0.0.1', method = 'GET', headers = {}, body, identity = rack, port }: Asked = {},
): Promise<Got> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host,
        port: port ?? one.process.secureAgentPort ?? 0,
        path,
        method,
        headers,
        servername: 'regent-region',
        ca: one.authority.certificate,
        cert: identity.certificate,
        key: identity.key,
        agent: new Agent({ keepAlive: false }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
const path = `/images/${image.digest}/vmlinuz`;
const wholeOn = async () => (await one.asAdmin('GET', `/images/${image.digest}`)).body['wholeOn'];
const wholeOnBoth = () =>
  until('both have it', async () => String(await wholeOn()) === 'r1,r2', { deadlineMs: 60_000 });

it('an image that was uploaded to one region node is soon on the other', async () => {
  expect((await one.asAdmin('POST', '/images', { manifest: image.manifest })).status).toBe(201);
  for (const [name, bytes] of Object.entries(image.files)) {
    const answer = await ask(`/api/v1/images/${image.digest}/files/${name}`, {
      method: 'PUT',
      port: one.process.apiPort,
      identity: one.own,
      headers: {
        authorization: `Bearer ${one.keys.admin}`,
        'content-type': 'application/octet-stream',
        'content-length': String(bytes.length),
      },
      body: bytes,
    });
    expect(answer.status, answer.bytes.toString()).toBe(200);
  }
  await wholeOnBoth();
  expect(await readFile(join(folders[1] ?? '', image.digest, 'vmlinuz'))).toEqual(kernel);
  expect((await ask(path, { host: SECOND })).bytes).toEqual(kernel);
});

it('a rack gets it whole or in part', async () => {
  const whole = await ask(path);
  expect(whole).toMatchObject({
    status: 200,
    headers: { 'content-length': '3000000', 'accept-ranges': 'bytes', etag: `"${sha256(kernel)}"` },
  });
  expect(whole.bytes).toEqual(kernel);
  const etag = String(whole.headers['etag']);
  const head = await ask(path, { method: 'HEAD' });
  expect(head).toMatchObject({ status: 200, headers: { 'content-length': '3000000', etag } });
  expect(head.bytes).toHaveLength(0);
  const part = await ask(path, { headers: { range: 'bytes=10-19' } });
  expect(part).toMatchObject({
    status: 206,
    headers: { 'content-range': 'bytes 10-19/3000000', 'content-length': '10' },
  });
  expect(part.bytes).toHaveLength(10);
  expect((await ask(path, { headers: { range: 'bytes=10-19', 'if-range': '"other"' } })).status).toBe(200);
  expect(await ask(path, { headers: { range: 'bytes=3000000-' } })).toMatchObject({
    status: 416,
    headers: { 'content-range': 'bytes */3000000' },
  });
  expect((await ask(path, { headers: { 'if-none-match': etag } })).status).toBe(304);
  expect((await ask(`/images/${image.digest}/other`)).status).toBe(404);
  expect((await ask(`/images/${image.digest}/manifest.json`)).status).toBe(404);
  expect((await ask(`/images/${'a'.repeat(64)}/vmlinuz`)).status).toBe(404);
  expect((await ask(`/images/${image.digest}/..%2f..%2fetc%2fpasswd`)).status).toBe(404);
});

it('a file that rots is found when the node starts, given to nobody, and healed from the other', {
  timeout: 120_000,
}, async () => {
  await two.close();
  const place = join(folders[1] ?? '', image.digest, 'vmlinuz');
  await writeFile(place, Buffer.alloc(kernel.length, 'x'));
  two = await startTwo();
  const got = await ask(path, { host: SECOND });
  // Not what rots: nothing, or the right one when it is healed already.
  expect(got.status === 200 ? sha256(got.bytes) : got.status).toBe(got.status === 200 ? sha256(kernel) : 404);
  await until('it is healed', async () => (await readFile(place)).equals(kernel), { deadlineMs: 60_000 });
  await wholeOnBoth();
  // One that is cut or gone is seen in the next round.
  await writeFile(place, 'cut');
  await until('it is healed again', async () => (await readFile(place)).equals(kernel), { deadlineMs: 60_000 });
  await rm(place);
  await until('it is there again', async () => (await readFile(place)).equals(kernel), { deadlineMs: 60_000 });
});

it('images are given out while the database is away, also by a process that began without it', {
  timeout: 120_000,
}, async () => {
  await pg.get().server.halt();
  const cold = await startTrustedRegion(pg.get(), { of: one, isCold: true, images: { folder: folders[0] ?? '' } });
  try {
    expect((await ask(path)).status).toBe(200);
    const got = await ask(path, { port: cold.process.secureAgentPort });
    expect(got.status).toBe(200);
    expect(got.bytes).toEqual(kernel);
  } finally {
    await cold.process.stop();
    await pg.get().server.start();
  }
});
