import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MACHINE_STATUS } from '../../src/model/machines/machine-states.ts';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { SEALING_AUTHORITY } from '../kit/metadata.ts';
import { shapeProblems } from '../kit/maas-shape.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** The objects of the MAAS API, made and changed as its clients do it: names, types and nulls of each field, and what is refused. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  maas = maasClient(site);
});
afterAll(() => site.close());

/** The body of an answer that worked, of MAAS's shape. */
function ok(
  kind: string,
  answer: { readonly status: number; readonly body: unknown; readonly raw: string },
  status = 200,
) {
  expect([answer.status, answer.raw.slice(0, 300)]).toEqual([status, answer.raw.slice(0, 300)]);
  const list: unknown[] = Array.isArray(answer.body) ? (answer.body as unknown[]) : [answer.body];
  expect(list.flatMap((one) => shapeProblems(kind, one))).toEqual([]);
  // What an answer has in it is what a test looks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  return answer.body as any;
}

describe('networks', () => {
  it('are made as the Terraform provider makes them, and changed in part', async () => {
    const fabric = ok('fabric', await maas.post('fabrics/', '', { name: 'tf-fabric' }));
    ok('space', await maas.post('spaces/', '', { name: 'tf-space' }));
    const vlan = ok(
      'vlan',
      await maas.post(`fabrics/${fabric.id}/vlans/`, '', {
        name: 'tf-vlan',
        vid: '14',
        mtu: '1500',
        space: 'tf-space',
      }),
    );
    expect(vlan).toMatchObject({ vid: 14, fabric: 'tf-fabric', space: 'tf-space', dhcp_on: false, relay_vlan: null });
    const subnet = ok(
      'subnet',
      await maas.post('subnets/', '', {
        cidr: '10.88.88.0/24',
        name: 'tf-subnet',
        fabric: String(fabric.id),
        vlan: String(vlan.id),
        gateway_ip: '10.88.88.1',
        dns_servers: ['1.1.1.1', '8.8.8.8'],
      }),
    );
    expect(subnet).toMatchObject({ gateway_ip: '10.88.88.1', dns_servers: ['1.1.1.1', '8.8.8.8'], space: 'tf-space' });
    expect(subnet.vlan.id).toBe(vlan.id);
    const dynamic = { type: 'dynamic', start_ip: '10.88.88.50', end_ip: '10.88.88.99', subnet: String(subnet.id) };
    const range = ok('iprange', await maas.post('ipranges/', '', { ...dynamic, comment: 'pool' }));
    const changed = ok('iprange', await maas.put(`ipranges/${range.id}/`, { end_ip: '10.88.88.98' }));
    expect(changed).toMatchObject({ start_ip: '10.88.88.50', end_ip: '10.88.88.98', comment: 'pool' });
    expect((await maas.post('ipranges/', '', dynamic)).status).toBe(400);

    const cleared = ok('subnet', await maas.put(subnet.resource_uri, { gateway_ip: '', name: 'renamed' }));
    expect(cleared).toMatchObject({ gateway_ip: null, name: 'renamed', dns_servers: ['1.1.1.1', '8.8.8.8'] });
    for (const name of ['10.88.88.0%2F24', 'cidr:10.88.88.0%2F24', 'name:renamed', String(subnet.id)])
      expect(ok('subnet', await maas.get(`subnets/${name}/`)).id).toBe(subnet.id);
    expect(ok('vlan', await maas.get(`fabrics/${fabric.id}/vlans/14/`)).id).toBe(vlan.id);
    expect(ok('vlan', await maas.get(vlan.resource_uri)).vid).toBe(14);
    ok('fabric', await maas.get('fabrics/'));
    const spaces = ok('space', await maas.get('spaces/'));
    expect(spaces[0]).toMatchObject({ id: -1, name: 'undefined' });
    expect(spaces.find(({ name }: { name: string }) => name === 'tf-space').subnets).toHaveLength(1);
  });

  it('with DHCP are made in one step, or not at all', async () => {
    const refused = await maas.post('fabrics/1/vlans/', null, { vid: '33', dhcp_on: 'true', primary_rack: 'nobody' });
    expect([refused.status, Object.keys(refused.body)]).toEqual([400, ['primary_rack']]);
    // No dynamic range: nothing is left behind.
    expect((await maas.post('fabrics/1/vlans/', null, { vid: '33', dhcp_on: 'true' })).status).toBe(400);
    expect((await maas.get('fabrics/1/vlans/33/')).status).toBe(404);
    const wide = await maas.post('fabrics/1/vlans/', null, { vid: '33', mtu: '100' });
    expect([wide.status, Object.keys(wide.body)]).toEqual([400, ['mtu']]);
    const jumbo = ok('vlan', await maas.post('fabrics/1/vlans/', null, { vid: '34', mtu: '9000' }));
    expect([jumbo.mtu, (await maas.put(jumbo.resource_uri, { mtu: '9100' })).body.mtu]).toEqual([9000, 9100]);
    expect((await maas.remove(jumbo.resource_uri)).status).toBe(204);
  });

  it('tell what of a subnet is used and free', async () => {
    const subnet = ok('subnet', await maas.post('subnets/', null, { cidr: '10.9.0.0/29', gateway_ip: '10.9.0.1' }));
    ok('ipaddress', await maas.post('ipaddresses/', 'reserve', { ip: '10.9.0.3' }));
    const at = `subnets/${subnet.id}/`;
    expect(ok('subnet_ip_range', await maas.get(at, { op: 'reserved_ip_ranges' }))).toEqual([
      { start: '10.9.0.1', end: '10.9.0.1', num_addresses: 1, purpose: ['gateway-ip'] },
      { start: '10.9.0.3', end: '10.9.0.3', num_addresses: 1, purpose: ['assigned-ip'] },
    ]);
    const free = ok('subnet_ip_range', await maas.get(at, { op: 'unreserved_ip_ranges' }));
    expect(free.map(({ start, end }: { start: string; end: string }) => `${start}-${end}`)).toEqual([
      '10.9.0.2-10.9.0.2',
      '10.9.0.4-10.9.0.6',
    ]);
    const statistics = ok('subnet_statistics', await maas.get(at, { op: 'statistics' }));
    expect(statistics).toMatchObject({
      total_addresses: 6,
      num_available: 4,
      largest_available: 3,
      usage_string: '33%',
    });
    expect((await maas.get(at, { op: 'ip_addresses' })).body).toMatchObject([
      { ip: '10.9.0.3', alloc_type: 4, user: 'admin' },
    ]);
    ok('ipaddress', await maas.get('ipaddresses/'));
    expect((await maas.post('ipaddresses/', 'release', { ip: '10.9.0.3' })).status).toBe(204);
    expect((await maas.post('ipaddresses/', 'release', { ip: '10.9.0.3' })).status).toBe(400);
  });
});

describe('names', () => {
  it('have addresses that are changed as a whole, and other records', async () => {
    const domain = ok('domain', await maas.post('domains/', '', { name: 'tf.example', ttl: '60' }));
    expect(domain).toMatchObject({ ttl: 60, authoritative: true, is_default: false });
    const made = ok(
      'dnsresource',
      await maas.post('dnsresources/', '', {
        name: 'www',
        domain: 'tf.example',
        ip_addresses: '10.88.88.20 10.88.88.21',
      }),
    );
    expect(made.fqdn).toBe('www.tf.example');
    const one = ok(
      'dnsresource',
      await maas.put(`dnsresources//${made.id}/`, { ip_addresses: '10.88.88.21,2001:db8::1' }),
    );
    expect(one.id).toBe(made.id);
    expect(one.ip_addresses.map(({ ip }: { ip: string }) => ip)).toEqual(['10.88.88.21', '2001:db8::1']);
    expect(one.ip_addresses.flatMap((address: object) => shapeProblems('ipaddress', address))).toEqual([]);
    const twice = await maas.post('dnsresources/', null, { fqdn: 'www.tf.example', ip_addresses: '10.88.88.20' });
    expect(twice.status).toBe(400);
    const cname = { fqdn: 'alias.tf.example', rrtype: 'CNAME', rrdata: 'www.tf.example', ttl: '30' };
    const record = ok('dnsresourcerecord', await maas.post('dnsresourcerecords/', null, cname));
    expect(record).toMatchObject({ rrtype: 'CNAME', rrdata: 'www.tf.example', ttl: 30 });
    expect(ok('dnsresourcerecord', await maas.put(`dnsresourcerecords/${record.id}/`, { ttl: '' })).ttl).toBeNull();
    expect(ok('domain', await maas.get(`domains/${domain.id}/`)).resource_record_count).toBe(3);
    expect((await maas.remove(`dnsresources/${made.id}/`)).status).toBe(204);
    expect((await maas.get(`dnsresources/${made.id}/`)).status).toBe(404);
    ok('domain', await maas.post(`domains/${domain.id}/`, 'set_default'));
    await maas.post('domains/1/', 'set_default');
  });
});

describe('machines', () => {
  const MAC = '52:54:00:0a:00:01';
  let machine: Record<string, never> & { system_id: string; interface_set: { id: number }[]; resource_uri: string };

  it('are made with their power in one step, and a repetition is answered clearly', async () => {
    const wish = {
      architecture: 'amd64/generic',
      mac_addresses: MAC,
      hostname: 'node-1',
      power_type: 'redfish',
      power_parameters_power_address: 'https://192.0.2.7',
      power_parameters_power_user: 'root',
      power_parameters_power_pass: 'secret-of-bmc',
      commission: 'false',
    };
    const created = await maas.post('machines/', null, wish);
    machine = ok('machine', created);
    expect(machine).toMatchObject({
      hostname: 'node-1',
      status: 0,
      status_name: 'New',
      power_type: 'redfish',
      owner: null,
    });
    expect(created.raw).not.toContain('secret-of-bmc');
    const again = await maas.post('machines/', null, { ...wish, hostname: 'node-2' });
    expect(again.status).toBe(400);
    expect(again.body.mac_addresses[0]).toMatch(/52:54:00:0a:00:01.*/);
    expect(again.body.mac_addresses[0]).toContain('already exists');
    const power = await maas.get(`machines/${machine.system_id}/`, { op: 'power_parameters' });
    expect(power.body).toMatchObject({ power_user: 'root' });
    expect(power.raw).not.toContain('secret-of-bmc');
    const json = {
      ...wish,
      hostname: 'node-3',
      mac_addresses: '52:54:00:0a:00:03',
      power_parameters: '{"power_address":',
    };
    expect((await maas.post('machines/', null, json)).status).toBe(400);
    expect((await maas.get('machines/', { hostname: 'node-3' })).body).toEqual([]);
  });

  it('are listed, filtered, changed and found by their cards', async () => {
    const all = ok('machine', await maas.get('machines/'));
    expect(
      all.flatMap(({ interface_set: set }: { interface_set: object[] }) =>
        set.flatMap((one) => shapeProblems('interface', one)),
      ),
    ).toEqual([]);
    const found = async (query: Record<string, string>) => (await maas.get('machines/', query)).body.length as number;
    expect(await found({ mac_address: MAC })).toBe(1);
    expect(await found({ status: 'new' })).toBe(1);
    expect(await found({ not_status: 'new' })).toBe(0);
    expect((await maas.get('machines/', { zone: 'nowhere' })).body).toEqual({ zone: ['No such zone(s): nowhere.'] });
    expect(await found({ id: machine.system_id, hostname: 'node-1' })).toBe(1);
    expect((await maas.get('machines/', { op: 'is_registered', mac_address: MAC }, { role: null })).body).toBe(true);
    await maas.post('zones/', null, { name: 'hall-1' });
    await maas.post('resourcepools/', null, { name: 'pool-1' });
    const put = ok(
      'machine',
      await maas.put(machine.resource_uri, { zone: 'hall-1', pool: 'pool-1', description: 'x', hostname: 'node-9' }),
    );
    expect(put).toMatchObject({
      hostname: 'node-9',
      description: 'x',
      zone: { name: 'hall-1' },
      pool: { name: 'pool-1' },
    });
    expect((await maas.put(machine.resource_uri, { zone: 'nowhere' })).status).toBe(400);
    const data = ok('machine', await maas.post(machine.resource_uri, 'set_owner_data', { juju: 'yes', gone: 'x' }));
    expect(data.owner_data).toEqual({ juju: 'yes', gone: 'x' });
    expect(ok('machine', await maas.post(machine.resource_uri, 'set_owner_data', { gone: '' })).owner_data).toEqual({
      juju: 'yes',
    });
  });

  it('carry tags, by many at a time', async () => {
    ok('tag', await maas.post('tags/', null, { name: 'virtual', comment: 'a tag' }));
    const { system_id } = machine;
    expect((await maas.post('tags/virtual/', 'update_nodes', { add: [system_id, 'nobody'] })).body).toEqual({
      added: 1,
      removed: 0,
    });
    expect((await maas.get('tags/virtual/', { op: 'machines' })).body[0].tag_names).toEqual(['virtual']);
    expect((await maas.post('tags/virtual/', 'update_nodes', { remove: system_id })).body).toEqual({
      added: 0,
      removed: 1,
    });
    expect((await maas.remove('tags/virtual/')).status).toBe(204);
  });

  it('have interfaces, linked to subnets by each mode', async () => {
    const subnet = (await maas.get('subnets/name:renamed/')).body;
    const [first] = machine.interface_set;
    const at = `nodes/${machine.system_id}/interfaces/${first?.id}/`;
    const linked = ok(
      'interface',
      await maas.post(at, 'link_subnet', { mode: 'STATIC', subnet: String(subnet.id), ip_address: '10.88.88.10' }),
    );
    expect(linked.links).toMatchObject([{ mode: 'static', ip_address: '10.88.88.10', subnet: { id: subnet.id } }]);
    expect(linked.vlan.id).toBe(subnet.vlan.id);
    const none = ok('interface', await maas.post(at, 'unlink_subnet', { id: String(linked.links[0].id) }));
    expect(none.links.map(({ mode }: { mode: string }) => mode)).not.toContain('static');
    const auto = ok('interface', await maas.post(at, 'link_subnet', { mode: 'AUTO', subnet: String(subnet.id) }));
    expect(auto.links.at(-1).mode).toBe('auto');
    ok('interface', await maas.post(at, 'disconnect'));
    const bond = ok(
      'interface',
      await maas.post(`nodes/${machine.system_id}/interfaces/`, 'create_bond', {
        name: 'bond0',
        parents: String(first?.id),
        bond_mode: '802.3ad',
      }),
    );
    expect(bond).toMatchObject({ type: 'bond', parents: ['eth0'], params: { bond_mode: '802.3ad' } });
    const bad = await maas.post(`nodes/${machine.system_id}/interfaces/`, 'create_bond', {
      name: 'b',
      parents: '999999',
    });
    expect([bad.status, Object.keys(bad.body)]).toEqual([400, ['parents']]);
    expect(ok('interface', await maas.get(`nodes/${machine.system_id}/interfaces/`))).toHaveLength(2);
    expect((await maas.remove(`nodes/${machine.system_id}/interfaces/${bond.id}/`)).status).toBe(204);
  });

  it('tell of their hardware, as one list for all of them', async () => {
    const inventory = {
      cpu: { count: 4, mhz: 2400, model: 'Xeon', architecture: 'x86_64' },
      memory: { kb: 8 * 1024 * 1024 },
      disks: [{ name: 'sda', bytes: 10_000_000_000, serial: 's1', rotational: false }],
      system: { vendor: 'ACME', serial: 'x1' },
      numa: [{ node: 0, cpus: '0-3', memoryKb: 8 * 1024 * 1024 }],
      pci: [{ address: '0000:00:01.0', vendor: '8086' }],
    };
    await pg
      .get()
      .admin(
        `insert into machine_inventories (machine_id, source, inventory, problems) values ('${machine.system_id}', '', '${JSON.stringify(inventory)}', '[]')`,
        site.connection.database,
      );
    const [seen] = ok('machine', await maas.get('machines/', { cpu_count: '4', mem: '8192' }));
    expect(seen).toMatchObject({ architecture: 'amd64/generic', cpu_count: 4, memory: 8192, storage: 10_000 });
    expect(seen.hardware_info).toMatchObject({ system_vendor: 'ACME', chassis_type: 'Unknown' });
    expect(seen.numanode_set[0].cores).toEqual([0, 1, 2, 3]);
    const disks = ok('blockdevice', await maas.get(`nodes/${machine.system_id}/blockdevices/`));
    expect(disks[0]).toMatchObject({ name: 'sda', size: 10_000_000_000, tags: ['ssd'] });
    expect(ok('blockdevice', await maas.get(disks[0].resource_uri)).id).toBe(seen.boot_disk.id);
    const listed = await site.call('GET', '/machine-inventories');
    expect(listed.raw).not.toContain('0000:00:01.0');
  });

  it('are allocated, found again, and released', async () => {
    const unknown = await maas.post('machines/', 'allocate', { tags: 'none-has-it' });
    expect([unknown.status, unknown.body]).toEqual([400, { tags: ["No such tag(s): 'none-has-it'."] }]);
    await pg
      .get()
      .admin(
        `insert into machine_states (machine_id, state, epoch, commissioned_at) values ('${machine.system_id}', 'ready', 1, now())`,
        site.connection.database,
      );
    const taken = ok(
      'machine',
      await maas.post('machines/', 'allocate', { cpu_count: '2', storage: 'root:5', agent_name: 'model-1' }),
    );
    expect(taken).toMatchObject({ status_name: MACHINE_STATUS.allocated.label, owner: 'admin' });
    expect(taken.constraints_by_type.storage.root).toHaveLength(1);
    expect((await maas.get('machines/', { agent_name: 'model-1' })).body).toHaveLength(1);
    expect((await maas.get('machines/', { agent_name: 'model' })).body).toEqual([]);
    expect((await maas.get('nodes/', { agent_name: 'model-1' })).body).toHaveLength(1);
    expect((await maas.get('machines/', { not_agent_name: 'model-1' })).body).toEqual([]);
    expect((await maas.get('devices/', { agent_name: 'model-1' })).body).toEqual([]);
    // MAAS shows it nowhere, also not among what its owner keeps with it.
    expect([taken.owner_data, JSON.stringify(taken).includes('model-1')]).toEqual([{ juju: 'yes' }, false]);
    const told = await maas.get('events/', { op: 'query', agent_name: 'model-1' });
    expect(told.body.events.map(({ node }: { node: string }) => node)).toContain(machine.system_id);
    expect((await maas.get('events/', { op: 'query', agent_name: 'other' })).body.events).toEqual([]);
    expect((await maas.get('machines/', { op: 'list_allocated' })).body).toHaveLength(1);
    expect((await maas.post('machines/', 'allocate', {})).status).toBe(409);
    const nothing = await maas.post(machine.resource_uri, 'deploy', { distro_series: 'jammy' });
    expect([nothing.status, Object.keys(nothing.body)]).toEqual([400, ['distro_series']]);
    expect((await maas.post(machine.resource_uri, 'deploy', { install_kvm: 'true' })).status).toBe(400);
    expect((await maas.post('machines/', 'release', { machines: machine.system_id })).body).toEqual([
      machine.system_id,
    ]);
    const again = await maas.post(machine.resource_uri, 'release');
    expect([again.status, again.body.status_name]).toEqual([200, MACHINE_STATUS.releasing.label]);
  });

  it('go with the BMC that is theirs alone', async () => {
    await pg.get().admin('delete from jobs', site.connection.database);
    expect((await maas.remove(machine.resource_uri)).status).toBe(204);
    expect((await site.call('GET', '/bmcs')).body['items']).toEqual([]);
  });
});

describe('the site', () => {
  it('has settings by the names of MAAS', async () => {
    expect((await maas.post('maas/', 'set_config', { name: 'upstream_dns', value: '1.1.1.1 8.8.8.8' })).raw).toBe('OK');
    const read = await maas.get('maas/', { op: 'get_config', name: 'upstream_dns' });
    expect([read.type, read.body]).toEqual(['application/json; charset=utf-8', '1.1.1.1 8.8.8.8']);
    expect((await maas.get('maas/', { op: 'get_config', name: 'maas_name' })).body).toBe('regent');
    expect((await maas.post('maas/', 'set_config', { name: 'use_rack_proxy', value: 'false' })).status).toBe(400);
    expect((await maas.get('maas/', { op: 'get_config', name: 'toString' })).status).toBe(400);
  });

  it('lists racks, region nodes, events, images and sources in MAAS’s shapes', async () => {
    expect(ok('regioncontroller', await maas.get('regioncontrollers/')).length).toBe(1);
    ok('rackcontroller', await maas.get('rackcontrollers/'));
    // Only events of nodes are MAAS's.
    const body = { hostname: 'told', interfaces: [{ mac: '52:54:00:00:99:01' }] };
    await site.call('POST', '/machines', { body });
    for (const description of ['first', 'second'])
      await site.call('PATCH', '/machines/told', { body: { description } });
    const page = ok('event_page', await maas.get('events/', { op: 'query', limit: '2' }));
    expect(page.events).toHaveLength(2);
    expect(page.events[0].id).toBeGreaterThan(page.events[1].id);
    expect(page.events.flatMap((event: object) => shapeProblems('event', event))).toEqual([]);
    const older = await maas.get(page.prev_uri);
    expect(older.body.events[0].id).toBe(page.events[1].id - 1);
    ok('bootresource', await maas.get('boot-resources/'));
    const url = 'https://images.example.net/ephemeral-v3/stable/';
    const source = ok('bootsource', await maas.post('boot-sources/', null, { url }), 201);
    const selections = `boot-sources/${source.id}/selections/`;
    const one = ok(
      'bootsource_selection',
      await maas.post(selections, null, { os: 'ubuntu', release: 'noble', arches: 'amd64' }),
    );
    expect(one).toMatchObject({ os: 'ubuntu', release: 'noble', arches: ['amd64'] });
    expect(ok('bootsource_selection', await maas.get(selections))).toHaveLength(1);
    expect((await maas.remove(`boot-sources/${source.id}/`)).status).toBe(204);
  });

  it('has users, keys and scripts', async () => {
    ok('user', await maas.get('users/'));
    const key = ok(
      'authorisation_token_created',
      await maas.post('account/', 'create_authorisation_token', { name: 'juju' }),
    );
    const header = { authorization: `Bearer ${key.consumer_key}:${key.token_key}:${key.token_secret}` };
    expect((await maas.get('users/', { op: 'whoami' }, { role: null, headers: header })).body.username).toBe('admin');
    const tokens = ok('authorisation_token', await maas.get('account/', { op: 'list_authorisation_tokens' }));
    expect(JSON.stringify(tokens)).not.toContain(key.token_secret);
    const revoked = await maas.post('account/', 'delete_authorisation_token', { token_key: key.token_key });
    expect([revoked.status, revoked.type]).toEqual([204, 'text/plain; charset=utf-8']);
    const script = ok(
      'script',
      await maas.post(
        'scripts/',
        null,
        { name: 'probe', script: '#!/bin/sh\nexit 0\n', type: 'testing' },
        { encoding: 'multipart' },
      ),
    );
    expect(script).toMatchObject({ type: 2, hardware_type: 0, default: false });
    expect((await maas.get('scripts/probe', { op: 'download' })).raw).toBe('#!/bin/sh\nexit 0\n');
    expect((await maas.remove('scripts/probe')).status).toBe(204);
  });
});
