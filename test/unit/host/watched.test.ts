import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDisks } from '../../../src/host/observe/disks.ts';
import { ownAddresses } from '../../../src/host/observe/own-addresses.ts';
import { watchTexts } from '../../../src/host/observe/watched-texts.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-watched-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('watched texts', () => {
  it('are read anew when they were written, replaced or removed, and else are the same', async () => {
    const path = join(folder, 'role');
    const watched = watchTexts([path, join(folder, 'none')]);
    const nothing = await watched.read();
    expect(nothing).toEqual([null, null]);
    expect(await watched.read()).toBe(nothing);
    await writeFile(path, 'one');
    expect(await watched.read()).toEqual(['one', null]);
    await writeFile(`${path}.new`, 'two');
    await rename(`${path}.new`, path);
    const two = await watched.read();
    expect(two).toEqual(['two', null]);
    expect(await watched.read()).toBe(two);
    await rm(path);
    expect(await watched.read()).toEqual([null, null]);
  });

  it('are bounded', async () => {
    const path = join(folder, 'large');
    await writeFile(path, 'x'.repeat(1_000_000));
    expect((await watchTexts([path]).read())[0]).toHaveLength(256 * 1024);
  });
});

describe('this host', () => {
  it('has the space of its root, and each file system once', async () => {
    const disks = await readDisks(['/', folder, join(folder, 'none'), '/proc']);
    expect(disks[0]?.path).toBe('/');
    expect(disks[0]?.sizeBytes).toBeGreaterThan(disks[0]?.freeBytes ?? 0);
    expect(disks.filter(({ path }) => path === '/')).toHaveLength(1);
    expect(disks.map(({ path }) => path)).not.toContain(join(folder, 'none'));
  });

  it('has the address of its loopback', () => {
    expect(ownAddresses().has('127.0.0.1')).toBe(true);
  });
});
