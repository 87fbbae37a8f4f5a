import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeLeaseReport } from '../../../src/store/queries/networks/lease-reports.ts';
import { createNode, updateNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { acceptRack, createRack } from '../../../src/store/queries/cluster/racks.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/** A VLAN's pair of racks over the API: what is refused, with its exact words, and what is shown (issue: rack pairs). */

const pg = usePostgres();
let site: TestRegion;
const uuidOf = (name: string) => `00000000-0000-4000-8000-0000000000${name.slice(1).padStart(2, '0')}`;
type Nic = [name: string, address: string, more?: object];

async function report(name: string, nics: readonly Nic[], services: ReturnType<typeof aServiceReport>[] = []) {
  const interfaces = nics.map(([nic, address, more], index) => {
    return { name: nic, mac: `02:00:00:00:00:0${index}`, addresses: [address], isUp: true, hasCarrier: true, ...more };
  });
  const observation = anObservation(name, { services });
  const facts = { ...observation.facts, hostname: name, interfaces };
  value(await site.db.repeatable((tx) => storeObservation(tx, { id: name, name }, { ...observation, facts })));
}

async function makeRack(name: string, nics: readonly Nic[]): Promise<void> {
  const uuid = uuidOf(name);
  value(
    await change(site.db, async (tx) => {
      const addresses = [`10.77.0.2${name.slice(1)}`];
      await createNode(tx, { id: name, name, isRegion: false, isRack: true, addresses });
      await createRack(tx, { uuid, name, publicKey: `${name}${'A'.repeat(41)}`.slice(0, 42) + 'A', nodeId: name });
      return acceptRack(tx, { key: uuid }, { nodeId: name, name });
    }),
  );
  await report(name, nics);
}

const set = (body: object, vlan = 'vlan10') => site.call('PATCH', `/vlans/${vlan}`, { body });
const show = async (vlan = 'vlan10') => (await site.call('GET', `/vlans/${vlan}`)).body;
const detail = async (body: object, vlan = 'vlan10') => {
  const answer = await set(body, vlan);
  return `${answer.status} ${String(answer.body['detail'])}`;
};

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  for (const vid of [10, 20, 30]) await site.call('POST', '/vlans', { body: { vid, name: `vlan${vid}` } });
  for (const vid of [10, 20]) {
    const cidr = `10.10.${vid}.0/24`;
    await site.call('POST', '/subnets', { body: { cidr, vlan: `vlan${vid}` } });
    const range = { kind: 'dynamic', first: `10.10.${vid}.100`, last: `10.10.${vid}.199` };
    await site.call('POST', '/ranges', { body: range });
    await set({ dhcpOn: true }, `vlan${vid}`);
  }
  await makeRack('k1', [['eth1', '10.10.10.1']]);
  await makeRack('k2', [['eth1', '10.10.10.2']]);
  await makeRack('k3', [
    ['eth1', '10.10.10.3'],
    ['eth2', '10.10.10.4'],
  ]);
  await makeRack('k4', [['eth1', '10.10.10.5', { hasCarrier: false }]]);
  value(
    await change(site.db, (tx) =>
      createRack(tx, { uuid: uuidOf('k5'), name: 'k5', publicKey: `k5${'A'.repeat(41)}`, nodeId: null }),
    ),
  );
});
afterAll(() => site.close());
beforeEach(async () => {
  await set({ primaryRack: null, secondaryRack: null });
});

describe('a pair of racks', () => {
  it('is named, shown, swapped and taken away; each is a change of its own', async () => {
    expect((await set({ primaryRack: 'k1', secondaryRack: 'k2' })).body).toMatchObject({
      primaryRack: 'k1',
      secondaryRack: 'k2',
      server: { primary: 'k1', secondary: 'k2', isChosen: false, servedBy: null, isWhole: false },
    });
    expect((await set({ primaryRack: 'k2', secondaryRack: 'k1' })).status).toBe(200);
    expect(await show()).toMatchObject({ primaryRack: 'k2', secondaryRack: 'k1' });
    const history = (await site.call('GET', '/config/history?limit=1')).body['items'] as { id: number }[];
    const undone = await site.call('POST', `/config/history/${history[0]?.id}/rollback`);
    expect(undone.status, undone.raw).toBeLessThan(300);
    expect(await show()).toMatchObject({ primaryRack: 'k1', secondaryRack: 'k2' });
    expect((await set({ secondaryRack: null })).body).toMatchObject({ primaryRack: 'k1', secondaryRack: null });
  });

  it('without a word of anybody is one of the racks that stand there', async () => {
    expect(await show()).toMatchObject({
      primaryRack: null,
      server: { primary: 'k1', secondary: null, isChosen: true },
    });
    expect(await show('vlan20')).toMatchObject({ server: null });
  });

  it('says who serves by the racks’ own reports', async () => {
    await set({ primaryRack: 'k1', secondaryRack: 'k2' });
    const side = (role: string, kea: string, isServing: boolean) =>
      aServiceReport('dhcp@k1_k2', {
        facts: { pair: { role, kea, isServing, since: '2026-01-02T03:04:05.678Z', state: 'x', why: 'y' } },
      });
    await report('k1', [['eth1', '10.10.10.1']], [side('primary', 'hot-standby', true)]);
    await report('k2', [['eth1', '10.10.10.2']], [side('standby', 'hot-standby', false)]);
    expect((await show())['server']).toMatchObject({ servedBy: 'k1', isWhole: true, why: 'k2 is ready to take over.' });
    await report('k2', [['eth1', '10.10.10.2']], [side('standby', 'partner-down', true)]);
    await report('k1', [['eth1', '10.10.10.1']]);
    expect((await show())['server']).toMatchObject({ servedBy: 'k2', isWhole: false });
  });
});

describe('a rack that is drained', () => {
  const drain = (path = 'drain') => site.call('POST', `/nodes/k1/${path}`, { role: 'operator' });
  const side = (kea: string, isServing: boolean) =>
    aServiceReport('dhcp@k1_k2', { facts: { pair: { kea, isServing } } });

  it('is refused while it is alone or its partner is not ready, and goes as a job', async () => {
    await set({ primaryRack: 'k1' });
    expect(await drain()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('k1 is the only rack of VLAN vlan10') },
    });
    await set({ primaryRack: 'k1', secondaryRack: 'k2' });
    await report('k1', [['eth1', '10.10.10.1']], [side('hot-standby', true)]);
    await report('k2', [['eth1', '10.10.10.2']], [side('syncing', false)]);
    expect(await drain()).toMatchObject({
      status: 409,
      body: { detail: expect.stringContaining('k2 is not ready to take VLAN vlan10') },
    });
    await report('k2', [['eth1', '10.10.10.2']], [side('hot-standby', false)]);
    await change(site.db, (tx) => tx.run(sql`insert into features (name) values ('drain') on conflict do nothing`));
    expect(await drain()).toMatchObject({
      status: 202,
      body: { kind: 'node-drain', target: 'k1', progress: 'k1 gives VLAN vlan10 to k2; leases go on' },
    });
    expect(await drain('undrain')).toMatchObject({ status: 409, body: { detail: 'Not now: k1 is not drained.' } });
  });

  it('says since when it is, who serves its VLANs, and that nobody would take over, until it is drained no more', async () => {
    await set({ primaryRack: 'k1', secondaryRack: 'k2' });
    const mark = (isDrained: boolean) => change(site.db, (tx) => updateNode(tx, { key: 'k1' }, { isDrained }));
    const told = async () => {
      const [node, cluster, doctor, whatIf] = await Promise.all([
        site.call('GET', '/nodes/k1'),
        site.call('GET', '/cluster'),
        site.call('GET', '/cluster/doctor'),
        site.call('GET', '/cluster/what-if?node=k2&event=dies'),
      ]);
      const invariants = doctor.body['invariants'] as { id: string; detail: string; state: string }[];
      const own = (whatIf.body['vlans'] as { vlan: string; after: string | null }[]).find(({ vlan }) =>
        vlan.endsWith('/vlan10'),
      );
      return {
        drain: node.body['drain'] as { since: string; vlans: object[] } | null,
        warnings: cluster.body['warnings'] as string[],
        pairs: invariants.find(({ id }) => id === 'rack-pairs'),
        after: own?.after,
      };
    };
    await report('k1', [['eth1', '10.10.10.1']], [side('hot-standby', true)]);
    await report('k2', [['eth1', '10.10.10.2']], [side('hot-standby', false)]);
    expect(await told()).toMatchObject({ drain: null, warnings: [], after: 'k1' });
    value(await mark(true));
    await report('k1', [['eth1', '10.10.10.1']], [aServiceReport('dhcp@k1_k2', { facts: { pair: { kea: null } } })]);
    await report('k2', [['eth1', '10.10.10.2']], [side('partner-down', true)]);
    const drained = await told();
    const since = drained.drain?.since ?? '';
    expect(Math.abs(Date.now() - Date.parse(since))).toBeLessThan(60_000);
    expect(drained).toMatchObject({
      drain: { vlans: [{ vlan: 'fabric-1/vlan10', servedBy: 'k2' }] },
      warnings: [`k1 is drained since ${since}: k2 serves fabric-1/vlan10. To undo: regent node undrain k1`],
      pairs: { state: 'warning' },
      after: null,
    });
    expect(drained.pairs?.detail).toContain(
      `k1 is drained since ${since}: k2 serves fabric-1/vlan10, and nobody would take over`,
    );
    // Marked twice, it keeps its time.
    value(await mark(true));
    expect((await told()).drain?.since).toBe(since);
    const list = (await site.call('GET', '/nodes')).body['items'] as { name: string; drain: object | null }[];
    expect(list.filter(({ drain }) => drain !== null)).toMatchObject([{ name: 'k1', drain: { since } }]);
    value(await mark(false));
    await report('k1', [['eth1', '10.10.10.1']], [side('hot-standby', true)]);
    await report('k2', [['eth1', '10.10.10.2']], [side('hot-standby', false)]);
    expect(await told()).toMatchObject({ drain: null, warnings: [], after: 'k1' });
  });
});

describe('what is refused', () => {
  it.each<[body: object, vlan: string, answer: string]>([
    [
      { primaryRack: 'k1', secondaryRack: 'k1' },
      'vlan10',
      '422 secondaryRack: it is also the primary rack. Rule: a pair is two racks.',
    ],
    [
      { secondaryRack: 'k1' },
      'vlan10',
      '422 secondaryRack: fabric-1/vlan10 has no primary rack. Rule: a secondary rack stands in for a primary one.',
    ],
    [{ primaryRack: 'k9' }, 'vlan10', '404 There is no rack "k9".'],
    [
      { primaryRack: 'k5' },
      'vlan10',
      '409 The rack k5 is waiting. Rule: an accepted rack serves DHCP; see regent rack accept.',
    ],
    [
      { primaryRack: 'k1' },
      'vlan20',
      '409 The rack k1 has no address in 10.10.20.0/24: it does not stand on fabric-1/vlan20. Rule: a rack serves VLANs that it stands on.',
    ],
    [
      { primaryRack: 'k1' },
      'vlan30',
      '409 fabric-1/vlan30 has no IPv4 subnet. Rule: racks serve the subnets of a VLAN; see regent subnet create.',
    ],
    [
      { primaryRack: 'k3' },
      'vlan10',
      '409 The rack k3 stands on fabric-1/vlan10 by eth1 and eth2. Rule: one interface of a rack in a VLAN, or clients get two answers.',
    ],
    [
      { primaryRack: 'k4' },
      'vlan10',
      '409 eth1 of the rack k4, its interface on fabric-1/vlan10, has no carrier: nobody would be served. Rule: a link that is up.',
    ],
  ])('%j of %s', async (body, vlan, answer) => {
    expect((await detail(body, vlan)).startsWith(answer), await detail(body, vlan)).toBe(true);
  });

  it('a rack that serves a VLAN is not rejected, and so not deleted', async () => {
    await set({ primaryRack: 'k1', secondaryRack: 'k2' });
    const rejected = await site.call('POST', '/racks/k2/reject');
    expect(rejected).toMatchObject({
      status: 409,
      body: {
        code: 'in_use',
        detail:
          'The rack k2 serves DHCP on fabric-1/vlan10. Give them another rack first: regent vlan set VLAN --primary-rack RACK --secondary-rack RACK.',
      },
    });
    expect((await site.call('DELETE', '/racks/k2')).status).toBe(409);
  });

  it('racks that know nothing of the leases, while clients hold some', async () => {
    await set({ primaryRack: 'k1' });
    const now = Date.now();
    const lease = {
      address: '10.10.10.150',
      subnetId: 1,
      mac: '52:54:00:00:00:01',
      clientId: null,
      hostname: '',
      state: 'active' as const,
      startsAt: new Date(now - 1000).toISOString(),
      expiresAt: new Date(now + 600_000).toISOString(),
    };
    const at = new Date(now).toISOString();
    const told = { epoch: 'ab', sequence: 1, at, leases: [lease], gone: [], whole: null };
    value(await change(site.db, async (tx) => ({ kind: await storeLeaseReport(tx, { id: 'k1', name: 'k1' }, told) })));
    expect(await detail({ primaryRack: 'k2' })).toBe(
      '409 Clients hold 1 lease on fabric-1/vlan10, and racks would serve it that do not know of them. Rule: one of the racks that serve it goes on until the new one has all leases. In two steps: regent vlan set fabric-1/vlan10 --primary-rack k1 --secondary-rack k2 --wait; then regent vlan set fabric-1/vlan10 --primary-rack k2 --secondary-rack none --wait. With DHCP off, any racks may be named.',
    );
    expect((await set({ secondaryRack: 'k2' })).status).toBe(200);
    expect((await set({ primaryRack: 'k2', secondaryRack: 'k1' })).status).toBe(200);
    // k1 is away, and k2 has given leases since: a pair without k2 would give them again.
    await set({ primaryRack: 'k1', secondaryRack: 'k2' });
    const alone = { kea: 'partner-down', isServing: true, state: 'taken-over' };
    await report('k2', [['eth1', '10.10.10.2']], [aServiceReport('dhcp@k1_k2', { facts: { pair: alone } })]);
    await report('k1', [['eth1', '10.10.10.1']]);
    expect(await detail({ secondaryRack: null })).toBe(
      '409 Clients hold 1 lease on fabric-1/vlan10, and only k2 knows all of them: it serves while its partner is away. Rule: k2 goes on as one of the racks until the pair is whole again; see regent vlan show.',
    );
    expect((await set({ primaryRack: 'k2', secondaryRack: null })).status).toBe(200);
    await report('k2', [['eth1', '10.10.10.2']]);
    expect((await set({ primaryRack: 'k2', secondaryRack: 'k1' })).status).toBe(200);
    expect((await set({ secondaryRack: null })).status).toBe(200);
    value(await change(site.db, async (tx) => ({ kind: String(await tx.run(sql`delete from leases`)) })));
  });
});
