import { sql } from 'kysely';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LeaseReport, ReportedLease } from '../../../src/contract/cluster/agent.ts';
import type { EnlistReply } from '../../../src/contract/machines/enlist.ts';
import { createAdmit } from '../../../src/region/machines/metadata/credentials.ts';
import { aStranger, giveDefaultImage, leaseFor } from '../../kit/enlistment.ts';
import { beginRun, relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { realClock, realRandom, usePostgres } from '../../kit/postgres.ts';
import { type Keys, oauth, readPreseed } from '../../kit/preseed.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** What racks are believed, who is enlisted, what a machine hears whose run is over: input → answer, printed as a table. */

const pg = usePostgres();
const table: string[] = [];
let site: TestRegion;
let relay: FastifyInstance;
let machine: string;
let own: string;
const VICTIM = '52:54:00:00:00:01';
const K1 = '11111111-1111-4111-8111-111111111111';
const K2 = '22222222-2222-4222-8222-222222222222';
const K3 = '33333333-3333-4333-8333-333333333333';

const note = (input: string, answer: string) => table.push(`${input} → ${answer}`);
const admin = (text: string) => pg.get().admin(`set regent.operation = 'test'; ${text}`, site.connection.database);
const post = async (path: string, body: object) => {
  const answer = await site.call('POST', path, { body });
  if (answer.status >= 300) throw new Error(answer.raw);
  return answer.body;
};

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  relay = relayListener(site);
  await giveDefaultImage(site);
  await post('/subnets', { cidr: '10.10.10.0/24' });
  own = String(
    (
      ((await site.call('GET', '/vlans')).body['items'] as { fabric: string; name: string }[])[0] ?? {
        fabric: '',
        name: '',
      }
    ).name,
  );
  await post('/fabrics', { name: 'other' });
  await post('/vlans', { fabric: 'other', vid: 7, name: 'b7' });
  await post('/vlans', { fabric: 'other', vid: 8, name: 'far8' });
  await post('/vlans', { fabric: 'other', vid: 9, name: 'own9' });
  await post('/subnets', { cidr: '10.20.20.0/24', vlan: 'b7' });
  await post('/subnets', { cidr: '10.30.30.0/24', vlan: 'far8' });
  await post('/subnets', { cidr: '10.40.40.0/24', vlan: 'own9' });
  // k1 and k2 are the pair of the first VLAN, k3 is the rack of b7 and of what is relayed to it; nobody serves own9.
  await admin(
    `insert into nodes (id, name, is_rack) values ('k1', 'k1', true), ('k2', 'k2', true), ('k3', 'k3', true)`,
  );
  for (const [uuid, node] of [
    [K1, 'k1'],
    [K2, 'k2'],
    [K3, 'k3'],
  ] as const)
    await admin(
      `insert into racks (uuid, state, node_id, name, public_key, accepted_at) values ('${uuid}', 'accepted', '${node}', '${node}', '${node.padEnd(43, 'x')}', now())`,
    );
  await admin(`set session_replication_role = replica;
    update vlans set dhcp_on = true, primary_rack_id = '${K1}', secondary_rack_id = '${K2}' where id = (select vlan_id from subnets where cidr = '10.10.10.0/24');
    update vlans set dhcp_on = true, primary_rack_id = '${K3}' where name = 'b7';
    update vlans set dhcp_on = true, relay_vlan_id = (select id from vlans where name = 'b7') where name = 'far8'`);
  machine = String(
    (await post('/machines', { hostname: 'm1', interfaces: [{ mac: VICTIM, vlan: `fabric-1/${own}` }] }))['id'],
  );
});
afterAll(async () => {
  process.stdout.write(
    `\nsecurity S5, enlist_limit; daemons cloud-init (a run that is over); ui F30: input → answer\n${table.join('\n')}\n`,
  );
  await relay.close();
  await site.close();
});

let sequence = 0;
async function report(node: string, address: string, mac: string, subnetId = 1): Promise<string> {
  const lease: ReportedLease = {
    address,
    subnetId,
    mac,
    clientId: null,
    hostname: 'x',
    state: 'active',
    startsAt: new Date().toISOString(),
    expiresAt: new Date(Date.now() + 3_600_000).toISOString(),
  };
  sequence += 1;
  const body: LeaseReport = {
    epoch: sequence.toString(16),
    sequence: 1,
    at: new Date().toISOString(),
    leases: [lease],
    gone: [],
    whole: null,
  };
  const refusal = await site.region.agents.leases(node, body);
  const rows = value(
    await site.db.read((tx) =>
      tx.all(
        sql<{
          n: string;
        }>`select node_id as n from leases where node_id = ${node} and address = ${address}::inet and mac = ${mac}`,
      ),
    ),
  );
  const answer = refusal !== null ? refusal.message : rows.length > 0 ? 'stored' : 'not stored';
  note(`${node} reports ${address} of ${mac}`, answer);
  return answer;
}

describe('a rack', () => {
  it('is believed about leases of the VLANs that it serves, and no others', async () => {
    expect(await report('k1', '10.10.10.50', '52:54:00:00:01:01')).toBe('stored');
    expect(await report('k2', '10.10.10.50', '52:54:00:00:01:01')).toBe('stored');
    expect(await report('k3', '10.20.20.50', '52:54:00:00:01:02', 2)).toBe('stored');
    expect(await report('k3', '10.30.30.50', '52:54:00:00:01:03', 3)).toBe('stored');
    // Another VLAN's, also under the number of an own subnet; one that nobody serves; no network of ours.
    expect(await report('k3', '10.10.10.51', VICTIM)).toBe('not stored');
    expect(await report('k3', '10.10.10.51', VICTIM, 2)).toBe('not stored');
    expect(await report('k1', '10.20.20.51', VICTIM, 2)).toBe('not stored');
    expect(await report('k1', '10.30.30.51', VICTIM, 3)).toBe('not stored');
    expect(await report('k1', '10.40.40.51', VICTIM, 4)).toBe('not stored');
    expect(await report('k1', '192.0.2.9', VICTIM)).toBe('not stored');
    expect(await report('r1', '10.10.10.51', VICTIM)).toBe('not stored');
    const { items } = (await site.call('GET', '/events?kind=lease.refused&limit=1')).body as unknown as {
      items: { subject: string }[];
    };
    expect(items).toHaveLength(1);
  });

  it('is believed for a moment after its VLAN has moved, and the new one from the change on', async () => {
    const changed = await site.call('PATCH', '/vlans/b7', { body: { dhcpOn: false } });
    note('b7: DHCP off', String(changed.status));
    await admin(
      `set session_replication_role = replica; update vlans set dhcp_on = true, primary_rack_id = '${K2}' where name = 'b7'`,
    );
    expect(await report('k2', '10.20.20.60', '52:54:00:00:01:04', 2)).toBe('stored');
    expect(await report('k3', '10.20.20.61', '52:54:00:00:01:05', 2)).toBe('stored');
    await admin(`update changes set at = at - interval '1 hour'`);
    expect(await report('k3', '10.20.20.62', '52:54:00:00:01:06', 2)).toBe('not stored');
    await admin(
      `set session_replication_role = replica; update vlans set dhcp_on = true, primary_rack_id = '${K3}' where name = 'b7'`,
    );
  });

  it('of another VLAN gets no machine’s credentials: by no lease, and by no address that it says', async () => {
    await beginRun(site, machine, 'commissioning');
    const admit = createAdmit({
      db: site.db,
      clock: realClock,
      random: realRandom,
      wakes: site.region.wake,
      sealer: null as never,
    });
    const ask = async (source: string, rack: string | null) => {
      const answer = await admit(machine, source, rack);
      const text = 'kind' in answer ? answer.code : `run ${answer.run}`;
      note(`${rack ?? 'nobody'} relays m1 from ${source}`, text);
      return text;
    };
    // k3's own lease for the victim's card, in its own network.
    expect(await report('k3', '10.20.20.70', VICTIM, 2)).toBe('stored');
    expect(await ask('10.20.20.70', 'k3')).toBe('forbidden');
    expect(await report('k1', '10.10.10.70', VICTIM)).toBe('stored');
    expect(await ask('10.10.10.70', 'k3')).toBe('forbidden');
    expect(await ask('10.10.10.70', 'k1')).toMatch(/^run /);
    expect(await ask('10.10.10.70', 'k2')).toMatch(/^run /);
    expect(await ask('10.10.10.70', null)).toMatch(/^run /);
    await beginRun(site, machine, null);
  }, 30_000);

  it('of another VLAN reports no steps of a machine', async () => {
    const steps = async (node: string) => {
      sequence += 1;
      const step = {
        sequence: 1,
        at: new Date().toISOString(),
        source: 'boot',
        what: 'script',
        mac: VICTIM,
        address: '10.10.10.70',
        outcome: 'done',
        facts: {},
      } as const;
      await site.region.agents.bootSteps(node, {
        epoch: sequence.toString(16),
        at: new Date().toISOString(),
        steps: [step],
      });
      const rows = value(
        await site.db.read((tx) =>
          tx.all(sql`select from machine_steps where machine_id = ${machine} and node = ${node}`),
        ),
      );
      note(`${node} reports a boot script of m1`, rows.length > 0 ? 'in its timeline' : 'not in its timeline');
      return rows.length;
    };
    expect(await steps('k3')).toBe(0);
    expect(await steps('k1')).toBe(1);
  });
});

describe('enlistment', () => {
  const MACS = ['52:54:00:bb:02:01', '52:54:00:bb:02:02', '52:54:00:bb:02:03'] as const;
  const enlist = async (node: string, mac: string, via: string, label: string): Promise<EnlistReply> => {
    const reply = await site.region.agents.enlist(node, aStranger({ mac, uuid: null, serial: null, via }));
    note(`${label}: ${node} asks for ${mac} from ${via}`, `${reply.kind} ${'reason' in reply ? reply.reason : ''}`);
    return reply;
  };
  it('is for who has a living lease of the rack that asks, and asks from it', async () => {
    const [first, second, third] = MACS;
    expect(await enlist('k1', first, '10.10.10.91', 'no lease')).toMatchObject({
      kind: 'busy',
      reason: expect.stringContaining('no address by DHCP'),
    });
    await leaseFor(site, first, { nodeId: 'k1', address: '10.10.10.91' });
    expect(await enlist('k3', first, '10.10.10.91', 'lease of another rack')).toMatchObject({ kind: 'busy' });
    expect(await enlist('k1', first, '10.20.20.91', 'another network')).toMatchObject({
      kind: 'busy',
      reason: expect.stringContaining('10.10.10.91'),
    });
    expect(await enlist('k1', first, '10.10.10.91', 'its lease')).toMatchObject({ kind: 'offer' });
    await leaseFor(site, second, { nodeId: 'k1', address: '10.10.10.92' });
    expect(await enlist('k1', second, '10.10.10.91', 'from another machine’s address')).toMatchObject({ kind: 'busy' });
    await leaseFor(site, third, { nodeId: 'k1', address: '10.10.10.93' });
    await admin(`update leases set expires_at = now() - interval '1 s' where address = '10.10.10.93'`);
    expect(await enlist('k1', third, '10.10.10.93', 'a lease that is over')).toMatchObject({ kind: 'busy' });
  }, 30_000);

  it('of a lease that comes a second later waits for it', async () => {
    const asked = enlist('k1', '52:54:00:bb:02:04', '10.10.10.94', 'lease 0.7 s later');
    await new Promise((resolve) => setTimeout(resolve, 700));
    await leaseFor(site, '52:54:00:bb:02:04', { nodeId: 'k1', address: '10.10.10.94' });
    expect(await asked).toMatchObject({ kind: 'offer' });
  });

  it('takes no more than so many of one rack within a minute', async () => {
    await admin(`insert into machine_enlistments (machine_id, node_id, mac, architecture, firmware)
      select '${machine}', 'k1', '${VICTIM}', 'amd64', 'bios' where false`);
    const many = Array.from({ length: 64 }, (_, n) => `52:54:00:bc:00:${n.toString(16).padStart(2, '0')}`);
    const kinds: string[] = [];
    for (const [n, mac] of many.entries()) {
      await leaseFor(site, mac, { nodeId: 'k1', address: `10.10.10.${100 + n}` });
      const reply = await site.region.agents.enlist(
        'k1',
        aStranger({ mac, uuid: null, serial: null, via: `10.10.10.${100 + n}` }),
      );
      kinds.push(reply.kind);
    }
    const offers = kinds.filter((kind) => kind === 'offer').length;
    note('64 cards with leases within a minute', `${offers} enlisted, ${64 - offers} wait`);
    expect(offers).toBeLessThan(60);
    expect(offers).toBeGreaterThan(50);
  }, 120_000);
});

describe('a machine whose run is over', () => {
  const call = async (keys: Keys, method: 'GET' | 'POST', path: string, label: string) => {
    const answer = await relay.inject({
      method,
      url: `/MAAS/metadata${path}`,
      remoteAddress: '10.88.0.5',
      headers: { 'x-forwarded-for': '10.10.10.70', authorization: oauth(keys) },
      ...(method === 'POST'
        ? {
            payload:
              '{"event_type":"finish","origin":"cloudinit","name":"modules-final","description":"x","result":"SUCCESS"}',
          }
        : {}),
    });
    note(`${label}: ${method} ${path}`, `${answer.statusCode} ${answer.body.trim().slice(0, 60)}`);
    return { status: answer.statusCode, body: answer.body };
  };

  it('is answered its first question at once, its reports are dropped, and it gets nothing else', async () => {
    await beginRun(site, machine, 'commissioning');
    const seed = await relay.inject({
      method: 'GET',
      url: `/MAAS/metadata/latest/by-id/${machine}/?op=get_preseed`,
      headers: { 'x-forwarded-for': '10.10.10.70', 'x-forwarded-host': '10.10.10.1:5248' },
    });
    const read: object & ReturnType<typeof readPreseed> = readPreseed(seed.body);
    const keys = read.datasource.MAAS;
    // cloud-init posts once and without a bound, unless it is told otherwise.
    expect((read as unknown as { reporting: { maas: object } }).reporting.maas).toMatchObject({
      timeout: 12,
      retries: 10,
    });
    expect((await call(keys, 'GET', '/2012-03-01/meta-data/instance-id', 'open')).body).toBe(machine);
    await beginRun(site, machine, null);
    const before = (await site.call('GET', '/events?kind=machine.status')).raw;
    expect(await call(keys, 'GET', '/2012-03-01/meta-data/instance-id', 'over')).toEqual({ status: 200, body: 'over' });
    expect((await call(keys, 'POST', `/status/${machine}`, 'over')).status).toBe(204);
    for (const path of [
      '/',
      '/2012-03-01/',
      '/2012-03-01/meta-data/local-hostname',
      '/2012-03-01/meta-data/public-keys',
      '/2012-03-01/user-data',
      '/latest/maas-scripts',
      `/latest/by-id/${machine}/?op=get_preseed`,
    ])
      expect((await call(keys, 'GET', path, 'over')).status, path).toBe(401);
    expect((await call(keys, 'POST', '/latest/?op=signal', 'over')).status).toBe(401);
    expect((await site.call('GET', '/events?kind=machine.status')).raw).toBe(before);
    // Who has only a part of them is nobody.
    for (const part of ['consumer_key', 'token_key', 'token_secret'] as const)
      expect(
        (await call({ ...keys, [part]: 'f'.repeat(24) }, 'GET', '/2012-03-01/meta-data/instance-id', `another ${part}`))
          .status,
      ).toBe(401);
  });
});
