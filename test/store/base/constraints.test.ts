import { type RawBuilder, sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Rejected } from '../../../src/core/errors.ts';
import { SENTENCES } from '../../../src/store/constraints.ts';
import type { Database } from '../../../src/store/database.ts';
import { createDomain, deleteDomain } from '../../../src/store/queries/names/domains.ts';
import { createMachine } from '../../../src/store/queries/machines/machines.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { createRecord } from '../../../src/store/queries/names/records.ts';
import { createSubnet, deleteSubnet, updateSubnet } from '../../../src/store/queries/networks/subnets.ts';
import { createVlan, deleteVlan, findFirstVlan } from '../../../src/store/queries/networks/vlans.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
let domainId: number;
let subnetId: number;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
  value(
    await change(db, async (tx) => {
      const domain = await createDomain(tx, { name: 'example.test', ttl: null });
      const subnet = await createSubnet(tx, { vlanId: 1, name: 'lab', cidr: '10.0.0.0/24', dnsOn: true });
      domainId = domain.id;
      subnetId = subnet.id;
      await createSubnet(tx, { vlanId: 1, name: 'lab6', cidr: '2001:db8::/64', dnsOn: true });
      await createRecord(tx, { domainId, name: 'www', type: 'A', data: '10.0.0.80', ttl: 60 });
      await createRecord(tx, { domainId, name: 'alias', type: 'CNAME', data: 'www.example.test', ttl: null });
      await createMachine(tx, {
        id: 'aaaaaa',
        hostname: 'm1',
        domainId,
        interfaces: [
          {
            name: 'eth0',
            mac: '52:54:00:00:00:01',
            kind: 'physical',
            vlanId: 1,
            addresses: [{ subnetId, address: '10.0.0.5' }],
          },
        ],
      });
      await createNode(tx, { id: 'n1', name: 'r1', isRegion: true, isRack: true, addresses: ['10.0.0.1'] });
      await tx.run(sql`insert into users (name, role) values ('ada', 'admin')`);
      return null;
    }),
  );
});

async function refused(statement: RawBuilder<unknown>): Promise<Rejected> {
  return refusal(await change(db, (tx) => tx.run(statement)));
}

const record = (name: string, type: string, data: string, ttl: number | null = null) =>
  sql`insert into records (domain_id, name, type, data, ttl) values (${domainId}, ${name}, ${type}, ${data}, ${ttl})`;
const card = (mac: string, name = 'eth9', kind = 'physical') =>
  sql`insert into interfaces (machine_id, name, mac, kind) values ('aaaaaa', ${name}, ${mac}, ${kind})`;
const subnet = (cidr: string, name = 'x') =>
  sql`insert into subnets (vlan_id, name, cidr) values (1, ${name}, ${cidr})`;
const address = (text: string) => sql`insert into interface_addresses (interface_id, subnet_id, address)
  select min(id), ${subnetId}, ${text}::inet from interfaces`;
const key = (column: 'consumer' | 'token' | 'secret_sha256' | 'label', text: string) => {
  const made = { consumer: 'c', token: 't', secret_sha256: '0'.repeat(64), label: '' };
  made[column] = text;
  return sql`insert into api_keys (user_name, consumer, token, secret_sha256, label)
    values ('ada', ${made.consumer}, ${made.token}, ${made.secret_sha256}, ${made.label})`;
};

const sshKey = (
  columns: Partial<Record<'user_name' | 'type' | 'data' | 'comment' | 'bits' | 'source', string | number>>,
) => {
  const made = {
    user_name: 'ada',
    type: 'ssh-ed25519',
    data: 'A'.repeat(64),
    comment: '',
    bits: 256,
    source: '',
    ...columns,
  };
  return sql`insert into ssh_keys (user_name, type, data, comment, bits, source)
    values (${made.user_name}, ${made.type}, ${made.data}, ${made.comment}, ${made.bits}, ${made.source})`;
};

/** Statement → the constraint that must refuse it. The database alone decides here: no law of the model runs before. */
const CASES: Readonly<Record<string, () => RawBuilder<unknown>>> = {
  settings_name_grammar: () => sql`insert into settings (name, value) values ('Bad Name', '1')`,
  vlans_name_unique: () => sql`insert into vlans (fabric_id, name, vid) values (1, 'untagged', 9)`,
  vlans_vid_unique: () => sql`insert into vlans (fabric_id, name, vid) values (1, 'other', 0)`,
  vlans_name_grammar: () => sql`insert into vlans (fabric_id, name, vid) values (1, ${'a"b'}, 9)`,
  vlans_vid_range: () => sql`insert into vlans (fabric_id, name, vid) values (1, 'big', 4095)`,
  subnets_name_unique: () => subnet('10.9.0.0/24', 'lab'),
  subnets_name_grammar: () => subnet('10.9.0.0/24', 'a\nb'),
  subnets_prefix_range: () => subnet('64.0.0.0/4'),
  subnets_no_special_network: () => subnet('127.0.0.0/24'),
  subnets_no_overlap: () => subnet('10.0.0.128/25'),
  subnets_keep_addresses: () => sql`update subnets set cidr = '10.0.0.0/30' where id = ${subnetId}`,
  domains_name_unique: () => sql`insert into domains (name) values ('example.test')`,
  domains_name_grammar: () => sql`insert into domains (name) values (${'a";};zone "x'})`,
  domains_no_special_name: () => sql`insert into domains (name) values ('a.localhost')`,
  domains_ttl_range: () => sql`insert into domains (name, ttl) values ('t.test', 0)`,
  domains_forward_few: () =>
    sql`insert into domains (name, authoritative, forward_to) values ('f.test', false, array_fill('192.0.2.1'::text, array[9]))`,
  domains_forward_grammar: () =>
    sql`insert into domains (name, authoritative, forward_to) values ('f.test', false, array['1.2.3.4; }; x'])`,
  domains_forward_elsewhere: () => sql`insert into domains (name, forward_to) values ('f.test', array['192.0.2.1'])`,
  records_name_grammar: () => record('a b', 'A', '10.0.0.1'),
  records_type_known: () => record('hinfo', 'HINFO', 'x'),
  records_data_grammar: () => record('txt', 'TXT', 'line\nbreak'),
  records_cname_not_at_domain: () => record('@', 'CNAME', 'www.example.test'),
  records_cname_alone: () => record('alias', 'TXT', 'beside'),
  records_ttl_range: () => record('t', 'A', '10.0.0.1', 604_801),
  records_unique: () => record('www', 'A', '10.0.0.80'),
  machines_pkey: () => sql`insert into machines (id, hostname, domain_id) values ('aaaaaa', 'm9', ${domainId})`,
  machines_id_grammar: () => sql`insert into machines (id, hostname, domain_id) values ('AAAAAA', 'm9', ${domainId})`,
  machines_hostname_unique: () =>
    sql`insert into machines (id, hostname, domain_id) values ('bbbbbb', 'm1', ${domainId})`,
  machines_hostname_grammar: () =>
    sql`insert into machines (id, hostname, domain_id) values ('bbbbbb', '-m', ${domainId})`,
  interfaces_name_unique: () => card('52:54:00:00:00:09', 'eth0'),
  interfaces_name_grammar: () => card('52:54:00:00:00:09', 'eth 0'),
  interfaces_label_unique: () => card('52:54:00:00:00:09', 'ETH0'),
  interfaces_kind_known: () => card('52:54:00:00:00:09', 'eth9', 'tunnel'),
  interfaces_mac_grammar: () => card('53:54:00:00:00:09'),
  interfaces_mac_unique: () => card('52:54:00:00:00:01'),
  interface_addresses_unique: () => address('10.0.0.5'),
  interface_addresses_host: () => address('10.0.0.8/30'),
  interface_addresses_in_subnet: () => address('10.0.1.1'),
  nodes_pkey: () => sql`insert into nodes (id, name) values ('n1', 'r9')`,
  nodes_id_grammar: () => sql`insert into nodes (id, name) values ('N 1', 'r9')`,
  nodes_name_unique: () => sql`insert into nodes (id, name) values ('n2', 'r1')`,
  nodes_name_grammar: () => sql`insert into nodes (id, name) values ('n2', 'r 1')`,
  restarts_node: () => sql`insert into restarts (node_id, service, nonce, actor) values ('gone', 'dns', 'x', 'ada')`,
  restarts_service_grammar: () =>
    sql`insert into restarts (node_id, service, nonce, actor) values ('n1', 'D N S', 'x', 'ada')`,
  users_pkey: () => sql`insert into users (name, role) values ('ada', 'user')`,
  users_name_unique: () => sql`insert into users (name, role) values ('ADA', 'user')`,
  users_name_grammar: () => sql`insert into users (name, role) values ('a:b', 'user')`,
  users_role_known: () => sql`insert into users (name, role) values ('bob', 'god')`,
  api_keys_user: () =>
    sql`insert into api_keys (user_name, consumer, token, secret_sha256) values ('bob', 'c', 't', repeat('0', 64))`,
  api_keys_consumer_grammar: () => key('consumer', 'a:b'),
  api_keys_token_grammar: () => key('token', ''),
  api_keys_label_grammar: () => key('label', 'a\nb'),
  api_keys_secret_hashed: () => key('secret_sha256', 'plain'),
  ssh_keys_once: () => sql`insert into ssh_keys (user_name, type, data, bits)
    select 'ada', 'ssh-ed25519', repeat('B', 64), 256 from generate_series(1, 2)`,
  ssh_keys_user: () => sshKey({ user_name: 'bob' }),
  ssh_keys_type_known: () => sshKey({ type: 'ssh-dss' }),
  ssh_keys_data_grammar: () => sshKey({ data: 'AAAA '.repeat(8) }),
  ssh_keys_comment_grammar: () => sshKey({ comment: 'a\u001b[2J' }),
  ssh_keys_source_grammar: () => sshKey({ source: 'gh:../x' }),
  ssh_keys_bits_range: () => sshKey({ bits: 128 }),
  machine_tokens_begun_by: () =>
    sql`insert into machine_tokens (machine_id, purpose, begun_by) values ('aaaaaa', 'testing', 'bob')`,
  node_credentials_hashed: () => sql`insert into node_credentials (node_id, secret_sha256) values ('n1', 'plain')`,
  node_credentials_node_id_fkey: () =>
    sql`insert into node_credentials (node_id, secret_sha256) values ('gone', repeat('0', 64))`,
  versions_grow:
    () => sql`with made as (select 1) insert into versions (service, key, digest, version) values ('dns', 'z', 'b', 5)
    on conflict (service, key) do update set digest = excluded.digest, version = excluded.version`,
};

describe('the database alone refuses', () => {
  test.each(Object.keys(CASES))('%s', async (name) => {
    if (name === 'versions_grow') {
      value(
        await change(db, (tx) =>
          tx.run(sql`insert into versions (service, key, digest, version) values ('dns', 'z', 'a', 9)`),
        ),
      );
    }
    const statement = CASES[name];
    const answer = await refused(statement?.() ?? sql`select`);
    const sentence = SENTENCES[name];
    const fixed = (sentence?.text ?? '').split('{}').sort((a, b) => b.length - a.length)[0] ?? '';
    const missing = (sentence?.missing ?? '').split('{}')[0] ?? '';
    expect(
      [fixed, missing].some((part) => part !== '' && answer.message.includes(part)),
      answer.message,
    ).toBe(true);
    expect(answer.message).not.toMatch(/constraint|SQLSTATE|violates|\{\}|\n/);
  });
});

test('the sentence shows what collides', async () => {
  expect((await refused(subnet('10.0.0.128/25'))).message).toContain('10.0.0.0/24');
  expect((await refused(card('52:54:00:00:00:01'))).message).toContain('52:54:00:00:00:01');
  expect((await refused(address('10.0.1.1'))).message).toBe(
    '10.0.1.1 is outside the subnet 10.0.0.0/24. Rule: an address lies inside its subnet.',
  );
  expect((await refused(record('m1', 'CNAME', 'www.example.test'))).message).toMatch(/^m1 cannot stand beside machine/);
  expect(await refused(record('www', 'CNAME', 'm1.example.test'))).toMatchObject({ code: 'conflict' });
});

test.each([
  ['A', '999.1.1.1'],
  ['A', '2001:db8::1'],
  ['AAAA', '10.0.0.1'],
  ['CNAME', 'not a name'],
  ['TXT', 'x'.repeat(4097)],
  ['TXT', ''],
  ['TXT', 'nul\0inside'],
])('the database refuses %s data %.20j', async (type, data) => {
  expect(await refused(record('bad', type, data))).toMatchObject({ code: 'invalid_value' });
});

test('a machine cannot take the name of a CNAME', async () => {
  const answer = await refused(
    sql`insert into machines (id, hostname, domain_id) values ('cccccc', 'alias', ${domainId})`,
  );
  expect(answer).toMatchObject({ code: 'conflict' });
});

test('IPv6 subnets and addresses obey the same laws', async () => {
  expect((await refused(subnet('2001:db8::/96'))).message).toContain('2001:db8::/64');
  const six = sql`insert into interface_addresses (interface_id, subnet_id, address)
    select (select min(id) from interfaces), id, '2001:db9::1' from subnets where name = 'lab6'`;
  expect((await refused(six)).message).toContain('2001:db9::1 is outside the subnet 2001:db8::/64');
});

test('what is in use cannot be deleted, and the sentence says by what', async () => {
  const answers = [
    await change(db, (tx) => deleteDomain(tx, { key: domainId })),
    await change(db, (tx) => deleteSubnet(tx, { key: subnetId })),
    await change(db, async (tx) => deleteVlan(tx, { key: (await findFirstVlan(tx))?.id ?? 0 })),
    await change(db, (tx) => updateSubnet(tx, { key: subnetId }, { cidr: '10.0.0.0/30' })),
  ];
  expect(answers.map((answer) => refusal(answer).code)).toEqual(['in_use', 'in_use', 'in_use', 'in_use']);
  expect(refusal(answers[0]).message).toMatch(/The domain is still used by (records|machines)/);
  expect(refusal(answers[3]).message).toContain('10.0.0.5 would be outside');
});

test('rivals for one name: of a CNAME and an A record at the same moment exactly one stays', async () => {
  for (let round = 0; round < 10; round += 1) {
    const name = `race${round}`;
    const results = await Promise.all([
      change(db, (tx) => createRecord(tx, { domainId, name, type: 'CNAME', data: 'www.example.test', ttl: null })),
      change(db, (tx) => createRecord(tx, { domainId, name, type: 'A', data: '10.0.0.90', ttl: null })),
      change(db, (tx) => createMachine(tx, { id: `race0${round}`, hostname: name, domainId, interfaces: [] })),
    ]);
    const kinds = results.map((result) => ('code' in result ? 'refused' : 'done'));
    const isCname = kinds[0] === 'done';
    expect(kinds, JSON.stringify(results)).toEqual(
      isCname ? ['done', 'refused', 'refused'] : ['refused', 'done', 'done'],
    );
  }
});

test('rivals for one network, one VLAN, one MAC: exactly one stays', async () => {
  for (let round = 0; round < 5; round += 1) {
    const results = await Promise.all([
      ...[1, 2, 3].map((n) =>
        change(db, (tx) =>
          createSubnet(tx, { vlanId: 1, name: `race ${round} ${n}`, cidr: `10.2${round}.0.0/1${5 + n}`, dnsOn: true }),
        ),
      ),
      ...[1, 2, 3].map((n) =>
        change(db, (tx) => createVlan(tx, { fabricId: 1, name: `race ${round} ${n}`, vid: 100 + round })),
      ),
    ]);
    const done = results.map((result) => !('code' in result));
    expect(done.slice(0, 3).filter(Boolean)).toHaveLength(1);
    expect(done.slice(3).filter(Boolean)).toHaveLength(1);
  }
});
