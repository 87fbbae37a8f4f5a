import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import { serviceOf } from '../../src/services/kit/instances.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { checkFiles } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { testAuthority, testPair } from '../kit/cluster/pki.ts';
import { pairAuthorities, PAIR_FACTS, pairDesired, pairSnapshot } from '../kit/pairs.ts';

const templates = await readTemplates(join(import.meta.dirname, '../../templates'));

/** Instances of a rack pair, as they are rendered, before Kea's own checker: its hooks are loaded, too. */
describe('servers of a rack pair and the real checker', () => {
  let host: DebianHost;
  beforeAll(async () => {
    host = await DebianHost.open();
    await host.run(['install', '-d', '-o', '_kea', '-g', '_kea', '/run/kea', '/run/lock/kea', '/var/lib/kea']);
    for (const { name, addresses } of PAIR_FACTS.interfaces) {
      await host.run(['ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `p-${name}`]);
      for (const address of addresses) await host.run(['ip', 'address', 'add', address, 'dev', name]);
    }
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const render = (rack: string, identity: string, snapshot = pairSnapshot()) => {
    const service = serviceOf(SERVICES, identity);
    const desired = pairDesired(snapshot, rack)[identity];
    if (!service || !desired) throw new Error(`${identity} is not there`);
    return { service, files: renderService(service, desired, { facts: PAIR_FACTS, templates, generation: 1 }) };
  };

  it.each([
    ['k1', 'dhcp@k1_k2'],
    ['k1', 'dhcp@k2_k1'],
    ['k2', 'dhcp@k1_k2'],
  ])('on %s %s is accepted', async (rack, identity) => {
    const { service, files } = render(rack, identity);
    const results = await checkFiles(host, service, files);
    expect(results).toHaveLength(2);
    for (const result of results) expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  });

  it('TLS is accepted with a certificate for partners, and refused without one or with one that does not fit its key', async () => {
    const { service, files } = render('k1', 'dhcp@k1_k2', { ...pairSnapshot(), ...pairAuthorities(1, 2) });
    const [own, other] = [
      await testPair(await testAuthority(), 'k1', []),
      await testPair(await testAuthority(), 'k1', []),
    ];
    const tried = async (bundle: string | null) => {
      await host.run(['rm', '-f', '/etc/kea/pair.pem']);
      if (bundle !== null) host.write('/etc/kea/pair.pem', bundle, { mode: 0o640, group: '_kea' });
      const results = await checkFiles(host, service, files);
      expect(results).toHaveLength(2);
      // A checker's message never quotes the key.
      for (const { stdout, stderr } of results) expect(stdout + stderr).not.toContain(own.key.split('\n')[1]);
      return results.filter(({ code }) => code !== 0).length;
    };

    expect(await tried(null)).toBe(1);
    expect(await tried(`${own.certificate}${other.key}`)).toBe(1);
    expect(await tried(`${own.certificate}${own.key}`)).toBe(0);
  });

  it('a pair that the hook does not take is refused', async () => {
    const { service, files } = render('k1', 'dhcp@k1_k2');
    const broken = files.map((file) => ({ ...file, content: file.content.replaceAll('hot-standby', 'no-such-mode') }));
    const results = await checkFiles(host, service, broken);
    expect(results.filter(({ code }) => code !== 0)).toHaveLength(1);
  });
});
