import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openImagePort } from '../../../src/main/region/image-ways.ts';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { ok } from '../../kit/maas-site.ts';
import { shapeProblems } from '../../kit/maas-shape.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** What the Terraform provider does with boot sources, their selections, and the images of these. */

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

describe('maas_boot_source and maas_boot_source_selection', () => {
  it('keep what they were given, and select architectures', async () => {
    const url = 'http://images.example.net/stable/';
    const source = ok(
      await maas.post('boot-sources/', null, { url, keyring_filename: '/usr/share/keyrings/a.gpg' }),
      201,
    );
    expect(source).toMatchObject({ url, keyring_filename: '/usr/share/keyrings/a.gpg', keyring_data: '' });
    expect(shapeProblems('bootsource', source)).toEqual([]);
    const at = `boot-sources/${source.id}/`;
    const moved = ok(await maas.put(at, { url: 'http://images.example.net/candidate/', keyring_filename: '/b.gpg' }));
    expect(moved).toMatchObject({
      id: source.id,
      url: 'http://images.example.net/candidate/',
      keyring_filename: '/b.gpg',
    });
    const wanted = { os: 'ubuntu', release: 'jammy', arches: 'amd64', subarches: '*', labels: '*' };
    const one = ok(await maas.post(`${at}selections/`, null, wanted));
    expect(one).toMatchObject({ os: 'ubuntu', arches: ['amd64'], subarches: ['*'], labels: ['*'] });
    const both = ok(await maas.put(`${at}selections/${one.id}/`, { ...wanted, arches: ['amd64', 'arm64'] }));
    expect([both.id, both.arches]).toEqual([one.id, ['amd64', 'arm64']]);
    expect(ok(await maas.get(`${at}selections/${one.id}/`)).arches).toEqual(['amd64', 'arm64']);
    ok(await maas.remove(`${at}selections/${one.id}/`), 204);
    expect(ok(await maas.get(`${at}selections/`))).toEqual([]);
    ok(await maas.remove(at), 204);
    expect((await maas.get(at)).status).toBe(404);
  });
});

describe('the source that is there by default', () => {
  it('is the one that the provider changes, and keeps its number', async () => {
    const [one, ...more] = ok(await maas.get('boot-sources/'));
    expect([more, shapeProblems('bootsource', one)]).toEqual([[], []]);
    expect([ok(await maas.get(one.resource_uri)), one.url]).toEqual([one, '']);
    const url = 'http://images.example.net/stable/';
    const wanted = { url, keyring_data: '', keyring_filename: '/usr/share/keyrings/a.gpg' };
    expect(ok(await maas.put(`boot-sources/${one.id}/`, wanted))).toMatchObject({ id: one.id, url });
    const selection = { os: 'ubuntu', release: 'noble', arches: 'amd64' };
    const made = ok(await maas.post(`boot-sources/${one.id}/selections/`, null, selection));
    expect(made).toMatchObject({ boot_source_id: one.id });
    expect(ok(await maas.get(made.resource_uri))).toEqual(made);
    expect(ok(await maas.get('boot-sources/'))).toMatchObject([
      { id: one.id, keyring_filename: wanted.keyring_filename },
    ]);
    ok(await maas.remove(made.resource_uri), 204);
    ok(await maas.remove(one.resource_uri), 204);
    const moment = expect.stringMatching(/^20\d\d-/) as string;
    expect(ok(await maas.get('boot-sources/'))).toEqual([{ ...one, created: moment, updated: moment }]);
    ok(await maas.remove(one.resource_uri), 204);
    // A selection alone stores it, too; beside others it is not shown.
    ok(await maas.post(`boot-sources/${one.id}/selections/`, null, selection));
    ok(await maas.remove(one.resource_uri), 204);
    const other = ok(await maas.post('boot-sources/', null, { url }), 201);
    expect(ok(await maas.get('boot-sources/')).map(({ id }: { id: number }) => id)).toEqual([other.id]);
    expect((await maas.get(one.resource_uri)).status).toBe(404);
    ok(await maas.remove(other.resource_uri), 204);
  });
});

describe('images of a selection', () => {
  /** An image that was announced, as if `by` had made it. */
  async function image(digest: string, name: string, by: string) {
    const told = { name, architecture: 'amd64/generic', sha256: digest.repeat(64), size: '1000', filetype: 'tgz' };
    ok(await maas.post('boot-resources/', null, told), 201);
    const database = site.connection.database;
    await pg.get().admin(`update images set created_by = '${by}' where manifest like '%${told.sha256}%'`, database);
  }
  const synced = async () =>
    ok(await maas.get('boot-resources/', { type: 'synced' })).map(({ name }: { name: string }) => name);

  it('are named as it is, and go with it: the provider waits for both', async () => {
    const source = ok(await maas.post('boot-sources/', null, { url: 'https://images.example.net/other/' }), 201);
    const at = `boot-sources/${source.id}/selections/`;
    const pick = async (os: string, release: string) =>
      ok(await maas.post(at, null, { os, release, arches: ['amd64', 'arm64'] }));
    const [lab, noble] = [await pick('custom', 'lab'), await pick('ubuntu', 'noble')];
    const { items } = (await site.call('GET', '/boot-sources')).body as { items: { id: number; name: string }[] };
    const by = `boot source ${items.find(({ id }) => id === source.id)?.name}`;
    await image('a', 'lab', by);
    await image('b', 'ubuntu/noble', by);
    await image('c', 'lab', 'admin');
    expect((await synced()).sort()).toEqual(['custom/lab', 'ubuntu/noble']);
    ok(await maas.put(`${at}${lab.id}/`, { os: 'custom', release: 'lab', arches: 'amd64' }));
    expect(await synced()).toHaveLength(2);
    ok(await maas.remove(`${at}${lab.id}/`), 204);
    expect(await synced()).toEqual(['ubuntu/noble']);
    expect(ok(await maas.get('boot-resources/', { type: 'uploaded' }))).toMatchObject([{ name: 'lab' }]);
    ok(await maas.put(`${at}${noble.id}/`, { os: 'ubuntu', release: 'noble', arches: 'arm64' }));
    expect(await synced()).toEqual([]);
    // One source without a key keeps the other from nothing; gomaasclient writes `is-importing`.
    const plain = ok(await maas.post('boot-sources/', null, { url: 'http://images.example.net/plain/' }), 201);
    ok(await maas.post('boot-resources/', 'import'));
    expect(ok(await maas.get('boot-resources/', { op: 'is-importing' }))).toBe(true);
    ok(await maas.remove(`boot-sources/${source.id}/`), 204);
    const refused = await maas.post('boot-resources/', 'import');
    expect([refused.status, refused.raw]).toEqual([400, expect.stringContaining('has no key')]);
    ok(await maas.remove(`boot-sources/${plain.id}/`), 204);
  });
});
