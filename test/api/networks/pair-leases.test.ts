import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Doctor } from '../../../src/contract/cluster/doctor.ts';
import type { Lease } from '../../../src/contract/networks/lease.ts';
import { compileSite } from '../../../src/services/compile-node.ts';
import type { DhcpDesired } from '../../../src/services/dhcp/desired.ts';
import { dhcp } from '../../../src/services/dhcp/index.ts';
import { readSnapshot } from '../../../src/store/snapshot.ts';
import { aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { aRack, type TestRack } from '../../kit/rack.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';
import { run as runCli } from '../../unit/cli/fake-region.ts';

const pg = usePostgres();
const RACKS = [aRack('k1'), aRack('k2')] as const;
const [K1, K2] = RACKS;
const SERVICE = 'dhcp@k1_k2';
const CLIENT = '52:54:00:00:00:64';
let site: TestRegion;

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  await done('POST', '/vlans', { vid: 10 });
  await done('POST', '/subnets', { cidr: '10.20.0.0/24', vlan: 'vlan-10' });
  await done('POST', '/ranges', { first: '10.20.0.100', last: '10.20.0.119', kind: 'dynamic' });
  for (const rack of RACKS) {
    await rack.register(site.agentApi);
    await done('POST', `/racks/${rack.uuid}/accept`, {});
    await observe(rack);
  }
  await done('PATCH', '/vlans/vlan-10', { dhcpOn: true, primaryRack: 'k1', secondaryRack: 'k2' });
  await serve(K1);
});
afterAll(() => site?.close());
beforeEach(() => run(sql`delete from leases`));

async function done(method: 'POST' | 'PATCH', path: string, body: object) {
  const answer = await site.call(method, path, { body });
  expect(answer.status, `${method} ${path}: ${answer.raw}`).toBeLessThan(300);
}

/** A rack on the VLAN, in a pair that is whole. */
async function observe(rack: TestRack, serving: TestRack | null = null) {
  const last = Number(rack.name.slice(1)) + 1;
  const nic = { name: 'eth1', mac: `52:54:00:00:01:0${last}`, addresses: [`10.20.0.${last}/24`], index: 3 };
  const pair = {
    role: rack === K1 ? 'primary' : 'standby',
    partner: '',
    kea: 'hot-standby',
    isServing: rack === serving,
  };
  const answer = await rack.observe(site.agentApi, {
    facts: {
      hostname: rack.name,
      os: { id: 'debian', version: '13' },
      isContainer: true,
      interfaces: [{ ...nic, isUp: true, hasCarrier: true }],
      versions: {},
    },
    services: serving ? [aServiceReport(SERVICE, { facts: { pair } })] : [],
  });
  expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
}

/** From now on this side answers clients. */
async function serve(rack: TestRack) {
  for (const one of RACKS) await observe(one, rack);
}

/** The command line, asking this region. */
function regent(argv: readonly string[]) {
  const ask: typeof fetch = async (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const body = typeof init?.body === 'string' ? { body: JSON.parse(init.body) as object } : {};
    const answer = await site.call(
      (init?.method ?? 'GET') as 'GET' | 'PATCH',
      pathname.replace('/api/v1', '') + search,
      body,
    );
    return new Response(answer.raw, { status: answer.status, headers: { 'content-type': 'application/json' } });
  };
  return runCli({ url: 'http://region.test' }, argv, { fetch: ask });
}

async function run(statement: ReturnType<typeof sql>) {
  value(await site.db.repeatable((tx) => tx.run(statement)));
}

/** A rack's word of a lease; it began so many seconds ago. */
const has = (rack: TestRack, changes: { mac?: string; ago?: number; state?: string; last?: number } = {}) => {
  const { mac = CLIENT, ago = 5, state = 'active', last = 100 } = changes;
  return run(sql`insert into leases (node_id, service, subnet_id, address, mac, hostname, state, starts_at, expires_at, named_since)
    values (${rack.uuid}, ${SERVICE}, 1, ${`10.20.0.${last}`}, ${mac === '' ? null : mac}, '', ${state}, date_trunc('hour', now()) - make_interval(secs => ${ago}),
      now() + interval '7 d', now() - make_interval(secs => ${ago}))
    on conflict (node_id, address) do update set mac = excluded.mac, state = excluded.state, starts_at = excluded.starts_at`);
};
const list = async (query = '') => (await site.call('GET', `/leases${query}`)).body['items'] as Lease[];
const show = async () => (await site.call('GET', '/leases/10.20.0.100')).body as unknown as Lease;

/** Addresses whose leases a rack is to end. */
async function endsOf(rack: TestRack) {
  const snapshot = value(await site.db.read(readSnapshot));
  const node = compileSite(snapshot, [dhcp], new Map(), 1_790_000_000).nodes.get(rack.uuid);
  const desired = node?.body.services[SERVICE]?.desired as DhcpDesired | null | undefined;
  if (!desired) throw new Error(`nothing for ${rack.name}: ${JSON.stringify(node?.findings)}`);
  return (desired.endedLeases ?? []).map(({ address }) => address);
}

describe('a lease that both racks of a pair have', () => {
  it('is one line: who serves it, and that the partner has it', async () => {
    await has(K1);
    await has(K2);
    expect(await list()).toMatchObject([{ node: 'k1', partner: 'k2', heldBy: ['k1', 'k2'], state: 'active' }]);
    expect((await site.call('GET', '/status')).body['counts']).toMatchObject({ leases: 1 });
    await serve(K2);
    expect(await show()).toMatchObject({ node: 'k2', partner: 'k1', heldBy: ['k1', 'k2'] });
    await serve(K1);
    expect([await list('?node=k1'), await list('?node=k2')].map((rows) => rows.length)).toEqual([1, 1]);
  });

  it('says that the partner lacks it, or has it for somebody else', async () => {
    await has(K2);
    expect(await show()).toMatchObject({ node: 'k2', partner: 'k1', heldBy: ['k2'] });
    await has(K1, { mac: '52:54:00:00:00:ff', ago: 60 });
    expect(await show()).toMatchObject({ node: 'k2', mac: CLIENT, heldBy: ['k2'] });
    expect(await list('?node=k1')).toEqual([]);
  });

  it('is ended on both sides, and over when both forgot it', async () => {
    await has(K1);
    await has(K2);
    await done('POST', '/leases/10.20.0.100/release', {});
    expect([await endsOf(K1), await endsOf(K2)]).toEqual([['10.20.0.100'], ['10.20.0.100']]);
    await has(K1, { state: 'expired' });
    expect([await endsOf(K1), await endsOf(K2)]).toEqual([[], ['10.20.0.100']]);
    expect(await show()).toMatchObject({ state: 'active', heldBy: ['k2'] });
    await has(K2, { state: 'expired' });
    expect([await endsOf(K1), await endsOf(K2)]).toEqual([[], []]);
    expect(await show()).toMatchObject({ state: 'expired', heldBy: [] });
  });

  it('is ended on a side that missed its renewals, too', async () => {
    await has(K1);
    await has(K2, { ago: 3000 });
    await done('POST', '/leases/10.20.0.100/release', {});
    await has(K1, { state: 'expired' });
    expect(await endsOf(K2)).toEqual(['10.20.0.100']);
    expect(await show()).toMatchObject({ state: 'expired', heldBy: ['k2'] });
    // Once more is no mistake: somebody has it still.
    await done('POST', '/leases/10.20.0.100/release', {});
  });

  it('of a rack that was away for a week loses against the one that was given meanwhile, live or ended', async () => {
    const old = { mac: '52:54:00:00:00:aa', ago: 6 * 86_400 };
    await has(K2, old);
    await has(K1);
    expect(await list()).toMatchObject([{ mac: CLIENT, node: 'k1', heldBy: ['k1'] }]);
    await has(K1, { state: 'expired' });
    // Nobody has it, and the old word makes nobody its owner.
    expect(await list()).toEqual([]);
    expect(await show()).toMatchObject({ mac: CLIENT, state: 'expired' });
  });

  it('is missed by the doctor where the partner lacks it for longer than its agent’s look takes', async () => {
    const pairLeases = async () => {
      const { invariants } = (await site.call('GET', '/cluster/doctor')).body as unknown as Doctor;
      return invariants.find(({ id }) => id === 'pair-leases');
    };
    for (const rack of RACKS) await has(rack, { ago: 300 });
    await has(K2, { ago: 300, last: 101, state: 'declined', mac: '' });
    await has(K1, { ago: 30, last: 101 });
    // It ended on one side just now: the other one's agent looks within a minute.
    await has(K1, { ago: 300, last: 105 });
    await has(K2, { ago: 300, last: 105, state: 'expired' });
    expect(await pairLeases()).toMatchObject({ state: 'ok', detail: 'The same leases on both racks of 1 VLAN.' });
    await run(sql`update leases set reported_at = now() - interval '10 min' where address = '10.20.0.105'`);
    expect(await pairLeases()).toMatchObject({ detail: `1 lease: k1 has 10.20.0.105 for ${CLIENT}, k2 lacks it.` });
    await run(sql`delete from leases where address = '10.20.0.105'`);
    await has(K1, { ago: 300, last: 102 });
    expect(await pairLeases()).toMatchObject({
      state: 'warning',
      detail: `1 lease: k1 has 10.20.0.102 for ${CLIENT}, k2 lacks it.`,
    });
    await has(K2, { ago: 400, last: 103, mac: '52:54:00:00:00:bb' });
    await has(K1, { ago: 300, last: 103 });
    expect(await pairLeases()).toMatchObject({
      state: 'broken',
      detail: expect.stringContaining(`k1 has 10.20.0.103 for ${CLIENT}, k2 for 52:54:00:00:00:bb`),
    });
    // A rack that does not say that it works with its partner: nobody knows.
    await run(sql`delete from leases`);
    await observe(K2);
    expect(await pairLeases()).toMatchObject({ state: 'unknown', detail: expect.stringContaining('not whole') });
    await serve(K1);
  });

  it('counts once in its pool, and for each side', async () => {
    for (const rack of RACKS) await has(rack);
    await has(K1, { last: 101 });
    await has(K1, { last: 102, state: 'expired' });
    await has(K1, { last: 99 });
    const counts = { size: 20, used: 2, free: 18, perHour: null, fullAt: null };
    const sides = [
      { node: 'k1', used: 2 },
      { node: 'k2', used: 1 },
    ];
    const pool = { first: '10.20.0.100', last: '10.20.0.119', ...counts, sides };
    const use = { subnet: '10.20.0.0/24', ...counts, sides, pools: [pool] };
    expect((await site.call('GET', '/subnets/10.20.0.0%2F24')).body['pools']).toEqual(use);
    expect((await site.call('GET', '/vlans/vlan-10')).body['pools']).toEqual([use]);
  });

  it('keeps its VLAN with its racks: another pair without one of them is refused, with the commands that lead there', async () => {
    await has(K1);
    await has(K2);
    for (const name of ['k3', 'k4']) {
      const other = aRack(name);
      await other.register(site.agentApi);
      await done('POST', `/racks/${other.uuid}/accept`, {});
      await observe(other);
    }
    const answer = await site.call('PATCH', '/vlans/vlan-10', { body: { primaryRack: 'k3', secondaryRack: 'k4' } });
    expect({ status: answer.status, detail: answer.body.detail }).toEqual({
      status: 409,
      detail: expect.stringMatching(
        /^Clients hold 1 lease on fabric-1\/vlan-10, and racks would serve it that do not know of them\./,
      ),
    });
    const steps = [
      ...String(answer.body.detail).matchAll(/regent (vlan set \S+ --primary-rack \S+ --secondary-rack \S+) --wait/g),
    ];
    expect(steps.map(([, words]) => words)).toEqual([
      'vlan set fabric-1/vlan-10 --primary-rack k1 --secondary-rack k3',
      'vlan set fabric-1/vlan-10 --primary-rack k3 --secondary-rack k4',
    ]);
    // The command line does them as they stand; each waits for the pair to be whole, which no rack of this test says.
    for (const [, words = ''] of steps)
      expect(await regent(words.split(' '))).toMatchObject({ code: 0, out: 'VLAN fabric-1/vlan-10 changed\n' });
    const { body } = await site.call('GET', '/vlans/vlan-10');
    expect(body['server']).toMatchObject({ primary: 'k3', secondary: 'k4' });
  });
});
