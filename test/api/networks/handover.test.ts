import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { NodeBody } from '../../../src/services/compile-node.ts';
import { dhcp } from '../../../src/services/dhcp/index.ts';
import { networksIn } from '../../../src/services/kit/handover.ts';
import { readDesired } from '../../../src/store/publication/heads.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { acceptRack, createRack } from '../../../src/store/queries/cluster/racks.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';
import { pause, until } from '../../kit/until.ts';

/** A VLAN that goes to other racks, over a real region: who is told of it, and when. Racks are this test's word. */

const RACKS = ['k1', 'k2', 'k3', 'k4'];
const CIDR = '10.10.10.0/24';
/** Longer than two rounds of the publisher. */
const QUIET_MS = 1500;
const pg = usePostgres();
let site: TestRegion;
let endTasks: () => Promise<void>;

const set = async (primaryRack: string | null, secondaryRack: string | null = null) => {
  const answer = await site.call('PATCH', '/vlans/vlan10', { body: { primaryRack, secondaryRack } });
  expect(answer.status, answer.raw).toBe(200);
};

const desired = async (name: string) => {
  const found = value(await site.db.read(async (tx) => ({ head: await readDesired(tx, name) }))).head;
  return { generation: found?.generation ?? 0, body: (found?.body ?? null) as NodeBody | null };
};

/** What racks are told to serve the subnet by: `k1 dhcp@k1_k2`. */
async function told(): Promise<string[]> {
  const all = await Promise.all(RACKS.map(async (name) => networksIn([dhcp], name, (await desired(name)).body)));
  return all.flat().map(({ nodeId, service }) => `${nodeId} ${service}`);
}

interface Word {
  /** A generation that is not the published one. */
  readonly applied?: number;
  /** Services that do not run yet as they should, and what they say. */
  readonly facts?: Readonly<Record<string, object>>;
}

/** The rack says that it has taken over what is published. */
async function report(name: string, { applied, facts = {} }: Word = {}): Promise<void> {
  const { generation, body } = await desired(name);
  const has = applied ?? generation;
  const wanted = Object.entries(body?.services ?? {}).filter(([, part]) => part.desired !== null);
  const named = [...new Set([...wanted.map(([service]) => service), ...Object.keys(facts)])];
  const services = named.map((service) =>
    aServiceReport(service, { wanted: generation, applied: has, facts: { pair: facts[service] ?? null } }),
  );
  const nics = [
    { name: 'eth1', mac: '02:00:00:00:00:01', addresses: [`10.10.10.${name.slice(1)}`], isUp: true, hasCarrier: true },
  ];
  const seen = anObservation(name, { generation, services });
  const observation = { ...seen, facts: { ...seen.facts, hostname: name, interfaces: nics } };
  value(await site.db.repeatable((tx) => storeObservation(tx, { id: name, name }, observation)));
}

const isTold = (...expected: string[]) =>
  until(`${expected.join(', ') || 'nobody'} is told to serve`, async () => {
    const now = await told();
    return JSON.stringify(now) === JSON.stringify(expected);
  });
const staysTold = async (...expected: string[]) => {
  await pause(QUIET_MS);
  expect(await told()).toEqual(expected);
};
const findings = async () => {
  const items = (await site.call('GET', '/services')).body['items'] as {
    findings: { code: string; sentence: string }[];
  }[];
  return items.flatMap((row) => row.findings).filter(({ code }) => code === 'subnet_waits');
};

beforeAll(async () => {
  site = await startTestRegion(pg.get());
  endTasks = site.region.startTasks();
  await site.call('POST', '/vlans', { body: { vid: 10, name: 'vlan10' } });
  await site.call('POST', '/subnets', { body: { cidr: CIDR, vlan: 'vlan10' } });
  await site.call('POST', '/ranges', { body: { kind: 'dynamic', first: '10.10.10.100', last: '10.10.10.199' } });
  await site.call('PATCH', '/vlans/vlan10', { body: { dhcpOn: true } });
  for (const name of RACKS) {
    const uuid = `00000000-0000-4000-8000-00000000000${name.slice(1)}`;
    value(
      await change(site.db, async (tx) => {
        await createNode(tx, {
          id: name,
          name,
          isRegion: false,
          isRack: true,
          addresses: [`10.77.0.2${name.slice(1)}`],
        });
        await createRack(tx, { uuid, name, publicKey: `${name}${'A'.repeat(41)}`.slice(0, 42) + 'A', nodeId: name });
        return acceptRack(tx, { key: uuid }, { nodeId: name, name });
      }),
    );
    await report(name);
  }
});
afterAll(async () => {
  await endTasks();
  await site.close();
});
beforeEach(async () => {
  await set('k1', 'k2');
  await until('the pair k1, k2 serves', async () => {
    for (const name of RACKS) await report(name);
    await pause(100);
    return JSON.stringify(await told()) === JSON.stringify(['k1 dhcp@k1_k2', 'k2 dhcp@k1_k2']);
  });
  for (const name of RACKS) await report(name);
});

it('goes from a pair to another one when both old racks have said that they stopped', { timeout: 60_000 }, async () => {
  const before = (await desired('k2')).generation;
  await set('k3', 'k4');
  await isTold();
  expect((await findings()).map(({ sentence }) => sentence)).toEqual([
    expect.stringContaining(`${CIDR} has no DHCP until k1 and k2 report`),
  ]);
  await report('k1');
  // An older generation is no word of it, nor is another rack's.
  await report('k2', { applied: before, facts: { 'dhcp@k1_k2': { kea: 'hot-standby' } } });
  await report('k3');
  await staysTold();
  expect((await findings())[0]?.sentence).toContain('until k2 reports');
  await report('k2');
  await isTold('k3 dhcp@k3_k4', 'k4 dhcp@k3_k4');
  expect(await findings()).toEqual([]);
  const events = (await site.call('GET', '/events?kind=subnet.released')).body['items'] as { subject: string }[];
  expect(events.length).toBeGreaterThanOrEqual(2);
  expect(events[0]?.subject).toBe(CIDR);
  // Told, and not yet serving: what `regent vlan set --wait` looks at.
  const server = async () => (await site.call('GET', '/vlans/vlan10')).body['server'];
  expect(await server()).toMatchObject({ primary: 'k3', servedBy: null, isWhole: false });
  const pair = { role: 'primary', partner: 'k4', kea: 'hot-standby', partnerKea: 'hot-standby', isServing: true };
  const standby = { ...pair, role: 'standby', partner: 'k3', isServing: false, isWhole: true };
  await report('k3', { facts: { 'dhcp@k3_k4': { ...pair, state: 'serving' } } });
  expect(await server()).toMatchObject({ servedBy: 'k3', isWhole: false });
  await report('k4', { facts: { 'dhcp@k3_k4': { ...standby, state: 'standby' } } });
  expect(await server()).toMatchObject({ servedBy: 'k3', isWhole: true });
});

it('goes from a pair to a rack alone, and back', { timeout: 60_000 }, async () => {
  await set('k3');
  await isTold();
  for (const name of ['k1', 'k2']) await report(name);
  await isTold('k3 dhcp');
  await report('k3');
  await set('k1', 'k2');
  await isTold();
  await report('k3');
  await isTold('k1 dhcp@k1_k2', 'k2 dhcp@k1_k2');
});

it('loses its secondary rack: that one must have stopped; the first one looks itself', {
  timeout: 60_000,
}, async () => {
  await set('k1');
  await isTold();
  await report('k2');
  await isTold('k1 dhcp');
  await set('k1', 'k2');
  await isTold('k1 dhcp@k1_k2', 'k2 dhcp@k1_k2');
});

it('does not wait for a rack that is silent while its partner owns the pair alone', { timeout: 60_000 }, async () => {
  await report('k1', {
    facts: { 'dhcp@k1_k2': { kea: 'partner-down', isServing: true, isWhole: false, state: 'serving' } },
  });
  const age = (seconds: number) =>
    change(site.db, (tx) =>
      tx.run(
        sql`update node_observations set reported_at = now() - make_interval(secs => ${seconds}) where node_id = 'k2'`,
      ),
    );
  await age(5);
  await set('k1', 'k3');
  await isTold();
  await report('k1');
  await staysTold();
  await age(31);
  await report('k4');
  await isTold('k1 dhcp@k1_k3', 'k3 dhcp@k1_k3');
});

it('a region that dies in the middle is no loss: another one goes on', { timeout: 60_000 }, async () => {
  await set('k3', 'k4');
  await isTold();
  await endTasks();
  for (const name of ['k1', 'k2']) await report(name);
  await pause(QUIET_MS);
  expect(await told()).toEqual([]);
  const other = await startTestRegion(pg.get(), { connection: site.connection, keys: site.keys });
  const end = other.region.startTasks();
  await isTold('k3 dhcp@k3_k4', 'k4 dhcp@k3_k4');
  await end();
  await other.close();
  endTasks = site.region.startTasks();
});

it('waits for a silent rack that may serve, until an operator rejects it', { timeout: 60_000 }, async () => {
  await set('k3', 'k4');
  await isTold();
  await report('k1');
  await change(site.db, (tx) =>
    tx.run(sql`update node_observations set reported_at = now() - interval '1 day' where node_id = 'k2'`),
  );
  await report('k3');
  await staysTold();
  expect((await site.call('POST', '/racks/k2/reject')).status).toBe(200);
  await isTold('k3 dhcp@k3_k4', 'k4 dhcp@k3_k4');
});
