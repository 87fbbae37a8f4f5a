import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { shapeProblems } from '../../kit/maas-shape.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** Hosts that nobody commissions, and files of tools: what Juju needs besides machines. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
  await site.call('POST', '/subnets', { body: { cidr: '10.30.0.0/24', name: 'devices' } });
});
afterAll(() => site.close());

describe('devices', () => {
  it('have names and addresses, and are no machines', async () => {
    const interfaces = [{ mac: '52:54:00:00:30:01', addresses: [{ address: '10.30.0.9' }] }];
    const made = await site.call('POST', '/devices', { body: { hostname: 'printer', interfaces } });
    expect(made).toMatchObject({
      status: 201,
      body: { fqdn: 'printer.regent.internal', owner: 'admin', parent: null, zone: 'default' },
    });
    expect((await site.call('GET', '/devices/printer')).body).toEqual(made.body);
    expect((await site.call('GET', '/machines/printer')).body).toMatchObject({
      code: 'not_found',
      detail: 'There is no machine "printer": printer.regent.internal is a device.',
    });
    for (const verb of ['commission', 'power', 'deploy'])
      expect(
        (await site.call('POST', `/machines/printer/${verb}`, { body: { verb: 'on', image: 'x' } })).status,
      ).not.toBe(202);
    const names = (list: { body: Record<string, unknown> }) =>
      (list.body['items'] as { hostname: string }[]).map(({ hostname }) => hostname);
    expect(names(await site.call('GET', '/machines'))).not.toContain('printer');
    expect(names(await site.call('GET', '/devices?mac=52:54:00:00:30:01'))).toEqual(['printer']);
    // One name, one owner, whether machine or device.
    expect((await site.call('POST', '/machines', { body: { hostname: 'printer' } })).status).toBe(409);
    const mac = await site.call('POST', '/machines', {
      body: { hostname: 'm9', interfaces: [{ mac: '52:54:00:00:30:01' }] },
    });
    expect(mac.status).toBe(409);
    const dns = await site.call('POST', '/records?dry_run=true', {
      body: { fqdn: 'printer.regent.internal', type: 'CNAME', data: 'a.test' },
    });
    expect(dns.status).toBe(409);
    expect((await site.call('DELETE', '/devices/printer')).status).toBe(200);
    expect((await site.call('GET', '/devices/printer')).status).toBe(404);
  });

  it('go with the machine that they are parts of', async () => {
    await site.call('POST', '/machines', { body: { hostname: 'host1' } });
    const part = { hostname: 'lxd-1', parent: 'host1', interfaces: [{ mac: '52:54:00:00:30:02' }] };
    expect((await site.call('POST', '/devices', { body: part })).status).toBe(201);
    expect((await site.call('POST', '/devices', { body: { hostname: 'lxd-2', parent: 'lxd-1' } })).body).toMatchObject({
      code: 'invalid_value',
      fields: [{ field: 'parent' }],
    });
    expect((await site.call('GET', '/devices?parent=host1')).body['items']).toHaveLength(1);
    await site.call('DELETE', '/machines/host1');
    expect((await site.call('GET', '/devices/lxd-1')).status).toBe(404);
  });

  it('are made as Juju makes containers', async () => {
    const machine = await maas.post('machines/', '', {
      hostname: 'juju-1',
      architecture: 'amd64',
      mac_addresses: '52:54:00:00:30:10',
    });
    expect([machine.status, machine.raw.slice(0, 300)]).toEqual([200, expect.stringContaining('system_id')]);
    const made = await maas.post('devices/', '', {
      hostname: 'juju-1-lxd-0',
      mac_addresses: ['52:54:00:00:30:11'],
      parent: machine.body.system_id,
    });
    expect([made.status, shapeProblems('device', made.body)]).toEqual([200, []]);
    expect(made.body).toMatchObject({ parent: machine.body.system_id, node_type_name: 'Device', ip_addresses: [] });
    const at = made.body.interface_set[0].resource_uri;
    const subnet = (await maas.get('subnets/')).body.find(({ cidr }: { cidr: string }) => cidr === '10.30.0.0/24');
    const put = await maas.put(at, { name: 'eth0', mac_address: '52:54:00:00:30:11', vlan: String(subnet.vlan.id) });
    expect([put.status, put.body.name]).toEqual([200, 'eth0']);
    const linked = await maas.post(at, 'link_subnet', { mode: 'STATIC', subnet: String(subnet.id) });
    expect([linked.status, shapeProblems('interface', linked.body)]).toEqual([200, []]);
    expect(linked.body.links[0].ip_address).toMatch(/^10\.30\.0\./);
    const more = await maas.post(`nodes/${made.body.system_id}/interfaces/`, 'create_physical', {
      mac_address: '52:54:00:00:30:12',
      name: 'eth1',
    });
    expect(more.status).toBe(200);
    const shown = await maas.get(made.body.resource_uri);
    expect(shown.body.ip_addresses).toHaveLength(1);
    expect((await maas.get('devices/', { hostname: 'juju-1-lxd-0' })).body).toHaveLength(1);
    expect((await maas.get('devices/', { mac_address: '52:54:00:00:30:99' })).body).toEqual([]);
    expect((await maas.get(`nodes/${made.body.system_id}/`)).body.node_type).toBe(1);
    expect((await maas.get('machines/')).body).toHaveLength(1);
    const again = await maas.post('devices/', '', { mac_addresses: ['52:54:00:00:30:11'] });
    expect([again.status, Object.keys(again.body)]).toEqual([400, ['mac_addresses']]);
    const data = await maas.post(made.body.resource_uri, 'set_owner_data', { model: 'a' });
    expect(data.body.owner_data).toEqual({ model: 'a' });
    const clean = await maas.post(made.body.resource_uri, 'restore_networking_configuration');
    expect([clean.status, clean.body.ip_addresses]).toEqual([200, []]);
    expect((await maas.post('devices/', 'set_zone', { zone: 'default', nodes: made.body.system_id })).status).toBe(200);
    expect((await maas.remove(made.body.resource_uri)).status).toBe(204);
    expect((await maas.remove(made.body.resource_uri)).status).toBe(404);
  });
});

describe('files', () => {
  it('are kept for their user alone, and read by their key', async () => {
    const made = await maas.post('files/', '', { filename: 'a/state', file: 'one' });
    expect([made.status, made.body.filename]).toEqual([201, 'a/state']);
    await maas.post('files/', '', { filename: 'a/state', file: 'two' });
    expect((await maas.get('files/', { op: 'get', filename: 'a/state' })).raw).toBe('two');
    const key: string = made.body.anon_resource_uri;
    expect(
      (
        await maas.get(
          key.slice(0, key.indexOf('?')),
          Object.fromEntries(new URLSearchParams(key.slice(key.indexOf('?')))),
          { role: null },
        )
      ).raw,
    ).toBe('two');
    expect((await maas.get('files/', { prefix: 'a/' })).body).toHaveLength(1);
    expect((await maas.get('files/', { prefix: '/st' })).body).toEqual([]);
    expect((await maas.get('files/', {}, { role: 'user' })).body).toEqual([]);
    expect((await maas.get('files/a%2Fstate/')).body).toMatchObject({ content: Buffer.from('two').toString('base64') });
    expect((await maas.get('files/a%2Fstate/', {}, { role: 'user' })).status).toBe(404);
    expect((await maas.remove('files/a%2Fstate/')).status).toBe(204);
    expect((await maas.get('files/', { op: 'get', filename: 'a/state' })).status).toBe(404);
    expect((await maas.post('files/', '', { filename: 'x', file: 'y' }, { role: 'auditor' })).status).toBe(403);
  });

  it('have bytes of any kind, and an end', async () => {
    const content = Buffer.from([0, 255, 10, 13, 0]).toString('base64');
    expect((await site.call('PUT', '/files/raw', { body: { content } })).body).toMatchObject({ name: 'raw', size: 5 });
    expect((await site.call('GET', '/files/raw')).body).toMatchObject({ content });
    expect((await site.call('PUT', '/files/raw', { body: { content: 'no!' } })).body).toMatchObject({
      code: 'invalid_value',
      fields: [{ field: 'content' }],
    });
    const large = Buffer.alloc(3 * 1024 * 1024 + 1).toString('base64');
    expect([413, 422]).toContain((await site.call('PUT', '/files/raw', { body: { content: large } })).status);
  });
});
