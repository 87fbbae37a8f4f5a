import { storePlaces } from '../../../../src/store/queries/images/images.ts';
import { machineEvent } from '../../../../src/region/machines/lifecycle/event.ts';
import { changingRacks } from '../../../../src/region/cluster/trust/rack-node.ts';
import { vacateNode } from '../../../../src/region/cluster/trust/vacate.ts';
import { recordCertificate } from '../../../../src/store/queries/cluster/certificates.ts';
import { createNode, findNode } from '../../../../src/store/queries/cluster/nodes.ts';
import type { TestRegion } from '../../region.ts';
import { change, value } from '../../store.ts';
import type { AgentChanges } from './agents.ts';
import { leasesOf } from './seed.ts';
import { sawBoot } from './seed-machines.ts';
import { addRound, addWork } from './seed-work.ts';

const DAY = 86_400_000;
const REFUSED = 'named: /etc/bind/zones.conf:4: unknown option';

/** What the agents of the ill site report: DNS on r2 is ill, its certificate ends soon, r3 says nothing. */
export const ILL: { readonly changes: Readonly<Record<string, AgentChanges>>; readonly silent: readonly string[] } = {
  changes: { r2: { services: { dns: { state: 'rolled_back', why: REFUSED } }, certificateDays: 5.4 } },
  silent: ['r3'],
};

type Call = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) => Promise<Record<string, unknown>>;

/** Makes a site that was well ill: a silent node, machines that failed, a rack without its partner, a job under way. `admin`: runs SQL on the site. */
export async function seedIll(site: TestRegion, admin: (text: string) => Promise<unknown>): Promise<void> {
  const call: Call = async (method, path, body) => {
    const answer = await site.call(method, path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.raw}`);
    return answer.body;
  };
  await admin(`update node_observations set reported_at = now() - interval '3 min' where node_id = 'r3'`);
  await losePlace(site);
  await addRackThatWaits(site);
  await makeMachinesIll(site, call);
  await call('PATCH', '/vlans/lab%2Fvlan10', { secondaryRack: null });
  await call('POST', '/ranges', { subnet: '10.20.0.0/16', kind: 'dynamic', first: '10.20.0.10', last: '10.20.0.13' });
  await call('PATCH', '/vlans/lab%2Fmgmt', { dhcpOn: true });
  await call('PATCH', '/dhcp-snippets/phones', { enabled: false });
  const { id } = await call('POST', '/tokens', { isRegion: false, isRack: true });
  await call('DELETE', `/tokens/${String(id)}`);
  await addRound(site, 2, 6100);
  const [image] = (await site.call('GET', '/images')).body['items'] as { digest: string }[];
  const file = { image: image?.digest ?? '', file: 'root.tar.zst', state: 'fetching' as const };
  value(
    await change(site.db, async (tx) => {
      for (const node of ['r2', 'r3']) await storePlaces(tx, node, [file]);
      return {};
    }),
  );
  const { id: subnet } = (await site.call('GET', '/subnets/10.10.10.0%2F24')).body;
  const report = leasesOf(subnet ?? 0);
  const [first, ...others] = report.leases;
  if (first === undefined) throw new Error('phones have leases');
  const declined = { ...report, sequence: 2, leases: [{ ...first, state: 'declined' as const }, ...others] };
  for (const rack of ['k1', 'k2']) value(await site.region.agents.leases(rack, declined));
  await makeLate(admin);
  const drain = { kind: 'node-drain', target: 'r2', targets: ['cluster'] };
  await addWork(site, drain, { progress: 'hands the database to r1' });
}

/** The host of r9 was stolen: its place is reserved. */
async function losePlace(site: TestRegion): Promise<void> {
  value(
    await change(site.db, async (tx) => {
      const roles = { isRegion: true, isRack: false, isDrained: false };
      await createNode(tx, { id: 'r9', name: 'r9', ...roles, addresses: ['10.77.0.19'] });
      const times = { notBefore: Date.now() - 10 * DAY, notAfter: Date.now() + 80 * DAY };
      await recordCertificate(tx, { serial: '0a9', nodeId: 'r9', ...times });
      return {};
    }),
  );
  await vacate(site, 'r9');
}

/** A node is out, and its place is reserved for another host. */
export async function vacate({ db }: Pick<TestRegion, 'db'>, name: string): Promise<void> {
  value(
    await change(db, (tx) =>
      changingRacks(tx, async () => {
        const node = await findNode(tx, { name });
        if (node === null) throw new Error(`there is no node ${name}`);
        await vacateNode(tx, node, { isPlaceReserved: true, by: 'ann', why: 'its disk was stolen' });
        return {};
      }),
    ),
  );
}

/** A host would like to be the rack k9. */
export async function addRackThatWaits(site: Pick<TestRegion, 'region'>): Promise<void> {
  value(
    await site.region.agents.register({
      uuid: '00000000-0000-4000-8000-000000000009',
      name: 'k9',
      publicKey: 'k9'.padEnd(43, 'A'),
      isProven: true,
      nonce: 'n1',
      arrival: 'elsewhere',
      token: 'none',
      nodeId: null,
      source: '10.77.0.29',
    }),
  );
}

/** m1 is late with the erasure of its disks, m2 is broken, the time of m3 is over. */
async function makeMachinesIll(site: TestRegion, call: Call): Promise<void> {
  await call('POST', '/machines/m2/mark-broken', { comment: 'A fan stands still.' });
  const ids = new Map(
    ((await site.call('GET', '/machines')).body['items'] as { id: string; hostname: string }[]).map(
      ({ id, hostname }) => [hostname, id],
    ),
  );
  for (const [name, event] of [
    ['m1', 'erase'],
    ['m3', 'deadline-passed'],
  ] as const)
    value(await change(site.db, (tx) => machineEvent(tx, { machineId: ids.get(name) ?? '', event, by: 'test' })));
  await sawBoot(site, '52:54:00:00:00:01');
}

/** What happened was ten minutes earlier: what should have followed is late. */
const makeLate = (admin: (text: string) => Promise<unknown>) =>
  admin(`set regent.operation = 'test'; set session_replication_role = replica;
    update machine_steps set at = at - interval '10 min'; update events set at = at - interval '10 min';
    update image_places set since = since - interval '10 min';
    update machine_tokens set begun_at = begun_at - interval '10 min', ended_at = ended_at - interval '10 min';
    update machine_states set since = since - interval '10 min', powered_at = powered_at - interval '10 min', booted_at = booted_at - interval '10 min'`);
