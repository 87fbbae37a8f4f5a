import { createReadStream, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openQcow2, diskOf } from '../../../../src/cli/commands/images/qcow2.ts';
import type { CliFile, CliIo } from '../../../../src/cli/io.ts';
import { lightFetch } from '../../../../src/cli/light-fetch.ts';
import { parseManifest } from '../../../../src/model/images/image.ts';
import { sha256 } from '../../../kit/images.ts';
import { aQcow2 } from '../../../kit/qcow2.ts';
import { aTar, SYSTEM } from '../../../kit/tar.ts';
import { type FakeRegion, run } from '../fake-region.ts';

/** `regent image upload` against a region that keeps what it gets, and breaks off when it is told to. */

const CLUSTER = 65_536;
let folder = '';
let stored = Buffer.alloc(0);
let manifest = '';
let breakAfter = Number.POSITIVE_INFINITY;
let asked: string[] = [];

const answer = (body: unknown) => JSON.stringify(body);
const image = () => ({
  digest: sha256(manifest),
  name: 'rocky-10',
  kind: 'deployable',
  architecture: 'amd64',
  kernel: '',
  content: { format: 'tar', compression: 'gz', bytes: 5 * 2 ** 20, cloudInit: true },
  size: 10,
  isDefault: false,
  createdBy: 'ada',
  createdAt: '2026-03-01T09:58:00.000Z',
  regions: ['r1'],
  wholeOn: ['r1'],
  files: [],
});
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  const range = request.headers['content-range'] ?? '';
  if (request.method === 'PUT') asked.push(range.replace(/\d+$/, 'N'));
  const start = Number(/^bytes (\d+)-/.exec(range)?.[1] ?? stored.length);
  request.on('data', (chunk: Buffer) => {
    if (request.method !== 'PUT') return void chunks.push(chunk);
    stored = Buffer.concat([stored.subarray(0, start + Buffer.concat(chunks).length), chunk]);
    chunks.push(chunk);
    if (stored.length < breakAfter) return;
    breakAfter = Number.POSITIVE_INFINITY;
    request.destroy();
  });
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    if (request.method === 'PUT') return void response.end(answer({ received: stored.length }));
    if (request.method === 'GET') return void response.end(answer(image()));
    manifest = JSON.parse(Buffer.concat(chunks).toString()).manifest;
    response.writeHead(201).end(answer({ isNew: true, image: image() }));
  });
});
let region: FakeRegion;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-upload-'));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  region = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } as FakeRegion;
});
beforeEach(() => {
  [stored, manifest, breakAfter, asked] = [Buffer.alloc(0), '', Number.POSITIVE_INFINITY, []];
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const fileAt = (path: string): CliFile => ({
  size: statSync(path).size,
  open: (start) => createReadStream(path, { start, highWaterMark: 16_384 }),
  readAt: async (start, length) => readFileSync(path).subarray(start, start + length),
});
const io: Partial<CliIo> = {
  fetch: lightFetch,
  sleep: async () => {},
  openFile: async (path) => (statSync(path, { throwIfNoEntry: false }) ? fileAt(path) : null),
};
function aFile(name: string, bytes: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}
const NAMED = ['--name', 'rocky-10', '--architecture', 'amd64'] as const;
const upload = (path: string, ...more: string[]) => run(region, ['image', 'upload', path, ...NAMED, ...more], io);
const noise = (length: number) =>
  Buffer.from(Array.from({ length }, (_, index) => (index * 7919 + (index >> 3)) & 255));

describe('a tar', () => {
  it('is sent as it is, with a manifest that says what it is', async () => {
    const bytes = gzipSync(aTar(SYSTEM));
    const done = await upload(aFile('rocky.tar.gz', bytes), '--cloud-init', 'no');
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('(rocky-10) imported; whole on 1 of 1') });
    expect(stored).toEqual(bytes);
    expect(parseManifest(manifest)).toMatchObject({
      kind: 'deployable',
      name: 'rocky-10',
      content: { file: 'root.tar.gz', format: 'tar', compression: 'gz', hasCloudInit: false, bytes: null },
      files: [{ name: 'root.tar.gz', size: bytes.length, sha256: sha256(bytes) }],
    });
  });

  it('goes on where a connection broke, and where a call that was killed ended', async () => {
    const bytes = noise(300_000);
    const path = aFile('big.tar', bytes);
    breakAfter = 100_000;
    const done = await upload(path);
    expect(done.code).toBe(0);
    expect(stored).toEqual(bytes);
    expect(done.err).toContain('goes on at');
    expect(asked).toEqual([
      'bytes */N',
      'bytes 0-299999/N',
      'bytes */N',
      expect.stringMatching(/^bytes [1-9]\d+-299999/),
    ]);
    [stored, asked] = [bytes.subarray(0, 200_000), []];
    expect((await upload(path)).code).toBe(0);
    expect(asked).toEqual(['bytes */N', 'bytes 200000-299999/N']);
    expect(stored).toEqual(bytes);
    asked = [];
    expect((await upload(path)).code).toBe(0);
    expect(asked).toEqual(['bytes */N']);
  });
});

describe('a qcow2 image', () => {
  const [plain, packed] = [noise(CLUSTER), Buffer.concat([noise(CLUSTER / 2), Buffer.alloc(CLUSTER / 2)])];
  const clusters = [{ bytes: plain }, null, { bytes: packed, isPacked: true }, 'zero', { bytes: plain }] as const;
  const disk = Buffer.concat([plain, Buffer.alloc(CLUSTER), packed, Buffer.alloc(CLUSTER), plain]);

  it('is read as the disk that it has', async () => {
    const path = aFile('a.qcow2', aQcow2(clusters, 5 * CLUSTER - 512));
    const all: Uint8Array[] = [];
    for await (const chunk of diskOf(fileAt(path), await openQcow2(path, fileAt(path)))) all.push(chunk);
    expect(Buffer.concat(all).equals(disk.subarray(0, 5 * CLUSTER - 512))).toBe(true);
  });

  it('is sent as a raw disk, compressed; begun again it goes on', async () => {
    const path = aFile('b.qcow2', aQcow2(clusters));
    expect((await upload(path)).code).toBe(0);
    expect(zstdDecompressSync(stored).equals(disk)).toBe(true);
    expect(parseManifest(manifest)).toMatchObject({
      content: { file: 'disk.raw.zst', format: 'raw', compression: 'zst', bytes: disk.length },
    });
    const [whole, before] = [stored, manifest];
    stored = stored.subarray(0, 10_000);
    expect((await upload(path)).code).toBe(0);
    expect(stored.equals(whole)).toBe(true);
    expect(manifest).toBe(before);
  });

  it.each<[string, (image: Buffer) => void, string]>([
    ['on another image', (head) => head.writeBigUInt64BE(112n, 8), 'backing file'],
    ['that is encrypted', (head) => head.writeUInt32BE(2, 32), 'encrypted'],
    ['that is damaged', (head) => head.writeBigUInt64BE(2n, 72), 'damaged'],
    ['of another version', (head) => head.writeUInt32BE(9, 4), 'version 9'],
    ['with tables that are too short', (head) => head.writeBigUInt64BE(2n ** 40n, 24), 'too short'],
  ])('%s is refused', async (_, change, why) => {
    const bytes = aQcow2([null]);
    change(bytes);
    expect(await upload(aFile('bad.qcow2', bytes))).toMatchObject({ code: 1, err: expect.stringContaining(why) });
    expect(manifest).toBe('');
  });
});

it('refuses what it cannot tell, before anything is sent', async () => {
  expect(await run(region, ['image', 'upload', '/etc/hostname'], io)).toMatchObject({ code: 2 });
  expect(await upload('/nowhere')).toMatchObject({ code: 1, err: expect.stringContaining('no file /nowhere') });
  expect(await upload(aFile('thing', noise(100)))).toMatchObject({ code: 2, err: expect.stringContaining('--format') });
  expect(await upload(aFile('c.qcow2', gzipSync(noise(100))))).toMatchObject({
    code: 1,
    err: expect.stringContaining('unpack it first'),
  });
  expect(asked).toEqual([]);
});
