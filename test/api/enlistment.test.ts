import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EnlistReply } from '../../src/contract/wire/enlist.ts';
import { namesFor } from '../../src/model/nouns/enlistment.ts';
import { lockMachineState, storeMachineState } from '../../src/store/queries/network/machine-states.ts';

import { asker, aStranger, cardOf, freshChannel, giveDefaultImage } from '../kit/enlistment.ts';
import { relayListener, SEALING_AUTHORITY } from '../kit/metadata.ts';
import { usePostgres } from '../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../kit/region.ts';
import { change, value } from '../kit/store.ts';

/** Machines that nobody knows: what a rack is told of them, and what becomes of them. */

const MAC = '52:54:00:bb:00:01';
const UUID = '564d1a2b-0000-4000-8000-525400bb0001';
const HERE = '10.10.10.41';

const pg = usePostgres();
let site: TestRegion;
let relay: FastifyInstance;
let digest: string;

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  relay = relayListener(site);
  digest = await giveDefaultImage(site);
  await made('/subnets', { cidr: '10.10.10.0/24' });
});
afterAll(async () => {
  await relay.close();
  await site.close();
});
beforeEach(async () => {
  await sqlRun('delete from jobs');
  await sqlRun('delete from machine_states');
  for (const { hostname } of await machines()) await say('DELETE', `/machines/${hostname}`);
  await sqlRun('delete from ignored_machines');
});

const say = (method: Method, path: string, body?: unknown) =>
  site.call(method, path, body === undefined ? {} : { body });
async function made(path: string, body: object) {
  const answer = await say('POST', path, body);
  if (answer.status !== 201) throw new Error(answer.raw);
  return answer.body;
}
const sqlRun = (text: string) => pg.get().admin(text, site.connection.database);
interface Shown {
  readonly id: string;
  readonly hostname: string;
  readonly fqdn: string;
  readonly state: string;
  readonly interfaces: readonly { readonly name: string; readonly mac: string; readonly vlan: string | null }[];
}
const machines = async () => (await say('GET', '/machines?sort=id')).body['items'] as readonly Shown[];
const only = async () => {
  const [machine, ...more] = await machines();
  if (machine === undefined || more.length > 0) throw new Error(`there are ${more.length + 1} machines`);
  return machine;
};
const counts = async () =>
  (await sqlRun(`select (select count(*)::int from idempotency) as operations, (select count(*)::int from audit) as audit,
    (select count(*)::int from events) as events, (select count(*)::int from machines) as machines`)) as [
    Record<string, number>,
  ];
const reasonOf = (reply: EnlistReply) => ('reason' in reply ? (reply.reason ?? '') : reply.kind);
const leaseOf = (mac: string, address = HERE) =>
  sqlRun(`insert into leases (node_id, address, subnet_id, mac, state, starts_at, expires_at)
    values ('r1', '${address}', 1, '${mac}', 'active', now(), now() + interval '1 hour')
    on conflict (node_id, address) do update set mac = excluded.mac, starts_at = excluded.starts_at`);
const setState = async (machineId: string, state: 'missing' | 'ready' | 'deployed') => {
  await change(site.db, async (tx) => {
    const row = await lockMachineState(tx, machineId);
    if (row === null) throw new Error('no machine');
    await storeMachineState(tx, row, { next: { state, error: '', message: '', minutes: null } });
    return {};
  }).then(value);
};
const post = (machineId: string, inventory: object, from = HERE) =>
  relay.inject({
    method: 'POST',
    url: `/MAAS/metadata/inventory/${machineId}`,
    remoteAddress: '10.88.0.5',
    headers: { 'x-forwarded-for': from, 'x-forwarded-host': '10.10.10.1:5248', 'content-type': 'application/json' },
    payload: JSON.stringify(inventory),
  });
const runs = () =>
  sqlRun('select purpose, ended_at is null as "isOpen" from machine_tokens order by id') as Promise<
    { purpose: string; isOpen: boolean }[]
  >;

describe('a machine that nobody knows', () => {
  it('is created as new with its card, its VLAN and a run, and boots the default image of its architecture', async () => {
    const response = await asker(site).post(aStranger({ via: '10.10.10.1' }));
    expect(response.statusCode, response.body).toBe(200);
    const machine = await only();
    expect(machine).toMatchObject({
      state: 'new',
      hostname: namesFor(MAC)[0],
      interfaces: [{ name: 'eth0', mac: MAC, vlan: expect.any(String) }],
    });
    expect(JSON.parse(response.body)).toEqual({
      kind: 'offer',
      boot: {
        image: {
          name: 'micro/6.12.57-deb13-cloud-amd64',
          architecture: 'amd64',
          kernel: `images/${digest}/vmlinuz`,
          initrd: `images/${digest}/initrd.img`,
        },
        parameters: ['console=tty0', 'console=ttyS0,115200', 'regent.end=off'],
        metadata: `MAAS/metadata/inventory/${machine.id}`,
      },
    });
    expect(await runs()).toEqual([{ purpose: 'enlisting', isOpen: true }]);
    const { items } = (await say('GET', '/events?kind=machine.enlisted&limit=1')).body as unknown as {
      items: { subject: string; data: object }[];
    };
    expect(items[0] ?? null).toMatchObject({ subject: machine.fqdn, data: { mac: MAC, uuid: UUID, node: 'r1' } });
  });

  it('gets the same offer when it asks again, and nothing is written', async () => {
    const first = await asker(site).ask();
    const before = await counts();
    expect(await asker(site).ask()).toEqual(first);
    expect(await counts()).toEqual(before);
  });

  it('is one machine when racks ask for it at the same moment', async () => {
    const replies = await Promise.all(Array.from({ length: 6 }, () => asker(site).ask()));
    expect(new Set(replies.map((reply) => JSON.stringify(reply))).size).toBe(1);
    expect(replies[0]?.kind).toBe('offer');
    await only();
  });

  it('has another name where its first one is taken', async () => {
    const [first = '', second = ''] = namesFor(MAC);
    await made('/machines', { hostname: first });
    await asker(site).ask();
    expect((await machines()).map(({ hostname }) => hostname).sort()).toEqual([first, second].sort());
  });

  it('is not enlisted without a default image of its architecture, which is said', async () => {
    const reply = await asker(site).ask({ architecture: 'arm64', firmware: 'uefi' });
    expect(reply).toMatchObject({ kind: 'busy', reason: expect.stringContaining('no image is the default one of arm64') });
    expect(await machines()).toEqual([]);
  });

  it.each([
    ['a group', { mac: '01:00:5e:00:00:01' }],
    ['nobody', { mac: '00:00:00:00:00:00' }],
  ])('is refused with the MAC of %s', async (_, changes) => {
    expect(await asker(site).ask(changes)).toMatchObject({ kind: 'busy', reason: expect.stringContaining('mac') });
    expect(await machines()).toEqual([]);
  });

  it.each([
    ['a MAC that is none', { mac: "'; drop table machines" }],
    ['a UUID that is none', { uuid: '../../etc/passwd' }],
    ['a serial number with quotes', { serial: '"><script>' }],
    ['an architecture that we have not', { architecture: 'riscv64' }],
    ['a long word', { via: '1'.repeat(400) }],
  ])('is refused with %s', async (_, changes) => {
    const response = await asker(site).post({ ...aStranger(), ...changes });
    expect(response.statusCode, response.body).toBe(422);
    expect(await machines()).toEqual([]);
  });

  it('is asked about by a node of the cluster alone', async () => {
    const response = await site.agentApi.inject({ method: 'POST', url: '/agent/v1/enlist', payload: aStranger() });
    expect(response.statusCode).toBe(401);
  });
});

describe('the inventory of an enlisted machine', () => {
  const inventory = {
    bootMac: MAC,
    cpu: { architecture: 'x86_64', count: 4 },
    system: { uuid: UUID, serial: 'SN-B1' },
    interfaces: [
      { name: 'ens3', mac: MAC, link: true },
      { name: 'ens4', mac: '52:54:00:bb:ff:01', link: false },
    ],
    bmc: { kind: 'ipmi', address: '10.88.0.41' },
  };

  it('gives it its cards, its VLAN and the BMC that it tells of, ends its run, and it stays new', async () => {
    await asker(site).ask();
    const { id, interfaces } = await only();
    expect(interfaces[0]?.vlan).toBeNull();
    await leaseOf(MAC);
    const answer = await post(id, inventory);
    expect(answer.statusCode, answer.body).toBe(200);
    expect(await only()).toMatchObject({
      state: 'new',
      interfaces: [
        { name: 'ens3', mac: MAC, vlan: expect.any(String) },
        { name: 'ens4', mac: '52:54:00:bb:ff:01', vlan: null },
      ],
      suggestedBmc: { type: 'ipmi', address: '10.88.0.41', mac: null },
    });
    expect(await runs()).toEqual([{ purpose: 'enlisting', isOpen: false }]);
    expect((await post(id, inventory)).statusCode).toBe(404);
    expect(await asker(site).ask()).toMatchObject({ kind: 'busy', reason: expect.stringContaining('is new') });
  }, 20_000);

  it('is taken from nobody else', async () => {
    await asker(site).ask();
    const { id } = await only();
    await leaseOf(MAC);
    expect((await post(id, inventory, '10.10.10.99')).statusCode).toBe(403);
  }, 20_000);

  it.each([
    ['loopback', { kind: 'ipmi', address: '127.0.0.1' }],
    ['no address', { kind: 'ipmi' }],
    ['a kind that we cannot switch', { kind: 'amt', address: '10.88.0.41' }],
  ])('suggests no BMC of %s', async (_, bmc) => {
    await asker(site).ask();
    const { id } = await only();
    await leaseOf(MAC);
    expect((await post(id, { ...inventory, bmc })).statusCode).toBe(200);
    expect(await only()).not.toHaveProperty('suggestedBmc');
  });

  it('does not come any more once an operator has accepted the machine: that run is another one', async () => {
    await asker(site).ask();
    const { hostname } = await only();
    expect((await say('POST', `/machines/${hostname}/commission`, {})).status).toBe(202);
    expect(await runs()).toEqual([
      { purpose: 'enlisting', isOpen: false },
      { purpose: 'commissioning', isOpen: true },
    ]);
    const reply = await asker(site).ask();
    expect(reasonOf(reply)).toContain('is commissioning');
  });
});
