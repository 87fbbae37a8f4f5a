import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../../src/model/snapshot.ts';
import { compileSite } from '../../../../src/services/compile-node.ts';
import { CATALOG, catalogOf, copyingOf, maskDns } from '../../../../src/services/dns/copies.ts';
import type { DnsDesired } from '../../../../src/services/dns/desired.ts';
import { dns } from '../../../../src/services/dns/index.ts';
import { parseProbeCopies } from '../../../../src/services/dns/probe-copies.ts';
import { renderService } from '../../../../src/services/kit/render.ts';
import { answer, notAsked, SILENT } from '../../../kit/exec-result.ts';
import { goldenTemplates } from '../../../kit/goldens.ts';
import { aCopyKey, aDomain, aRack, aSubnet, clusterSnapshot, FACTS, machine } from '../../../kit/snapshots.ts';
import type { Node } from '../../../../src/model/cluster/node.ts';

const DOMAINS = [aDomain(1, 'regent.internal'), aDomain(2, 'example.test')];
const site = (changes: Partial<Snapshot> = {}) => clusterSnapshot({ domains: DOMAINS, ...changes });

function desiredOf(snapshot: Snapshot, nodeId: string): DnsDesired | null {
  const node = compileSite(snapshot, [dns], new Map(), 1_790_000_000).nodes.get(nodeId);
  expect(node?.findings).toEqual([]);
  return (node?.body.services['dns']?.desired ?? null) as DnsDesired | null;
}
const filesOf = (desired: DnsDesired | null) =>
  new Map(
    renderService(dns, desired, { facts: FACTS, templates: goldenTemplates(), generation: 1 }).map((file) => [
      file.target,
      file,
    ]),
  );
const changed = (id: string, changes: Partial<Node>) =>
  site().nodes.map((node) => (node.id === id ? { ...node, ...changes } : node));

describe('who copies', () => {
  it('every accepted rack that is no region node, from every region node that serves', () => {
    const copying = copyingOf(site());
    expect([...(copying?.racks ?? [])]).toEqual([
      ['n-k1', '10.77.0.21'],
      ['n-k2', '10.77.0.22'],
    ]);
    expect(copying?.primaries).toEqual(['10.77.0.11', '10.77.0.12', '10.77.0.13']);
    expect([...(copyingOf(site({ racks: [aRack(2, 'n-k2', true)] }))?.racks.keys() ?? [])]).toEqual(['n-k2']);
    expect(copyingOf(site({ nodes: changed('n-r2', { state: 'joining' }) }))?.primaries).toHaveLength(2);
  });

  it.each([
    ['without racks', { racks: [] }],
    ['with a rack that is a region node, too', { racks: [aRack(1, 'n-r1', true)] }],
    ['without a region node', { nodes: site().nodes.filter((node) => !node.isRegion) }],
  ])('nobody %s', (_what, changes) => {
    expect(copyingOf(site(changes))).toBeNull();
    const desired = desiredOf(site(changes), 'n-k1');
    expect(desired).toBeNull();
  });

  it('nobody where there is no key: the regions have no catalog then', () => {
    const { copyKey: _key, ...without } = site();
    expect(desiredOf(without, 'n-k1')).toBeNull();
    const region = desiredOf(without, 'n-r1');
    expect(region?.zones.map((zone) => zone.name)).not.toContain(CATALOG);
    expect([...filesOf(region).keys()]).not.toContain('/etc/bind/regent/keys.conf');
  });
});

describe('the catalog', () => {
  it('names every zone once, under a label that stays', () => {
    const labels = (zones: readonly string[]) =>
      new Map(catalogOf(zones).records.flatMap(({ name, type, data }) => (type === 'PTR' ? [[data, name]] : [])));
    const before = labels(['a.test', 'b.test']);
    const after = labels(['b.test', 'c.test']);
    expect(after.get('b.test')).toBe(before.get('b.test'));
    expect(new Set([...before.values(), ...after.values()]).size).toBe(3);
    for (const label of after.values()) expect(label).toMatch(/^[0-9a-f]{40}\.zones$/);
  });

  it('is published by the regions alone, and a new zone changes no file of a rack', () => {
    const more = site({ domains: [...DOMAINS, aDomain(3, 'new.test')], machines: [machine('web1', 3, { eth0: [] })] });
    const catalog = desiredOf(more, 'n-r1')?.zones.find((zone) => zone.name === CATALOG);
    expect(catalog?.records.filter(({ type }) => type === 'PTR').map(({ data }) => data)).toEqual([
      'example.test',
      'new.test',
      'regent.internal',
    ]);
    const [before, after] = [desiredOf(site(), 'n-k1'), desiredOf(more, 'n-k1')];
    expect(after).not.toEqual(before);
    expect([...filesOf(after)].map(([path, { digest }]) => [path, digest])).toEqual(
      [...filesOf(before)].map(([path, { digest }]) => [path, digest]),
    );
  });

  it('leaves local zones to a rack, less those that it copies', () => {
    const names = (snapshot: Snapshot) => desiredOf(snapshot, 'n-k1')?.local?.map((zone) => zone.name) ?? [];
    expect(names(site())).toEqual(expect.arrayContaining(['localhost', '10.in-addr.arpa']));
    const wide = names(site({ subnets: [aSubnet(1, 'wide', '10.0.0.0/8')] }));
    expect(wide).toContain('localhost');
    expect(wide).not.toContain('10.in-addr.arpa');
  });
});

describe('secrets', () => {
  it('are in one file of root and named, and in the copy for the checker', () => {
    const secret = site().copyKey?.secret ?? 'none';
    for (const node of ['n-r1', 'n-k1']) {
      const files = filesOf(desiredOf(site(), node));
      const holding = [...files.values()].filter(({ content }) => content.includes(secret));
      expect(holding.map(({ target }) => target).sort()).toEqual([
        '/etc/bind/regent/check/named.conf',
        '/etc/bind/regent/keys.conf',
      ]);
      for (const file of holding) expect(file).toMatchObject({ mode: 0o640, owner: 'root', group: 'bind' });
    }
  });

  it('are masked by their number, in a form that named.conf takes', () => {
    const desired = desiredOf(site(), 'n-r1') as DnsDesired;
    const masked = maskDns(desired);
    expect(JSON.stringify(masked)).not.toContain(site().copyKey?.secret);
    expect(masked.keys).toEqual([{ ...aCopyKey(), secret: 'masked0000000001' }]);
    expect(Buffer.from('masked0000000001', 'base64').toString('base64')).toBe('masked0000000001');
    const { keys: _keys, ...without } = desired;
    expect(maskDns(without)).toBe(without);
  });
});

describe('transfers to others', () => {
  const partner = aCopyKey({ name: 'ns-partner', algorithm: 'hmac-sha384' });
  const stanza = (changes: object, tsigKeys = [partner]) => {
    const snapshot = site({ domains: [aDomain(1, 'regent.internal'), aDomain(2, 'example.test', changes)], tsigKeys });
    const conf = filesOf(desiredOf(snapshot, 'n-r1')).get('/etc/bind/regent/named.conf')?.content ?? '';
    return /zone "example\.test" \{[^]*?\n\};/.exec(conf)?.[0].replaceAll(/\s+/g, ' ') ?? '';
  };

  it.each([
    ['an address', { transferTo: ['192.0.2.5'] }, 'allow-transfer { key "regent-racks"; 192.0.2.5; };'],
    ['a key', { transferKey: 'ns-partner' }, 'allow-transfer { key "regent-racks"; key "ns-partner"; };'],
    [
      'both',
      { transferTo: ['192.0.2.5', '2001:db8::5'], transferKey: 'ns-partner' },
      'allow-transfer { key "regent-racks"; !{ !192.0.2.5; !2001:db8::5; any; }; key "ns-partner"; };',
    ],
    [
      'a key that is not there: nobody more than racks',
      { transferTo: ['192.0.2.5'], transferKey: 'gone' },
      'allow-transfer { key "regent-racks"; };',
    ],
  ])('by %s', (_what, changes, expected) => {
    expect(stanza(changes)).toContain(expected);
  });

  it('tell them of each change, signed where there is a key', () => {
    expect(stanza({ transferTo: ['192.0.2.5'], transferKey: 'ns-partner' })).toContain(
      '192.0.2.5 key "ns-partner"; };',
    );
    expect(stanza({ transferTo: ['192.0.2.5'] })).toContain(' 192.0.2.5; }; };');
  });

  it('take their key to region nodes alone, and only where a domain needs it', () => {
    const used = site({ domains: [aDomain(1, 'regent.internal', { transferKey: 'ns-partner' })], tsigKeys: [partner] });
    expect(desiredOf(used, 'n-r1')?.keys?.map((key) => key.name)).toEqual(['regent-racks', 'ns-partner']);
    expect(desiredOf(used, 'n-k1')?.keys?.map((key) => key.name)).toEqual(['regent-racks']);
    expect(desiredOf(site({ tsigKeys: [partner] }), 'n-r1')?.keys?.map((key) => key.name)).toEqual(['regent-racks']);
  });
});

describe('health of a rack', () => {
  const NOW = 1_790_000_100;
  const copies = {
    key: 'regent-racks',
    primaries: ['10.77.0.11'],
    catalog: CATALOG,
    published: [
      { name: 'a.test', serial: NOW - 10 },
      { name: 'b.test', serial: NOW - 1000 },
    ],
    count: 7,
  };
  const soa = (serial: number, when = NOW) =>
    answer(`status: NOERROR\na.test.\t30\tIN\tSOA\tns. h. ${serial} 1 1 1 1\nwhen: ${when}\n`);
  const none = answer(`status: NXDOMAIN\nwhen: ${NOW}\n`);

  it.each([
    [
      'all are there',
      [soa(NOW - 10), soa(NOW - 1000)],
      'well',
      'named answers with copies of 7 zones, a.test serial 1790000090',
    ],
    [
      'one is newer: the regions have gone on',
      [soa(NOW - 10), soa(NOW)],
      'well',
      'named answers with copies of 7 zones',
    ],
    [
      'one is on its way',
      [soa(NOW - 20), soa(NOW - 1000)],
      'on its way',
      'are on their way: a.test (1790000080, published is 1790000090)',
    ],
    [
      'one is not here yet',
      [none, soa(NOW - 1000)],
      'on its way',
      'are on their way: a.test (not here, published is 1790000090)',
    ],
    [
      'one is late',
      [soa(NOW - 10), soa(NOW - 2000)],
      'late',
      'copies from 10.77.0.11 are behind: b.test (1789998100, published is 1789999100)',
    ],
    [
      'one is not here, and late',
      [soa(NOW - 10), none],
      'late',
      'are behind: b.test (not here, published is 1789999100)',
    ],
    ['nobody knows what time it is', [answer('status: NOERROR\n'), soa(NOW - 1000)], 'late', 'are behind: a.test'],
    ['named is silent', [SILENT, soa(NOW - 1000)], 'ill', 'no answer within a second'],
    ['named is down', [notAsked('nobody answers'), notAsked('nobody answers')], 'ill', 'nobody answers'],
    ['no query was sent', [], 'ill', 'no answer within a second'],
  ])('%s', (_what, answers, verdict, words) => {
    const health = parseProbeCopies(answers, copies);
    const isSettling = verdict === 'on its way' || verdict === 'late';
    expect(health.isHealthy).toBe(verdict === 'well' || verdict === 'on its way');
    expect(health.isSettling ?? false).toBe(isSettling);
    expect(health.detail).toContain(words);
    // What is late is no fault of the daemon: it is not restarted for it.
    expect(health.isOutOfReach ?? false).toBe(verdict === 'late');
  });

  it('follows serials that go round', () => {
    const round = { ...copies, published: [{ name: 'a.test', serial: 5 }] };
    expect(parseProbeCopies([soa(0xffff_fff0)], round).detail).toContain('are behind');
    expect(parseProbeCopies([soa(6)], round).isHealthy).toBe(true);
  });
});
