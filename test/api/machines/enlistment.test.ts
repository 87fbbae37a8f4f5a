import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EnlistReply } from '../../../src/contract/machines/enlist.ts';
import { parseBuiltIn } from '../../../src/model/machines/scripts/script.ts';
import { namesFor } from '../../../src/model/machines/enlistment.ts';
import { lockMachineState, storeMachineState } from '../../../src/store/queries/machines/machine-states.ts';

import { asker, aStranger, cardOf, giveDefaultImage } from '../../kit/enlistment.ts';
import { relayListener, SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { oauth, readPreseed } from '../../kit/preseed.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

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
  await sqlRun('delete from leases');
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
        parameters: ['console=tty0', 'console=ttyS0,115200', 'panic=30', 'loglevel=4', 'regent.end=off'],
        metadata: `MAAS/metadata/inventory/${machine.id}`,
        credentials: `MAAS/metadata/latest/by-id/${machine.id}/?op=get_preseed`,
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
    expect(reply).toMatchObject({
      kind: 'busy',
      reason: expect.stringContaining('no image is the default one of arm64'),
    });
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
    const { id } = await only();
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

describe('a machine that is not wanted', () => {
  const ignore = (hostname: string, body: object = {}) => say('POST', `/machines/${hostname}/ignore`, body);
  const ignored = async () => (await say('GET', '/ignored-machines')).body['items'];

  it('is deleted and left alone at each boot, with who and why, until that is taken back', async () => {
    await asker(site).ask();
    const { hostname, fqdn } = await only();
    const done = await ignore(hostname, { comment: 'the printer of room 7' });
    expect(done).toMatchObject({ status: 200, body: { macs: [MAC], machine: { fqdn } } });
    expect(await machines()).toEqual([]);
    expect(await asker(site).ask()).toEqual({ kind: 'ignored' });
    const row = { mac: MAC, hostname: fqdn, comment: 'the printer of room 7', ignoredBy: 'admin' };
    expect(await ignored()).toMatchObject([row]);
    expect(
      await sqlRun(
        "select action, actor, outcome from audit where action like 'machine ignore%' order by id desc limit 1",
      ),
    ).toMatchObject([{ action: `machine ignore ${hostname}`, actor: 'admin' }]);
    expect(await say('DELETE', `/ignored-machines/${MAC}`)).toMatchObject({ status: 200, body: row });
    expect((await asker(site).ask()).kind).toBe('offer');
    expect((await only()).hostname).toBe(hostname);
    expect((await say('DELETE', `/ignored-machines/${MAC}`)).status).toBe(404);
  });

  it('comes again at its next boot when it was deleted alone', async () => {
    await asker(site).ask();
    const { hostname } = await only();
    await say('DELETE', `/machines/${hostname}`);
    expect((await asker(site).ask()).kind).toBe('offer');
    expect((await only()).hostname).toBe(hostname);
  });

  it('is not ignored while somebody has it, while it is locked, or by who may not', async () => {
    await asker(site).ask();
    const { id, hostname } = await only();
    await say('POST', `/machines/${hostname}/lock`, {});
    expect(await ignore(hostname)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is locked') },
    });
    await say('POST', `/machines/${hostname}/unlock`, {});
    await setState(id, 'deployed');
    expect(await ignore(hostname)).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('is deployed') },
    });
    expect((await site.call('POST', `/machines/${hostname}/ignore`, { body: {}, role: 'user' })).status).toBe(403);
    expect(await ignored()).toEqual([]);
    await only();
  });

  it('can be shown before: a dry run deletes and ignores nothing', async () => {
    await asker(site).ask();
    const { hostname } = await only();
    expect((await say('POST', `/machines/${hostname}/ignore?dry_run=true`, {})).status).toBe(200);
    expect(await ignored()).toEqual([]);
    await only();
  });

  it('has all its cards ignored', async () => {
    await made('/machines', { hostname: 'm9', interfaces: [{ mac: cardOf(7) }, { mac: cardOf(8) }] });
    expect((await ignore('m9')).body['macs']).toEqual([cardOf(7), cardOf(8)]);
    expect(await asker(site).ask({ mac: cardOf(8), uuid: null })).toEqual({ kind: 'ignored' });
  });
});

describe('enlistment', () => {
  it('can be switched off for the site: who is unknown is left alone, and nothing is written', async () => {
    await say('PUT', '/settings/enlist_machines', { value: false });
    const before = await counts();
    expect(await asker(site).ask()).toMatchObject({
      kind: 'ignored',
      reason: expect.stringContaining('enlist_machines'),
    });
    expect(await counts()).toEqual(before);
    await say('PUT', '/settings/enlist_machines', { value: true });
  });

  it('can be switched off for a VLAN, by where the rack or the lease says that the machine is', async () => {
    const { items } = (await say('GET', '/vlans')).body as unknown as { items: { id: number; enlistOn: boolean }[] };
    expect(items[0]?.enlistOn).toBe(true);
    expect((await say('PATCH', `/vlans/${items[0]?.id}`, { enlistOn: false })).body['enlistOn']).toBe(false);
    const off = { kind: 'ignored', reason: expect.stringContaining('VLAN') };
    expect(await asker(site).ask({ via: '10.10.10.1' })).toMatchObject(off);
    await leaseOf(MAC);
    expect(await asker(site).ask()).toMatchObject(off);
    await say('PATCH', `/vlans/${items[0]?.id}`, { enlistOn: true });
    expect((await asker(site).ask()).kind).toBe('offer');
  });

  it.each([0, 10_001, 'many'])('takes no limit of %s', async (limit) => {
    expect((await say('PUT', '/settings/enlist_limit', { value: limit })).status).toBe(422);
  });
});

describe('a machine that somebody knows', () => {
  it('is new again when it was missing, and its inventory is taken', async () => {
    await asker(site).ask();
    const { id, hostname } = await only();
    await leaseOf(MAC);
    await post(id, { system: { uuid: UUID } });
    await setState(id, 'missing');
    expect((await asker(site).ask()).kind).toBe('offer');
    expect(await only()).toMatchObject({ id, hostname, state: 'new' });
    expect((await runs()).at(-1)).toEqual({ purpose: 'enlisting', isOpen: true });
  });

  it('is told to wait when the rack has not heard of it yet', async () => {
    await made('/machines', { hostname: 'm8', interfaces: [{ mac: MAC }] });
    expect(reasonOf(await asker(site).ask())).toMatch(/^m8\.regent\.internal is new: an operator accepts it/);
    await setState((await only()).id, 'ready');
    expect(reasonOf(await asker(site).ask())).toMatch(
      /^m8\.regent\.internal is ready, but the rack does not know that yet/,
    );
    await only();
  });

  it('whose card has moved to another machine is named, and the card’s new place is no machine before an operator says so', async () => {
    await asker(site).ask();
    const { fqdn, hostname } = await only();
    const other = '00000000-1111-4222-8333-444444444444';
    const said = reasonOf(await asker(site).ask({ uuid: other, serial: 'SN-OTHER' }));
    expect(said).toContain(
      `The card ${MAC} is one of ${fqdn}, which has the UUID ${UUID}, and this machine has ${other}`,
    );
    await only();
    // The old firmware's form is the same UUID.
    expect((await asker(site).ask({ uuid: '2b1a4d56-0000-0040-8000-525400bb0001' })).kind).toBe('offer');
    await say('DELETE', `/machines/${hostname}`);
    expect((await asker(site).ask({ uuid: other, serial: 'SN-OTHER' })).kind).toBe('offer');
  });
});

describe('equal UUIDs', () => {
  const ask = (index: number, changes: object = {}) => asker(site).ask({ mac: cardOf(index), ...changes });

  it('with the same serial number are one machine that is enlisted just now: it gets the card', async () => {
    const first = await ask(1);
    expect(await ask(2)).toEqual(first);
    expect((await only()).interfaces.map(({ mac }) => mac)).toEqual([cardOf(1), cardOf(2)]);
  });

  it('with the same serial number never change a machine that an operator has accepted', async () => {
    await ask(1);
    const { id, fqdn } = await only();
    await setState(id, 'ready');
    const said = reasonOf(await ask(2));
    expect(said).toContain(`The UUID and serial number are those of ${fqdn}, which has no card ${cardOf(2)}`);
    expect((await only()).interfaces).toHaveLength(1);
  });

  it.each([
    ['another serial number', { serial: 'SN-B2' }],
    ['none', { serial: null }],
  ])('with %s are two machines, and the operator is told', async (_, changes) => {
    await ask(1);
    const { fqdn } = await only();
    expect((await ask(2, changes)).kind).toBe('offer');
    const other = (await machines()).find((machine) => machine.fqdn !== fqdn) as unknown as { message: string };
    expect(other.message).toBe(
      `The machine was enlisted: commission or ignore the machine. It reports the same UUID as ${fqdn}: is it the same machine with another card?`,
    );
  });

  it('are those of inventories, too', async () => {
    await ask(1, { uuid: null, serial: null });
    const { id, fqdn } = await only();
    await leaseOf(cardOf(1));
    expect((await post(id, { system: { uuid: UUID, serial: 'SN-B1' } })).statusCode).toBe(200);
    await setState(id, 'ready');
    expect(reasonOf(await ask(2))).toContain(`are those of ${fqdn},`);
  });
});

describe('a machine whose system is cloud-init', () => {
  it('is enlisted by the same run: credentials, scripts, inventory, and the end of all scripts ends it', async () => {
    const lines =
      '# --- Start MAAS 1.0 script metadata ---\n# name: bmc\n# timeout: 60\n# tags: inventory\n# --- End MAAS 1.0 script metadata ---';
    const builtIn = [value(parseBuiltIn(`#!/bin/sh\n${lines}\necho '{}'\n`))];
    const machineScripts = { builtIn, files: { runner: '#!/bin/sh\n', runScript: '#!/bin/sh\n' } };
    const { connection, keys } = site;
    const other = await startTestRegion(pg.get(), { connection, keys, ca: SEALING_AUTHORITY, machineScripts });
    const way = relayListener(other);
    try {
      await asker(other).ask();
      const { id } = await only();
      await leaseOf(MAC);
      const from = { 'x-forwarded-for': HERE, 'x-forwarded-host': '10.10.10.1:5248' };
      const call = (method: 'GET' | 'POST', path: string, headers: object, payload?: string) =>
        way.inject({
          method,
          url: `/MAAS/metadata${path}`,
          remoteAddress: '10.88.0.5',
          headers: { ...from, ...headers },
          ...(payload === undefined ? {} : { payload }),
        });
      const preseed = await call('GET', `/latest/by-id/${id}/?op=get_preseed`, {});
      expect(preseed.statusCode, preseed.body).toBe(200);
      const maas = readPreseed(preseed.body).datasource.MAAS;
      const signed = () => ({ authorization: oauth(maas) });
      expect((await call('GET', '/latest/meta-data/instance-id', signed())).body).toBe(id);
      expect((await call('GET', '/latest/user-data', signed())).body).toContain('#!/bin/sh');
      expect((await call('GET', '/latest/maas-scripts', signed())).headers['content-type']).toBe('application/x-tar');
      const json = { ...signed(), 'content-type': 'application/json' };
      expect((await call('POST', `/inventory/${id}`, json, '{"virtual":"qemu"}')).statusCode).toBe(200);
      expect(await runs()).toEqual([{ purpose: 'enlisting', isOpen: true }]);
      const form = { ...signed(), 'content-type': 'application/x-www-form-urlencoded' };
      expect((await call('POST', '/latest/', form, 'op=signal&status=OK')).statusCode).toBe(200);
      expect(await runs()).toEqual([{ purpose: 'enlisting', isOpen: false }]);
      expect((await only()).state).toBe('new');
      // What it waits for at its start is answered at once, and opens nothing.
      expect((await call('GET', '/latest/meta-data/instance-id', signed())).body).toBe('over');
      expect((await call('GET', '/latest/meta-data/local-hostname', signed())).statusCode).toBe(401);
    } finally {
      await way.close();
      await other.close();
    }
  }, 30_000);
});
