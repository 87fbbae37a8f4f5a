import { mkdtemp, readdir, readFile, rm, writeFile, stat, utimes } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Image } from '../../../src/contract/images/image.ts';
import { openImagePort } from '../../../src/main/region/image-ways.ts';
import type { ImageAccess } from '../../../src/region/images/port.ts';
import { anImage, type TestImage } from '../../kit/images.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { aRack } from '../../kit/rack.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { until } from '../../kit/until.ts';

const pg = usePostgres();
const image = anImage({ vmlinuz: Buffer.alloc(500_000, 'k') });
const kernel = image.files['vmlinuz'] ?? Buffer.alloc(0);
let folder = '';
let ways: ImageAccess;
let free: number | null = null;
let site: TestRegion;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  free = null;
  folder = await mkdtemp(join(tmpdir(), 'regent-images-'));
  const real = openImagePort({ folder, keepFree: 0 }, null);
  ways = { ...real, disk: { ...real.disk, free: async () => free ?? 2 ** 40 } };
  site = await startTestRegion(pg.get(), { images: ways });
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

const create = (one: TestImage = image, more: object = {}) =>
  site.call('POST', '/images', { body: { manifest: one.manifest, ...more } });
async function put(
  name: string,
  payload: Buffer | Readable,
  options: { digest?: string; role?: 'admin' | 'operator'; type?: string } = {},
) {
  const response = await site.api.inject({
    method: 'PUT',
    url: `/api/v1/images/${options.digest ?? image.digest}/files/${name}`,
    headers: {
      authorization: `Bearer ${site.keys[options.role ?? 'admin']}`,
      'content-type': options.type ?? 'application/octet-stream',
    },
    payload,
  });
  return { status: response.statusCode, body: JSON.parse(response.body) as Record<string, unknown> };
}
const onDisk = async () => (await ways.disk.list()).map(({ name }) => name).filter((name) => name !== 'manifest.json');
const parts = () => readdir(join(folder, '.parts')).catch(() => []);
const start = () => {
  const end = site.region.startTasks();
  ends.push(end);
  return end;
};

describe('an image', () => {
  it('is known by its manifest, once, then its files come', async () => {
    const made = await create(image, { digest: image.digest });
    expect(made).toMatchObject({
      status: 201,
      body: {
        isNew: true,
        image: { digest: image.digest, name: 'micro/6.12.57-deb13-cloud-amd64', wholeOn: [], regions: ['r1'] },
      },
    });
    expect((await create()).body).toMatchObject({ isNew: false });
    expect(await put('vmlinuz', kernel)).toMatchObject({ status: 200, body: { name: 'vmlinuz', size: 500_000 } });
    expect(await put('vmlinuz', Buffer.from('whatever'))).toMatchObject({ status: 422 });
    expect(await put('vmlinuz', kernel)).toMatchObject({ status: 200 });
    expect((await site.call('GET', `/images/${image.digest}`)).body).toMatchObject({ wholeOn: [] });
    expect(await put('initrd.img', image.files['initrd.img'] ?? kernel)).toMatchObject({ status: 200 });
    const shown = await site.call('GET', `/images/${image.digest.slice(0, 8)}`);
    expect(shown.body).toMatchObject({ wholeOn: ['r1'], size: 500_009, createdBy: 'admin' });
    expect((await site.call('GET', '/images?architecture=arm64')).body['items']).toEqual([]);
    expect((await site.call('GET', '/images?kind=micro')).body['items']).toHaveLength(1);
    expect(await readFile(join(folder, image.digest, 'vmlinuz'))).toEqual(kernel);
    const file = await site.region.images.open({ image: image.digest, name: 'vmlinuz' });
    expect(file?.size).toBe(500_000);
    await file?.close();
  });

  it('tells which racks fetched which file of it beforehand, by their own word', async () => {
    await create();
    const k1 = aRack('k1');
    await k1.register(site.agentApi);
    expect((await site.call('POST', `/racks/${k1.uuid}/accept`, { body: {} })).status).toBeLessThan(300);
    const since = '2026-03-01T09:58:00.000Z';
    const copy = (path: string, isThere: boolean) => ({ path, isThere, since });
    const copies = [
      copy(`images/${image.digest}/vmlinuz`, true),
      copy(`images/${image.digest}/initrd.img`, false),
      copy(`images/${'f'.repeat(64)}/vmlinuz`, true),
      copy(`images/${image.digest}/what`, true),
    ];
    const host = { certificate: null, disks: [], roles: { vip: null, database: null }, copies };
    expect((await k1.observe(site.agentApi, { host })).status).toBeLessThan(300);
    const racksOf = (body: object) => Object.fromEntries((body as Image).files.map(({ name, racks }) => [name, racks]));
    const told = {
      'initrd.img': [{ node: 'k1', isThere: false, since }],
      vmlinuz: [{ node: 'k1', isThere: true, since }],
    };
    expect(racksOf((await site.call('GET', `/images/${image.digest}`)).body)).toEqual(told);
    const [listed] = (await site.call('GET', '/images')).body['items'] as Image[];
    expect(racksOf(listed ?? {})).toEqual(told);
    // An agent of an earlier release says nothing of them.
    const { copies: _, ...early } = host;
    expect((await k1.observe(site.agentApi, { host: early })).status).toBeLessThan(300);
    expect(racksOf((await site.call('GET', `/images/${image.digest}`)).body)).toEqual({
      'initrd.img': [],
      vmlinuz: [],
    });
  });

  it.each([
    ['no manifest', { manifest: 'x' }, 422, 'not a JSON object'],
    ['another digest', { manifest: image.manifest, digest: 'a'.repeat(64) }, 409, `has the digest ${image.digest}`],
    ['a way out', { manifest: anImage({ '..': kernel }).manifest }, 422, 'not a file name'],
    ['a name', { manifest: image.manifest, name: '../x' }, 422, 'not usable'],
    ['a long text', { manifest: 'x'.repeat(70_000) }, 422, 'manifest'],
  ])('is refused with %s', async (_, body, status, why) => {
    const answer = await site.call('POST', '/images', { body });
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toContain(why);
    expect((await site.call('GET', '/images')).body['items']).toEqual([]);
  });

  it('is the default when it is whole, one for each architecture; the default is not deleted', async () => {
    const other = anImage({ vmlinuz: Buffer.from('another') });
    for (const one of [image, other]) {
      await create(one);
      expect((await site.call('POST', `/images/${one.digest}/default`)).status).toBe(409);
      for (const [name, bytes] of Object.entries(one.files)) await put(name, bytes, { digest: one.digest });
      expect((await site.call('POST', `/images/${one.digest}/default`)).body).toMatchObject({ isDefault: true });
    }
    const { body } = await site.call('GET', '/images?is_default=true');
    expect(body['items']).toMatchObject([{ digest: other.digest }]);
    expect(await site.call('DELETE', `/images/${other.digest}`)).toMatchObject({
      status: 409,
      body: { code: 'in_use' },
    });
    expect(await site.call('DELETE', `/images/${image.digest}`)).toMatchObject({ status: 200 });
    expect((await site.call('GET', `/images/${image.digest}`)).status).toBe(404);
    expect((await site.call('GET', '/images/xyz')).status).toBe(404);
    expect((await site.call('POST', '/images', { body: { manifest: image.manifest }, role: 'operator' })).status).toBe(
      403,
    );
  });
});

describe('an upload is refused', () => {
  beforeEach(() => create());

  it.each([
    ['truncated', kernel.subarray(1), 'by the manifest, and 499999 are announced'],
    ['longer', Buffer.concat([kernel, Buffer.from('x')]), '500001 are announced'],
    ['of another digest', Buffer.alloc(500_000, 'x'), 'but the manifest has'],
  ])('when it is %s, and leaves nothing', async (_, bytes, why) => {
    const answer = await put('vmlinuz', bytes);
    expect(answer).toMatchObject({ status: 422 });
    expect(answer.body['detail']).toContain(why);
    expect(await onDisk()).toEqual([]);
    expect(await parts()).toEqual([]);
  });

  it.each([
    ['truncated', [kernel.subarray(1)], 'ended after 499999 of 500000 bytes'],
    ['longer', [kernel, Buffer.from('x')], 'longer than 500000 bytes'],
  ])('when it is %s and announces no length', async (_, pieces, why) => {
    const answer = await put('vmlinuz', Readable.from(pieces));
    expect(answer).toMatchObject({ status: 422 });
    expect(answer.body['detail']).toContain(why);
    expect(await onDisk()).toEqual([]);
    expect(await parts()).toEqual([]);
  });

  it('by name, image, role and kind of body', async () => {
    expect(await put('..%2F..%2Fetc%2Fpasswd', kernel)).toMatchObject({ status: 404 });
    // The same as /images/DIGEST, which takes no PUT.
    expect(await put('%2e%2e', kernel)).toMatchObject({ status: 405 });
    expect(await put('other', kernel)).toMatchObject({
      status: 404,
      body: { detail: expect.stringContaining('initrd.img, vmlinuz') },
    });
    expect(await put('manifest.json', kernel)).toMatchObject({ status: 404 });
    expect(await put('vmlinuz', kernel, { digest: 'a'.repeat(64) })).toMatchObject({ status: 404 });
    expect(await put('vmlinuz', kernel, { digest: image.digest.slice(0, 20) })).toMatchObject({ status: 404 });
    expect(await put('vmlinuz', kernel, { role: 'operator' })).toMatchObject({ status: 403 });
    expect(await put('vmlinuz', Buffer.from('{}'), { type: 'application/json' })).toMatchObject({ status: 415 });
    expect(await put('vmlinuz', kernel, { type: 'text/plain' })).toMatchObject({ status: 415 });
    expect(await onDisk()).toEqual([]);
  });

  it('where the disk has too little room, with numbers', async () => {
    free = 500_000;
    const answer = await put('vmlinuz', kernel);
    expect(answer).toMatchObject({ status: 507, body: { code: 'insufficient_storage' } });
    expect(answer.body['detail']).toContain('r1 has room for 500000 more bytes of images, and this one needs 500009');
    expect(await onDisk()).toEqual([]);
  });
});

it('an image beyond the quota is refused, with numbers; one that is known already is not', async () => {
  const limit = 300 * 1e6;
  expect((await site.call('PUT', '/settings/image_limit', { body: { value: 300 } })).status).toBe(200);
  const sized = (size: number) =>
    anImage(
      {},
      { files: { vmlinuz: { size, sha256: 'a'.repeat(64) }, 'initrd.img': { size: 1, sha256: 'b'.repeat(64) } } },
    );
  expect((await create(sized(limit - 1))).status).toBe(201);
  const refused = await create(sized(1000));
  expect(refused).toMatchObject({ status: 507, body: { code: 'insufficient_storage' } });
  expect(refused.body.detail).toContain('All images have 300 MB, this one 1 MB, and together they may have 300 MB');
  expect(refused.body.detail).toContain('image_limit');
  expect((await create(sized(limit - 1))).body).toMatchObject({ isNew: false });
});

it('two uploads at once of one file are both well', async () => {
  await create();
  const answers = await Promise.all([put('vmlinuz', kernel), put('vmlinuz', kernel)]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  expect(await onDisk()).toEqual(['vmlinuz']);
  expect(await parts()).toEqual([]);
});

it('a sender that goes away leaves nothing, and the next one begins anew', async () => {
  await create();
  await site.api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = site.api.server.address() as AddressInfo;
  const outgoing = request({
    host: '127.0.0.1',
    port,
    method: 'PUT',
    path: `/api/v1/images/${image.digest}/files/vmlinuz`,
    headers: {
      authorization: `Bearer ${site.keys.admin}`,
      'content-type': 'application/octet-stream',
      'content-length': String(kernel.length),
    },
  });
  outgoing.on('error', () => {});
  outgoing.write(kernel.subarray(0, 100_000));
  await until('it comes', async () => (await parts()).length === 1);
  outgoing.destroy();
  await until('it is gone', async () => (await parts()).length === 0);
  expect(await onDisk()).toEqual([]);
  expect(await put('vmlinuz', kernel)).toMatchObject({ status: 200 });
});

describe('the task', () => {
  it('tells what is missing, damaged and there, removes what nobody has, and the files of a deleted image', async () => {
    await create();
    start();
    const states = async () => {
      const { body } = await site.call('GET', `/images/${image.digest}`);
      const files = body['files'] as { name: string; places: { node: string; state: string }[] }[];
      return Object.fromEntries(files.map(({ name, places }) => [name, places[0]?.state]));
    };
    const become = (what: string, wanted: object) =>
      until(what, async () => JSON.stringify(await states()) === JSON.stringify(wanted), { deadlineMs: 30_000 });
    await become('it looked', { 'initrd.img': 'missing', vmlinuz: 'missing' });
    await put('vmlinuz', kernel);
    await become('it is there', { 'initrd.img': 'missing', vmlinuz: 'there' });
    await writeFile(join(folder, image.digest, 'vmlinuz'), 'cut');
    await become('it is cut', { 'initrd.img': 'missing', vmlinuz: 'damaged' });
    expect(await onDisk()).toEqual([]);
    await put('vmlinuz', kernel);
    await become('it is there again', { 'initrd.img': 'missing', vmlinuz: 'there' });
    expect(await site.call('DELETE', `/images/${image.digest}`)).toMatchObject({ status: 200 });
    const left = async () => (await readdir(folder)).filter((name) => name !== '.parts');
    // The files go first, then their folder.
    await until('its files and their folder go', async () => (await left()).length === 0, { deadlineMs: 30_000 });
    expect(await onDisk()).toEqual([]);
  });

  it('a file that another program changed is given to nobody', async () => {
    await create();
    await put('vmlinuz', kernel);
    const served = () => site.region.images.open({ image: image.digest, name: 'vmlinuz' });
    await (await served())?.close();
    await site.close();
    await writeFile(join(folder, image.digest, 'vmlinuz'), Buffer.alloc(500_000, 'x'));
    site = await startTestRegion(pg.get(), { images: ways, connection: site.connection, keys: site.keys });
    expect(await served()).toBeNull();
    await until('the damaged file is gone', async () => (await onDisk()).length === 0);
    expect(await onDisk()).toEqual([]);
  });

  it('a file that is written to while the process trusts it is given to nobody, and the task lets it go', async () => {
    await create();
    await put('vmlinuz', kernel);
    const served = () => site.region.images.open({ image: image.digest, name: 'vmlinuz' });
    const before = await served();
    expect(before?.size).toBe(kernel.length);
    await before?.close();
    const path = join(folder, image.digest, 'vmlinuz');
    const { atime, mtime } = await stat(path);
    const damaged = Buffer.from(kernel);
    damaged[250_000] = (damaged[250_000] ?? 0) ^ 1;
    await writeFile(path, damaged);
    // As a program does that hides what it did: the length and the time of the last write are as they were.
    await utimes(path, atime, mtime);
    expect(await served()).toBeNull();
    expect(await onDisk()).toEqual([]);

    await put('vmlinuz', kernel);
    start();
    await until('it is there', async () => (await site.call('GET', `/images/${image.digest}`)).status === 200);
    await writeFile(path, damaged);
    await until('the task lets it go', async () => (await onDisk()).length === 0, { deadlineMs: 30_000 });
  });
});

describe('how an image is named', () => {
  const show = (text: string) => site.call('GET', `/images/${encodeURIComponent(text)}`);

  it('by its name, of several the newest; by its digest and by its first digits', async () => {
    const older = anImage({ vmlinuz: Buffer.from('older') });
    await create(older, { name: 'micro/own' });
    await create(image, { name: 'micro/own' });
    expect((await show('micro/own')).body).toMatchObject({ digest: image.digest });
    expect((await show(older.digest.slice(0, 8))).body).toMatchObject({ digest: older.digest });
    const none = await show('micro/other');
    expect(none.status).toBe(404);
    expect(none.body.detail).toContain('by its name, its digest, or the first digits of it');
  });

  it('by its digest where two architectures have the name', async () => {
    const other = anImage({ vmlinuz: Buffer.from('arm') }, { architecture: 'arm64' });
    await create(other, { name: 'micro/own' });
    await create(image, { name: 'micro/own' });
    const both = await show('micro/own');
    expect(both.status).toBe(409);
    for (const { digest } of [other, image]) expect(both.body.detail).toContain(digest.slice(0, 12));
  });
});
