import { createReadStream, readFileSync, rmSync, statSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CliIo } from '../../../../src/cli/io.ts';
import { lightFetch } from '../../../../src/cli/light-fetch.ts';
import { anImage, writeImage } from '../../../kit/images.ts';
import { FakeRegion, page, problem, run } from '../fake-region.ts';

/** `regent image`. */

const AT = '2026-03-01T09:58:00.000Z';
const source = anImage({ vmlinuz: Buffer.from('"a kernel"'), 'initrd.img': Buffer.from('"an initrd"') });
const files = Object.entries(source.files);
const image = (wholeOn: readonly string[], more: object = {}) => ({
  digest: source.digest,
  name: 'micro/6.12',
  kind: 'micro',
  architecture: 'amd64',
  kernel: '6.12.57+deb13-cloud-amd64',
  content: null,
  size: 3 * 2 ** 20,
  isDefault: false,
  createdBy: 'ada',
  createdAt: AT,
  regions: ['r1', 'r2', 'r3'],
  wholeOn,
  files: files.map(([name, bytes]) => ({
    name,
    size: bytes.length,
    sha256: 'a'.repeat(64),
    places: wholeOn.map((node) => ({ node, state: 'there', since: AT })),
  })),
  ...more,
});

let region: FakeRegion;
let folder = '';
let place = '';
beforeAll(async () => {
  region = await FakeRegion.start();
  folder = await mkdtemp(join(tmpdir(), 'regent-image-'));
  place = await writeImage(folder, source);
});
beforeEach(() => region.clear());
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await region.stop();
});
const real: Partial<CliIo> = {
  fetch: lightFetch,
  readFile: async (path) => readFileSync(path, 'utf8'),
  openFile: async (path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    const readAt = async (start: number, length: number) => readFileSync(path).subarray(start, start + length);
    return found ? { size: found.size, open: (start) => createReadStream(path, { start }), readAt } : null;
  },
};
const regent = (...argv: string[]) => run(region, ['image', ...argv], real);
const uploads = () =>
  region.seen
    .filter(({ method, headers }) => method === 'PUT' && !headers['content-range']?.startsWith('bytes */'))
    .map(({ path, body }) => [path.split('/').at(-1), body]);
const known = (before: readonly string[], after: readonly string[], isNew: boolean) => {
  region.on('POST /images', { status: 201, body: { isNew, image: image(before) } });
  for (const [name] of files) region.on(`PUT /images/${source.digest}/files/${name}`, { body: { name } });
  region.on(`GET /images/${source.digest}`, { body: image(after) });
};

describe('regent image import', () => {
  it('sends the manifest and what nobody has, as the bytes are', async () => {
    known([], ['r1'], true);
    const done = await regent('import', `${place}/`);
    expect(done.out).toBe(`image ${source.digest.slice(0, 12)} (micro/6.12) imported; whole on 1 of 3 region nodes\n`);
    expect(done.code).toBe(0);
    expect(region.seen[0]?.body).toEqual({ manifest: source.manifest, digest: source.digest });
    expect(uploads()).toEqual([
      ['initrd.img', 'an initrd'],
      ['vmlinuz', 'a kernel'],
    ]);
  });

  it('says that it is there already, and sends nothing', async () => {
    known(['r1', 'r2'], ['r1', 'r2'], false);
    const done = await regent('import', place);
    expect(done.out).toContain('is there already; whole on 2 of 3 region nodes');
    expect(uploads()).toEqual([]);
  });

  it('goes on with what was left of it', async () => {
    known([], ['r1'], false);
    expect((await regent('import', place, '--name', 'mine')).out).toContain('completed; whole on 1 of 3');
    expect(region.seen[0]?.body).toMatchObject({ name: 'mine' });
  });

  it('tries again where a region is away for a moment, and tells a refusal', async () => {
    known([], ['r1'], true);
    let calls = 0;
    region.reply(`PUT /images/${source.digest}/files/vmlinuz`, ({ headers }) => {
      if (headers['content-range']?.startsWith('bytes */')) return { body: { received: 0 } };
      calls += 1;
      return calls === 1 ? problem(503, 'unavailable', 'No region answers.') : { body: {} };
    });
    expect((await regent('import', place)).code).toBe(0);
    expect(calls).toBe(2);
    region.on(
      `PUT /images/${source.digest}/files/vmlinuz`,
      problem(507, 'insufficient_storage', 'r1 has room for 5 bytes.'),
    );
    const refused = await regent('import', place);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('r1 has room for 5 bytes.') });
  });

  it('refuses a folder that is none, or not what its manifest says, before it sends anything', async () => {
    const none = await run(region, ['image', 'import', '/nowhere'], { ...real, readFile: async () => null });
    expect(none).toMatchObject({ code: 2, err: expect.stringContaining('has no manifest.json') });
    const cut = await run(region, ['image', 'import', place], {
      ...real,
      openFile: async () => ({
        size: 1,
        open: () => createReadStream('/dev/null'),
        readAt: async () => Buffer.alloc(1),
      }),
    });
    expect(cut).toMatchObject({ code: 1, err: expect.stringContaining('has 1 bytes, and its manifest says') });
    expect(region.seen).toEqual([]);
  });
});

it('lists on how many region nodes each one is whole, and shows where which file lacks', async () => {
  region.on('GET /images', page(image(['r1', 'r2'])));
  expect((await regent('list')).out).toMatch(/micro\/6\.12 +micro +amd64 +3\.0 +- +2 of 3/);
  region.on(`GET /images/${source.digest}`, { body: image(['r1', 'r2']) });
  const { out } = await regent('show', source.digest);
  expect(out).toContain('2 of 3 region nodes: r1, r2');
  expect(out).toContain('r3: not checked yet');
  expect(out).toMatch(/Racks: +each fetches a file when a machine asks for it/);
  const whole = image(['r1', 'r2', 'r3']);
  const rack = (node: string, isThere: boolean) => ({ node, isThere, since: AT });
  const told = whole.files.map((file, index) => ({ ...file, racks: [rack('k1', true), rack('k2', index === 0)] }));
  region.on(`GET /images/${source.digest}`, { body: { ...whole, files: told } });
  const racks = (await regent('show', source.digest)).out;
  expect(racks).toMatch(/k1 +every file/);
  expect(racks).toMatch(/k2 +1 of 2 files, \S+: no region node gives it for \d+ \S+/);
});

it('sets the default and deletes', async () => {
  region.on('POST /images/3f2a90/default', { body: image(['r1']) });
  expect((await regent('set-default', '3f2a90')).out).toContain('machines of amd64 commission by');
  region.on('DELETE /images/3f2a90', problem(409, 'in_use', 'It is the default.'));
  expect(await regent('delete', '3f2a90')).toMatchObject({
    code: 4,
    err: expect.stringContaining('regent image set-default'),
  });
});
