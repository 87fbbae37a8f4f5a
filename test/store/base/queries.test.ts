import { sql } from 'kysely';
import { beforeAll, describe, expect, test } from 'vitest';
import { formatAddress, formatSpan } from '../../../src/core/ip.ts';
import { mergeSpans, nextFreeAddress } from '../../../src/model/networks/allocation.ts';
import { spanOf } from '../../../src/model/networks/ip-range.ts';
import type { Database } from '../../../src/store/database.ts';
import { listAudit } from '../../../src/store/queries/people/audit.ts';
import { createApiKey, findApiKey, listApiKeys, revokeApiKey } from '../../../src/store/queries/people/api-keys.ts';
import {
  createDomain,
  deleteDomain,
  findDomainOf,
  listDomains,
  lockDomain,
} from '../../../src/store/queries/names/domains.ts';
import {
  createMachine,
  deleteMachine,
  findMachine,
  freshMachineId,
  findMachinesNamed,
  listMachines,
  updateMachine,
} from '../../../src/store/queries/machines/machines.ts';
import {
  createNode,
  deleteNode,
  findNode,
  listNodes,
  readNodeCredential,
  setNodeCredential,
  updateNode,
} from '../../../src/store/queries/cluster/nodes.ts';
import {
  createRecord,
  findRecords,
  listRecords,
  namesInUse,
  updateRecord,
} from '../../../src/store/queries/names/records.ts';
import { ownAddressesBetween, takenSpans } from '../../../src/store/queries/networks/address-users.ts';
import { createRange } from '../../../src/store/queries/networks/ranges.ts';
import { createReservation } from '../../../src/store/queries/networks/reservations.ts';
import {
  createSubnet,
  findSubnet,
  listSubnets,
  lockSubnet,
  updateSubnet,
} from '../../../src/store/queries/networks/subnets.ts';
import {
  countUsers,
  createUser,
  deleteUser,
  findUser,
  listUsers,
  updateUser,
} from '../../../src/store/queries/people/users.ts';
import {
  createVlan,
  deleteVlan,
  findVlan,
  findVlansMeant,
  listVlans,
  updateVlan,
} from '../../../src/store/queries/networks/vlans.ts';
import type { Tx } from '../../../src/store/tx.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { change, refusal, value } from '../../kit/store.ts';

const postgres = usePostgres();
let db: Database;
const read = async <T>(body: (tx: Tx) => Promise<T>): Promise<T> => value(await db.read(body)) as T;
const make = async <T>(body: (tx: Tx) => Promise<T>) =>
  value(await change(db, body)) as Exclude<T, { kind: 'rejected' }>;

beforeAll(async () => {
  db = postgres.get().open(await postgres.get().createDatabase());
});

describe('pages', () => {
  test('keyset paging gives every row once, in order, while rows come and go', async () => {
    for (let n = 0; n < 25; n += 1)
      await make((tx) => createDomain(tx, { name: `page${(n * 7) % 25}.test`, ttl: null }));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await read((tx) => listDomains(tx, { name: 'page', sort: '-name', limit: 10, cursor }));
      seen.push(...page.items.map(({ name }) => name));
      cursor = page.next ?? undefined;
      // One above and one below the place: neither hides nor repeats another.
      await make((tx) => createDomain(tx, { name: `page-above${seen.length}.test`, ttl: null }));
    } while (cursor !== undefined);
    const old = seen.filter((name) => !name.includes('above'));
    expect(old).toEqual([...new Set(old)].sort().reverse());
    expect(old).toHaveLength(25);
  });

  test('a page that ends exactly at the end says that it was the last', async () => {
    const all = await read((tx) => listDomains(tx, { name: 'page1' }));
    const exact = await read((tx) => listDomains(tx, { name: 'page1', limit: all.items.length }));
    expect(exact.next).toBeNull();
    expect((await read((tx) => listDomains(tx, { limit: 1 }))).next).not.toBeNull();
  });

  test.each(['%', '_', '\\', "'; drop table domains; --"])('a filter takes %j literally', async (name) => {
    expect((await read((tx) => listDomains(tx, { name }))).items).toEqual([]);
  });

  test.each(['garbage', 'bnVsbA', Buffer.from('["name","a"]').toString('base64url'), 'Ww=='])(
    'a bad cursor is refused: %s',
    async (cursor) => {
      expect(refusal(await db.read((tx) => listDomains(tx, { cursor }))).fields?.[0]?.field).toBe('cursor');
    },
  );

  test('a cursor of another order, one with a value of the wrong type, and an unknown order are refused', async () => {
    const { next } = await read((tx) => listDomains(tx, { limit: 1, sort: 'name' }));
    expect(refusal(await db.read((tx) => listDomains(tx, { cursor: next ?? '', sort: '-name' }))).code).toBe(
      'invalid_value',
    );
    const forged = Buffer.from('["id","x","y"]').toString('base64url');
    expect(refusal(await db.read((tx) => listDomains(tx, { cursor: forged }))).code).toBe('invalid_value');
    const answer = refusal(await db.read((tx) => listDomains(tx, { sort: 'ttl; drop table domains' })));
    expect(answer.message).toContain('one of id, name');
  });
});

describe('names', () => {
  let domainId: number;
  beforeAll(async () => {
    domainId = (await make((tx) => createDomain(tx, { name: 'names.test', ttl: null }))).id;
    await make((tx) => createDomain(tx, { name: 'sub.names.test', ttl: null }));
    await make(async (tx) => {
      await createRecord(tx, { domainId, name: 'www', type: 'A', data: '192.0.2.1', ttl: null });
      await createRecord(tx, { domainId, name: 'www', type: 'A', data: '192.0.2.2', ttl: 9 });
      await createRecord(tx, { domainId, name: 'www', type: 'TXT', data: 'text', ttl: null });
      await createRecord(tx, { domainId, name: '@', type: 'A', data: '192.0.2.3', ttl: null });
      return createRecord(tx, { domainId, name: '*.deep.er', type: 'A', data: '192.0.2.4', ttl: null });
    });
  });

  test('the longest domain owns a name', async () => {
    const owner = (fqdn: string) => read(async (tx) => (await findDomainOf(tx, fqdn))?.name ?? null);
    expect(
      await Promise.all(['names.test', 'a.b.names.test', 'x.sub.names.test', 'test', 'xnames.test'].map(owner)),
    ).toEqual(['names.test', 'names.test', 'sub.names.test', null, null]);
  });

  test('records by full name, type and data; lists in every order', async () => {
    const found = (by: Parameters<typeof findRecords>[1]) => read((tx) => findRecords(tx, by));
    expect(await found({ fqdn: 'www.names.test' })).toHaveLength(3);
    expect(await found({ fqdn: 'www.names.test', type: 'A', data: '192.0.2.2' })).toMatchObject([
      { fqdn: 'www.names.test', domain: 'names.test', name: 'www', ttl: 9, version: 1 },
    ]);
    expect(await found({ fqdn: 'names.test' })).toMatchObject([{ name: '@', fqdn: 'names.test' }]);
    expect(await found({ fqdn: '*.deep.er.names.test' })).toHaveLength(1);
    const fqdns = async (sort: string) =>
      (await read((tx) => listRecords(tx, { domainId, sort }))).items.map((row) =>
        sort.endsWith('type') ? row.type : row.fqdn,
      );
    expect(await fqdns('fqdn')).toEqual([...(await fqdns('fqdn'))].sort());
    expect(await fqdns('-fqdn')).toEqual([...(await fqdns('fqdn'))].reverse());
    expect(await fqdns('type')).toEqual(['A', 'A', 'A', 'A', 'TXT']);
    expect(
      (await read((tx) => listRecords(tx, { fqdn: 'www.names.test', type: 'TXT', data: 'text' }))).items,
    ).toHaveLength(1);
  });

  test('a record’s TTL can be taken away again', async () => {
    const [record] = await read((tx) => findRecords(tx, { fqdn: 'names.test' }));
    const key = record?.id ?? 0;
    expect(await make((tx) => updateRecord(tx, { key }, { ttl: 60 }))).toMatchObject({ ttl: 60, data: '192.0.2.3' });
    expect(await make((tx) => updateRecord(tx, { key }, { ttl: null }))).toMatchObject({ ttl: null, version: 3 });
  });

  test('everything that owns a name is known: records, a machine, a node', async () => {
    await make(async (tx) => {
      await createMachine(tx, { id: 'nameme', hostname: 'www', domainId, interfaces: [] });
      return createNode(tx, {
        id: 'www',
        name: 'www',
        isRegion: false,
        isRack: true,
        addresses: ['192.0.2.9', '2001:db8::9'],
      });
    });
    const uses = await make(async (tx) => {
      await lockDomain(tx, domainId);
      return namesInUse(tx, { domainId, name: 'www', isNodeDomain: true });
    });
    expect(uses.map(({ kind, type }) => `${kind} ${type}`).sort()).toEqual([
      'machine A',
      'node A',
      'node AAAA',
      'record A',
      'record A',
      'record TXT',
    ]);
    expect(await read((tx) => namesInUse(tx, { domainId, name: 'free' }))).toEqual([]);
  });

  test('a domain goes with its records when that is asked for', async () => {
    const { id } = await make((tx) => createDomain(tx, { name: 'gone.test', ttl: null }));
    await make((tx) => createRecord(tx, { domainId: id, name: 'a', type: 'A', data: '192.0.2.1', ttl: null }));
    expect(refusal(await change(db, (tx) => deleteDomain(tx, { key: id }))).code).toBe('in_use');
    expect(refusal(await change(db, (tx) => deleteDomain(tx, { key: id, ifVersion: 9, isCascade: true }))).code).toBe(
      'precondition_failed',
    );
    expect(await make((tx) => deleteDomain(tx, { key: id, ifVersion: 1, isCascade: true }))).toMatchObject({
      name: 'gone.test',
    });
    expect(await read((tx) => findRecords(tx, { fqdn: 'a.gone.test' }))).toEqual([]);
  });
});

describe('networks and machines', () => {
  let domainId: number;
  let subnetId: number;
  const eth = (n: number, addresses: string[] = []) => ({
    name: `eth${n}`,
    mac: `52:54:00:00:01:0${n}`,
    kind: 'physical' as const,
    vlanId: 1,
    addresses: addresses.map((address) => ({ subnetId, address })),
  });

  beforeAll(async () => {
    domainId = (await make((tx) => createDomain(tx, { name: 'metal.test', ttl: null }))).id;
    subnetId = (await make((tx) => createSubnet(tx, { vlanId: 1, name: 'metal', cidr: '10.50.0.0/24', dnsOn: true })))
      .id;
    await make((tx) =>
      createMachine(tx, {
        id: 'metal1',
        hostname: 'one',
        domainId,
        interfaces: [eth(0, ['10.50.0.10', '10.50.0.11']), eth(1)],
      }),
    );
  });

  test('VLANs: found, renamed, listed, deleted', async () => {
    const vlan = await make((tx) => createVlan(tx, { fabricId: 1, name: 'storage', vid: 20 }));
    expect(await read((tx) => findVlansMeant(tx, '20'))).toEqual([vlan]);
    expect(await read((tx) => findVlansMeant(tx, 'fabric-1/storage'))).toEqual([vlan]);
    expect(vlan).toMatchObject({ fabric: 'fabric-1', space: null, dhcpOn: false, dnsOn: true, relayVlanId: null });
    expect(await make((tx) => updateVlan(tx, { key: vlan.id, ifVersion: 1 }, { name: 'disk' }))).toMatchObject({
      vid: 20,
      version: 2,
    });
    expect((await read((tx) => listVlans(tx, { sort: '-vid' }))).items.map(({ name }) => name)).toEqual([
      'disk',
      'untagged',
    ]);
    expect(await make((tx) => deleteVlan(tx, { key: vlan.id }))).toMatchObject({ name: 'disk' });
    expect(await read((tx) => findVlan(tx, vlan.id))).toBeNull();
  });

  test('subnets: by id, CIDR, name and address; number of used addresses; filters', async () => {
    const all = await read((tx) =>
      Promise.all([
        findSubnet(tx, { id: subnetId }),
        findSubnet(tx, { cidr: '10.50.0.0/24' }),
        findSubnet(tx, { name: 'metal' }),
        findSubnet(tx, { holds: '10.50.0.77' }),
      ]),
    );
    expect(new Set(all.map((row) => row?.id))).toEqual(new Set([subnetId]));
    expect(all[0]).toMatchObject({ used: 2, vlan: 'untagged', cidr: '10.50.0.0/24', dnsOn: true });
    expect(await make((tx) => updateSubnet(tx, { key: subnetId }, { cidr: '10.50.0.0/25' }))).toMatchObject({
      cidr: '10.50.0.0/25',
    });
    await make((tx) => updateSubnet(tx, { key: subnetId }, { cidr: '10.50.0.0/24' }));
    const list = await read((tx) =>
      listSubnets(tx, { name: 'META', vlanId: 1, dnsOn: true, cidr: '10.50.0.0/24', sort: 'cidr' }),
    );
    expect(list.items).toHaveLength(1);
  });

  test('taken addresses: of machines, nodes, records, reservations, the gateway, and ranges', async () => {
    await make(async (tx) => {
      await createNode(tx, { id: 'n5', name: 'r5', isRegion: true, isRack: true, addresses: ['10.50.0.1'] });
      // A node may have more addresses than the one that it is known by: its resolver's on each network.
      const facts = { interfaces: [{ addresses: ['10.50.0.2', 'fe80::1', 'no address', '10.51.0.1'] }] };
      await tx.run(sql`
        insert into node_observations (node_id, generation, digest, agent_version, agent_since, facts)
        values ('n5', 1, '', '0', now(), ${JSON.stringify(facts)}::jsonb)`);
      return createRecord(tx, { domainId, name: 'vip', type: 'A', data: '10.50.0.200', ttl: null });
    });
    const taken = async () => mergeSpans(await read((tx) => takenSpans(tx, subnetId))).map(formatSpan);
    const addresses = ['10.50.0.1-10.50.0.2', '10.50.0.10-10.50.0.11', '10.50.0.200'];
    expect(await taken()).toEqual(addresses);
    await make(async (tx) => {
      await createReservation(tx, { subnetId, address: '10.50.0.30', mac: null, hostname: null });
      await createRange(tx, { subnetId, kind: 'reserved', first: '10.50.0.40', last: '10.50.0.49' });
      await createRange(tx, { subnetId, kind: 'dynamic', first: '10.50.0.50', last: '10.50.0.59' });
      return updateSubnet(tx, { key: subnetId }, { gateway: '10.50.0.254' });
    });
    expect(await taken()).toEqual([
      '10.50.0.1-10.50.0.2',
      '10.50.0.10-10.50.0.11',
      '10.50.0.30',
      '10.50.0.40-10.50.0.59',
      '10.50.0.200',
      '10.50.0.254',
    ]);
    const own = (address: string) => read((tx) => ownAddressesBetween(tx, { first: address, last: address }));
    expect(await own('10.50.0.2')).toMatchObject([{ words: 'an address of the node r5', isFloating: false }]);
    expect(await own('10.50.0.3')).toEqual([]);
    expect(await read((tx) => findSubnet(tx, { id: subnetId }))).toMatchObject({ used: 3, dynamic: 10 });
  });

  test('twenty rivals for the next free address get twenty addresses', async () => {
    const take = (n: number) =>
      change(db, async (tx) => {
        const refused = await lockSubnet(tx, { key: subnetId });
        if (refused) return refused;
        const taken = [...(await takenSpans(tx, subnetId)), spanOf({ first: '10.50.0.1', last: '10.50.0.99' })];
        const free = nextFreeAddress({ family: 4, value: 0x0a320000n, prefix: 24 }, taken);
        const id = await freshMachineId(tx, realRandom);
        const mac = `52:54:00:00:02:${String(n).padStart(2, '0')}`;
        const card = { ...eth(0, free ? [formatAddress(free)] : []), mac };
        return createMachine(tx, { id, hostname: `rival${n}`, domainId, interfaces: [card] });
      });
    const made = (await Promise.all(Array.from({ length: 20 }, (_, n) => take(n)))).map(value);
    const addresses = made.map(({ interfaces }) => interfaces[0]?.addresses[0]?.address);
    expect(new Set(addresses).size).toBe(20);
    expect(new Set(made.map(({ id }) => id)).size).toBe(20);
    expect(made.every(({ id }) => /^[a-z0-9]{6}$/.test(id))).toBe(true);
  });

  test('machines: by id, full name, MAC, address, host name', async () => {
    const found = await read((tx) =>
      Promise.all([
        findMachine(tx, { id: 'metal1' }),
        findMachine(tx, { fqdn: 'one.metal.test' }),
        findMachine(tx, { mac: '52:54:00:00:01:01' }),
        findMachine(tx, { address: '10.50.0.11' }),
        findMachinesNamed(tx, 'one').then(([machine]) => machine ?? null),
      ]),
    );
    expect(new Set(found.map((machine) => machine?.id))).toEqual(new Set(['metal1']));
    expect(found[0]).toMatchObject({
      fqdn: 'one.metal.test',
      domain: 'metal.test',
      interfaces: [
        {
          name: 'eth0',
          vlan: 'untagged',
          addresses: [
            { address: '10.50.0.10', subnet: '10.50.0.0/24', subnetId },
            { address: '10.50.0.11', subnet: '10.50.0.0/24', subnetId },
          ],
        },
        { name: 'eth1', addresses: [] },
      ],
    });
    expect(await read((tx) => findMachine(tx, { fqdn: 'one.other.test' }))).toBeNull();
  });

  test('another list of interfaces: kept ones keep their id, names swap, addresses move, the version grows', async () => {
    const before = await read((tx) => findMachine(tx, { id: 'metal1' }));
    const [first, second] = before?.interfaces ?? [];
    const after = await make((tx) =>
      updateMachine(
        tx,
        { key: 'metal1', ifVersion: before?.version ?? 0 },
        {
          hostname: 'eins',
          interfaces: [
            { ...eth(0, ['10.50.0.11']), name: 'eth1', id: first?.id },
            { ...eth(1, ['10.50.0.10']), name: 'eth0', id: second?.id },
            eth(2, ['10.50.0.12']),
          ],
        },
      ),
    );
    expect(after.version).toBeGreaterThan(before?.version ?? 0);
    expect(after.interfaces.map(({ id, name, addresses }) => [id, name, addresses[0]?.address])).toEqual([
      [first?.id, 'eth1', '10.50.0.11'],
      [second?.id, 'eth0', '10.50.0.10'],
      [expect.any(Number), 'eth2', '10.50.0.12'],
    ]);
    const stale = await change(db, (tx) =>
      updateMachine(tx, { key: 'metal1', ifVersion: before?.version ?? 0 }, { interfaces: [] }),
    );
    expect(refusal(stale).code).toBe('precondition_failed');
  });

  test('lists: filters and paging with whole objects', async () => {
    const list = (filter: Parameters<typeof listMachines>[1]) => read((tx) => listMachines(tx, filter));
    expect((await list({ hostname: 'riva', limit: 7 })).items).toHaveLength(7);
    expect((await list({ mac: '52:54:00:00:01:02' })).items).toMatchObject([{ id: 'metal1' }]);
    expect((await list({ address: '10.50.0.12', subnetId, domainId })).items).toMatchObject([
      { interfaces: { length: 3 } },
    ]);
    const sorted = (await list({ domainId, sort: '-hostname' })).items.map(({ hostname }) => hostname);
    expect(sorted).toEqual([...sorted].sort().reverse());
  });

  test('a machine goes with its interfaces and addresses', async () => {
    const { version } = (await read((tx) => findMachine(tx, { id: 'metal1' }))) ?? { version: 0 };
    expect(await make((tx) => deleteMachine(tx, { key: 'metal1', ifVersion: version }))).toMatchObject({
      hostname: 'eins',
      interfaces: { length: 3 },
    });
    expect(await read((tx) => findMachine(tx, { mac: '52:54:00:00:01:02' }))).toBeNull();
    expect(refusal(await change(db, (tx) => deleteMachine(tx, { key: 'metal1' }))).message).toBe(
      'There is no machine "metal1".',
    );
  });
});

describe('who may come in', () => {
  test('users: created, changed, listed, counted, deleted with their keys', async () => {
    await make((tx) => createUser(tx, { name: 'ada', role: 'admin' }));
    const bob = await make((tx) => createUser(tx, { name: 'bob', role: 'user' }));
    expect(await read((tx) => findUser(tx, 'bob'))).toEqual({
      ...bob,
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(await make((tx) => updateUser(tx, { key: 'bob', ifVersion: 1 }, { role: 'auditor' }))).toMatchObject({
      version: 2,
    });
    expect(await make((tx) => countUsers(tx, 'admin'))).toBe(1);
    expect((await read((tx) => listUsers(tx, { name: 'o', role: 'auditor' }))).items).toHaveLength(1);
    await make((tx) => createApiKey(tx, key('bobkey', 'bob')));
    await make((tx) => deleteUser(tx, { key: 'bob' }));
    expect(await read((tx) => findApiKey(tx, 'bobkey'))).toBeNull();
  });

  test('keys: found while they are in force, by token; never after', async () => {
    await make((tx) => createApiKey(tx, key('good')));
    await make((tx) => createApiKey(tx, key('later', 'ada', new Date(Date.now() + 60_000).toISOString())));
    await make((tx) => createApiKey(tx, key('expired', 'ada', new Date(Date.now() - 1000).toISOString())));
    const found = await read((tx) =>
      Promise.all(['good', 'later', 'expired', 'none'].map((token) => findApiKey(tx, token))),
    );
    expect(found.map((row) => row?.user ?? null)).toEqual(['ada', 'ada', null, null]);
    expect(found[0]).toEqual({
      user: 'ada',
      role: 'admin',
      consumer: 'cons',
      secretSha256: '0'.repeat(64),
      usedAt: null,
      isTlsOnly: false,
    });
    expect(await make((tx) => revokeApiKey(tx, 'good', 'someone'))).toBeNull();
    expect(await make((tx) => revokeApiKey(tx, 'good', 'ada'))).toMatchObject({ token: 'good' });
    expect(await make((tx) => revokeApiKey(tx, 'good'))).toBeNull();
    expect(await read((tx) => findApiKey(tx, 'good'))).toBeNull();
    const listed = (await read((tx) => listApiKeys(tx, { user: 'ada', sort: 'token' }))).items;
    expect(listed.map(({ token }) => token)).toEqual(['expired', 'later']);
    expect(JSON.stringify(listed)).not.toContain('0000');
  });

  const key = (token: string, user = 'ada', expiresAt: string | null = null) => ({
    user,
    label: `key ${token}`,
    consumer: 'cons',
    token,
    expiresAt,
    secretSha256: '0'.repeat(64),
  });

  test('nodes: found, changed, listed, deleted; a new credential voids the old one', async () => {
    await make((tx) =>
      createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: ['2001:DB8:0::1'] }),
    );
    expect(await read((tx) => findNode(tx, { name: 'k1' }))).toMatchObject({ id: 'k1', addresses: ['2001:db8::1'] });
    expect(await read((tx) => readNodeCredential(tx, 'k1'))).toBeNull();
    await make((tx) => setNodeCredential(tx, 'k1', 'a'.repeat(64)));
    await make((tx) => setNodeCredential(tx, 'k1', 'b'.repeat(64)));
    expect(await read((tx) => readNodeCredential(tx, 'k1'))).toBe('b'.repeat(64));
    const changed = await make((tx) => updateNode(tx, { key: 'k1' }, { isRegion: true, addresses: [] }));
    expect(changed).toMatchObject({ isRegion: true, addresses: [], version: 2 });
    expect((await read((tx) => listNodes(tx, { name: 'k' }))).items.map(({ id }) => id)).toEqual(['k1']);
    await make((tx) => deleteNode(tx, { key: 'k1' }));
    expect(await read((tx) => readNodeCredential(tx, 'k1'))).toBeNull();
  });

  test('the audit is paged newest first', async () => {
    const first = await read((tx) => listAudit(tx, { limit: 2 }));
    const second = await read((tx) => listAudit(tx, { limit: 2, cursor: first.next ?? '' }));
    const ids = [...first.items, ...second.items].map(({ id }) => id);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
  });
});
