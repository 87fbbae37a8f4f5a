import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bootRecords } from '../../../src/region/images/boot-records.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { type DeploySite, useDeploySite } from '../../kit/deploy-site.ts';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { filesOfTar } from '../../kit/tar.ts';
import { value } from '../../kit/store.ts';

/** Options of the kernel: of tags and of the site, for what a machine boots and for its own system. */

const pg = usePostgres();
const deploying = useDeploySite(pg);
let on: DeploySite;
let maas: MaasClient;
beforeAll(() => {
  on = deploying.get();
  maas = maasClient(on.site);
});
beforeEach(() => on.reset());
afterEach(async () => {
  await on.site.call('PATCH', '/machines/m1', { body: { tags: [] } });
  for (const tag of ['b-gpu', 'a-iommu', 'c-none', 'long-0', 'long-1', 'long-2'])
    await on.site.call('DELETE', `/tags/${tag}`);
  await maas.post('maas/', 'set_config', { name: 'kernel_opts', value: '' });
});

const snapshot = async () => value(await on.site.db.read(async (tx) => ({ found: await readSnapshot(tx) }))).found;
const options = async () => {
  const seen = await snapshot();
  const record = bootRecords(seen)
    .get('k1')
    ?.find(({ hostname }) => hostname === 'm1');
  return record?.boots?.[0]?.options;
};
const deploy = async () => {
  const done = await on.ask('deploy', { image: 'debian-13', force: true });
  return { status: done.status, raw: done.raw };
};

describe('options of the kernel', () => {
  it('of tags are kept, shown, changed and ended, by MAAS and by API v1', async () => {
    const made = await maas.post('tags/', null, { name: 'b-gpu', kernel_opts: ' nomodeset   nouveau.modeset=0 ' });
    expect(made.body).toMatchObject({ name: 'b-gpu', kernel_opts: 'nomodeset nouveau.modeset=0' });
    expect((await on.site.call('GET', '/tags/b-gpu')).body).toMatchObject({
      kernelOptions: 'nomodeset nouveau.modeset=0',
    });
    expect((await maas.put('tags/b-gpu/', { comment: 'cards' })).body).toMatchObject({
      comment: 'cards',
      kernel_opts: 'nomodeset nouveau.modeset=0',
    });
    const set = await on.site.call('PATCH', '/tags/b-gpu', { body: { kernelOptions: 'quiet' } });
    expect(set.body).toMatchObject({ kernelOptions: 'quiet' });
    expect((await maas.get('tags/')).body).toContainEqual(expect.objectContaining({ kernel_opts: 'quiet' }));
    expect((await maas.put('tags/b-gpu/', { kernel_opts: '' })).body.kernel_opts).toBe('');
  });

  it('are refused where a boot loader would read something else, with the field and the rule', async () => {
    for (const bad of ['a=1\nreboot', 'a;reboot', 'a=${x}', 'a="b"', 'regent.end=off', 'x'.repeat(501)]) {
      const refused = await maas.post('tags/', null, { name: 'b-gpu', kernel_opts: bad });
      expect([refused.status, refused.body.kernel_opts], bad).toEqual([400, [expect.stringContaining('Rule: ')]]);
      const site = await maas.post('maas/', 'set_config', { name: 'kernel_opts', value: bad });
      expect(site.status, bad).toBe(400);
      const own = await on.site.call('POST', '/tags', { body: { name: 'b-gpu', kernelOptions: bad } });
      expect(own.status, bad).toBe(422);
    }
    expect((await maas.get('tags/b-gpu/')).status).toBe(404);
    const around = on.admin(`insert into tags (name, kernel_options) values ('b-gpu', 'a;b')`);
    await expect(around).rejects.toThrow('tags_kernel_options_grammar');
  });

  it('of the site come first, then those of the tags by their names, in what it boots and on its disk', async () => {
    const get = () => maas.get('maas/', { name: 'kernel_opts' }, { op: 'get_config' });
    expect((await get()).body).toBeNull();
    await maas.post('maas/', 'set_config', { name: 'kernel_opts', value: 'quiet  loglevel=3' });
    expect((await get()).body).toBe('quiet loglevel=3');
    await maas.post('tags/', null, { name: 'b-gpu', kernel_opts: 'nomodeset' });
    await maas.post('tags/', null, { name: 'a-iommu', kernel_opts: 'intel_iommu=on iommu=pt' });
    await maas.post('tags/', null, { name: 'c-none' });
    const before = (await snapshot()).revision;
    const { id } = await on.show();
    for (const tag of ['b-gpu', 'a-iommu', 'c-none'])
      await maas.post(`tags/${tag}/`, 'update_nodes', { add: String(id) });
    // Whoever compiles hears of it.
    expect((await snapshot()).revision).toBeGreaterThan(before);
    const wanted = ['quiet', 'loglevel=3', 'intel_iommu=on', 'iommu=pt', 'nomodeset'];
    expect(await deploy()).toMatchObject({ status: 202 });
    expect(await options()).toEqual(wanted);
    const keys = await on.keys('10.10.10.2');
    const files = filesOfTar((await on.metadata(keys, 'maas-scripts')).rawPayload);
    expect(files['deployment/kernel-options']?.toString()).toBe(`${wanted.join(' ')}\n`);
    const change = async (text: string) => {
      const { revision } = await snapshot();
      await on.site.call('PATCH', '/tags/a-iommu', { body: { kernelOptions: text } });
      return (await snapshot()).revision - revision;
    };
    expect(await change('')).toBeGreaterThan(0);
    expect(await options()).toEqual(['quiet', 'loglevel=3', 'nomodeset']);
    await on.site.call('PATCH', '/machines/m1', { body: { tags: [] } });
    expect(await options()).toEqual(['quiet', 'loglevel=3']);
  });

  it('that are too long together keep a machine from being deployed, with the reason', async () => {
    const { id } = await on.show();
    for (const name of ['long-0', 'long-1', 'long-2']) {
      await maas.post('tags/', null, {
        name,
        kernel_opts: `a=${'x'.repeat(170)} `.repeat(2).trim() + ` b=${'y'.repeat(150)}`,
      });
      await maas.post(`tags/${name}/`, 'update_nodes', { add: String(id) });
    }
    const refused = await deploy();
    expect(refused.status).toBe(409);
    expect(refused.raw).toContain('have 1496 characters. Rule: at most 1400.');
    expect(await on.show()).toMatchObject({ state: 'allocated' });
  });
});
