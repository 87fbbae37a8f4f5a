import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeploySite, useDeploySite } from '../../kit/deploy-site.ts';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { filesOfTar } from '../../kit/tar.ts';

/** Package repositories: kept as MAAS has them, and in what is deployed. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
let on: DeploySite;
let maas: MaasClient;
beforeAll(() => {
  on = deploying.get();
  maas = maasClient(on.site);
});
beforeEach(async () => {
  await on.reset();
  const { body } = await on.site.call('GET', '/package-repositories');
  for (const { id } of body['items'] as { id: number }[]) await on.site.call('DELETE', `/package-repositories/${id}`);
});

const KEY = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----\n';

interface Shown {
  readonly id: number;
  readonly name: string;
}
const list = async (): Promise<Shown[]> => (await maas.get('package-repositories/')).body as Shown[];
/** Those that are not there by default. */
const added = async () => (await list()).filter(({ name }) => !name.endsWith('_archive'));

/** Files of the machine's deployment about its packages. */
async function aptFiles(): Promise<string[]> {
  const done = await on.ask('deploy', { image: 'debian-13', force: true });
  expect(done.status, done.raw).toBe(202);
  const files = filesOfTar((await on.metadata(await on.keys('10.10.10.2'), 'maas-scripts')).rawPayload);
  return Object.keys(files).filter((path) => path.startsWith('deployment/apt/'));
}

describe('the archives that are there by default', () => {
  it('are shown, are kept, and are in nothing that is deployed', async () => {
    const [main, ports, ...rest] = await list();
    expect(main).toMatchObject({
      name: 'main_archive',
      url: 'http://archive.ubuntu.com/ubuntu',
      arches: ['amd64', 'i386'],
      disable_sources: true,
      enabled: true,
    });
    expect([ports, rest]).toEqual([expect.objectContaining({ name: 'ports_archive' }), []]);
    const at = `package-repositories/${main?.id}/`;
    expect((await maas.get(at)).body).toEqual(main);
    const same = { name: 'main_archive', url: 'http://archive.ubuntu.com/ubuntu/', arches: ['i386', 'amd64'] };
    expect((await maas.put(at, same)).body).toEqual(main);
    const refused = await maas.remove(at);
    expect([refused.status, refused.raw]).toEqual([400, expect.stringContaining('by default')]);
    expect((await maas.put(at, { name: 'other' })).status).toBe(400);
    expect((await maas.put(at, { enabled: 'false' }, { role: 'user' })).status).toBe(403);
    expect(await aptFiles()).toEqual([]);
    expect((await on.site.call('GET', '/package-repositories')).body['items']).toEqual([]);
  });

  it('are changed under their number, and back', async () => {
    const [main] = await list();
    const at = `package-repositories/${main?.id}/`;
    const changed = await maas.put(at, { url: 'http://mirror.example.net/debian', disabled_pockets: 'backports' });
    expect(changed.body).toEqual({ ...main, url: 'http://mirror.example.net/debian', disabled_pockets: ['backports'] });
    expect((await list())[0]).toEqual(changed.body);
    expect((await maas.remove(at)).status).toBe(400);
    expect((await maas.put(at, { enabled: 'false' })).body).toEqual({ ...(changed.body as object), enabled: false });
    const back = { url: 'http://archive.ubuntu.com/ubuntu', disabled_pockets: '', enabled: 'true' };
    expect((await maas.put(at, back)).body).toEqual(main);
    expect((await on.site.call('GET', '/package-repositories')).body['items']).toEqual([]);
  });

  it('are in what is deployed once they are changed', async () => {
    const [main] = await list();
    await maas.put(`package-repositories/${main?.id}/`, { url: 'http://mirror.example.net/debian' });
    expect(await aptFiles()).toContain('deployment/apt/main/url');
  });
});

describe('package repositories', () => {
  it('are made, shown, changed and deleted', async () => {
    expect(await added()).toEqual([]);
    const made = await maas.post('package-repositories/', null, {
      name: 'in-house',
      url: 'https://packages.example.net/debian/',
      distributions: ['stable', 'next'],
      components: 'main,extra',
      arches: ['amd64', 'arm64'],
      key: KEY,
      disable_sources: 'false',
    });
    expect(made.body).toEqual({
      id: expect.any(Number),
      name: 'in-house',
      url: 'https://packages.example.net/debian',
      distributions: ['stable', 'next'],
      disabled_pockets: [],
      disabled_components: [],
      disable_sources: false,
      components: ['main', 'extra'],
      arches: ['amd64', 'arm64'],
      key: KEY,
      enabled: true,
      resource_uri: `/MAAS/api/2.0/package-repositories/${made.body.id}/`,
    });
    const at = made.body.resource_uri as string;
    expect(await added()).toEqual([made.body]);
    const changed = await maas.put(at, { enabled: 'false', components: '', key: '' });
    expect(changed.body).toEqual({ ...made.body, enabled: false, components: [], key: '' });
    expect((await maas.get(at)).body).toEqual(changed.body);
    expect((await maas.put(at, { name: 'house' })).body).toEqual({ ...changed.body, name: 'house' });
    expect((await maas.remove(at, { role: 'user' })).status).toBe(403);
    expect((await maas.remove(at)).status).toBe(204);
    expect([
      (await maas.get(at)).status,
      (await maas.remove(at)).status,
      (await maas.put(at, { name: 'x' })).status,
    ]).toEqual([404, 404, 404]);
  });

  it.each([
    ['url', { url: 'ftp://example.net/' }],
    ['url', { url: 'https://user:secret@example.net/' }],
    ['arches', { arches: 'vax' }],
    ['disabled_pockets', { disabled_pockets: 'proposed' }],
    ['components', { components: 'a;b' }],
    ['key', { key: '0xABCDEF' }],
    ['name', { name: '' }],
  ])('with a wrong %s are refused', async (field, wrong) => {
    const refused = await maas.post('package-repositories/', null, {
      name: 'wrong',
      url: 'https://example.net/',
      ...wrong,
    });
    expect([refused.status, Object.keys(refused.body as object)], refused.raw).toEqual([400, [field]]);
    expect(await added()).toEqual([]);
  });

  it('are in what a machine is deployed with', async () => {
    await maas.post('package-repositories/', null, {
      name: 'in-house',
      url: 'https://packages.example.net/x',
      key: KEY,
    });
    await maas.post('package-repositories/', null, {
      name: 'arm',
      url: 'https://packages.example.net/y',
      arches: 'arm64',
    });
    await maas.post('package-repositories/', null, {
      name: 'main_archive',
      url: 'http://mirror.example.net/debian',
      disabled_pockets: ['backports'],
    });
    const done = await on.ask('deploy', { image: 'debian-13', force: true });
    expect(done.status, done.raw).toBe(202);
    const files = filesOfTar((await on.metadata(await on.keys('10.10.10.2'), 'maas-scripts')).rawPayload);
    const apt = Object.entries(files).filter(([path]) => path.startsWith('deployment/apt/'));
    const [{ id } = { id: 0 }] = await added();
    expect(apt.map(([path]) => path).sort()).toEqual([
      `deployment/apt/keys/regent-${id}.asc`,
      'deployment/apt/main/disabled-pockets',
      'deployment/apt/main/sources',
      'deployment/apt/main/url',
      `deployment/apt/sources/regent-${id}.sources`,
    ]);
    expect(files[`deployment/apt/keys/regent-${id}.asc`]?.toString()).toBe(KEY);
    expect(files['deployment/apt/main/url']?.toString()).toBe('http://mirror.example.net/debian\n');
  });
});
