import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  absent,
  ansibleClient,
  type AnsibleClient,
  differing,
  ensure,
  type PlayValues,
  type Wish,
} from '../kit/ansible.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What the modules of the Ansible collection maas.maas do: make, run again, change, delete. A second run must find what the first one set. */

const pg = usePostgres();
let site: TestRegion;
let client: AnsibleClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  client = ansibleClient(site);
});
afterAll(() => site.close());

/** A play of one task: it changes something, then nothing; then it wants something else; then the object is to go. */
async function play(wish: Wish, other: PlayValues) {
  const first = await ensure(client, wish);
  const again = await ensure(client, wish);
  const changed = { ...wish, wanted: { ...wish.wanted, ...other } };
  const second = await ensure(client, changed);
  const last = await ensure(client, changed);
  expect({ name: wish.name, changed: [first, again, second, last].map((one) => one.changed) }).toEqual({
    name: wish.name,
    changed: [true, false, true, false],
  });
  expect(differing(second.record, changed.wanted)).toEqual({});
  expect([await absent(client, wish), await absent(client, wish)]).toEqual([true, false]);
}

describe('modules that look for an object by its name', () => {
  it('fabric, space, zone and tag', async () => {
    await play(
      { list: 'fabrics/', name: 'test-fabric', wanted: { description: 'one', class_type: '10g' } },
      { description: 'two' },
    );
    await play({ list: 'spaces/', name: 'test-space', wanted: { description: 'one' } }, { description: 'two' });
    const path = (one: { name: string }) => `zones/${one.name}/`;
    await play({ list: 'zones/', name: 'test-zone', wanted: { description: 'one' }, path }, { description: 'two' });
    const tag = (one: { name: string }) => `tags/${one.name}/`;
    await play({ list: 'tags/', name: 'test-tag', wanted: { comment: 'one' }, path: tag }, { comment: 'two' });
  });

  it('vlan, also of the fabric that MAAS has from the beginning', async () => {
    const list = 'fabrics/0/vlans/';
    const path = ({ vid }: { vid: number }) => `${list}${vid}/`;
    await play(
      { list, name: 'vlan-100', wanted: { vid: 100, mtu: 1500, description: 'one' }, path },
      { mtu: 1700, description: 'two' },
    );
  });

  it('dns_domain; the default one stays', async () => {
    await play(
      { list: 'domains/', name: 'my-domain', wanted: { ttl: 1000, authoritative: true } },
      { ttl: 1200, authoritative: false },
    );
    const [own] = ((await client.get('domains/')) as { id: number; is_default: boolean; name: string }[]).filter(
      ({ is_default }) => is_default,
    );
    expect((await client.get('domains/0/')).id).toBe(own?.id);
    await expect(client.remove('domains/0/')).rejects.toThrow(/default/);
  });

  it('package_repository, with a blank in its name', async () => {
    const wanted = { url: 'http://mirror.example.test/ubuntu', distributions: 'jammy', components: 'main' };
    const list = 'package-repositories/';
    const found = await ensure(client, { list, name: 'Test 1', wanted });
    expect(found.record).toMatchObject({
      name: 'Test 1',
      distributions: ['jammy'],
      components: ['main'],
      enabled: true,
    });
    expect(await absent(client, { list, name: 'Test 1' })).toBe(true);
  });
});

describe('dns_record', () => {
  const named = async (fqdn: string) =>
    (
      (await client.get('dnsresources/')) as {
        id: number;
        fqdn: string;
        address_ttl: number | null;
        ip_addresses: { ip: string }[];
        resource_records: { rrtype: string; rrdata: string }[];
      }[]
    ).find((one) => one.fqdn === fqdn);
  const dataOf = async (fqdn: string) => (await named(fqdn))?.ip_addresses.map(({ ip }) => ip).join(' ');
  beforeAll(async () => {
    await pg.get().admin("insert into features (name) values ('record-types')", site.connection.database);
    await client.post('domains/', { name: 'testing', authoritative: true });
  });

  it('has addresses in the order in which they are wanted', async () => {
    const wanted = '10.0.0.2 2001:db8::1 10.0.0.1';
    const made = await client.post('dnsresources/', {
      name: 'a',
      domain: 'testing',
      address_ttl: 15,
      ip_addresses: wanted,
    });
    expect([await dataOf('a.testing'), made.address_ttl]).toEqual([wanted, 15]);
    for (const next of ['10.0.0.1 10.0.0.2', '10.0.0.3 10.0.0.1', '2001:db8::1 10.0.0.3 10.0.0.1']) {
      const set = await client.put(`dnsresources//${made.id}/`, { ip_addresses: next });
      expect([await dataOf('a.testing'), set.id, set.address_ttl]).toEqual([next, made.id, 15]);
    }
    await client.remove(`dnsresources//${made.id}/`);
    expect(await named('a.testing')).toBeUndefined();
  });

  it('has other data, and its domain cannot go while it is there', async () => {
    for (const [rrtype, rrdata] of [
      ['CNAME', 'b.testing'],
      ['MX', '10 mail.example.com'],
      ['TXT', 'some words'],
    ] as const) {
      const name = rrtype.toLowerCase();
      const made = await client.post('dnsresourcerecords/', { name, domain: 'testing', rrtype, rrdata });
      expect(await named(`${name}.testing`)).toMatchObject({
        address_ttl: null,
        ip_addresses: [],
        resource_records: [{ id: made.id, rrtype, rrdata, ttl: null }],
      });
      const domain = ((await client.get('domains/')) as { id: number; name: string }[]).find(
        (one) => one.name === 'testing',
      );
      await expect(client.remove(`domains/${domain?.id}/`)).rejects.toThrow(/testing/);
      await client.remove(`dnsresources//${(await named(`${name}.testing`))?.id}/`);
    }
  });
});

describe('subnet, subnet_ip_range and static_route', () => {
  it('are found by their names', async () => {
    const list = 'subnets/';
    const wanted = {
      cidr: '10.10.10.0/24',
      gateway_ip: '10.10.10.1',
      description: 'one',
      managed: true,
      allow_dns: true,
      allow_proxy: false,
      rdns_mode: 2,
    };
    const subnet = await ensure(client, { list, name: 'sub-1', wanted });
    const found = await ensure(client, { list, name: 'sub-1', wanted });
    expect([subnet.changed, found.changed]).toEqual([true, false]);
    await client.post(list, { name: 'sub-2', cidr: '10.10.11.0/24' });
    const route = await client.post('static-routes/', {
      source: 'sub-1',
      destination: 'sub-2',
      gateway_ip: '10.10.10.2',
      metric: 100,
    });
    expect([route.source.name, route.destination.name, route.metric]).toEqual(['sub-1', 'sub-2', 100]);
    await client.remove(`static-routes/${route.id}/`);
    const range = await client.post('ipranges/', {
      subnet: subnet.record.id,
      type: 'reserved',
      start_ip: '10.10.10.100',
      end_ip: '10.10.10.110',
      comment: 'one',
    });
    const set = await client.put(`ipranges/${range.id}/`, { type: 'reserved', comment: 'two' });
    expect([set.id, set.type, set.comment]).toEqual([range.id, 'reserved', 'two']);
    expect((await client.put(`ipranges/${range.id}/`, { type: 'dynamic' })).type).toBe('dynamic');
    await expect(client.put(`ipranges/${range.id}/`, { subnet: 'sub-2' })).rejects.toThrow(/stays in its subnet/);
    await client.remove(`ipranges/${range.id}/`);
    for (const name of ['sub-1', 'sub-2']) expect(await absent(client, { list, name })).toBe(true);
  });
});

describe('dhcp_snippet', () => {
  it('has statements of dhcpd.conf, for a subnet by its name or for all', async () => {
    await pg.get().admin("insert into features (name) values ('dhcp-statements')", site.connection.database);
    await client.post('subnets/', { name: 'snip', cidr: '172.16.31.0/24' });
    const list = 'dhcp-snippets/';
    const wanted = { value: 'option routers 192.168.1.1;', description: 'Default route', enabled: true };
    const made = await client.post(list, { name: 'default-route', ...wanted, subnet: 'snip' });
    expect(made).toMatchObject({ ...wanted, subnet: { name: 'snip' }, global_snippet: false });
    expect((await ensure(client, { list, name: 'default-route', wanted })).changed).toBe(false);
    const value = 'default-lease-time 600;\nmax-lease-time 7200; # short\n';
    const global = await client.put(`${list}${made.id}/`, { value, global_snippet: true });
    expect(global).toMatchObject({ id: made.id, value, subnet: null, global_snippet: true });
    await expect(client.put(`${list}${made.id}/`, { value: 'bogus statement;' })).rejects.toThrow(
      /400.*is not known here/,
    );
    expect([
      await absent(client, { list, name: 'default-route' }),
      await absent(client, { list, name: 'default-route' }),
    ]).toEqual([true, false]);
    expect(await absent(client, { list: 'subnets/', name: 'snip' })).toBe(true);
  });
});

describe('maas_server_config', () => {
  it('reads back what it set', async () => {
    const set = (value: boolean) => client.post('maas/', { name: 'completed_intro', value }, 'set_config');
    for (const value of [false, true]) {
      await set(value);
      expect(await client.get('maas/', '?op=get_config&name=completed_intro')).toBe(value);
    }
  });
});

describe('user', () => {
  it('is made, and found by its name', async () => {
    await client.post('users/', {
      username: 'John',
      password: 'john123',
      email: 'john@example.com',
      is_superuser: false,
    });
    expect(await client.get('users/John/')).toMatchObject({ username: 'John', is_superuser: false });
    await client.remove('users/John/');
    expect(await client.get('users/John/')).toBeNull();
  });
});

describe('modules of a machine', () => {
  let id = '';
  beforeAll(async () => {
    const body = { hostname: 'm1', interfaces: [{ mac: '52:54:00:00:99:01' }] };
    id = String((await site.call('POST', '/machines', { body })).body['id']);
    const disks = [{ name: 'sda', bytes: 100_000_000_000, serial: 'first' }];
    const hardware = JSON.stringify({ firmware: { kind: 'uefi' }, disks });
    const admin = (text: string) => pg.get().admin(text, site.connection.database);
    await admin(`insert into machine_inventories (machine_id, inventory) values ('${id}', '${hardware}')`);
    await admin(
      `insert into machine_states (machine_id, state, epoch, commissioned_at) values ('${id}', 'ready', 1, now())`,
    );
    await client.post('subnets/', {
      name: 'link',
      cidr: '10.20.20.0/24',
      gateway_ip: '10.20.20.1',
      vlan: (await client.get('fabrics/0/'))?.vlans[0].id,
    });
  });

  it('block_device: sizes in bytes, tags in the order in which they were added, one path alone', async () => {
    const list = `nodes/${id}/blockdevices/`;
    const size = 27 * 1024 ** 3;
    const made = await client.post(list, { name: 'vdb', size, block_size: 512, id_path: '/dev/vdb' });
    for (const tag of ['ssd', 'all', 'fast']) await client.post(`${list}${made.id}/`, { tag }, 'add_tag');
    const before = await client.get(`${list}${made.id}/`);
    expect(before).toMatchObject({
      name: 'vdb',
      size,
      block_size: 512,
      id_path: '/dev/vdb',
      tags: ['ssd', 'all', 'fast'],
    });
    const part = await client.post(`${list}${made.id}/partitions/`, { size: 10 * 1024 ** 3, bootable: false });
    const at = `nodes/${id}/blockdevices/${made.id}/partition/${part.id}`;
    await client.post(at, { fstype: 'ext4', label: 'media' }, 'format');
    await client.post(at, { mount_point: '/media' }, 'mount');
    expect((await client.get(`${list}${made.id}/`)).partitions).toMatchObject([
      { filesystem: { fstype: 'ext4', label: 'media', mount_point: '/media' } },
    ]);
    await client.remove(at);
    expect((await client.get(`${list}${made.id}/`)).partitions).toEqual([]);
    const renamed = await client.put(`${list}${made.id}/`, { name: 'vdc' });
    expect([renamed.id, renamed.name]).toEqual([made.id, 'vdc']);
    await client.remove(`${list}${made.id}/`);
    expect(await client.get(`${list}${made.id}/`)).toBeNull();
  });

  it('network_interface_physical: a card without a VLAN, its name, its size of packets and its tags', async () => {
    const list = `nodes/${id}/interfaces/`;
    const made = await client.post(
      list,
      { mac_address: '00:16:3e:ae:78:75', name: 'new_nic', mtu: 1700, tags: 'first,second' },
      'create_physical',
    );
    expect(made).toMatchObject({ name: 'new_nic', effective_mtu: 1700, tags: ['first', 'second'], links: [] });
    const set = await client.put(`${list}${made.id}/`, { mtu: 1500 });
    expect([set.id, set.effective_mtu]).toEqual([made.id, 1500]);
    await client.remove(`${list}${made.id}/`);
  });

  it('network_interface_link: one link, of a subnet that is told in full, made anew as another', async () => {
    const [card] = (await client.get(`nodes/${id}/interfaces/`)) as { id: number; links: object[] }[];
    const path = `nodes/${id}/interfaces/${card?.id}/`;
    const subnet = ((await client.get('subnets/')) as { id: number; name: string; vlan: { id: number } }[]).find(
      ({ name }) => name === 'link',
    );
    await client.put(path, { vlan: subnet?.vlan.id ?? null });
    for (const mode of ['AUTO', 'DHCP', 'STATIC']) {
      const now = (await client.get(path)).links as { id: number; subnet?: object }[];
      for (const link of now.filter((one) => one.subnet !== undefined))
        await client.post(path, { id: link.id }, 'unlink_subnet');
      await client.post(path, { mode, subnet: subnet?.id ?? null, default_gateway: false }, 'link_subnet');
      const { interface_set } = await client.get(`machines/${id}/`);
      expect(interface_set[0].links).toMatchObject([
        {
          mode: mode.toLowerCase(),
          subnet: {
            id: subnet?.id,
            name: 'link',
            cidr: '10.20.20.0/24',
            vlan: { name: expect.any(String), fabric: expect.any(String) },
          },
        },
      ]);
    }
  });

  it('instance: allocated by its name, released, and released again', async () => {
    const taken = await client.post('machines/', { name: 'm1' }, 'allocate');
    expect([taken.system_id, taken.status_name]).toEqual([id, 'Allocated']);
    for (const _ of [1, 2]) {
      const released = await client.post(`machines/${id}/`, {}, 'release');
      expect([released.system_id, released.owner]).toEqual([id, null]);
      expect(['Ready', 'Releasing']).toContain(released.status_name);
    }
  });
});

describe('machine', () => {
  it('keeps the architecture that it was added with, until its hardware tells another', async () => {
    const wanted = { power_type: 'manual', power_parameters: '{}', architecture: 'arm64/generic', hostname: 'arm' };
    const made = await client.post('machines/', { ...wanted, mac_addresses: '52:54:00:00:99:77' });
    expect([made.architecture, made.power_type, made.fqdn]).toEqual([
      'arm64/generic',
      'manual',
      `arm.${made.domain.name}`,
    ]);
    const path = `machines/${made.system_id}/`;
    expect((await client.get(path)).architecture).toBe('arm64/generic');
    expect((await client.put(path, { architecture: 'ppc64el' })).architecture).toBe('ppc64el/generic');
    await expect(client.put(path, { architecture: 'no such/thing' })).rejects.toThrow(/400.*architecture/);
    const told = JSON.stringify({ cpu: { count: 1, architecture: 'x86_64' } });
    await pg
      .get()
      .admin(
        `insert into machine_inventories (machine_id, inventory) values ('${made.system_id}', '${told}')`,
        site.connection.database,
      );
    expect((await client.get(path)).architecture).toBe('amd64/generic');
    await client.remove(path);
  });
});
