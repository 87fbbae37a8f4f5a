import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { DEFAULT_SETTINGS } from '../../../src/model/site/settings.ts';
import type { Database } from '../../../src/store/database.ts';
import { createDomain, deleteDomain } from '../../../src/store/queries/names/domains.ts';
import { createMachine, updateMachine } from '../../../src/store/queries/machines/machines.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { createRecord } from '../../../src/store/queries/names/records.ts';
import { requestRestart } from '../../../src/store/queries/cluster/restarts.ts';
import { listSettings, setSetting, unsetSetting } from '../../../src/store/queries/site/settings.ts';
import { createDeclared } from '../../../src/store/declared/rows.ts';
import { createRange } from '../../../src/store/queries/networks/ranges.ts';
import { createReservation } from '../../../src/store/queries/networks/reservations.ts';
import { createSubnet } from '../../../src/store/queries/networks/subnets.ts';
import { createVlan, updateVlan } from '../../../src/store/queries/networks/vlans.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
});

test('an empty site has the untagged VLAN and the default settings', async () => {
  const { copyKey, ...snapshot } = value(await db.read(readSnapshot));
  expect(copyKey).toMatchObject({ name: 'regent-racks', algorithm: 'hmac-sha256', number: 1 });
  expect(Buffer.from(copyKey?.secret ?? '', 'base64')).toHaveLength(64);
  expect(snapshot).toEqual({
    revision: 0,
    observed: 0,
    cluster: null,
    settings: DEFAULT_SETTINGS,
    nodes: [],
    racks: [],
    attachments: [],
    vlans: [
      {
        id: 1,
        fabricId: 1,
        spaceId: null,
        name: 'untagged',
        vid: 0,
        dhcpOn: false,
        dnsOn: true,
        relayVlanId: null,
        primaryRackId: null,
        secondaryRackId: null,
      },
    ],
    ranges: [],
    reservations: [],
    leaseNames: [],
    subnets: [],
    domains: [],
    records: [],
    machines: [],
    versions: [],
    restarts: [],
  });
});

test('everything that was written is there, in order, canonical', async () => {
  const made = value(
    await change(db, async (tx) => {
      const domain = await createDomain(tx, { name: 'example.test', ttl: 60 });
      const four = await createSubnet(tx, { vlanId: 1, name: 'four', cidr: '10.0.0.0/24', dnsOn: true });
      // A subnet from before special networks were refused: PostgreSQL writes only such addresses otherwise than the model.
      await tx.run(sql`alter table subnets disable trigger check_special_network`);
      const six = await createSubnet(tx, { vlanId: 1, name: 'six', cidr: '2001:db8::/64', dnsOn: false });
      const record = await createRecord(tx, { domainId: domain.id, name: '@', type: 'TXT', data: 'v=x', ttl: null });
      await createNode(tx, {
        id: 'n2',
        name: 'r2',
        isRegion: false,
        isRack: true,
        addresses: ['10.0.0.2', '2001:db8::2'],
      });
      await createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: true, addresses: [] });
      await setSetting(tx, 'upstream_dns', ['192.0.2.1']);
      await requestRestart(tx, { nodeId: 'n1', service: 'dns', nonce: 'once', actor: 'ada' });
      const card = (mac: string) => ({ name: 'eth0', mac, kind: 'physical' as const, vlanId: 1 });
      await createMachine(tx, { id: 'zzzzzz', hostname: 'a', domainId: domain.id, interfaces: [] });
      await createMachine(tx, {
        id: 'aaaaaa',
        hostname: 'b',
        domainId: domain.id,
        interfaces: [
          {
            ...card('52:54:00:00:00:01'),
            addresses: [
              { subnetId: six.id, address: '2001:db8::b' },
              { subnetId: four.id, address: '10.0.0.11' },
            ],
          },
        ],
      });
      return { domain, four, six, record };
    }),
  );
  const snapshot = value(await db.read(readSnapshot));
  expect(snapshot).toMatchObject({
    revision: 1,
    settings: { ...DEFAULT_SETTINGS, upstream_dns: ['192.0.2.1'] },
    nodes: [
      { id: 'n1' },
      { id: 'n2', name: 'r2', isRegion: false, isRack: true, addresses: ['10.0.0.2', '2001:db8::2'] },
    ],
    subnets: [
      { id: made.four.id, vlanId: 1, name: 'four', cidr: '10.0.0.0/24', dnsOn: true },
      { id: made.six.id, cidr: '2001:db8::/64', dnsOn: false },
    ],
    domains: [{ id: made.domain.id, name: 'example.test', ttl: 60 }],
    records: [{ id: made.record.id, domainId: made.domain.id, name: '@', type: 'TXT', data: 'v=x', ttl: null }],
    restarts: [{ nodeId: 'n1', service: 'dns', nonce: 'once' }],
  });
  expect(snapshot.machines).toEqual([
    { id: 'zzzzzz', hostname: 'a', domainId: made.domain.id, interfaces: [], dhcpOptions: [] },
    {
      id: 'aaaaaa',
      hostname: 'b',
      domainId: made.domain.id,
      dhcpOptions: [],
      interfaces: [
        {
          id: expect.any(Number),
          name: 'eth0',
          mac: '52:54:00:00:00:01',
          kind: 'physical',
          vlanId: 1,
          addresses: [
            { subnetId: made.six.id, address: '2001:db8::b' },
            { subnetId: made.four.id, address: '10.0.0.11' },
          ],
        },
      ],
    },
  ]);
});

test('the network is there: what a VLAN and a subnet offer, ranges, reservations, canonical', async () => {
  const made = value(
    await change(db, async (tx) => {
      const fabric = await createDeclared(tx, 'fabric', { name: 'second' });
      const space = await createDeclared(tx, 'space', { name: 'dmz' });
      const vlan = await createVlan(tx, { fabricId: fabric.id, spaceId: space.id, name: 'v7', vid: 7, dnsOn: false });
      const subnet = await createSubnet(tx, {
        vlanId: vlan.id,
        name: 'seven',
        cidr: '10.7.0.0/24',
        gateway: '10.7.0.1',
        resolvers: ['192.0.2.53', '192.0.2.1'],
        isManaged: false,
        proxyOn: false,
      });
      const six = await createSubnet(tx, {
        vlanId: vlan.id,
        name: 'seven6',
        cidr: '::ffff:0:0/96',
        gateway: '::ffff:1:1',
      });
      await tx.run(sql`alter table subnets enable trigger check_special_network`);
      await createRange(tx, { subnetId: subnet.id, kind: 'dynamic', first: '10.7.0.10', last: '10.7.0.19' });
      await createRange(tx, {
        subnetId: six.id,
        kind: 'reserved',
        first: '::ffff:a00:1',
        last: '::ffff:a00:2',
        comment: 'x',
      });
      const mac = '52:54:00:00:07:01';
      await createReservation(tx, { subnetId: subnet.id, address: '10.7.0.5', mac, hostname: 'seven' });
      await updateVlan(tx, { key: vlan.id }, { dhcpOn: true });
      return { fabric, space, vlan, subnet, six };
    }),
  );
  const snapshot = value(await db.read(readSnapshot));
  const { fabric, space, vlan, subnet, six } = made;
  expect(snapshot.vlans.at(-1)).toEqual({
    id: vlan.id,
    fabricId: fabric.id,
    spaceId: space.id,
    name: 'v7',
    vid: 7,
    dhcpOn: true,
    dnsOn: false,
    relayVlanId: null,
    primaryRackId: null,
    secondaryRackId: null,
  });
  expect(snapshot.subnets.slice(-2)).toEqual([
    {
      id: subnet.id,
      vlanId: vlan.id,
      name: 'seven',
      cidr: '10.7.0.0/24',
      gateway: '10.7.0.1',
      resolvers: ['192.0.2.53', '192.0.2.1'],
      isManaged: false,
      dnsOn: true,
      proxyOn: false,
      dhcpOptions: [],
      leaseTime: null,
      bootServer: null,
      bootFile: null,
      ignoreUnknown: false,
    },
    expect.objectContaining({ id: six.id, gateway: '::ffff:0.1.0.1', resolvers: [], isManaged: true, proxyOn: true }),
  ]);
  expect(snapshot.ranges).toMatchObject([
    { subnetId: subnet.id, kind: 'dynamic', first: '10.7.0.10', last: '10.7.0.19', comment: '' },
    { subnetId: six.id, kind: 'reserved', first: '::ffff:10.0.0.1', last: '::ffff:10.0.0.2', comment: 'x' },
  ]);
  expect(snapshot.reservations).toMatchObject([
    {
      subnetId: subnet.id,
      address: '10.7.0.5',
      mac: '52:54:00:00:07:01',
      hostname: 'seven',
      comment: '',
      dhcpOptions: [],
    },
  ]);
});

test('settings: set, listed with versions, guarded by version, back to the default; an unusable value counts as unset', async () => {
  const first = value(await change(db, (tx) => setSetting(tx, 'default_ttl', 90, 0)));
  expect(first).toEqual({ name: 'default_ttl', value: 90, version: 1 });
  expect(refusal(await change(db, (tx) => setSetting(tx, 'default_ttl', 91, 0))).code).toBe('precondition_failed');
  expect(value(await change(db, (tx) => setSetting(tx, 'default_ttl', 91, 1))).version).toBe(2);
  const listed = value(await db.read(listSettings));
  expect(listed.find(({ name }) => name === 'default_ttl')).toEqual({ name: 'default_ttl', value: 91, version: 2 });
  expect(listed.find(({ name }) => name === 'ntp_servers')?.version).toBe(0);
  value(
    await change(db, async (tx) => {
      await unsetSetting(tx, 'default_ttl');
      await tx.run(
        sql`insert into settings (name, value) values ('dns_rate_limit', '"many"'), ('from_the_future', '1')`,
      );
      return null;
    }),
  );
  const { settings } = value(await db.read(readSnapshot));
  expect([settings.default_ttl, settings.dns_rate_limit]).toEqual([30, DEFAULT_SETTINGS.dns_rate_limit]);
});

test('one moment: under writers no snapshot shows half a change, and its revision fits its content', async () => {
  const domain = value(await change(db, (tx) => createDomain(tx, { name: 'torn.test', ttl: null })));
  const contents = new Map<number, string>();
  let isWriting = true;
  let round = 0;
  const writer = async () => {
    while (isWriting) {
      round += 1;
      const name = `pair${round}`;
      // A pair of records, a domain and a machine come in one change: all or none may be seen.
      const result = await change(db, async (tx) => {
        await createRecord(tx, { domainId: domain.id, name, type: 'TXT', data: 'left', ttl: null });
        const other = await createDomain(tx, { name: `${name}.torn-other.test`, ttl: null });
        await createRecord(tx, { domainId: other.id, name: '@', type: 'TXT', data: 'right', ttl: null });
        return other.id;
      });
      if (round % 3 === 0) value(await change(db, (tx) => deleteDomain(tx, { key: value(result), isCascade: true })));
    }
  };
  const reader = async () => {
    for (let count = 0; count < 40; count += 1) {
      const snapshot = value(await db.read(readSnapshot));
      const ids = new Set(snapshot.domains.map(({ id }) => id));
      expect(snapshot.records.filter((record) => !ids.has(record.domainId))).toEqual([]);
      const rights = snapshot.records.filter(({ data }) => data === 'right').length;
      const pairs = snapshot.domains.filter(({ name }) => /^pair\d+\.torn-other/.test(name)).length;
      expect(rights).toBe(pairs);
      const text = JSON.stringify(snapshot);
      expect(contents.get(snapshot.revision) ?? text).toBe(text);
      contents.set(snapshot.revision, text);
    }
  };
  const writers = [writer(), writer(), writer()];
  await Promise.all([reader(), reader()]);
  isWriting = false;
  await Promise.all(writers);
  expect(contents.size).toBeGreaterThan(10);
});

test('ten thousand machines are read by a score of queries', async () => {
  const connection = await postgres.get().createDatabase();
  const big = postgres.get().open(connection, { timeouts: { queryMs: 20_000 } });
  // One after the other: each has the time of a statement, also beside other tests.
  for (const text of [
    `insert into domains (name) values ('big.test');
     insert into subnets (vlan_id, name, cidr) values (1, 'big', '10.0.0.0/8')`,
    `insert into machines (id, hostname, domain_id)
       select lpad(n::text, 6, '0'), 'm' || n, 1 from generate_series(1, 10000) n`,
    `insert into interfaces (machine_id, name, mac, vlan_id)
       select lpad(n::text, 6, '0'), 'eth0', '52:54:00:' || to_hex(16 + n / 65536) || ':' ||
         lpad(to_hex(n / 256 % 256), 2, '0') || ':' || lpad(to_hex(n % 256), 2, '0'), 1 from generate_series(1, 10000) n`,
    `insert into interface_addresses (interface_id, subnet_id, address)
       select i.id, s.id, '10.0.0.0'::inet + i.id from interfaces i, subnets s`,
  ]) {
    await postgres.get().admin(`set regent.operation = 'test'; ${text}`, connection.database);
  }
  let queries = 0;
  const snapshot = value(
    await big.read((tx) =>
      readSnapshot({
        ...tx,
        all: (query) => {
          queries += 1;
          return tx.all(query);
        },
      }),
    ),
  );
  expect(snapshot.machines).toHaveLength(10_000);
  expect(snapshot.machines.every(({ interfaces }) => interfaces[0]?.addresses.length === 1)).toBe(true);
  expect(queries).toBeLessThan(27);
  // A machine more changes one.
  value(await change(big, (tx) => updateMachine(tx, { key: '000001' }, { hostname: 'renamed' })));
  expect(value(await big.read(readSnapshot)).machines.filter(({ hostname }) => hostname === 'renamed')).toHaveLength(1);
}, 120_000);
