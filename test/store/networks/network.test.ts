import { type RawBuilder, sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { isRejected, type Rejected } from '../../../src/core/errors.ts';
import type { Database } from '../../../src/store/database.ts';
import { migrate, readMigrations } from '../../../src/store/migrate.ts';
import { listChanges } from '../../../src/store/queries/site/changes.ts';
import { createMachine } from '../../../src/store/queries/machines/machines.ts';
import { findSubnet, updateSubnet } from '../../../src/store/queries/networks/subnets.ts';
import { updateVlan } from '../../../src/store/queries/networks/vlans.ts';
import { revertChange } from '../../../src/store/queries/site/revert.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

/** What the database keeps by itself, whatever the use cases check: here no law of the model runs before. */

const postgres = usePostgres();
let db: Database;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  value(
    await change(db, async (tx) => {
      await tx.run(sql`insert into domains (name) values ('example.test')`);
      await tx.run(sql`insert into vlans (fabric_id, name, vid) values (1, 'vlan10', 10), (1, 'vlan20', 20)`);
      await tx.run(
        sql`insert into subnets (vlan_id, name, cidr) values (1, 'ten', '10.0.0.0/16'), (2, 'twenty', '10.20.0.0/24')`,
      );
      return null;
    }),
  );
});

const run = (statement: RawBuilder<unknown>) => change(db, (tx) => tx.run(statement));
const range = (first: string, last: string, kind = 'reserved', subnet = 1) =>
  sql`insert into ip_ranges (subnet_id, kind, first, last) values (${subnet}, ${kind}, ${first}, ${last})`;
const reservation = (address: string, mac: string | null = null, subnet = 1) =>
  sql`insert into reservations (subnet_id, address, mac) values (${subnet}, ${address}, ${mac})`;
const gateway = (address: string | null) => sql`update subnets set gateway = ${address} where id = 1`;
const machine = (id: string, address: string, subnetId = 1) =>
  change(db, (tx) =>
    createMachine(tx, {
      id,
      hostname: id,
      domainId: 1,
      interfaces: [
        {
          name: 'eth0',
          mac: `52:54:00:${id.slice(0, 2)}:${id.slice(2, 4)}:${id.slice(4, 6)}`,
          kind: 'physical',
          vlanId: 1,
          addresses: [{ subnetId, address }],
        },
      ],
    }),
  );

/** The refusals among the answers; the others succeeded. */
function refusals(answers: readonly unknown[]): Rejected[] {
  return answers.filter((answer) => isRejected(answer));
}

describe('rivals on two connections: exactly one wins, the other is told who did', () => {
  test('two overlapping ranges, of either kind', async () => {
    for (let round = 0; round < 8; round += 1) {
      const kinds = [round % 2 ? 'dynamic' : 'reserved', round % 3 ? 'dynamic' : 'reserved'] as const;
      const net = `10.0.${round}`;
      const answers = await Promise.all([
        run(range(`${net}.10`, `${net}.19`, kinds[0])),
        run(range(`${net}.15`, `${net}.29`, kinds[1])),
      ]);
      const [refused, ...more] = refusals(answers);
      expect(more).toEqual([]);
      expect(refused).toMatchObject({ code: 'conflict' });
      for (const text of [`${net}.10-${net}.19`, `${net}.15-${net}.29`]) expect(refused?.message).toContain(text);
      expect(refused?.message).toMatch(/Rule: ranges share no address\.$/);
    }
  });

  test('one address for a machine, a static lease, the gateway and a dynamic range', async () => {
    for (let round = 0; round < 8; round += 1) {
      const address = `10.0.100.${10 * round + 5}`;
      const answers = await Promise.all([
        machine(`aa000${round}`, address),
        run(reservation(address, `52:54:00:bb:00:0${round}`)),
        run(gateway(address)),
        run(range(address, `10.0.100.${10 * round + 8}`, 'dynamic')),
      ]);
      const refused = refusals(answers);
      expect(answers.length - refused.length, JSON.stringify(answers)).toBe(1);
      for (const one of refused) {
        expect(one.code).toBe('conflict');
        expect(one.message).toContain(address);
        expect(one.message).toMatch(/of the machine aa|static lease of 52|the gateway of|the dynamic range/);
        expect(one.message).not.toMatch(/constraint|\[|\{\}/);
      }
      value(await run(gateway(null)));
    }
  });

  test('the last two dynamic ranges of a VLAN that serves DHCP, and the switch itself', async () => {
    for (let round = 0; round < 6; round += 1) {
      value(await run(sql`update vlans set dhcp_on = false where id = 2`));
      value(await run(sql`delete from ip_ranges where subnet_id = 2`));
      value(await run(range('10.20.0.10', '10.20.0.19', 'dynamic', 2)));
      value(await run(range('10.20.0.30', '10.20.0.39', 'dynamic', 2)));
      const isOn = round % 2 === 0;
      if (isOn) value(await run(sql`update vlans set dhcp_on = true where id = 2`));
      const answers = await Promise.all([
        run(sql`delete from ip_ranges where first = '10.20.0.10'`),
        run(sql`delete from ip_ranges where first = '10.20.0.30'`),
        ...(isOn ? [] : [run(sql`update vlans set dhcp_on = true where id = 2`)]),
      ]);
      // Ranges go, as tools do that change them; DHCP is not switched on without any.
      const [refused, ...more] = refusals(answers);
      expect(more).toEqual([]);
      const allowed = isOn ? /^$/ : /^$|The VLAN vlan10 would serve DHCP without a dynamic range/;
      expect(refused?.message ?? '').toMatch(allowed);
    }
  });
});

test('rivals for a MAC: a static lease or the machine’s own address; for a subnet: a machine or another VLAN', async () => {
  for (let round = 0; round < 8; round += 1) {
    const answers = await Promise.all([
      machine(`ee000${round}`, `10.0.150.${round + 1}`),
      run(reservation(`10.0.151.${round + 1}`, `52:54:00:ee:00:0${round}`)),
    ]);
    const [refused, ...more] = refusals(answers);
    expect(more).toEqual([]);
    expect(refused?.message).toBe(
      `eth0 of the machine ee000${round} has 10.0.150.${round + 1}, and 52:54:00:ee:00:0${round} has the static lease 10.0.151.${round + 1}. Rule: DHCP gives an interface one fixed address of a subnet.`,
    );
  }
  for (let round = 0; round < 5; round += 1) {
    const cidr = `10.15${round}.0.0/24`;
    value(await run(sql`insert into subnets (id, vlan_id, name, cidr) values (${50 + round}, 1, ${cidr}, ${cidr})`));
    const answers = await Promise.all([
      machine(`ff000${round}`, `10.15${round}.0.1`, 50 + round),
      change(db, (tx) => updateSubnet(tx, { key: 50 + round }, { vlanId: 3 })),
    ]);
    const [refused, ...more] = refusals(answers);
    expect(more).toEqual([]);
    expect(refused?.message).toMatch(/Rule: the addresses of an interface lie on its VLAN/);
  }
});

test('machines that take addresses of two subnets in opposite order do not stop each other', async () => {
  value(
    await run(
      sql`insert into subnets (id, vlan_id, name, cidr) values (70, 1, 'a', '10.70.0.0/24'), (71, 1, 'b', '10.71.0.0/24')`,
    ),
  );
  const two = (n: number) => {
    const address = (net: number) => ({ subnetId: net, address: `10.${net}.0.${n + 1}` });
    const addresses = n % 2 ? [address(70), address(71)] : [address(71), address(70)];
    const mac = `52:54:00:70:00:${String(n).padStart(2, '0')}`;
    const card = { name: 'eth0', mac, kind: 'physical' as const, vlanId: 1, addresses };
    const id = `two0${String(n).padStart(2, '0')}`;
    return change(db, (tx) => createMachine(tx, { id, hostname: id, domainId: 1, interfaces: [card] }));
  };
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => two(n)));
  expect(refusals(answers)).toEqual([]);
});

describe('the database alone', () => {
  test('the exclusion constraints name both, where the triggers did not see the other', async () => {
    // What only a process of another version, without the triggers, could do.
    const raw = postgres.get().open(await postgres.get().createDatabase());
    const broken = await change(raw, async (tx) => {
      await tx.run(sql`alter table ip_ranges disable trigger check_range_not_twice`);
      await tx.run(sql`insert into subnets (vlan_id, name, cidr) values (1, 'ten', '10.0.0.0/16')`);
      await tx.run(range('10.0.0.10', '10.0.0.19'));
      return tx.run(range('10.0.0.15', '10.0.0.15'));
    });
    expect(refusal(broken).message).toBe('10.0.0.15 overlaps 10.0.0.10-10.0.0.19. Rule: ranges share no address.');
  });

  test('a range or a reservation outside of its subnet is refused, and a subnet keeps what is in it', async () => {
    expect(refusal(await run(range('10.1.0.1', '10.1.0.9'))).message).toBe(
      '10.1.0.1-10.1.0.9 is outside the subnet 10.0.0.0/16. Rule: a range lies inside its subnet.',
    );
    expect(refusal(await run(reservation('10.1.0.1'))).message).toBe(
      '10.1.0.1 is outside the subnet 10.0.0.0/16. Rule: an address lies inside its subnet.',
    );
    value(await run(range('10.0.200.1', '10.0.200.9')));
    value(await run(reservation('10.0.201.1')));
    expect(refusal(await change(db, (tx) => updateSubnet(tx, { key: 1 }, { cidr: '10.0.0.0/25' }))).code).toBe(
      'in_use',
    );
  });

  test('an address may lie in a reserved range, and a gateway too', async () => {
    value(await run(range('10.0.202.1', '10.0.202.9')));
    value(await run(reservation('10.0.202.3', '52:54:00:cc:00:01')));
    value(await machine('cc0002', '10.0.202.4'));
    value(await run(gateway('10.0.202.1')));
    expect(await db.read((tx) => findSubnet(tx, { id: 1 }))).toMatchObject({ gateway: '10.0.202.1' });
  });

  test('one static lease per interface and subnet', async () => {
    value(await run(reservation('10.0.203.1', '52:54:00:dd:00:01')));
    expect(refusal(await run(reservation('10.0.203.2', '52:54:00:dd:00:01'))).message).toBe(
      'This MAC address has a static lease in the subnet already.',
    );
  });

  test.each<[string, RawBuilder<unknown>]>([
    ['a range that ends before it begins', range('10.0.204.9', '10.0.204.1')],
    ['an end with a prefix', range('10.0.204.0/24', '10.0.204.255')],
    ['an unknown kind', range('10.0.204.1', '10.0.204.9', 'other')],
    ['a dynamic IPv6 range', range('::1', '::9', 'dynamic')],
    ['a gateway outside', gateway('10.1.0.1')],
    ['a gateway of the other family', gateway('::1')],
    [
      'a host name of digits',
      sql`insert into reservations (subnet_id, address, hostname) values (1, '10.0.204.1', '123')`,
    ],
    [
      'a comment of two lines',
      sql`insert into reservations (subnet_id, address, comment) values (1, '10.0.204.1', ${'a\nb'})`,
    ],
    ['nine resolvers', sql`update subnets set resolvers = array_fill('192.0.2.1'::inet, array[9]) where id = 1`],
    ['a VLAN without a fabric', sql`insert into vlans (name, vid) values ('x', 30)`],
    ['a fabric with quotes', sql`insert into fabrics (name) values (${'a"b'})`],
    ['DHCP without a range', sql`update vlans set dhcp_on = true where id = 3`],
  ])('%s is refused with a sentence', async (_, statement) => {
    const answer = refusal(await run(statement));
    expect(answer.message).not.toMatch(/constraint|SQLSTATE|violates|\{\}|\n/);
    expect(answer.code).toMatch(/^(invalid_value|in_use|conflict)$/);
  });
});

test('a VLAN that serves DHCP may lose its last range: by delete, by move, by taking back; it is not switched on without one', async () => {
  value(await run(sql`update vlans set dhcp_on = false where id = 2`));
  value(await run(sql`delete from ip_ranges where subnet_id = 2`));
  value(await run(range('10.20.0.50', '10.20.0.99', 'dynamic', 2)));
  const made = value(await db.read((tx) => listChanges(tx, { limit: 1 }))).items[0];
  value(await change(db, (tx) => updateVlan(tx, { key: 2 }, { dhcpOn: true })));
  const back = async () => change(db, async (tx) => (await revertChange(tx, made?.id ?? 0)) ?? 'taken back');
  expect(value(await back())).toBe('taken back');
  value(await run(range('10.20.0.50', '10.20.0.99', 'dynamic', 2)));
  value(await change(db, (tx) => updateSubnet(tx, { key: 2 }, { vlanId: 3 })));
  value(await change(db, (tx) => updateSubnet(tx, { key: 2 }, { vlanId: 2 })));
  value(await run(sql`delete from ip_ranges where subnet_id = 2`));
  // It is on without one, and is not switched on without one.
  value(await change(db, (tx) => updateVlan(tx, { key: 2 }, { dhcpOn: false })));
  const on = refusal(await change(db, (tx) => updateVlan(tx, { key: 2 }, { dhcpOn: true })));
  expect(on).toMatchObject({ code: 'in_use' });
  expect(on.message).toMatch(/would serve DHCP without a dynamic range\. Rule: /);
});

test('a database of version 3 with an address and a VLAN becomes one of today', async () => {
  const connection = await postgres.get().createDatabase('empty');
  const old = postgres.get().open(connection);
  const known = readMigrations();
  value(await migrate(old, known.slice(0, 3)));
  await postgres.get().admin(
    `select begin_operation('ada', 'old', '', 'old');
     set regent.operation = 'old';
     insert into domains (name) values ('old.test');
     insert into vlans (name, vid) values ('storage', 20);
     insert into subnets (vlan_id, name, cidr) values (2, 'store', '10.5.0.0/24');
     insert into machines (id, hostname, domain_id) values ('oldone', 'one', 1);
     insert into interfaces (machine_id, name, mac, vlan_id) values ('oldone', 'eth0', '52:54:00:00:00:01', 2);
     insert into interface_addresses (interface_id, subnet_id, address) values (1, 1, '10.5.0.7');
     select finish_operation('{"actor": "ada", "key": "old", "operation": "old", "origin": "test", "summary": "old", "status": 200, "events": []}', '{}')`,
    connection.database,
  );
  value(await migrate(old, known));
  const snapshot = value(await old.read(readSnapshot));
  expect(snapshot).toMatchObject({
    vlans: [
      { name: 'untagged', vid: 0, fabricId: 1 },
      { name: 'storage', vid: 20, fabricId: 1, spaceId: null, dhcpOn: false, dnsOn: true, relayVlanId: null },
    ],
    subnets: [{ cidr: '10.5.0.0/24', gateway: null, resolvers: [], isManaged: true, dnsOn: true, proxyOn: true }],
    machines: [{ id: 'oldone' }],
    ranges: [],
    reservations: [],
  });
  // The old address counts at once.
  const on = (statement: RawBuilder<unknown>) => change(old, (tx) => tx.run(statement));
  const clash = refusal(await on(range('10.5.0.1', '10.5.0.9', 'dynamic')));
  expect(clash.message).toContain(
    'the dynamic range 10.5.0.1-10.5.0.9 collides with 10.5.0.7, the address of eth0 of the machine one',
  );
  value(await on(range('10.5.0.10', '10.5.0.19', 'dynamic')));
  value(await on(sql`update vlans set dhcp_on = true where id = 2`));
  // A change of that time can still be taken back, though its rows have more columns now.
  value(await on(sql`update vlans set dhcp_on = false where id = 2`));
  value(await on(sql`delete from ip_ranges`));
  expect(await change(old, async (tx) => (await revertChange(tx, 1)) ?? 'taken back')).toBe('taken back');
  expect(value(await old.read(readSnapshot))).toMatchObject({ machines: [], subnets: [], domains: [] });
});
