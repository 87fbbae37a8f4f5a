import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openImagePort } from '../../../src/main/region/image-ways.ts';
import { anImage, type TestImage } from '../../kit/images.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { aProgram, aTar, SYSTEM } from '../../kit/tar.ts';
import { until } from '../../kit/until.ts';

/** Images that machines are deployed with: uploaded in pieces, looked at before they are anybody's. */

const pg = usePostgres();
let folder = '';
let site: TestRegion;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-images-'));
  site = await startTestRegion(pg.get(), { images: openImagePort({ folder, keepFree: 0 }, null) });
});
afterEach(async () => {
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

/** One with this root, under a file name of its format and compression. */
function aDeployable(bytes: Buffer, changes: object = {}, file = 'root.tar'): TestImage {
  const [, compression = 'none'] = /\.(gz|xz|zst)$/.exec(file) ?? [];
  const format = file.startsWith('root.tar') ? 'tar' : 'raw';
  const { manifest, digest } = anImage(
    {},
    {
      kind: 'deployable',
      kernel: undefined,
      name: 'debian-13',
      files: Object.fromEntries(Object.entries(anImageFile(file, bytes))),
      content: { file, format, compression, cloudInit: true, ...changes },
    },
  );
  return { manifest, digest, files: { [file]: bytes } };
}
function anImageFile(file: string, bytes: Buffer) {
  const told = JSON.parse(anImage({ [file]: bytes }).manifest).files as Record<string, object>;
  return { [file]: told[file] };
}
const create = (one: TestImage) => site.call('POST', '/images', { body: { manifest: one.manifest } });
async function put(one: TestImage, { range, bytes }: { readonly range?: string; readonly bytes?: Buffer } = {}) {
  const [name = ''] = Object.keys(one.files);
  const whole = one.files[name] ?? Buffer.alloc(0);
  const response = await site.api.inject({
    method: 'PUT',
    url: `/api/v1/images/${one.digest}/files/${name}`,
    headers: {
      authorization: `Bearer ${site.keys.admin}`,
      'content-type': 'application/octet-stream',
      ...(range === undefined ? {} : { 'content-range': range }),
    },
    payload: bytes ?? whole,
  });
  return { status: response.statusCode, body: JSON.parse(response.body) as Record<string, unknown> };
}
const system = aTar(SYSTEM);
const parts = () => readdir(join(folder, '.parts')).catch(() => []);
const stored = async (one: TestImage) =>
  (await readdir(join(folder, one.digest)).catch(() => [])).filter((name) => name !== 'manifest.json');

describe('a deployable image', () => {
  it.each([
    ['root.tar', system],
    ['root.tar.gz', gzipSync(system)],
    ['root.tar.zst', zstdCompressSync(system)],
    ['root.tar.xz', execFileSync('xz', ['--stdout'], { input: system })],
  ])('as %s is taken when it is what it says, and how large it is unpacked', async (file, bytes) => {
    const one = aDeployable(bytes, {}, file);
    expect((await create(one)).body).toMatchObject({
      image: { name: 'debian-13', kernel: '', content: { bytes: null } },
    });
    expect(await put(one)).toMatchObject({ status: 200, body: { received: bytes.length } });
    expect((await site.call('GET', `/images/${one.digest}`)).body).toMatchObject({
      wholeOn: ['r1'],
      content: { format: 'tar', bytes: system.length, cloudInit: true },
    });
  });

  it.each([
    [
      'of another architecture',
      aTar([{ name: './usr/bin/sh', body: aProgram(183) }]),
      {},
      'of arm64, but its manifest says amd64',
    ],
    ['that leads out', aTar([...SYSTEM, { name: '../../etc/passwd' }]), {}, 'leads out'],
    ['with a device', aTar([...SYSTEM, { name: './dev/sda', type: '4', major: 8 }]), {}, 'is a device'],
    ['that is cut', aTar(SYSTEM, { isCut: true }), {}, 'ends in the middle'],
    ['that is longer than it says', system, { bytes: 1000 }, 'unpacks to more than 1000 bytes'],
    ['without cloud-init', aTar([{ name: './usr/bin/sh', body: aProgram() }]), {}, 'no /usr/bin/cloud-init'],
  ])('%s is refused, and leaves nothing', async (_, tar, changes, why) => {
    const one = aDeployable(zstdCompressSync(tar), changes, 'root.tar.zst');
    await create(one);
    const answer = await put(one);
    expect(answer).toMatchObject({ status: 422, body: { detail: expect.stringContaining(why) } });
    expect(await stored(one)).toEqual([]);
    expect(await parts()).toEqual([]);
    // Nor does a list show an image that nobody has.
    expect((await site.call('GET', `/images/${one.digest}`)).status).toBe(404);
    expect((await site.call('GET', '/events?limit=1000')).raw).toContain(
      `"kind":"image.deleted","subject":"${one.digest}"`,
    );
  });

  it.each([
    ['root.tar.gz', gzipSync(system).subarray(0, 200)],
    ['root.tar.zst', Buffer.from('no zstd at all')],
    ['root.tar.xz', execFileSync('xz', ['--stdout'], { input: system }).subarray(0, 200)],
  ])('as %s that is damaged is refused', async (file, bytes) => {
    const one = aDeployable(bytes, {}, file);
    await create(one);
    expect(await put(one)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('cannot be unpacked as') },
    });
    expect(await stored(one)).toEqual([]);
  });

  it('that is a bomb is refused in little time and memory', { timeout: 120_000 }, async () => {
    const bomb = zstdCompressSync(aTar([...SYSTEM, { name: './usr/zeros', body: Buffer.alloc(2 ** 30 + 2 ** 20) }]));
    expect(bomb.length).toBeLessThan(200_000);
    const one = aDeployable(bomb, {}, 'root.tar.zst');
    await create(one);
    const before = process.memoryUsage().rss;
    expect(await put(one)).toMatchObject({
      status: 422,
      body: { detail: expect.stringContaining('far more than a system grows') },
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });
});

describe('an upload in pieces', () => {
  const one = aDeployable(system);
  const size = system.length;
  beforeEach(() => create(one));
  const piece = (start: number, end: number) =>
    put(one, { range: `bytes ${start}-${end - 1}/${size}`, bytes: system.subarray(start, end) });
  const ask = async () => (await put(one, { range: `bytes */${size}`, bytes: Buffer.alloc(0) })).body['received'];

  it('goes on where it ended', async () => {
    expect(await ask()).toBe(0);
    expect(await piece(0, 1000)).toMatchObject({ status: 200, body: { received: 1000 } });
    expect(await ask()).toBe(1000);
    expect(await piece(500, 1500)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('at byte 1000') },
    });
    expect(await piece(1000, size)).toMatchObject({ status: 200, body: { received: size } });
    expect(await ask()).toBe(size);
    expect((await site.call('GET', `/images/${one.digest}`)).body).toMatchObject({ wholeOn: ['r1'] });
    expect(await piece(0, 1000)).toMatchObject({ status: 200, body: { received: size } });
  });

  it('goes on where its sender went away', async () => {
    await site.api.listen({ host: '127.0.0.1', port: 0 });
    const { port } = site.api.server.address() as AddressInfo;
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method: 'PUT',
      path: `/api/v1/images/${one.digest}/files/root.tar`,
      headers: {
        authorization: `Bearer ${site.keys.admin}`,
        'content-type': 'application/octet-stream',
        'content-length': String(size),
        'content-range': `bytes 0-${size - 1}/${size}`,
      },
    });
    outgoing.on('error', () => {});
    outgoing.write(system.subarray(0, 2000));
    await until('some came', async () => (await ask()) === 2000);
    expect(await piece(2000, size)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('another call') },
    });
    outgoing.destroy();
    await until('it is gone on with', async () => (await piece(2000, size)).status === 200);
    expect(await stored(one)).toEqual(['root.tar']);
  });

  it.each([
    ['bytes 0-10', 'FIRST-LAST/SIZE'],
    ['items 0-1/2', 'FIRST-LAST/SIZE'],
    [`bytes 0-9/${size + 1}`, `the file has ${size} bytes`],
    [`bytes 10-9/${size}`, 'lies within'],
    [`bytes 0-${size}/${size}`, 'lies within'],
    [`bytes 0-9/${size}`, 'the range has 10 bytes'],
  ])('is refused with the range %s', async (range, why) => {
    expect(await put(one, { range })).toMatchObject({ status: 422, body: { detail: expect.stringContaining(why) } });
    expect(await ask()).toBe(0);
  });
});
