import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { RenderedFile } from '../../src/services/kit/contract.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { checkFiles } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { renderedCase, serviceNamed } from '../kit/goldens.ts';
import { giveIdentity } from '../kit/cluster/host-identity.ts';
import { CASES, FACTS } from '../kit/snapshots.ts';

const templates = await readTemplates(join(import.meta.dirname, '../../templates'));

/** Where a daemon has no checker of its own, or one that needs the whole cluster. */
const CHECKERS = [
  'ha/backup/check',
  'ha/etcd/check',
  'ha/postgres/check',
  'ha/tftp/check',
  'ha/tftp/check-script',
  'ha/tgt/targets',
];

/** Line that no daemon understands. */
const BROKEN = '}}} this is no configuration\n';

describe.each(SERVICES.map((service) => service.name))('%s goldens and the real checker', (name) => {
  let host: DebianHost;
  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run(['sh', '-c', 'test -e /etc/bind/rndc.key || rndc-confgen -a -u bind']);
    // Kea's checker wants the interfaces that a file names, and folders that systemd makes.
    await host.run(['install', '-d', '/run/regent-vip']);
    await host.run(['install', '-d', '-o', '_kea', '-g', '_kea', '/run/kea', '/run/lock/kea', '/var/lib/kea']);
    await giveIdentity(host);
    for (const user of ['regent-agent', 'regent-votes', 'regent-http', 'regent-tgt'])
      await host.run(['sh', '-c', `getent passwd ${user} >/dev/null || useradd --system --user-group ${user}`]);
    await host.run(['usermod', '-aG', 'regent-pki', 'regent-http']);
    await host.run(['install', '-d', '-o', 'regent-http', '-g', 'regent-http', '/var/lib/regent/http']);
    // As the helper makes folders: everybody may look in.
    for (const folder of ['tftp', 'tftp/.stage', 'tftp/.stage/grub', 'tgt', 'tgt/.stage'])
      await host.run(['install', '-d', '-m', '0755', `/etc/regent/${folder}`]);
    for (const path of CHECKERS) {
      const text = readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
      host.write(`/opt/regent/current/${path}`, text, { mode: 0o755 });
    }
    await host.run(['chmod', '-R', 'a+rX', '/opt/regent']);
    for (const { name: nic, addresses } of FACTS.interfaces) {
      await host.run(['ip', 'link', 'add', nic, 'type', 'veth', 'peer', 'name', `p-${nic}`]);
      for (const address of addresses) await host.run(['ip', 'address', 'add', address, 'dev', nic]);
    }
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it.each(Object.keys(CASES))('%s is accepted', async (caseName) => {
    const files = renderedCase(name, caseName, templates);
    const results = await checkFiles(host, serviceNamed(name), files);
    expect(results.length > 0).toBe(files.length > 0);
    for (const result of results) expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  });

  it('refuses each file of a case that was broken on purpose', async () => {
    const service = serviceNamed(name);
    // Services of a cluster have no files without one, and those of rack pairs none without a pair.
    const cases = ['typical', 'cluster', 'pair'].map((caseName) => renderedCase(name, caseName, templates));
    const files = cases.find((some) => some.length > 0) ?? [];
    expect(files).not.toHaveLength(0);
    const victims = new Set<RenderedFile>([...files.slice(0, 3), ...files.slice(-1)]);
    for (const victim of victims) {
      const broken = files.map((file) => (file === victim ? { ...file, content: file.content + BROKEN } : file));
      const results = await checkFiles(host, service, broken);
      const refused = results.filter((result) => result.code !== 0);
      expect(refused, victim.target).toHaveLength(1);
      expect(`${refused[0]?.stdout}${refused[0]?.stderr}`).not.toBe('');
    }
  });
});
