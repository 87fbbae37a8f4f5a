import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { openImagePort } from '../../../src/main/region/image-ways.ts';
import { authorizationOf, maasClient } from '../../kit/maas.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { aTar, SYSTEM } from '../../kit/tar.ts';

/** Images that come by the MAAS API in pieces, each to another region node. */

const pg = usePostgres();
const folders: string[] = [];
let one: TestRegion;
let two: TestRegion;
beforeAll(async () => {
  for (const name of ['one', 'two']) folders.push(await mkdtemp(join(tmpdir(), `regent-images-${name}-`)));
  const images = (at: number) => openImagePort({ folder: folders[at] ?? '', keepFree: 0 }, null);
  one = await startTestRegion(pg.get(), { images: images(0) });
  two = await startTestRegion(pg.get(), { images: images(1), connection: one.connection, keys: one.keys });
});
afterAll(async () => {
  await two.close();
  await one.close();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  await admin('delete from images');
  for (const folder of folders)
    for (const name of await readdir(folder))
      if (/^[0-9a-f]{64}$/.test(name)) await rm(join(folder, name), { recursive: true });
});

const admin = (text: string) => pg.get().admin<{ count: number }>(text, one.connection.database);
const waiting = async () => (await admin('select count(*)::int as count from image_pieces'))[0]?.count;
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const root = gzipSync(aTar(SYSTEM));
const third = Math.ceil(root.length / 3);
const pieces = [0, 1, 2].map((at) => root.subarray(at * third, (at + 1) * third));

/** Announces the image; gives where its pieces go, and its digest. */
async function announce(site: TestRegion, given: Readonly<Record<string, string>> = {}) {
  const made = await maasClient(site).post('boot-resources/', '', {
    name: 'custom/trial',
    architecture: 'amd64/generic',
    filetype: 'tgz',
    size: String(root.length),
    sha256: sha256(root),
    ...given,
  });
  expect([made.status, made.raw]).toEqual([201, expect.stringContaining('upload_uri')]);
  const [set] = Object.values<{ files: Record<string, { upload_uri: string }> }>(made.body.sets);
  return { uri: set?.files['root.tar.gz']?.upload_uri ?? '', self: String(made.body.resource_uri) };
}

async function put(site: TestRegion, url: string, payload: Buffer) {
  const response = await site.api.inject({
    method: 'PUT',
    url,
    headers: { authorization: authorizationOf(site.keys.admin), 'content-type': 'application/octet-stream' },
    payload,
  });
  return { status: response.statusCode, text: response.body };
}

async function isWhole(site: TestRegion, self: string): Promise<boolean | undefined> {
  const [set] = Object.values<{ complete: boolean }>((await maasClient(site).get(self)).body.sets);
  return set?.complete;
}

it('are put together by who takes the last one', async () => {
  const { uri, self } = await announce(one);
  for (const [at, site] of [one, two, one].entries())
    expect(await put(site, uri, pieces[at] ?? root)).toMatchObject({ status: 200 });
  expect(await isWhole(two, self)).toBe(true);
  const [image] = await pg.get().admin<{ digest: string }>('select digest from images', one.connection.database);
  expect(sha256(await readFile(join(folders[0] ?? '', image?.digest ?? '', 'root.tar.gz')))).toBe(sha256(root));
  expect(await waiting()).toBe(0);
  // What comes after the last byte is not read.
  expect(await put(two, uri, pieces[0] ?? root)).toMatchObject({ status: 200 });
  expect(await waiting()).toBe(0);
});

it('begin anew when the image is announced again, on any node', async () => {
  const first = await announce(one);
  await put(one, first.uri, pieces[0] ?? root);
  await put(two, first.uri, pieces[1] ?? root);
  // The client gave up, and its user tries again.
  const { uri, self } = await announce(two);
  expect([uri, await waiting()]).toEqual([first.uri, 0]);
  for (const [at, site] of [two, one, two].entries()) await put(site, uri, pieces[at] ?? root);
  expect(await isWhole(one, self)).toBe(true);
});

it('are refused when they are another file than was announced, and can be sent again', async () => {
  const { uri, self } = await announce(one);
  const other = Buffer.from(root);
  other[third] = (other[third] ?? 0) ^ 1;
  await put(one, uri, other.subarray(0, third * 2));
  const refused = await put(two, uri, other.subarray(third * 2));
  expect([refused.status, refused.text]).toEqual([400, expect.stringContaining(sha256(root).slice(0, 12))]);
  // Nothing is left of it.
  expect([(await maasClient(one).get(self.replace('/MAAS/api/2.0/', ''))).status, await waiting()]).toEqual([404, 0]);
  const again = await announce(two);
  expect(again.uri).toBe(uri);
  for (const piece of pieces) await put(one, uri, piece);
  expect(await isWhole(one, self)).toBe(true);
});

it('are refused beyond the end', async () => {
  const { uri } = await announce(one);
  await put(one, uri, pieces[0] ?? root);
  const refused = await put(two, uri, root);
  expect([refused.status, Object.keys(JSON.parse(refused.text) as object)]).toEqual([400, ['content']]);
  expect(await waiting()).toBe(1);
});

it('take one place each, also when two come at once', async () => {
  const { uri } = await announce(one);
  const [first = root, second = root] = pieces;
  const answers = await Promise.all([put(one, uri, first), put(two, uri, second)]);
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect([
    [200, 200],
    [200, 400],
  ]).toContainEqual(statuses);
  expect(await waiting()).toBe(statuses.filter((status) => status === 200).length);
});

it('are refused before anything is made where the file is larger than the database takes', async () => {
  const { status, raw } = await maasClient(one).post('boot-resources/', '', {
    name: 'custom/large',
    architecture: 'amd64/generic',
    filetype: 'tgz',
    size: String(2 ** 30 + 1),
    sha256: sha256(root),
  });
  expect([status, raw]).toEqual([400, expect.stringContaining('regent image upload')]);
  expect(await admin('select from images')).toEqual([]);
});

it('go with their image', async () => {
  const { uri, self } = await announce(one);
  await put(one, uri, pieces[0] ?? root);
  expect((await maasClient(two).remove(self)).status).toBe(204);
  expect(await waiting()).toBe(0);
  expect((await put(one, uri, pieces[1] ?? root)).status).toBe(404);
});
