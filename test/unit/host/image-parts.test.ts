import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openImageDisk } from '../../../src/host/own/image-disk.ts';
import { unpacked } from '../../../src/host/own/unpacked.ts';
import { sha256 } from '../../kit/images.ts';

/** Files of images that come in pieces. */

const bytes = Buffer.from(Array.from({ length: 5000 }, (_, index) => index % 251));
const file = { image: 'a'.repeat(64), name: 'root.tar', size: bytes.length, sha256: sha256(bytes) };
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-images-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const disk = () => openImageDisk({ folder, keepFree: 0 });
const parts = () => readdir(join(folder, '.parts'));
async function* chunks(...pieces: readonly Buffer[]) {
  yield* pieces;
}
async function* broken(piece: Buffer) {
  yield piece;
  throw new Error('it went away');
}

describe('bytes that broke off', () => {
  it('are gone on with, also by another process', async () => {
    const own = disk();
    await expect(own.write(file, broken(bytes.subarray(0, 2000)), { isResumable: true })).rejects.toThrow('went away');
    expect(await own.received(file)).toBe(2000);
    expect(await own.list()).toEqual([]);
    const other = disk();
    expect(await other.received(file)).toBe(2000);
    const rest = { start: 2000, isResumable: true };
    expect(await other.write(file, chunks(bytes.subarray(2000)), rest)).toBeNull();
    expect(await other.list()).toMatchObject([{ size: 5000 }]);
    expect(await parts()).toEqual([]);
  });

  it('come in pieces one after the other', async () => {
    const own = disk();
    const piece = (start: number, until: number) =>
      own.write(file, chunks(bytes.subarray(start, until)), { start, until, isResumable: true });
    expect(await piece(0, 1000)).toBeNull();
    expect(await piece(2000, 3000)).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('at byte 1000'),
    });
    expect(await own.received(file)).toBe(1000);
    expect(await piece(1000, 4000)).toBeNull();
    expect(await piece(4000, 5000)).toBeNull();
    expect(await own.digest(file, { isGentle: false, signal: AbortSignal.timeout(5000) })).toBe(file.sha256);
  });

  it('that were others are refused at the end, and leave nothing', async () => {
    const own = disk();
    await own.write(file, chunks(Buffer.alloc(2000)), { until: 2000, isResumable: true });
    expect(await own.write(file, chunks(bytes.subarray(2000)), { start: 2000, isResumable: true })).toMatchObject({
      message: expect.stringContaining('but the manifest has'),
    });
    expect(await parts()).toEqual([]);
  });

  it('have one writer; who begins anew meanwhile writes beside', async () => {
    const own = disk();
    const { promise, resolve } = Promise.withResolvers<void>();
    async function* slowly() {
      yield bytes.subarray(0, 3000);
      await promise;
      yield bytes.subarray(3000);
    }
    const first = own.write(file, slowly(), { isResumable: true });
    while ((await own.received(file)) < 3000) await new Promise((done) => setImmediate(done));
    expect(await own.write(file, chunks(bytes.subarray(3000)), { start: 3000, isResumable: true })).toMatchObject({
      code: 'conflict',
    });
    expect(await own.write(file, chunks(bytes), { isResumable: true })).toBeNull();
    resolve();
    expect(await first).toBeNull();
    expect(await parts()).toEqual([]);
  });

  it('go when nobody wants the file any more', async () => {
    const own = disk();
    await own.write(file, chunks(bytes.subarray(0, 100)), { until: 100, isResumable: true });
    expect(await own.dropParts(() => true)).toBe(0);
    expect(await own.dropParts(({ name }) => name !== 'root.tar')).toBe(1);
    expect(await own.received(file)).toBe(0);
  });
});

it('the last word on a file is whoever looks at it', async () => {
  const own = disk();
  const seen: Buffer[] = [];
  const look = async (unpack: (compression: string) => AsyncIterable<Uint8Array>) => {
    for await (const chunk of unpack('none')) seen.push(Buffer.from(chunk));
    return { kind: 'rejected', code: 'invalid_value', message: 'It is no system.' } as const;
  };
  expect(await own.write(file, chunks(bytes), { inspect: look })).toMatchObject({ message: 'It is no system.' });
  expect(Buffer.concat(seen)).toEqual(bytes);
  expect(await own.list()).toEqual([]);
  expect(await parts()).toEqual([]);
});

describe('a packed file', () => {
  const packed = {
    gz: gzipSync(bytes),
    zst: zstdCompressSync(bytes),
    xz: execFileSync('xz', ['--stdout'], { input: bytes }),
    none: bytes,
  };
  const read = async (compression: string, content: Buffer) => {
    const path = join(folder, 'packed');
    await writeFile(path, content);
    const all: Uint8Array[] = [];
    for await (const chunk of unpacked(path, compression)) all.push(chunk);
    return Buffer.concat(all);
  };

  it.each(Object.entries(packed))('by %s is unpacked', async (compression, content) => {
    expect(await read(compression, content)).toEqual(bytes);
  });

  it.each(Object.entries(packed).filter(([name]) => name !== 'none'))(
    'by %s that is cut or changed is told',
    async (compression, content) => {
      await expect(read(compression, content.subarray(0, content.length - 9))).rejects.toThrow(/end|trunc|unexpected/i);
      await expect(read(compression, Buffer.from('something else, of some length'))).rejects.toThrow(
        /header|format|unknown/i,
      );
    },
  );

  it('is let go of in the middle', async () => {
    const path = join(folder, 'big');
    await writeFile(path, execFileSync('xz', ['--stdout', '-0'], { input: Buffer.alloc(50_000_000) }));
    for await (const chunk of unpacked(path, 'xz')) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
  });
});
