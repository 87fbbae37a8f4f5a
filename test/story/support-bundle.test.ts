import { rm } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SECRET_FILES, secretsIn } from '../../src/core/masked.ts';
import type { BundleContents } from '../../src/core/support-bundle.ts';
import { type ClusterSite, openClusterSite } from '../kit/cluster/site.ts';
import { REGION_NAMES } from '../kit/cluster/nodes.ts';
import { filesOfTar } from '../kit/tar.ts';
import { told } from '../kit/site.ts';

const HOSTS = [...REGION_NAMES, 'k1', 'k2'];
const BMC = 'Geheim-4711-BMC';

/** The bundle of a cluster that is broken, searched for every secret of its hosts. */
describe('a support bundle of a broken cluster', () => {
  let site: ClusterSite;
  const secrets = new Map<string, string>();
  const local = join(tmpdir(), `regent-bundle-${process.pid}.tar.gz`);
  beforeAll(async () => {
    site = await openClusterSite('bundle');
    await site.well(120_000);
    await site.client.call('bmc.create', {
      body: {
        name: 'm1-bmc',
        powerType: 'ipmi',
        parameters: { power_address: '10.9.9.9', power_user: 'root', power_pass: BMC },
      },
    });
    secrets.set(BMC, 'BMC');
    secrets.set(site.lab.apiKey.split(':')[2] ?? '', 'API key');
    await Promise.all(HOSTS.map(readSecrets));
  }, 900_000);
  afterAll(async () => {
    await rm(local, { force: true });
    await site?.close();
  }, 300_000);

  /** Every secret of a host, by the list that also masks bundles. */
  async function readSecrets(host: string) {
    for (const { folder, names, isMixed = false } of SECRET_FILES) {
      const { stdout } = await site.lab.exec(host, ['ls', '-1', folder]);
      for (const name of stdout.split('\n').filter((one) => one !== '' && names.test(one))) {
        const content = await site.lab.exec(host, ['cat', `${folder}/${name}`]);
        for (const secret of secretsIn(content.stdout, isMixed)) secrets.set(secret, `${host} ${folder}/${name}`);
      }
    }
  }
  const search = (archive: Buffer) =>
    [...secrets].flatMap(([secret, where]) => (archive.includes(secret) ? where : []));
  const open = (content: Buffer) => {
    const archive = gunzipSync(content);
    const files = filesOfTar(archive);
    return { archive, files, contents: JSON.parse(files['contents.json']?.toString() ?? '') as BundleContents };
  };

  it('has what each living node says, names the dead ones, and has no secret of any host', async () => {
    const [primary = 'r1'] = await site.nodes.primaries();
    const start = performance.now();
    for (const host of [primary, 'k2']) await site.power.kill(host);
    const broken = performance.now();
    const { code, stdout, stderr } = await site.regent('support-bundle', '--out', local);
    const seconds = (performance.now() - broken) / 1000;

    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    expect(seconds).toBeLessThan(60);
    const content = readFileSync(local);
    const { archive, files, contents } = open(content);
    const dead = contents.nodes.filter(({ why }) => why !== null).map(({ name }) => name);
    expect(dead.toSorted()).toEqual([primary, 'k2'].toSorted());
    const alive = HOSTS.filter((host) => !dead.includes(host));
    for (const host of alive)
      for (const part of ['host', 'network', 'clock', 'units', 'log-agent'])
        expect(files[`nodes/${host}/${part}.txt`]?.length ?? 0, `${host} ${part}`).toBeGreaterThan(20);
    const region = alive.find((host) => host.startsWith('r')) ?? '';
    expect(files[`nodes/${region}/database.txt`]?.toString()).toContain('"members"');
    expect(secrets.size).toBeGreaterThan(30);
    expect(search(archive)).toEqual([]);
    const size = (content.length / 1024 ** 2).toFixed(1);
    told(
      'a bundle',
      `${contents.files.length} files, ${size} MiB, ${secrets.size} secrets, ${stdout.split('\n')[0]}`,
      start,
    );
    console.log(JSON.stringify(contents.missing.filter(({ path }) => !dead.some((name) => path.includes(name)))));
    console.log(`bundle after ${seconds.toFixed(1)} s`);
  }, 300_000);

  it('of a host itself needs neither API nor database, and has no secret of the host', async () => {
    const [host = 'r1'] = await site.nodes.primaries();
    await site.lab.ask(host, ['systemctl', 'stop', 'regent-regiond.service', 'patroni.service'], 60_000);
    const start = performance.now();
    const out = await site.lab.ask(host, ['regent', 'support-bundle', '--local', '--out', '/tmp/b.tar.gz'], 60_000);
    const content = await site.lab.ask(host, ['base64', '-w0', '/tmp/b.tar.gz'], 60_000);
    const { archive, files, contents } = open(Buffer.from(content, 'base64'));

    expect(out).toContain('Only this host is in it.');
    expect(contents.nodes).toEqual([{ name: host, why: null }]);
    expect(files['files/db.txt']?.toString()).toContain('patroni.yml');
    expect(files['log-region.txt']?.length).toBeGreaterThan(100);
    expect(search(archive)).toEqual([]);
    expect(await site.lab.ask(host, ['stat', '-c', '%a %U', '/tmp/b.tar.gz'])).toBe('600 root');
    told('a local bundle', `${contents.files.length} files; missing ${JSON.stringify(contents.missing)}`, start);
  }, 120_000);
});
