import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { shapeProblems } from '../kit/maas-shape.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What of the MAAS API people use now and then: routes, records of all types, neighbours, hardware, copies of networks, hosts. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
const admin = (text: string) => pg.get().admin(text, site.connection.database);
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
  await admin("insert into features (name) values ('record-types') on conflict do nothing");
  for (const cidr of ['10.40.0.0/24', '10.41.0.0/24']) await site.call('POST', '/subnets', { body: { cidr } });
});
afterAll(() => site.close());

const machineOf = async (hostname: string, mac: string) => {
  const made = await maas.post('machines/', '', { hostname, architecture: 'amd64', mac_addresses: mac });
  expect([made.status, made.raw.slice(0, 200)]).toEqual([200, made.raw.slice(0, 200)]);
  return made.body;
};
const subnetOf = async (cidr: string) =>
  (await maas.get('subnets/')).body.find((one: { cidr: string }) => one.cidr === cidr);

describe('static routes', () => {
  it('lead from a subnet to another one', async () => {
    const [from, to] = [await subnetOf('10.40.0.0/24'), await subnetOf('10.41.0.0/24')];
    const route = { source: String(from.id), destination: String(to.id), gateway_ip: '10.40.0.254', metric: '5' };
    const made = await maas.post('static-routes/', '', route);
    expect([made.status, shapeProblems('staticroute', made.body)]).toEqual([200, []]);
    expect(made.body).toMatchObject({ gateway_ip: '10.40.0.254', metric: 5 });
    expect(made.body.source.cidr).toBe('10.40.0.0/24');
    const at = made.body.resource_uri;
    expect((await maas.put(at, { gateway_ip: '10.40.0.253' })).body.gateway_ip).toBe('10.40.0.253');
    expect((await maas.put(at, { gateway_ip: '10.41.0.1' })).status).toBe(400);
    expect((await maas.get('static-routes/')).body).toHaveLength(1);
    expect((await maas.post('static-routes/', '', { ...route, source: '999' })).status).toBe(400);
    // A route of API v1 that leads to no subnet is none of MAAS.
    await site.call('POST', '/static-routes', { body: { name: 'half', source: '10.40.0.0/24' } });
    expect((await maas.get('static-routes/')).body).toHaveLength(1);
    expect((await maas.remove(at)).status).toBe(204);
    expect((await maas.get(at)).status).toBe(404);
  });
});

describe('records', () => {
  const create = (fqdn: string, rrtype: string, rrdata: string) =>
    maas.post('dnsresourcerecords/', '', { fqdn, rrtype, rrdata });

  it('have every type that MAAS has', async () => {
    await site.call('POST', '/domains', { body: { name: 'mail.test' } });
    // Taken as in MAAS, before its host has an address; API v1 refuses it.
    const early = await create('early.mail.test', 'MX', '10 late.mail.test');
    expect([early.status, early.body.rrdata]).toEqual([200, '10 late.mail.test']);
    const own = { fqdn: 'own.mail.test', type: 'MX', data: '10 late.mail.test' };
    expect((await site.call('POST', '/records', { body: own })).raw).toContain('late.mail.test has no address');
    await maas.post('dnsresources/', '', { fqdn: 'mx.mail.test', ip_addresses: '192.0.2.7' });
    for (const [name, type, data, canonical] of [
      ['mail.test', 'MX', '10 MX.mail.test.', '10 mx.mail.test'],
      ['short.mail.test', 'MX', '20 mx', '20 mx.mail.test'],
      ['www.mail.test', 'CNAME', 'other.test.', 'other.test'],
      ['lab.mail.test', 'NS', 'ns.other.test.', 'ns.other.test'],
      ['_sip._tcp.mail.test', 'SRV', '0 5 5060 mx.mail.test.', '0 5 5060 mx.mail.test'],
      ['mx.mail.test', 'SSHFP', `4 2 ${'ab'.repeat(32)}`, `4 2 ${'ab'.repeat(32)}`],
    ] as const) {
      const made = await create(name, type, data);
      // A client finds what it wrote, and another one may say it in other words.
      expect([made.status, made.body.rrtype, made.body.rrdata]).toEqual([200, type, data]);
      expect((await maas.get(made.body.resource_uri)).body.rrdata).toBe(data);
      const own = `/records/${made.body.id}`;
      expect((await site.call('GET', own)).body).toMatchObject({ data: canonical });
      expect(shapeProblems('dnsresourcerecord', made.body)).toEqual([]);
    }
    const [short] = (await maas.get('dnsresourcerecords/', { fqdn: 'short.mail.test' })).body as { id: number }[];
    const written = async () => (await maas.get(`dnsresourcerecords/${short?.id}/`)).body.rrdata;
    await maas.put(`dnsresourcerecords/${short?.id}/`, { rrdata: '30 mx.mail.test.' });
    expect(await written()).toBe('30 mx.mail.test.');
    await maas.put(`dnsresourcerecords/${short?.id}/`, { ttl: '60' });
    expect(await written()).toBe('30 mx.mail.test.');
    // A process of an older release knows the data alone.
    await admin(`begin; select set_config('regent.operation', 'an older release', true);
      update records set data = '40 mx.mail.test' where id = ${short?.id}; commit`);
    expect(await written()).toBe('40 mx.mail.test');
    expect((await create('mail.test', 'NS', 'ns.other.test')).status).toBe(400);
    expect((await create('mail.test', 'MX', 'nonsense')).status).toBe(400);
    const preview = await site.call('POST', '/records?dry_run=true', {
      body: { fqdn: 'x.mail.test', type: 'MX', data: '20 mx.mail.test' },
    });
    expect(preview.raw).toContain('+x MX 20 mx.mail.test. ');
  });
});

describe('machines', () => {
  it('tell of their PCI and USB devices', async () => {
    const { system_id: id } = await machineOf('hw', '52:54:00:00:40:01');
    const inventory = {
      interfaces: [{ name: 'eth0', mac: '52:54:00:00:40:01', pci: '0000:01:00.0' }],
      pci: [
        {
          address: '0000:01:00.0',
          vendor: '8086',
          device: '10d3',
          class: '020000',
          driver: 'e1000e',
          name: 'Intel 82574L',
        },
        {
          address: '0000:02:00.0',
          vendor: '1000',
          device: '005d',
          class: '010400',
          driver: 'megaraid_sas',
          name: 'RAID',
        },
      ],
      usb: [{ address: '1-2', vendor: '0781', product: '5567', name: 'Cruzer Blade' }],
    };
    await admin(
      `insert into machine_inventories (machine_id, inventory) values ('${id}', '${JSON.stringify(inventory)}')
       on conflict (machine_id) do update set inventory = excluded.inventory`,
    );
    const devices = (await maas.get(`nodes/${id}/devices/`)).body;
    expect(devices.flatMap((one: object) => shapeProblems('node_device', one))).toEqual([]);
    expect(devices.map((one: { hardware_type_name: string }) => one.hardware_type_name)).toEqual([
      'Network',
      'Storage',
      'Node',
    ]);
    expect(devices[0].physical_interface.mac_address).toBe('52:54:00:00:40:01');
    expect((await maas.get(`nodes/${id}/devices/`, { bus: 'usb' })).body).toHaveLength(1);
    expect((await maas.get(`nodes/${id}/devices/`, { vendor_id: '1000' })).body).toHaveLength(1);
    expect((await maas.get(devices[1].resource_uri)).body).toEqual(devices[1]);
    expect((await maas.get(`nodes/${id}/devices/1/`)).status).toBe(404);
    expect((await maas.remove(devices[1].resource_uri)).status).toBe(400);
    expect((await maas.get('installation-results/', { system_id: id })).body).toEqual([]);
  });

  it('take the network of another one, and get their own back', async () => {
    const subnet = await subnetOf('10.40.0.0/24');
    const source = await machineOf('copy-1', '52:54:00:00:40:11');
    const other = await machineOf('copy-2', '52:54:00:00:40:12');
    const at = source.interface_set[0].resource_uri;
    const link = { mode: 'STATIC', subnet: String(subnet.id), ip_address: '10.40.0.20' };
    expect((await maas.post(at, 'link_subnet', link)).status).toBe(200);
    const vlan = { vlan: String(subnet.vlan.id), parent: String(source.interface_set[0].id), mtu: '1400' };
    await maas.post(`nodes/${source.system_id}/interfaces/`, 'create_bridge', { name: 'br0', ...vlan });
    const clone = (values: Record<string, string>) =>
      maas.post('machines/', 'clone', {
        source: source.system_id,
        destinations: other.system_id,
        interfaces: 'true',
        storage: 'false',
        ...values,
      });
    const cloned = await clone({});
    expect([cloned.status, cloned.raw]).toEqual([204, '']);
    const copy = (await maas.get(other.resource_uri)).body;
    const names = (machine: { interface_set: { name: string; type: string; mac_address: string }[] }) =>
      machine.interface_set.map(({ name, type }) => `${name} ${type}`);
    expect(names(copy)).toEqual(names((await maas.get(source.resource_uri)).body));
    expect(copy.ip_addresses).toHaveLength(1);
    expect(copy.ip_addresses).not.toContain('10.40.0.20');
    for (const [values, field] of [
      [{ destinations: source.system_id }, 'destinations'],
      [{ destinations: 'abcdef' }, 'destinations'],
      [{ source: 'abcdef' }, 'source'],
      [{ storage: 'true' }, 'destinations'],
      [{ interfaces: 'false' }, 'interfaces'],
    ] as const) {
      const refused = await clone(values);
      expect([refused.status, Object.keys(refused.body)]).toEqual([400, [field]]);
    }
    const restored = await maas.post(other.resource_uri, 'restore_networking_configuration');
    expect([restored.status, names(restored.body), restored.body.ip_addresses]).toEqual([200, ['eth0 physical'], []]);
    expect((await maas.get(other.resource_uri, { op: 'get_token' })).status).toBe(403);
    expect((await maas.get(other.resource_uri, { op: 'get_curtin_config' })).status).toBe(400);
  });
});

describe('notifications', () => {
  it('are read by those that they are for, until they dismiss them', async () => {
    const made = await maas.post('notifications/', '', {
      message: 'Hall {hall} is dark',
      context: '{"hall": 2}',
      category: 'warning',
      users: 'true',
      ident: 'hall-2',
    });
    expect([made.status, shapeProblems('notification', made.body)]).toEqual([200, []]);
    expect(made.body).toMatchObject({ context: { hall: 2 }, category: 'warning', user: null, dismissable: true });
    const at = made.body.resource_uri;
    const ids = async (role: 'user' | 'admin') =>
      (await maas.get('notifications/', {}, { role })).body.map(({ id }: { id: number }) => id);
    expect(await ids('user')).toEqual([made.body.id]);
    expect((await maas.post(at, 'dismiss', {}, { role: 'user' })).raw).toBe('OK');
    expect(await ids('user')).toEqual([]);
    expect(await ids('admin')).toEqual([made.body.id]);
    expect((await maas.get(at, {}, { role: 'user' })).status).toBe(404);
    expect((await maas.put(at, { message: 'now', dismissable: 'false' })).body).toMatchObject({ message: 'now' });
    expect((await maas.post(at, 'dismiss')).status).toBe(400);
    expect((await maas.post('notifications/', '', { message: 'x', ident: 'hall-2' })).status).toBe(400);
    expect((await maas.post('notifications/', '', { message: 'x', user: 'nobody' })).status).toBe(400);
    expect((await maas.post('notifications/', '', { message: 'x', category: 'loud' })).status).toBe(400);
    expect((await maas.post('notifications/', '', { message: 'x' }, { role: 'user' })).status).toBe(403);
    expect((await maas.remove(at)).status).toBe(204);
    expect((await maas.remove(at)).status).toBe(404);
    expect((await maas.get('notifications/nonsense/')).status).toBe(404);
  });
});

describe('interfaces', () => {
  it('have tags', async () => {
    const { interface_set: set } = await machineOf('tagged', '52:54:00:00:40:31');
    const at = set[0].resource_uri;
    expect((await maas.put(at, { tags: 'uplink,fast' })).body.tags).toEqual(['uplink', 'fast']);
    expect((await maas.post(at, 'add_tag', { tag: 'fast' })).body.tags).toEqual(['uplink', 'fast']);
    expect((await maas.post(at, 'remove_tag', { tag: 'uplink' })).body.tags).toEqual(['fast']);
    expect((await maas.post(at, 'add_tag', { tag: 'a b' })).status).toBe(400);
    // Another change leaves them alone.
    expect((await maas.put(at, { mtu: '1400' })).body).toMatchObject({ tags: ['fast'], effective_mtu: 1400 });
    expect((await maas.put(at, { tags: '' })).body.tags).toEqual([]);
  });
});

describe('neighbours', () => {
  it('are whoever has a lease', async () => {
    const subnet = await subnetOf('10.40.0.0/24');
    await machineOf('known', '52:54:00:00:40:21');
    const node = (await maas.get('regioncontrollers/')).body[0];
    for (const [address, mac] of [
      ['10.40.0.101', '52:54:00:00:40:21'],
      ['10.40.0.102', '52:54:00:00:40:22'],
    ])
      await admin(`insert into leases (node_id, address, subnet_id, mac, hostname, state, starts_at, expires_at)
        values ('${node.system_id}', '${address}', ${subnet.id}, '${mac}', 'phone', 'active', now(), now() + interval '1 hour')`);
    const seen = await maas.get('discovery/');
    expect([seen.status, seen.raw.slice(0, 300)]).toEqual([200, seen.raw.slice(0, 300)]);
    const all = seen.body;
    expect(all.flatMap((one: object) => shapeProblems('discovery', one))).toEqual([]);
    expect(all.map(({ ip }: { ip: string }) => ip)).toEqual(['10.40.0.101', '10.40.0.102']);
    expect(all[0].observer.system_id).toBe(node.system_id);
    const strangers = (await maas.get('discovery/', { op: 'by_unknown_mac' })).body;
    expect(strangers.map((one: { mac_address: string }) => one.mac_address)).toEqual(['52:54:00:00:40:22']);
    expect((await maas.get('discovery/', { op: 'by_unknown_ip' })).body).toHaveLength(2);
    expect((await maas.get(all[1].resource_uri)).body).toEqual(all[1]);
    const forget = { ip: '10.40.0.102', mac: '52:54:00:00:40:22' };
    expect((await maas.post('discovery/', 'clear_by_mac_and_ip', forget)).status).toBe(400);
    expect((await maas.post('discovery/', 'clear_by_mac_and_ip', { ...forget, ip: '10.40.0.9' })).status).toBe(404);
    expect(shapeProblems('scan_result', (await maas.post('discovery/', 'scan')).body)).toEqual([]);
  });
});

describe('racks and region nodes', () => {
  it('stay as they are', async () => {
    const node = (await maas.get('regioncontrollers/')).body[0];
    const at = node.resource_uri;
    expect((await maas.put(at, { description: '', zone: 'default' })).body.system_id).toBe(node.system_id);
    expect((await maas.put(at, { zone: 'other' })).status).toBe(400);
    expect((await maas.get(at, { op: 'details' })).type).toBe('application/bson');
    expect((await maas.post('rackcontrollers/nobody/', 'power_on')).status).toBe(404);
    expect((await maas.post('regioncontrollers/', 'set_zone', { zone: 'default', nodes: node.system_id })).status).toBe(
      200,
    );
    const types = (await maas.get('rackcontrollers/', { op: 'describe_power_types' })).body;
    expect(types.flatMap((one: object) => shapeProblems('power_type', one))).toEqual([]);
    const ipmi = types.find(({ name }: { name: string }) => name === 'ipmi');
    expect(ipmi.fields.find(({ name }: { name: string }) => name === 'power_pass')).toMatchObject({ secret: true });
    expect((await maas.post('domains/', 'set_serial', { serial: '5' })).status).toBe(400);
    expect((await maas.post('boot-resources/', 'stop_import')).status).toBe(200);
  });
});
