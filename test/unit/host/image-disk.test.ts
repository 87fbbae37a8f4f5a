import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openImageDisk } from '../../../src/host/own/image-disk.ts';
import { anImage, sha256 } from '../../kit/images.ts';

const image = anImage({ vmlinuz: Buffer.alloc(3_000_000, 'k') });
const bytes = image.files['vmlinuz'] ?? Buffer.alloc(0);
const file = { image: image.digest, name: 'vmlinuz', size: bytes.length, sha256: sha256(bytes) };
const never = new AbortController().signal;
async function* chunks(...pieces: readonly Buffer[]) {
  yield* pieces;
}

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-images-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const disk = (more: object = {}) => openImageDisk({ folder, keepFree: 0, ...more });

async function readAll(from: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of from) all.push(chunk);
  return Buffer.concat(all);
}

it('a file that came whole is there, with its length and its digest, in a mode that is nobody else’s', async () => {
  const own = disk();
  expect(await own.write(file, chunks(bytes.subarray(0, 1_000_000), bytes.subarray(1_000_000)))).toBeNull();
  const stamp = await own.stamp(file);
  expect(await own.list()).toEqual([{ image: image.digest, name: 'vmlinuz', size: bytes.length, stamp }]);
  expect(await own.digest(file, { isGentle: false, signal: never })).toBe(file.sha256);
  expect((await stat(join(folder, image.digest, 'vmlinuz'))).mode & 0o777).toBe(0o600);
  const open = await own.open(file);
  expect([open?.size, open?.stamp]).toEqual([bytes.length, stamp]);
  expect((await readAll(open?.bytes(1, 3) ?? chunks())).toString()).toBe('kkk');
  expect(await readdir(join(folder, '.parts'))).toEqual([]);
});

it('a file has another stamp after each write, whatever its times say; without the file there is none', async () => {
  const own = disk();
  expect(await own.stamp(file)).toBeNull();
  await own.write(file, chunks(bytes));
  const [before, path] = [await own.stamp(file), join(folder, image.digest, 'vmlinuz')];
  const { atime, mtime } = await stat(path);
  await (await own.open(file))?.close();
  expect(await own.stamp(file)).toBe(before);
  await writeFile(path, bytes);
  await utimes(path, atime, mtime);
  expect(await own.stamp(file)).not.toBe(before);
});

it.each([
  ['truncated', [bytes.subarray(1)], 'ended after 2999999 of 3000000 bytes'],
  ['longer', [bytes, Buffer.from('x')], 'longer than 3000000 bytes'],
  ['others', [Buffer.alloc(3_000_000, 'x')], 'but the manifest has'],
])('bytes that are %s leave nothing', async (_, pieces, why) => {
  const own = disk();
  expect(await own.write(file, chunks(...pieces))).toMatchObject({ message: expect.stringContaining(why) });
  expect(await own.list()).toEqual([]);
  expect(await readdir(join(folder, '.parts'))).toEqual([]);
});

it('a sender that goes away leaves nothing, and what is there stays', async () => {
  const own = disk();
  await own.write(file, chunks(bytes));
  async function* broken() {
    yield bytes.subarray(0, 10);
    throw new Error('it went away');
  }
  await expect(own.write(file, broken())).rejects.toThrow('it went away');
  expect(await own.digest(file, { isGentle: false, signal: never })).toBe(file.sha256);
  expect(await readdir(join(folder, '.parts'))).toEqual([]);
});

it('parts of a process that died go', async () => {
  await mkdir(join(folder, '.parts'));
  await writeFile(join(folder, '.parts', 'left'), 'x');
  expect(await disk().list()).toEqual([]);
  expect(await readdir(join(folder, '.parts'))).toEqual([]);
});

it('keeps room for others, and says how much there is', async () => {
  const [all, some] = [await disk().free(), await disk({ keepFree: 2 ** 30 }).free()];
  expect(all).toBeGreaterThan(0);
  expect(some).toBeLessThan(all);
  expect(await disk({ keepFree: 2 ** 60 }).free()).toBe(0);
});

it('reads slowly where it may, and ends when it shall', async () => {
  const own = disk({ gentleBytesPerS: 20 * 2 ** 20 });
  await own.write(file, chunks(bytes));
  const before = performance.now();
  expect(await own.digest(file, { isGentle: true, signal: never })).toBe(file.sha256);
  // Two whole pieces of 1 MiB, 50 ms after each; timers may be a little early.
  expect(performance.now() - before).toBeGreaterThan(90);
  await expect(own.digest(file, { isGentle: true, signal: AbortSignal.abort(new Error('ended')) })).rejects.toThrow(
    'ended',
  );
});

it('keeps the manifest while there is a file, and no other names at all', async () => {
  const own = disk();
  await own.writeManifest(image.digest, image.manifest);
  await own.write(file, chunks(bytes));
  expect(await own.readManifest(image.digest)).toBe(image.manifest);
  await writeFile(join(folder, 'README'), 'x');
  await symlink('/etc/passwd', join(folder, image.digest, '..link'));
  expect((await own.list()).map(({ name }) => name).sort()).toEqual(['manifest.json', 'vmlinuz']);
  await rm(join(folder, image.digest, '..link'));
  await own.remove(file);
  expect(await own.readManifest(image.digest)).toBeNull();
  expect((await readdir(folder)).sort()).toEqual(['.parts', 'README']);
  expect(await own.open(file)).toBeNull();
  expect(await own.digest(file, { isGentle: false, signal: never })).toBeNull();
  for (const name of ['../x', '..', 'a/b', ''])
    await expect(own.open({ image: image.digest, name }), name).rejects.toThrow('not the name');
  await expect(own.open({ image: '..', name: 'x' })).rejects.toThrow('not the name');
  expect(await readFile(join(folder, 'README'), 'utf8')).toBe('x');
});
