import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DeploySite, useDeploySite } from '../kit/deploy-site.ts';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { usePostgres } from '../kit/postgres.ts';
import { filesOfTar } from '../kit/tar.ts';

/** Package repositories: kept as MAAS has them, and in what is deployed. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
let on: DeploySite;
let maas: MaasClient;
beforeAll(() => {
  on = deploying.get();
  maas = maasClient(on.site);
});
beforeEach(() => on.reset());

const KEY = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n-----END PGP PUBLIC KEY BLOCK-----\n';

describe('package repositories', () => {
  it('are made, shown, changed and deleted', async () => {
    expect((await maas.get('package-repositories/')).body).toEqual([]);
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
    expect((await maas.get('package-repositories/')).body).toEqual([made.body]);
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
    expect((await maas.get('package-repositories/')).body).toEqual([]);
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
    const [{ id }] = (await maas.get('package-repositories/')).body;
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
