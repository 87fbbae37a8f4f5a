import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { write } from '../../../src/store/write.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { type Answer, startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const post = (path: string, body: object) => site.call('POST', path, { body });
const patch = (path: string, body: object) => site.call('PATCH', path, { body });
const items = (answer: Answer) => answer.body['items'] as Record<string, unknown>[];
async function made(path: string, body: object): Promise<Answer> {
  const answer = await post(path, body);
  if (answer.status !== 201) throw new Error(`${path}: ${answer.raw}`);
  return answer;
}

describe('fabrics, spaces and VLANs', () => {
  it('a fabric has its untagged VLAN, which comes and goes with it; the last fabric stays', async () => {
    expect((await made('/fabrics', { name: 'second' })).body).toMatchObject({ name: 'second', vlans: 1 });
    expect((await site.call('GET', '/vlans/second%2F0')).body).toMatchObject({
      name: 'untagged',
      fabric: 'second',
      dhcpOn: false,
      dnsOn: true,
      racks: [],
    });
    expect((await patch('/fabrics/second', { name: 'other' })).body).toMatchObject({ name: 'other', vlans: 1 });
    expect(items(await site.call('GET', '/fabrics?sort=-name')).map((item) => item['name'])).toEqual([
      'other',
      'fabric-1',
    ]);
    expect(await site.call('DELETE', '/fabrics/other')).toMatchObject({
      status: 200,
      body: { name: 'other', vlans: 1 },
    });
    expect((await site.call('GET', '/vlans/other%2F0')).status).toBe(404);
    expect((await site.call('DELETE', '/fabrics/fabric-1')).body).toMatchObject({
      code: 'in_use',
      detail: 'fabric-1 is the last fabric. Rule: there is one, so that VLANs have a place.',
    });
    const kinds = items(await site.call('GET', '/events?limit=1000')).map(
      (event) => `${String(event['kind'])} ${String(event['subject'])}`,
    );
    expect(kinds.slice(-5)).toEqual([
      'fabric.created second',
      'vlan.created second/untagged',
      'fabric.changed other',
      'vlan.deleted other/untagged',
      'fabric.deleted other',
    ]);
  });

  it('a VLAN goes into the first fabric, into a space and out of it again', async () => {
    await made('/spaces', { name: 'dmz' });
    const vlan = await made('/vlans', { vid: 10, space: 'dmz' });
    expect(vlan.body).toMatchObject({ name: 'vlan-10', vid: 10, fabric: 'fabric-1', space: 'dmz' });
    expect((await site.call('GET', '/spaces/dmz')).body).toMatchObject({ vlans: 1 });
    expect(items(await site.call('GET', '/vlans?space=dmz&fabric=fabric-1&dhcp_on=false'))).toHaveLength(1);
    for (const ref of [vlan.body.id, '10', 'vlan-10', 'fabric-1%2F10', 'fabric-1%2Fvlan-10', '1%2F10'])
      expect((await site.call('GET', `/vlans/${ref}`)).body.id, String(ref)).toBe(vlan.body.id);
    expect((await patch('/vlans/10', { space: null, name: 'lab', vid: 11, dnsOn: false })).body).toMatchObject({
      space: null,
      spaceId: null,
      name: 'lab',
      vid: 11,
      dnsOn: false,
      relayVlan: null,
    });
    expect((await patch('/spaces/dmz', { name: 'zone' })).body).toMatchObject({ name: 'zone' });
    expect(await site.call('DELETE', '/spaces/zone')).toMatchObject({ status: 200 });
    expect(await site.call('DELETE', '/vlans/lab')).toMatchObject({ status: 200, body: { name: 'lab' } });
  });

  it('a fabric in use stays, and of two that delete the last two one is refused', async () => {
    await made('/fabrics', { name: 'third' });
    await made('/subnets', { cidr: '10.3.0.0/24', vlan: 'third/0' });
    expect((await site.call('DELETE', '/fabrics/third')).body).toMatchObject({
      code: 'in_use',
      detail: 'third is used by the subnet 10.3.0.0/24. Move or delete these first.',
    });
    await site.call('DELETE', '/subnets/10.3.0.0%2F24');
    // Of two that delete the last two fabrics one is refused.
    const both = await Promise.all(['third', 'fabric-1'].map((name) => site.call('DELETE', `/fabrics/${name}`)));
    expect(both.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([200, 409]);
    await site.call('POST', '/fabrics', { body: { name: 'fabric-1' } });
    await site.call('DELETE', '/fabrics/third');
  });

  it('If-Match guards each of them', async () => {
    const vlan = await made('/vlans', { vid: 12 });
    const stale = await site.call('PATCH', '/vlans/12', { body: { name: 'x' }, headers: { 'if-match': '"7"' } });
    expect(stale).toMatchObject({ status: 412 });
    expect(vlan.headers['etag']).toBe('"1"');
    expect((await site.call('DELETE', '/vlans/12', { headers: { 'if-match': '"1"' } })).status).toBe(200);
  });
});

describe('subnets, ranges and reservations', () => {
  beforeAll(async () => {
    await made('/vlans', { vid: 20, name: 'twenty' });
    await made('/subnets', {
      cidr: '10.20.0.0/24',
      vlan: 'twenty',
      gateway: '10.20.0.1',
      resolvers: ['192.0.2.53'],
      proxyOn: false,
    });
  });

  it('a subnet offers what it was given, and counts', async () => {
    expect((await site.call('GET', '/subnets/10.20.0.0%2F24')).body).toMatchObject({
      gateway: '10.20.0.1',
      resolvers: ['192.0.2.53'],
      managed: true,
      dnsOn: true,
      proxyOn: false,
      used: 0,
      dynamic: 0,
    });
    await made('/ranges', { kind: 'dynamic', first: '10.20.0.100', last: '10.20.0.149' });
    await made('/ranges', { kind: 'dynamic', first: '10.20.0.160', last: '10.20.0.169', comment: 'guests' });
    await made('/ranges', { kind: 'reserved', first: '10.20.0.150', last: '10.20.0.159' });
    await made('/reservations', { address: '10.20.0.150' });
    expect((await site.call('GET', '/subnets/10.20.0.0%2F24')).body).toMatchObject({ used: 1, dynamic: 60 });
    const set = await patch('/subnets/10.20.0.0%2F24', { gateway: null, resolvers: [], proxyOn: true });
    expect(set.body).toMatchObject({ gateway: null, resolvers: [], proxyOn: true });
    await patch('/subnets/10.20.0.0%2F24', { gateway: '10.20.0.1' });
  });

  it('a subnet of another size keeps what it holds, and says which lease it would not hold', async () => {
    await made('/subnets', { cidr: '10.22.0.0/24', vlan: 'twenty', name: 'grows' });
    await site.db.repeatable((tx) =>
      tx.run(sql`insert into leases (node_id, subnet_id, address, mac, state, starts_at, expires_at)
        select 'r1', id, '10.22.0.200', '52:54:00:00:00:98', 'active', now(), now() + interval '1 hour' from subnets where cidr = '10.22.0.0/24'`),
    );
    const refused = await site.call('PATCH', '/subnets/grows', { body: { cidr: '10.22.0.0/25' } });
    expect(refused).toMatchObject({ status: 409, body: { code: 'in_use' } });
    expect(refused.body['detail']).toMatch(/10\.22\.0\.200 .*outside of 10\.22\.0\.0\/25/);
    expect((await patch('/subnets/grows', { cidr: '10.22.0.0/23' })).body).toMatchObject({
      cidr: '10.22.0.0/23',
      name: 'grows',
    });
    await site.db.repeatable((tx) => tx.run(sql`delete from leases where address = '10.22.0.200'`));
    expect((await site.call('DELETE', '/subnets/grows')).status).toBe(200);
  });

  it('a range is named by its id or its ends, grows and shrinks, and goes', async () => {
    const range = await site.call('GET', '/ranges/10.20.0.160-10.20.0.169');
    expect(range.body).toMatchObject({ kind: 'dynamic', size: 10, subnet: '10.20.0.0/24', comment: 'guests' });
    expect((await patch(`/ranges/${range.body.id}`, { last: '10.20.0.179' })).body).toMatchObject({
      size: 20,
      comment: 'guests',
    });
    expect((await patch(`/ranges/${range.body.id}`, { comment: '' })).body).toMatchObject({ size: 20, comment: '' });
    expect(
      items(await site.call('GET', '/ranges?subnet=10.20.0.0%2F24&kind=dynamic')).map((item) => item['first']),
    ).toEqual(['10.20.0.100', '10.20.0.160']);
    expect((await site.call('DELETE', '/ranges/10.20.0.160-10.20.0.179')).status).toBe(200);
  });

  it('"auto" stays away from ranges, reservations, gateway, nodes, records and live leases', async () => {
    await made('/subnets', { cidr: '10.21.0.0/28', vlan: 'twenty', gateway: '10.21.0.1' });
    await made('/ranges', { kind: 'dynamic', first: '10.21.0.2', last: '10.21.0.3' });
    await made('/ranges', { kind: 'reserved', first: '10.21.0.4', last: '10.21.0.5' });
    await made('/reservations', { address: '10.21.0.6' });
    await made('/records', { fqdn: 'vip.regent.internal', type: 'A', data: '10.21.0.7' });
    const told = await site.db.repeatable(async (tx) => {
      await tx.run(sql`insert into leases (node_id, subnet_id, address, mac, state, starts_at, expires_at)
        select 'r1', id, '10.21.0.8', '52:54:00:00:00:99', 'active', now(), now() + interval '1 hour' from subnets where cidr = '10.21.0.0/28'`);
      return tx.run(sql`insert into node_observations (node_id, generation, digest, agent_version, agent_since, facts)
        values ('r1', 1, '', '0', now(), '{"interfaces": [{"name": "eth1", "mac": "52:54:00:aa:00:01", "addresses": ["10.21.0.9"]}]}')`);
    });
    expect(told).toBe(1);
    const subnet = '10.21.0.0/28';
    expect((await made('/reservations', { address: 'auto', subnet, mac: '52:54:00:21:00:01' })).body).toMatchObject({
      address: '10.21.0.10',
    });
    const machine = await made('/machines', {
      hostname: 'auto',
      interfaces: [
        { mac: '52:54:00:21:00:02', addresses: [{ address: 'auto', subnet }] },
        { mac: '52:54:00:21:00:03', addresses: [{ address: 'auto', subnet }] },
      ],
    });
    expect(machine.raw).toContain('"10.21.0.11"');
    expect(machine.raw).toContain('"10.21.0.12"');
    const rest = await Promise.all(
      [1, 2, 3, 4].map((n) => post('/reservations', { address: 'auto', subnet, comment: `${n}` })),
    );
    expect(
      rest
        .filter((answer) => answer.status === 201)
        .map((answer) => String(answer.body['address']))
        .sort((a, b) => a.localeCompare(b)),
    ).toEqual(['10.21.0.13', '10.21.0.14']);
    expect(rest.find((answer) => answer.status === 409)?.body.detail).toBe(
      'The subnet 10.21.0.0/28 has no free address.',
    );
    // An own address in a reserved range is an operator's word.
    expect((await made('/reservations', { address: '10.21.0.4', mac: '52:54:00:21:00:04' })).status).toBe(201);
  });

  it('/31 and /32 use all their addresses', async () => {
    await made('/subnets', { cidr: '10.22.0.0/31', vlan: 'twenty', gateway: '10.22.0.0' });
    await made('/subnets', { cidr: '10.22.0.4/32', vlan: 'twenty' });
    const auto = (subnet: string) => post('/reservations', { address: 'auto', subnet });
    expect((await auto('10.22.0.0/31')).body).toMatchObject({ address: '10.22.0.1' });
    expect((await auto('10.22.0.0/31')).body.detail).toBe('The subnet 10.22.0.0/31 has no free address.');
    expect((await auto('10.22.0.4/32')).body).toMatchObject({ address: '10.22.0.4' });
    expect((await made('/subnets', { cidr: '10.22.0.8/31', vlan: 'twenty' })).status).toBe(201);
    expect((await made('/ranges', { kind: 'dynamic', first: '10.22.0.8', last: '10.22.0.9' })).body).toMatchObject({
      size: 2,
    });
  });

  it('a reservation names its machine, and changes', async () => {
    await made('/machines', { hostname: 'bare', interfaces: [{ mac: '52:54:00:20:00:01' }] });
    const lease = await made('/reservations', { address: '10.20.0.20', mac: '52:54:00:20:00:01' });
    expect(lease.body).toMatchObject({ machine: 'bare.regent.internal', hostname: null, mac: '52:54:00:20:00:01' });
    const named = await patch('/reservations/10.20.0.20', { hostname: 'other' });
    expect(named.body).toMatchObject({
      code: 'conflict',
      detail:
        'hostname: 52:54:00:20:00:01 is an interface of the machine bare.regent.internal, whose name is published.',
    });
    expect((await patch('/reservations/10.20.0.20', { mac: null, hostname: 'Other' })).body).toMatchObject({
      mac: null,
      hostname: 'other',
      machine: null,
    });
    expect(items(await site.call('GET', '/reservations?address=10.20.0.20'))).toHaveLength(1);
    expect((await site.call('DELETE', '/reservations/10.20.0.20')).status).toBe(200);
  });

  it('a machine takes over the name of the reservation of its interface', async () => {
    await made('/reservations', { address: '10.20.0.30', mac: '52:54:00:20:00:30', hostname: 'taken' });
    const machine = { hostname: 'taken', interfaces: [{ mac: '52:54:00:20:00:31' }] };
    expect((await post('/machines', machine)).body.detail).toBe(
      'taken.regent.internal is the name of the reserved address 10.20.0.30.',
    );
    expect((await made('/machines', { hostname: 'taken', interfaces: [{ mac: '52:54:00:20:00:30' }] })).status).toBe(
      201,
    );
    expect((await site.call('GET', '/reservations/10.20.0.30')).body).toMatchObject({
      machine: 'taken.regent.internal',
    });
  });

  it('the default domain keeps the names of reservations apart from machines and aliases', async () => {
    await made('/domains', { name: 'next.test' });
    await made('/reservations', { address: '10.20.0.40', mac: '52:54:00:20:00:40', hostname: 'scanner' });
    await made('/machines', { hostname: 'scanner', domain: 'next.test', interfaces: [] });
    const next = (value: string) => site.call('PUT', '/settings/default_domain', { body: { value } });
    expect((await next('next.test')).body.detail).toBe(
      'default_domain: the reservation scanner would meet the machine scanner at scanner.next.test.',
    );
    // The interface is the machine's: one and the same.
    await patch('/machines/scanner.next.test', { interfaces: [{ mac: '52:54:00:20:00:40' }] });
    expect((await next('next.test')).status).toBe(200);
    expect((await next('regent.internal')).status).toBe(200);
  });

  it('DHCP goes on with a range, whose subnet stays there; the range may go', async () => {
    await made('/vlans', { vid: 23, name: 'served' });
    await made('/subnets', { cidr: '10.23.0.0/24', vlan: 'served' });
    await made('/ranges', { kind: 'dynamic', first: '10.23.0.10', last: '10.23.0.19' });
    expect((await patch('/vlans/served', { dhcpOn: true })).body).toMatchObject({ dhcpOn: true });
    await made('/vlans', { vid: 24, name: 'elsewhere' });
    expect((await patch('/subnets/10.23.0.0%2F24', { vlan: 'elsewhere' })).body).toMatchObject({
      code: 'in_use',
      detail:
        'fabric-1/served serves DHCP, and 10.23.0.10-10.23.0.19 is its last dynamic range. Switch DHCP off on it first, or give it another range.',
    });
    // Tools that change a range take it away first.
    const last = '/ranges/10.23.0.10-10.23.0.19';
    expect((await patch(last, { kind: 'reserved' })).body).toMatchObject({ kind: 'reserved' });
    expect((await patch(last, { kind: 'dynamic' })).body).toMatchObject({ kind: 'dynamic' });
    expect((await patch('/vlans/served', { dhcpOn: false })).status).toBe(200);
    expect((await patch('/subnets/10.23.0.0%2F24', { vlan: 'elsewhere' })).body).toMatchObject({ vlan: 'elsewhere' });
    // Of two that race for the last range and the switch, the range goes, and the switch is on or refused.
    for (let round = 0; round < 5; round += 1) {
      await patch('/vlans/elsewhere', { dhcpOn: false });
      const range = { kind: 'dynamic', first: '10.23.0.10', last: '10.23.0.19' };
      await post('/ranges', range);
      const [on, gone] = await Promise.all([
        patch('/vlans/elsewhere', { dhcpOn: true }),
        site.call('DELETE', '/ranges/10.23.0.10-10.23.0.19'),
      ]);
      expect(gone.status).toBe(200);
      expect([200, 409]).toContain(on.status);
    }
  });

  it('a dry run keeps nothing; every change is in the history and can be taken back', async () => {
    const before = (await site.call('GET', '/ranges')).raw;
    const range = { kind: 'reserved', first: '10.20.0.200', last: '10.20.0.209' };
    expect(await site.call('POST', '/ranges?dry_run=true', { body: range })).toMatchObject({
      status: 200,
      body: { dryRun: true, object: { size: 10 } },
    });
    expect((await site.call('GET', '/ranges')).raw).toBe(before);
    await made('/ranges', range);
    const [change] = items(await site.call('GET', '/config/history?limit=1'));
    expect(change).toMatchObject({
      summary: 'range create reserved 10.20.0.200-10.20.0.209',
      rows: [{ table: 'ip_ranges' }],
    });
    expect((await post(`/config/history/${String(change?.['id'])}/rollback`, {})).status).toBe(201);
    expect((await site.call('GET', '/ranges')).raw).toBe(before);
  });

  it('a domain takes the names of leases when it is told to', async () => {
    expect((await made('/domains', { name: 'leases.test', leaseNames: true })).body).toMatchObject({
      leaseNames: true,
    });
    expect((await patch('/domains/leases.test', { leaseNames: false })).body).toMatchObject({ leaseNames: false });
    expect((await site.call('GET', '/domains/regent.internal')).body).toMatchObject({ leaseNames: false });
  });
});

it('10,000 reservations in one subnet: made, listed, counted, and one more', { timeout: 240_000 }, async () => {
  await made('/vlans', { vid: 100, name: 'large' });
  const subnet = await made('/subnets', { cidr: '10.64.0.0/16', vlan: 'large' });
  const lines: string[] = [];
  const timed = async <T>(what: string, limitMs: number, body: () => Promise<T>): Promise<T> => {
    const started = performance.now();
    const result = await body();
    const ms = performance.now() - started;
    lines.push(`  ${what.padEnd(44)} ${ms.toFixed(0)} ms`);
    expect(ms, what).toBeLessThan(limitMs);
    return result;
  };
  await timed('9,800 in ten transactions', 60_000, async () => {
    for (let first = 1; first <= 9800; first += 980) {
      const operation = {
        key: `large ${first}`,
        requestDigest: '',
        actor: 'admin',
        origin: 'test',
        summary: 'large subnet',
      };
      const bulk = await write(site.db, operation, async (tx) => {
        await tx.run(sql`insert into reservations (subnet_id, address, mac)
          select ${subnet.body.id}, '10.64.0.0'::inet + n, '52:54:40:10:' || lpad(to_hex(n / 256), 2, '0') || ':'
            || lpad(to_hex(n % 256), 2, '0') from generate_series(${first}::int, ${first + 979}::int) n`);
        return { status: 201, body: null };
      });
      expect(bulk).toMatchObject({ status: 201 });
    }
  });
  const auto = () => post('/reservations', { address: 'auto', subnet: '10.64.0.0/16' });
  const answers = await timed('200 by the API, 20 at a time, "auto"', 120_000, async () => {
    const all: Answer[] = [];
    for (let round = 0; round < 10; round += 1) all.push(...(await Promise.all(Array.from({ length: 20 }, auto))));
    return all;
  });
  expect(answers.every((answer) => answer.status === 201)).toBe(true);
  expect(new Set(answers.map((answer) => answer.body['address'])).size).toBe(200);
  await timed('a page of 1000', 3000, async () => {
    expect(items(await site.call('GET', '/reservations?subnet=10.64.0.0%2F16&limit=1000'))).toHaveLength(1000);
  });
  await timed('the subnet with its counts', 1000, async () => {
    expect((await site.call('GET', '/subnets/10.64.0.0%2F16')).body).toMatchObject({ used: 10_000, dynamic: 0 });
  });
  await timed('one more, "auto"', 2000, async () => {
    expect((await auto()).body).toMatchObject({ address: '10.64.39.17' });
  });
  await timed('one more, by its address', 2000, async () => {
    expect((await post('/reservations', { address: '10.64.200.1' })).status).toBe(201);
  });
  await timed('a range beside them', 2000, async () => {
    expect((await post('/ranges', { kind: 'dynamic', first: '10.64.100.0', last: '10.64.100.255' })).status).toBe(201);
  });
  process.stdout.write(`\n10,000 reservations in one subnet\n${lines.join('\n')}\n`);
});
