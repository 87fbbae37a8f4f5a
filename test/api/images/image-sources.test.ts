import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { verifiedText } from '../../../src/host/own/verified.ts';
import { readSource } from '../../../src/main/region/outside/source-reader.ts';
import { openImagePort } from '../../../src/main/region/image-ways.ts';
import { anImage, sha256 } from '../../kit/images.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { aTar, SYSTEM } from '../../kit/tar.ts';
import { pause, until } from '../../kit/until.ts';

/** Boot sources: what a web server has, signed by a key of its own, comes to a region. */

const pg = usePostgres();
const files = new Map<string, Buffer>();
const asked: string[] = [];
/** Through which proxy each was wanted; the server is asked straight. */
const proxies: string[] = [];
/** After so many bytes an answer breaks off; once. */
let breakAfter = Number.POSITIVE_INFINITY;
let [folder, keys, keyring] = ['', '', ''];
let site: TestRegion;
let end: () => Promise<void>;

const server = createServer((request, response) => {
  const path = request.url ?? '';
  asked.push(`${path}${request.headers.range ? ` ${request.headers.range}` : ''}`);
  const bytes = files.get(path);
  if (bytes === undefined) return void response.writeHead(404).end();
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': bytes.length - start });
  give(response, bytes.subarray(start));
});
async function hasPart(): Promise<boolean> {
  const parts = join(folder, '.parts');
  const sizes = await Promise.all((await readdir(parts)).map(async (name) => (await stat(join(parts, name))).size));
  return sizes.some((size) => size > 0);
}
function give(response: ServerResponse, bytes: Buffer): void {
  if (bytes.length <= breakAfter) return void response.end(bytes);
  response.write(bytes.subarray(0, breakAfter));
  void until('some of it to be on the disk', hasPart, { deadlineMs: 30_000 }).finally(() => response.destroy());
  breakAfter = Number.POSITIVE_INFINITY;
}
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/stable`;
const gpg = (...argv: string[]) => execFileSync('gpg', ['--homedir', keys, '--batch', '--quiet', ...argv]);
function sign(text: string, user = 'good'): Buffer {
  writeFileSync(join(keys, 'text'), text);
  return gpg('--yes', '--local-user', user, '--clearsign', '--output', '-', join(keys, 'text'));
}

beforeAll(async () => {
  keys = mkdtempSync(join(tmpdir(), 'regent-gpg-'));
  for (const user of ['good', 'bad']) gpg('--passphrase', '', '--quick-generate-key', user, 'ed25519', 'sign', 'never');
  keyring = gpg('--export', 'good').toString('base64');
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
});
afterAll(() => {
  server.close();
  execFileSync('gpgconf', ['--homedir', keys, '--kill', 'gpg-agent']);
  rmSync(keys, { recursive: true, force: true });
});
beforeEach(async () => {
  [asked.length, proxies.length, breakAfter] = [0, 0, Number.POSITIVE_INFINITY];
  files.clear();
  folder = await mkdtemp(join(tmpdir(), 'regent-images-'));
  const ways = openImagePort({ folder, keepFree: 0 }, null);
  const read: typeof readSource = (address, how) => {
    proxies.push(how.proxy);
    return readSource(address, { ...how, proxy: '' });
  };
  site = await startTestRegion(pg.get(), { images: { ...ways, sources: { read, verified: verifiedText } } });
  end = site.region.startTasks();
});
afterEach(async () => {
  await end();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

const system = aTar([...SYSTEM, { name: './usr/noise', body: randomBytes(300_000) }]);
const root = gzipSync(system, { level: 1 });

/** A stream as MAAS's: one system with a root, one without. */
function offerStream(user = 'good', changes: object = {}): void {
  const item = { ftype: 'root-tgz', path: 'centos/root.tgz', size: root.length, sha256: sha256(root), ...changes };
  const products = {
    format: 'products:1.0',
    products: {
      centos: { os: 'centos', release: '9', arch: 'amd64', versions: { 20260101: { items: { root: item } } } },
      noble: {
        os: 'ubuntu',
        release: 'noble',
        arch: 'amd64',
        versions: { 20260101: { items: { s: { ftype: 'squashfs' } } } },
      },
    },
  };
  const index = { format: 'index:1.0', index: { maas: { format: 'products:1.0', path: 'streams/v1/maas.sjson' } } };
  files.set('/stable/streams/v1/index.sjson', sign(JSON.stringify(index)));
  files.set('/stable/streams/v1/maas.sjson', sign(JSON.stringify(products), user));
  files.set('/stable/centos/root.tgz', root);
}
const source = (more: object = {}) =>
  site.call('POST', '/boot-sources', { body: { name: 'maas', sourceUrl: url(), keyring, ...more } });
const ask = () => site.call('POST', '/boot-sources/maas/sync', { body: {} });
const syncs = async () => (await site.call('GET', '/image-syncs')).body['items'] as Record<string, unknown>[];
async function sync(): Promise<Record<string, unknown>> {
  expect(await ask()).toMatchObject({ status: 200 });
  await until('it has ended', async () => (await syncs())[0]?.['endedAt'] !== null, { deadlineMs: 50_000 });
  return (await syncs())[0] ?? {};
}
/** Not within two rounds of the task. */
async function expectNever(is: () => Promise<boolean>): Promise<void> {
  await pause(2500);
  expect(await is()).toBe(false);
}
const images = async () => (await site.call('GET', '/images')).body['items'] as Record<string, unknown>[];

it('what is new comes once, by the signature of the source; what has no root is told', async () => {
  offerStream();
  expect((await source()).status).toBe(201);
  expect(await sync()).toMatchObject({
    source: 'maas',
    state: 'done',
    node: 'r1',
    images: 1,
    fetched: 1,
    problem: expect.stringContaining('ubuntu/noble'),
  });
  const [image] = await images();
  expect(image).toMatchObject({
    name: 'centos/9',
    wholeOn: ['r1'],
    createdBy: 'boot source maas',
    content: { bytes: system.length },
  });
  expect(await readFile(join(folder, String(image?.['digest']), 'root.tar.gz'))).toEqual(root);
  asked.length = 0;
  expect(await sync()).toMatchObject({ state: 'done', fetched: 1 });
  expect(asked.filter((path) => path.endsWith('.tgz'))).toEqual([]);
});

it('is looked at again after the hours of the setting, by itself; with 0 never, and not without its key', async () => {
  offerStream();
  await source();
  await sync();
  const later = (hours: number) =>
    pg
      .get()
      .admin(`update boot_source_syncs set ended_at = now() - interval '${hours} hours'`, site.connection.database);
  const isAsked = async () => ((await syncs())[0]?.['askedAt'] ?? '') > asked0;
  let asked0 = String((await syncs())[0]?.['askedAt']);
  await later(23);
  await expectNever(isAsked);
  await site.call('PUT', '/settings/image_sync_hours', { body: { value: 0 } });
  await later(25);
  await expectNever(isAsked);
  await site.call('PATCH', '/boot-sources/maas', { body: { keyring: '' } });
  await site.call('PUT', '/settings/image_sync_hours', { body: { value: 12 } });
  await expectNever(isAsked);
  await site.call('PATCH', '/boot-sources/maas', { body: { keyring } });
  await until('it is looked at', isAsked, { deadlineMs: 20_000 });
  await until('it has ended', async () => (await syncs())[0]?.['endedAt'] !== null, { deadlineMs: 50_000 });
  expect((await syncs())[0]).toMatchObject({ state: 'done', fetched: 1 });
  asked0 = String((await syncs())[0]?.['askedAt']);
  await expectNever(isAsked);
});

it('a file that breaks off is gone on with, in the middle', async () => {
  offerStream();
  await source();
  const index = files.get('/stable/streams/v1/index.sjson')?.length ?? 0;
  breakAfter = Math.max(100_000, index + 1);
  expect(breakAfter).toBeLessThan(root.length);
  expect(await sync()).toMatchObject({ state: 'done', fetched: 1 });
  const tries = asked.filter((path) => path.startsWith('/stable/centos'));
  expect(tries[0]).toBe('/stable/centos/root.tgz');
  expect(tries[1]).toMatch(/^\/stable\/centos\/root\.tgz bytes=[1-9]\d+-$/);
});

it('is asked through the proxy of the site, but straight where boot_images_no_proxy says so', async () => {
  offerStream();
  expect(
    await site.call('PUT', '/settings/http_proxy', { body: { value: 'http://proxy.example.test:3128' } }),
  ).toMatchObject({ status: 200 });
  await source();
  expect(await sync()).toMatchObject({ state: 'done', fetched: 1 });
  expect(proxies).toEqual(Array.from({ length: 3 }, () => 'http://proxy.example.test:3128'));
  await site.call('PUT', '/settings/boot_images_no_proxy', { body: { value: true } });
  expect(await sync()).toMatchObject({ state: 'done', fetched: 1 });
  expect(proxies.slice(3)).toEqual(['', '']);
});

it.each<[string, () => void, string]>([
  ['that another key has signed', () => offerStream('bad'), 'not signed by the source'],
  [
    'that was changed',
    () => {
      offerStream();
      const text = files.get('/stable/streams/v1/maas.sjson')?.toString() ?? '';
      files.set('/stable/streams/v1/maas.sjson', Buffer.from(text.replace('centos', 'kentos')));
    },
    'not signed by the source',
  ],
  [
    'that is not signed',
    () => {
      offerStream();
      files.set('/stable/streams/v1/index.sjson', Buffer.from('{"format":"index:1.0","index":{}}'));
    },
    'not signed by the source',
  ],
])('a list %s gives nothing', async (_, offer, why) => {
  offer();
  await source();
  expect(await sync()).toMatchObject({ state: 'failed', problem: expect.stringContaining(why) });
  expect(await images()).toEqual([]);
});

it('a file of another digest is refused and leaves nothing', async () => {
  offerStream('good', { sha256: 'a'.repeat(64) });
  await source();
  expect(await sync()).toMatchObject({ state: 'failed', problem: expect.stringContaining('but the manifest has') });
  expect(await images()).toEqual([]);
  expect((await readdir(join(folder, '.parts'))).length).toBe(0);
});

it('a source of ours gives images of all kinds, of which those that are selected come', async () => {
  const [one, other] = [anImage(), anImage({}, { architecture: 'arm64' })];
  for (const { digest, manifest, files: own } of [one, other]) {
    files.set(`/stable/images/${digest}/manifest.json`, Buffer.from(manifest));
    for (const [name, bytes] of Object.entries(own)) files.set(`/stable/images/${digest}/${name}`, bytes);
  }
  files.set('/stable/index.sjson', sign(JSON.stringify({ format: 1, images: [one.digest, other.digest] })));
  await source({ type: 'regent', selections: 'micro/*:amd64' });
  expect(await sync()).toMatchObject({ state: 'done', images: 1, fetched: 1, problem: '' });
  expect(await images()).toMatchObject([{ digest: one.digest, wholeOn: ['r1'], kind: 'micro' }]);
  files.set(`/stable/images/${one.digest}/manifest.json`, Buffer.from(other.manifest));
  expect(await sync()).toMatchObject({ state: 'failed', problem: expect.stringContaining('another digest') });
});

it('is refused without an address, without a key over plain http, and by who may not', async () => {
  await source({ sourceUrl: undefined });
  expect(await ask()).toMatchObject({ status: 409, body: { detail: expect.stringContaining('no address') } });
  await site.call('PATCH', '/boot-sources/maas', { body: { sourceUrl: url(), keyring: '' } });
  expect(await ask()).toMatchObject({ status: 409, body: { detail: expect.stringContaining('no key') } });
  expect((await site.call('POST', '/boot-sources/other/sync', { body: {} })).status).toBe(404);
  expect((await site.call('POST', '/boot-sources/maas/sync', { body: {}, role: 'operator' })).status).toBe(403);
});
