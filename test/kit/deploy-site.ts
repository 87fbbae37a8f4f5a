import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll } from 'vitest';
import type { MachineEvent } from '../../src/model/machines/machine-states.ts';
import { machineEvent } from '../../src/region/machines/lifecycle/event.ts';
import { createLifecycleTask } from '../../src/region/machines/lifecycle/task.ts';
import { createNode } from '../../src/store/queries/cluster/nodes.ts';
import { storeObservation } from '../../src/store/queries/cluster/observations.ts';
import { acceptRack, createRack } from '../../src/store/queries/cluster/racks.ts';
import { builtInScript, machineScriptsOf } from './machine-scripts.ts';
import { relayListener, SEALING_AUTHORITY } from './metadata.ts';
import { anObservation, aServiceReport } from './observation.ts';
import { realRandom, type TestPostgres } from './postgres.ts';
import { type Keys, oauth, readPreseed } from './preseed.ts';
import { startTestRegion, type TestRegion } from './region.ts';
import { change, value } from './store.ts';

const DIGEST = 'd'.repeat(64);
export const SHA = 'e'.repeat(64);
/** What the machine m1 tells of itself. */
export const HARDWARE = {
  bootMac: '52:54:00:00:00:01',
  cpu: { count: 2, architecture: 'x86_64' },
  memory: { kb: 4_194_304 },
  firmware: { kind: 'uefi' },
  disks: [
    { name: 'vda', bytes: 20e9, serial: 'd1', rotational: false },
    { name: 'vdb', bytes: 20e9, serial: 'd2', rotational: false },
  ],
};

/** A site that can deploy: VLAN 10 served by k1, images, and the machine m1, ready, with a BMC. */
export interface DeploySite {
  readonly site: TestRegion;
  readonly relay: FastifyInstance;
  admin(text: string): Promise<Record<string, unknown>[]>;
  /** As it was at the beginning. */
  reset(): Promise<void>;
  show(): Promise<Record<string, unknown>>;
  ask(verb: string, body?: object): ReturnType<TestRegion['call']>;
  tell(event: MachineEvent, more?: object): Promise<unknown>;
  /** Ends the jobs that are under way. */
  endJob(state?: 'done' | 'failed'): Promise<void>;
  /** A report of a node: what serves, healthy. */
  report(name: string, services: ReturnType<typeof aServiceReport>[], nics?: [string, string][]): Promise<void>;
  /** Credentials of the open run, as the machine gets them by its address. */
  keys(address: string): Promise<Keys>;
  /** A call of the metadata service with them. */
  metadata(
    keys: Keys,
    path: string,
    form?: Readonly<Record<string, string>>,
  ): Promise<{ statusCode: number; rawPayload: Buffer; body: string }>;
}

async function deploySite(pg: TestPostgres): Promise<DeploySite> {
  const steps = [60, 7200].map((timeout, index) =>
    builtInScript(
      ['regent-install-10-disks', 'regent-install-20-image'][index] ?? '',
      '',
      `script_type: deploying; timeout: ${timeout}`,
    ),
  );
  const erase = builtInScript('regent-erase-full', '', 'script_type: erasing; destructive: true');
  const site = await startTestRegion(pg, {
    machineScripts: machineScriptsOf(...steps, erase),
    ca: SEALING_AUTHORITY,
    deadlineMs: 60_000,
  });
  const relay = relayListener(site);
  const admin = (text: string) => pg.admin(text, site.connection.database);
  const say = async (method: 'POST' | 'PATCH', path: string, body: object) => {
    const answer = await site.call(method, path, { body });
    if (answer.status >= 300) throw new Error(answer.raw);
    return answer.body;
  };
  const report: DeploySite['report'] = async (name, services, nics = []) => {
    const interfaces = nics.map(([nic, address], index) => ({
      name: nic,
      mac: `02:00:00:00:00:0${index}`,
      addresses: [address],
      isUp: true,
      hasCarrier: true,
    }));
    const observation = anObservation(name, { services });
    const facts = { ...observation.facts, hostname: name, interfaces };
    value(await site.db.repeatable((tx) => storeObservation(tx, { id: name, name }, { ...observation, facts })));
  };
  await say('POST', '/vlans', { vid: 10, name: 'vlan10' });
  await say('POST', '/subnets', { cidr: '10.10.10.0/24', vlan: 'vlan10', gateway: '10.10.10.254' });
  await say('POST', '/ranges', { kind: 'dynamic', first: '10.10.10.100', last: '10.10.10.199' });
  await say('PATCH', '/vlans/vlan10', { dhcpOn: true });
  const parameters = { power_address: '10.88.0.1', power_user: 'operator', power_pass: '' };
  await say('POST', '/bmcs', { name: 'm1-bmc', powerType: 'ipmi', parameters });
  const uuid = '00000000-0000-4000-8000-000000000001';
  value(
    await change(site.db, async (tx) => {
      await createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: ['10.77.0.21'] });
      await createRack(tx, { uuid, name: 'k1', publicKey: `k1${'A'.repeat(41)}`, nodeId: 'k1' });
      return acceptRack(tx, { key: uuid }, { nodeId: 'k1', name: 'k1' });
    }),
  );
  await admin(`insert into images (digest, name, kind, architecture, kernel, manifest, is_default, created_by, format, compression, cloud_init, unpacked) values
    ('${DIGEST}', 'debian-13', 'deployable', 'amd64', '6.12', '{}', false, 'x', 'tar', 'zst', true, 1000000000),
    ('${'a'.repeat(64)}', 'ephemeral', 'ephemeral', 'amd64', '6.12', '{}', true, 'x', null, null, null, null);
    insert into image_files (image, name, size, sha256) values ('${DIGEST}', 'root.tar.zst', 1000, '${SHA}'),
      ('${'a'.repeat(64)}', 'vmlinuz', 10, '${SHA}'), ('${'a'.repeat(64)}', 'initrd.img', 10, '${SHA}'), ('${'a'.repeat(64)}', 'root.squashfs', 10, '${SHA}')`);
  const { id } = await say('POST', '/machines', {
    hostname: 'm1',
    bmc: 'm1-bmc',
    interfaces: [{ name: 'eth0', mac: HARDWARE.bootMac, vlan: 'vlan10' }],
  });
  const show = async () => (await site.call('GET', '/machines/m1')).body;
  const round = () => createLifecycleTask(site.db, realRandom).run();
  const metadata: DeploySite['metadata'] = (keys, path, form) => {
    const body = form === undefined ? {} : { payload: new URLSearchParams(form).toString() };
    const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
    const headers = { authorization: oauth(keys), 'x-forwarded-for': '10.10.10.21', ...type };
    return relay.inject({
      method: form === undefined ? 'GET' : 'POST',
      url: `/MAAS/metadata/latest/${path}`,
      headers,
      ...body,
    });
  };
  return {
    site,
    relay,
    admin,
    show,
    report,
    metadata,
    reset: async () => {
      await admin(`delete from jobs; delete from machine_deployments; delete from machine_tokens; delete from machine_states; delete from machine_power;
        delete from image_places; delete from leases; delete from machine_inventories; update images set is_default = true where kind = 'ephemeral';
        delete from ssh_keys`);
      await say('PATCH', '/machines/m1', { bmc: 'm1-bmc', interfaces: [] });
      await say('PATCH', '/machines/m1', { interfaces: [{ name: 'eth0', mac: HARDWARE.bootMac, vlan: 'vlan10' }] });
      await admin(`insert into machine_states (machine_id, state, epoch, commissioned_at, owner) values ('${id}', 'allocated', 1, now(), 'user');
        insert into machine_inventories (machine_id, inventory) values ('${id}', '${JSON.stringify(HARDWARE)}');
        insert into image_places (node_id, image, file, state) values ('r1', '${DIGEST}', 'root.tar.zst', 'there')`);
      await report('k1', [aServiceReport('dhcp')], [['eth1', '10.10.10.1']]);
      await report('r1', []);
      await say('PATCH', '/vlans/vlan10', { dhcpOn: true });
    },
    ask: (verb, body = {}) => site.call('POST', `/machines/m1/${verb}`, { body, role: 'user' }),
    tell: (event, more = {}) =>
      change(site.db, (tx) => machineEvent(tx, { machineId: String(id), event, by: 'test', ...more })),
    endJob: async (state = 'done') => {
      await admin(
        `update jobs set state = '${state}', result = 'x', ended_at = clock_timestamp() where ended_at is null`,
      );
      await round();
    },
    keys: async (address) => {
      const headers = { 'x-forwarded-for': address, 'x-forwarded-host': 'k1' };
      const preseed = await relay.inject({ url: `/MAAS/metadata/latest/by-id/${id}/?op=get_preseed`, headers });
      return readPreseed(preseed.body).datasource.MAAS;
    },
  };
}

/** Gives the tests of a file one such site; `get()` is usable inside tests and later hooks. */
export function useDeploySite(pg: { get(): TestPostgres }): { get(): DeploySite } {
  let site: DeploySite | undefined;
  beforeAll(async () => {
    site = await deploySite(pg.get());
  }, 120_000);
  afterAll(async () => {
    await site?.relay.close();
    await site?.site.close();
  });
  return {
    get() {
      if (!site) throw new Error('the site is started in beforeAll');
      return site;
    },
  };
}
