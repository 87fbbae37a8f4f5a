import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openImagePort } from '../../../src/main/region/image-ways.ts';
import { authorizationOf, maasClient, type MaasClient } from '../../kit/maas.ts';
import { shapeProblems } from '../../kit/maas-shape.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { aTar, SYSTEM } from '../../kit/tar.ts';

/** Images that come by the MAAS API, piece by piece. */

const pg = usePostgres();
let folder = '';
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regent-images-'));
  site = await startTestRegion(pg.get(), { images: openImagePort({ folder, keepFree: 0 }, null) });
  maas = maasClient(site);
});
afterAll(async () => {
  await site.close();
  await rm(folder, { recursive: true, force: true });
});

const put = (url: string, payload: Buffer) =>
  site.api.inject({
    method: 'PUT',
    url,
    headers: { authorization: authorizationOf(site.keys.admin), 'content-type': 'application/octet-stream' },
    payload,
  });

it('are announced, and whole when their last piece has come', async () => {
  const root = gzipSync(aTar(SYSTEM));
  const announced = {
    name: 'custom/trial',
    architecture: 'amd64/generic',
    filetype: 'tgz',
    size: String(root.length),
    sha256: createHash('sha256').update(root).digest('hex'),
  };
  const made = await maas.post('boot-resources/', '', announced);
  expect([made.status, made.raw]).toEqual([201, expect.stringContaining('upload_uri')]);
  expect(shapeProblems('bootresource', made.body)).toEqual([]);
  const [set] = Object.values<{ files: Record<string, { upload_uri: string }> }>(made.body.sets);
  const uri = set?.files['root.tar.gz']?.upload_uri ?? '';
  const half = Math.floor(root.length / 2);
  expect((await put(uri, root.subarray(0, half))).statusCode).toBe(200);
  const tooMuch = await put(uri, root);
  expect([tooMuch.statusCode, Object.keys(tooMuch.json())]).toEqual([400, ['content']]);
  expect((await put(uri, root.subarray(half))).statusCode).toBe(200);
  const shown = (await maas.get(made.body.resource_uri)).body;
  const [whole] = Object.values<{ complete: boolean; files: Record<string, object> }>(shown.sets);
  expect(whole?.complete).toBe(true);
  expect(whole?.files['root.tar.gz']).not.toHaveProperty('upload_uri');
  // Equal images are one.
  expect((await maas.post('boot-resources/', '', announced)).body.id).toBe(made.body.id);
});

it('are refused with what is wrong', async () => {
  const given = { name: 'trial', architecture: 'amd64', size: '5', sha256: 'a'.repeat(64) };
  for (const [values, field] of [
    [{ ...given, filetype: 'ddbz2' }, 'filetype'],
    [{ name: 'trial', architecture: 'amd64' }, 'content'],
  ] as const) {
    const refused = await maas.post('boot-resources/', '', values);
    expect([refused.status, Object.keys(refused.body)]).toEqual([400, [field]]);
  }
  expect((await maas.post('boot-resources/', '', { ...given, architecture: 'vax' })).status).toBe(400);
  expect((await maas.post('boot-resources/', '', given, { role: 'user' })).status).toBe(403);
  expect((await put('/MAAS/api/2.0/boot-resources/1/upload/1/', Buffer.from('x'))).statusCode).toBe(404);
});
