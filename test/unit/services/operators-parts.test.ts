import { afterAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { type CompiledSite, compileSite, type NodeBody } from '../../../src/services/compile-node.ts';
import { dns } from '../../../src/services/dns/index.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { aSubnet, clusterSnapshot, GOLDEN_SECONDS, typicalSnapshot } from '../../kit/snapshots.ts';

/** One fault in each service, past the API: what is held back of it, and what goes on. Printed as a table. */
interface Row {
  readonly what: string;
  readonly service: string;
  readonly node: string;
  readonly base?: Snapshot;
  readonly spoil: (snapshot: Snapshot) => Snapshot;
  /** What is held back, and how its sentence ends. */
  readonly held: string;
  readonly ends: string;
}

const LEFT_OUT = 'it is left out.';
const KEPT = 'it keeps its last good content.';
const lines: string[] = [];
afterAll(() => console.log(`\nwhat one fault holds back\n${lines.join('\n')}\n`));

const settings = (changes: Partial<Snapshot['settings']>) => (snapshot: Snapshot) => ({
  ...snapshot,
  settings: { ...snapshot.settings, ...changes },
});
const subnet = (cidr: string, changes: Partial<Snapshot['subnets'][number]>) => (snapshot: Snapshot) => ({
  ...snapshot,
  subnets: snapshot.subnets.map((item) => (item.cidr === cidr ? { ...item, ...changes } : item)),
});

const ROWS: readonly Row[] = [
  {
    what: 'a time source that is no name',
    service: 'ntp',
    node: 'n-r1',
    spoil: settings({ ntp_servers: ['0.pool.test', 'no name'] }),
    held: 'time source no name',
    ends: LEFT_OUT,
  },
  {
    what: 'a subnet that would open the proxy',
    service: 'proxy',
    node: 'n-r1',
    spoil: (snapshot) => ({ ...snapshot, subnets: [...snapshot.subnets, aSubnet(90, 'all', '0.0.0.0/1')] }),
    held: 'network 0.0.0.0/1',
    ends: LEFT_OUT,
  },
  {
    what: 'http_proxy names a node of ours',
    service: 'proxy',
    node: 'n-r1',
    spoil: settings({ http_proxy: 'http://10.77.0.12:3128', use_peer_proxy: true }),
    held: 'proxy 10.77.0.12',
    ends: 'so Squid fetches everything from its origin.',
  },
  {
    what: 'upstream_dns names a node of ours',
    service: 'dns',
    node: 'n-r1',
    spoil: settings({ upstream_dns: ['192.0.2.53', '10.77.0.12'] }),
    held: 'resolver 10.77.0.12',
    ends: 'so none is sent there.',
  },
  {
    what: 'dns_trusted_acl with what is no network',
    service: 'dns',
    node: 'n-r1',
    spoil: settings({ dns_trusted_acl: ['192.0.2.0/24', 'any/where'] }),
    held: 'network any/where',
    ends: LEFT_OUT,
  },
  {
    what: 'a domain whose name is none',
    service: 'dns',
    node: 'n-r1',
    spoil: (snapshot) => ({
      ...snapshot,
      domains: [...snapshot.domains, { id: 95, name: 'two..dots', ttl: null, leaseNames: false }],
    }),
    held: 'zone two..dots',
    ends: 'it is not served.',
  },
  {
    what: 'a region node without an address',
    service: 'lb',
    node: 'n-r1',
    base: clusterSnapshot(),
    spoil: (snapshot) => ({
      ...snapshot,
      nodes: snapshot.nodes.map((node) => (node.name === 'r3' ? { ...node, addresses: [] } : node)),
    }),
    held: 'region node r3',
    ends: KEPT,
  },
];

const bodiesOf = (site: CompiledSite) =>
  new Map<string, NodeBody | null>([...site.nodes].map(([id, { body }]) => [id, body]));

/** The good site first, then the spoilt one after it. */
function play({ base = typicalSnapshot(), spoil }: Pick<Row, 'base' | 'spoil'>) {
  const good = compileSite(base, SERVICES, new Map(), GOLDEN_SECONDS);
  const spoilt = spoil({ ...base, versions: good.versions });
  return { good, site: compileSite(spoilt, SERVICES, bodiesOf(good), GOLDEN_SECONDS + 10) };
}

describe('one fault', () => {
  it.each(ROWS)('$service: $what', (row) => {
    const { site } = play(row);
    const node = site.nodes.get(row.node);
    const errors = node?.findings.filter((item) => item.service === row.service && item.severity === 'error') ?? [];
    expect(errors.map(({ held }) => held)).toEqual([row.held]);
    const [finding] = errors;
    expect(finding?.sentence.endsWith(row.ends), finding?.sentence).toBe(true);
    expect(finding?.remedy ?? '').not.toBe('');
    // The service as a whole goes on.
    expect(errors.some(({ held }) => held?.startsWith('service '))).toBe(false);
    lines.push(`  ${row.service}: ${row.what}\n    → held back: ${finding?.held}. ${finding?.sentence}`);
  });
});

type Kea = {
  networks: {
    vlan: string;
    vlanId: number;
    subnets: { cidr: string; id: number; leases: { mac: string; address: string }[]; pools: unknown[] }[];
  }[];
};
const keaOf = (site: CompiledSite, id: string) => site.nodes.get(id)?.body.services['dhcp']?.desired as Kea | null;

describe('dhcp', () => {
  const base = typicalSnapshot();
  const [id = ''] =
    [...compileSite(base, SERVICES, new Map(), GOLDEN_SECONDS).nodes].find(
      ([, { body }]) => body.services['dhcp']?.desired,
    ) ?? [];
  const good = () => keaOf(compileSite(base, SERVICES, new Map(), GOLDEN_SECONDS), id);
  const heldOf = (site: CompiledSite) =>
    (site.nodes.get(id)?.findings ?? [])
      .filter(({ service, severity, held }) => service === 'dhcp' && severity === 'error' && held)
      .map(({ held, sentence }) => `${held}: ${sentence}`);

  it('leaves a static lease out that Kea would refuse its whole file for', () => {
    const own = good()?.networks[0]?.subnets[0];
    const bad = {
      id: 900,
      subnetId: own?.id ?? 0,
      mac: '52:54:00:00:09:00',
      hostname: null,
      comment: '',
      dhcpOptions: [],
    };
    const spoil = (snapshot: Snapshot) => ({
      ...snapshot,
      reservations: [...snapshot.reservations, { ...bad, address: '198.51.100.9' } as never],
    });
    const { site } = play({ base, spoil });
    expect(heldOf(site)).toEqual([
      `static lease 198.51.100.9 of 52:54:00:00:09:00: Static lease 198.51.100.9 of 52:54:00:00:09:00 cannot be given to Kea: the address does not lie in ${own?.cidr}: it is left out.`,
    ]);
    expect(keaOf(site, id)).toEqual(good());
    lines.push(`  dhcp: a static lease outside of its subnet\n    → held back: ${heldOf(site).join()}`);
  });

  it('leaves a host name out that is none, with its lease alone', () => {
    const spoil = (snapshot: Snapshot) => ({
      ...snapshot,
      machines: snapshot.machines.map((item, at) => (at === 0 ? { ...item, hostname: 'no name' } : item)),
    });
    const { site } = play({ base, spoil });
    const left = heldOf(site);
    expect(left.length).toBeGreaterThan(0);
    expect(left.every((text) => text.startsWith('static lease ') && text.includes('hostname'))).toBe(true);
    expect(keaOf(site, id)?.networks.length).toBe(good()?.networks.length);
    lines.push(`  dhcp: a host name that is none\n    → held back: ${left[0]}`);
  });

  it('keeps the last content of a subnet that does not fit', () => {
    const own = good()?.networks[0]?.subnets[0];
    const spoil = subnet(own?.cidr ?? '', { gateway: 'fe80::1' });
    const { site } = play({ base, spoil });
    expect(heldOf(site)).toHaveLength(1);
    expect(heldOf(site)[0]).toContain('it keeps its last good content.');
    expect(keaOf(site, id)).toEqual(good());
    lines.push(`  dhcp: a gateway that is none\n    → held back: ${heldOf(site)[0]}`);
  });

  it('leaves a new subnet out that does not fit, and serves the others of its VLAN', () => {
    const network = good()?.networks[0];
    const spoil = (snapshot: Snapshot) => ({
      ...snapshot,
      subnets: [
        ...snapshot.subnets,
        aSubnet(91, 'wide', '0.0.0.0/4', { vlanId: network?.vlanId ?? 0, proxyOn: false }),
      ],
    });
    const { site } = play({ base, spoil });
    expect(heldOf(site)).toHaveLength(1);
    expect(heldOf(site)[0]).toMatch(/^subnet 0\.0\.0\.0\/4: .*it is left out\.$/);
    expect(keaOf(site, id)?.networks).toEqual(good()?.networks);
    lines.push(`  dhcp: a subnet that Kea cannot have\n    → held back: ${heldOf(site)[0]}`);
  });
});

it('a zone whose serials are used up keeps its last content; the others get theirs', () => {
  const base = typicalSnapshot();
  const good = compileSite(base, [dns], new Map(), GOLDEN_SECONDS);
  const versions = good.versions.map((row) => (row.key === 'example.test' ? { ...row, version: 0xffff_ffff } : row));
  const record = { id: 990, domainId: 2, name: 'later', type: 'A' as const, data: '192.0.2.77', ttl: null };
  const other = { ...record, id: 991, domainId: 1 };
  const next = { ...base, versions, records: [...base.records, record, other] };
  const site = compileSite(next, [dns], bodiesOf(good), GOLDEN_SECONDS + 10);
  const zone = (from: CompiledSite, name: string) =>
    (
      from.nodes.get('n-r1')?.body.services['dns']?.desired as { zones: { name: string; serial: number }[] } | undefined
    )?.zones.find((item) => item.name === name);
  expect(zone(site, 'example.test')).toEqual(zone(good, 'example.test'));
  expect(zone(site, 'regent.internal')?.serial).toBe(GOLDEN_SECONDS + 10);
  const [finding] = site.nodes.get('n-r1')?.findings ?? [];
  expect(finding).toMatchObject({ code: 'zone_without_serial', held: 'zone example.test' });
  lines.push(`  dns: a zone whose serials are used up\n    → held back: ${finding?.held}. ${finding?.sentence}`);
});
