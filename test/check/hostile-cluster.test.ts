import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { giveIdentity } from '../kit/cluster/host-identity.ts';
import { checkFiles } from '../kit/daemon-bench.ts';
import { DebianHost } from '../kit/debian-root.ts';
import { serviceNamed } from '../kit/goldens.ts';
import { clusterSnapshot, FACTS } from '../kit/snapshots.ts';
import type { Node } from '../../src/model/cluster/node.ts';

const templates = await readTemplates(join(import.meta.dirname, '../../templates'));

/** Names that the grammar of names lets through and that are words of some daemon, or as long as a name can be. */
const NAMES = [
  'server',
  'default-server',
  'listen',
  'global',
  'include',
  'elements',
  '0',
  '1e9',
  'null',
  'x'.repeat(63),
];

function site(changes: (node: Node, index: number) => Node = (node) => node): Snapshot {
  const regions = NAMES.map(
    (name, index): Node => ({
      id: index === 0 ? 'n-r1' : `n-${index}`,
      name,
      isRegion: true,
      isRack: false,
      addresses: [`10.77.0.${index + 11}`],
      state: index === 3 ? 'joining' : 'member',
    }),
  );
  return clusterSnapshot({ nodes: regions.map(changes) });
}

describe('region nodes with the names of keywords', () => {
  let host: DebianHost;
  beforeAll(async () => {
    host = await DebianHost.open();
    await giveIdentity(host);
    await host.run(['install', '-d', '/run/regent-vip']);
    await host.run(['ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'p-eth0']);
    await host.run(['ip', 'address', 'add', '10.77.0.11/24', 'dev', 'eth0']);
  });
  afterAll(() => host[Symbol.asyncDispose]());

  it.each(['firewall', 'lb', 'vip'])('are taken by the checker of %s', async (name) => {
    const service = serviceNamed(name);
    const desired = service.compile(site(), 'n-r1', service.prepare?.(site(), []));
    const files = renderService(service, desired, { facts: FACTS, templates, generation: 1 });
    const results = await checkFiles(host, service, files);
    expect(results).not.toHaveLength(0);
    for (const result of results) expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  });

  it.each(['firewall', 'lb'])('with addresses of both families are taken by the checker of %s', async (name) => {
    const service = serviceNamed(name);
    const both = site((node, index) => (index % 2 === 1 ? { ...node, addresses: [`fd00:77::${index}`] } : node));
    const facts = {
      ...FACTS,
      interfaces: FACTS.interfaces.map((nic) => ({ ...nic, addresses: ['10.77.0.11/24', 'fd00:77::1/64'] })),
    };
    const files = renderService(service, service.compile(both, 'n-r1', service.prepare?.(both, [])), {
      facts,
      templates,
      generation: 1,
    });
    const results = await checkFiles(host, service, files);
    for (const result of results) expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 });
  });

  it.each(['r1 backup', 'r1\nserver evil', 'r1"', 'r1;', '#', '', '}', 'R1'])('are never %j', (name) => {
    const bad = { name, regions: [{ name, address: '10.77.0.11' }] };
    expect(() => renderService(serviceNamed('lb'), bad, { facts: FACTS, templates, generation: 1 })).toThrow(
      /desired state of lb/,
    );
  });
});
