import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pairing } from '../../../src/contract/networks/pairing.ts';
import { realClock, usePostgres } from '../../kit/postgres.ts';
import { aRack, type TestRack } from '../../kit/rack.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

const pg = usePostgres();
const RACKS = [1, 2, 3, 4];
const VLANS = Array.from({ length: 40 }, (_, index) => index + 1);
/** How late a report comes to the region that receives it, ms. */
let delayMs = 0;
const clock = { ...realClock, now: () => realClock.now() - delayMs };
let site: TestRegion;
const racks = new Map<number, TestRack>();

/** A site of four racks and 40 VLANs: each rack stands on all of them. */
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { clock });
  for (const vid of VLANS) {
    await made('/vlans', { vid });
    await made('/subnets', { cidr: `10.1.${vid}.0/24`, vlan: `vlan-${vid}` });
    await made('/ranges', { first: `10.1.${vid}.100`, last: `10.1.${vid}.199`, kind: 'dynamic' });
    await set(vid, { dhcpOn: true });
  }
  for (const number of RACKS) {
    const rack = aRack(`k${number}`);
    racks.set(number, rack);
    await rack.register(site.api);
    await site.call('POST', `/racks/${rack.uuid}/accept`, { body: {} });
    await report(number);
  }
});
afterAll(() => site.close());

async function made(path: string, body: object) {
  const answer = await site.call('POST', path, { body });
  expect(answer.status, answer.raw).toBe(201);
}

async function set(vid: number, body: object) {
  const answer = await site.call('PATCH', `/vlans/vlan-${vid}`, { body });
  expect(answer.status, answer.raw).toBe(200);
}

/** A rack says where it stands. `down`: an interface without a link. */
async function report(number: number, down?: string) {
  const interfaces = VLANS.map((vid) => ({
    name: `eth${vid}`,
    mac: `52:54:00:00:0${number}:${vid.toString(16).padStart(2, '0')}`,
    addresses: [`10.1.${vid}.${number + 1}/24`],
    index: vid,
    isUp: true,
    hasCarrier: `eth${vid}` !== down,
  }));
  const facts = { hostname: `k${number}`, os: { id: 'debian', version: '13' }, isContainer: true, interfaces };
  const rack = racks.get(number);
  const answer = await rack?.observe(site.api, { facts: { ...facts, versions: {} } });
  expect(answer?.status).toBe(204);
}

const propose = async () => (await site.call('GET', '/pairing')).body as unknown as Pairing;
const apply = (body: object, query = '') => site.call('POST', `/pairing/apply${query}`, { body });
const pairOf = async (vid: number) => {
  const { primaryRack, secondaryRack } = (await site.call('GET', `/vlans/vlan-${vid}`)).body;
  return [primaryRack, secondaryRack];
};
const run = async (statement: ReturnType<typeof sql>) => value(await site.db.repeatable((tx) => tx.run(statement)));
/** As if the database had been away when the rack reported last. */
const ageRow = (number: number) =>
  run(sql`update node_observations set reported_at = now() - interval '40 s'
    where node_id = (select node_id from racks where name = ${`k${number}`})`);
/** Makes a rack silent: its last report is old in the database and in the region's memory. */
async function age(number: number) {
  delayMs = 40_000;
  await report(number);
  delayMs = 0;
  await ageRow(number);
}

it('proposes a balanced plan of four racks and 40 VLANs, and changes nothing', async () => {
  const { body: before } = await site.call('GET', '/status');
  const plan = await propose();
  expect(plan.changes).toHaveLength(40);
  expect(plan.racks.map(({ primaryAfter, secondaryAfter }) => [primaryAfter, secondaryAfter])).toEqual(
    RACKS.map(() => [10, 10]),
  );
  expect(plan.changes[0]).toMatchObject({
    vlan: 'fabric-1/vlan-1',
    before: { primary: null, secondary: null },
    after: { primary: 'k1', secondary: 'k2' },
    why: 'it names no rack, and only k1 serves it',
  });
  expect(await propose()).toEqual(plan);
  expect((await site.call('GET', '/status')).body['revision']).toBe(before['revision']);
});

it('shows the real files, applies what was looked at, and takes it back in one step', async () => {
  const { digest } = await propose();
  const preview = (await apply({ digest }, '?dry_run=true')).body as unknown as {
    nodes: { node: string; files: { target: string }[] }[];
  };
  const targets = preview.nodes.flatMap(({ node, files }) => files.map(({ target }) => `${node} ${target}`));
  expect(targets.filter((text) => text.includes('pair.json')).sort()).toEqual([
    'k1 /etc/kea/regent-k1_k2/pair.json',
    'k1 /etc/kea/regent-k4_k1/pair.json',
    'k2 /etc/kea/regent-k1_k2/pair.json',
    'k2 /etc/kea/regent-k2_k3/pair.json',
    'k3 /etc/kea/regent-k2_k3/pair.json',
    'k3 /etc/kea/regent-k3_k4/pair.json',
    'k4 /etc/kea/regent-k3_k4/pair.json',
    'k4 /etc/kea/regent-k4_k1/pair.json',
  ]);
  expect(await pairOf(2)).toEqual([null, null]);
  expect((await site.call('POST', '/pairing/apply', { body: { digest }, role: 'user' })).status).toBe(403);

  expect(await apply({ digest: 'another' })).toMatchObject({ status: 409, body: { code: 'conflict' } });
  const done = await apply({ digest });
  expect({ status: done.status, digest: done.body['digest'] }).toEqual({ status: 200, digest });
  expect(await pairOf(2)).toEqual(['k2', 'k3']);
  const plan = await propose();
  expect({ changes: plan.changes, stays: plan.stays.length }).toEqual({ changes: [], stays: 40 });

  const [change] = (await site.call('GET', '/config/history?limit=1')).body['items'] as {
    id: number;
    summary: string;
  }[];
  expect(change?.summary).toBe('pairing apply');
  expect((await site.call('POST', `/config/history/${change?.id}/rollback`)).status).toBe(201);
  expect(await pairOf(2)).toEqual([null, null]);
  expect((await apply({})).status).toBe(200);
});

it('is told by status, doctor and what-if', async () => {
  const status = (await site.call('GET', '/status')).body as unknown as { counts: Record<string, number> };
  expect(status.counts['withoutSecondary']).toBe(0);
  const doctor = (await site.call('GET', '/cluster/doctor')).body as unknown as {
    invariants: { id: string; state: string; detail: string }[];
  };
  // The racks of this test stand on their VLANs and run nothing.
  expect(doctor.invariants.find(({ id }) => id === 'rack-pairs')).toMatchObject({
    state: 'broken',
    detail: expect.stringContaining(
      'Nobody serves fabric-1/vlan-1, fabric-1/vlan-5, fabric-1/vlan-9 and 7 more VLANs: k1 does not run it and k2 does not run it',
    ),
  });
  const answer = await site.call('GET', '/cluster/what-if?node=k1&event=dies');
  const vlans = answer.body['vlans'] as { vlan: string; before: string | null; after: string | null; why: string }[];
  expect(vlans).toHaveLength(40);
  expect(vlans[0]).toMatchObject({ vlan: 'fabric-1/vlan-1', before: null, after: null });
  expect(vlans[1]).toMatchObject({ why: 'k1 does not serve it' });
  expect((await site.call('PATCH', '/vlans/vlan-40', { body: { secondaryRack: null } })).status).toBe(200);
  const after = (await site.call('GET', '/status')).body as unknown as { counts: Record<string, number> };
  expect(after.counts['withoutSecondary']).toBe(1);
  expect((await apply({})).status).toBe(200);
});

it('replaces a rack that is silent, and an interface without a link', async () => {
  await age(1);
  await report(3, 'eth2');
  const plan = await propose();
  // k1 is primary rack of ten VLANs and secondary one of ten; k3 stands by for k2 on VLAN 2.
  expect(plan.changes).toHaveLength(21);
  const dead = plan.changes.filter(({ before, after }) => [before, after].some(({ primary }) => primary === 'k1'));
  expect(dead).toHaveLength(10);
  for (const { after, why } of dead) {
    expect(why).toMatch(/^k1 is silent/);
    expect([after.primary, after.secondary]).not.toContain('k1');
  }
  expect(Math.max(...plan.racks.map(({ primaryAfter }) => primaryAfter))).toBeLessThanOrEqual(plan.limit);
  expect(plan.changes.find(({ vlan }) => vlan === 'fabric-1/vlan-2')).toMatchObject({
    after: { primary: 'k2', secondary: 'k4' },
    why: 'eth2 of k3 has no carrier',
  });
  await report(1);
  await report(3);
  expect((await propose()).changes).toEqual([]);
});

it('counts a report that the region has in memory and the database has not', async () => {
  await ageRow(1);
  expect((await propose()).changes).toEqual([]);
});

it('leaves a VLAN whose leases no rack would know of, and tells so', async () => {
  await set(1, { secondaryRack: null });
  await run(sql`insert into leases (node_id, subnet_id, address, mac, hostname, state, starts_at, expires_at)
    select (select node_id from racks where name = 'k1'), s.id, '10.1.1.100', '52:54:00:aa:00:01', '', 'active', now(), now() + interval '1 hour'
    from subnets s where s.cidr = '10.1.1.0/24'`);
  await age(1);
  const plan = await propose();
  expect(plan.left).toEqual([
    {
      vlan: 'fabric-1/vlan-1',
      why: 'k1 is silent, clients hold leases (1), and no rack that knows of them can serve it now',
    },
  ]);
  expect((await apply({})).status).toBe(200);
  expect(await pairOf(1)).toEqual(['k1', null]);
  await report(1);
  expect((await propose()).changes.find(({ vlan }) => vlan === 'fabric-1/vlan-1')).toMatchObject({
    after: { primary: 'k1' },
    why: 'it has no secondary rack',
  });
});
