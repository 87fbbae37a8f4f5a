import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { ok, readyMachine } from '../kit/maas-site.ts';
import { SEALING_AUTHORITY } from '../kit/metadata.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What real clients of MAAS do and say, where it is not what one would expect: each of them writes what it read back as it read it. */

const GB = 1_000_000_000;
const GIB = 1024 ** 3;
const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
let machine = '';
const admin = (text: string) => pg.get().admin(text, site.connection.database);
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  maas = maasClient(site);
  machine = await readyMachine(site, admin, 'c1', ['52:54:00:00:88:01', '52:54:00:00:88:02']);
});
afterAll(() => site.close());

const interfaces = () => `nodes/${machine}/interfaces/`;

describe('interfaces', () => {
  let cards: number[] = [];
  let vlan = 0;
  let tagged = 0;
  beforeAll(async () => {
    cards = ok(await maas.get(interfaces())).map(({ id }: { id: number }) => id);
    const [fabric] = ok(await maas.get('fabrics/'));
    vlan = fabric.vlans[0].id;
    tagged = ok(await maas.post(`fabrics/${fabric.id}/vlans/`, null, { vid: '30' })).id;
    ok(await maas.post('subnets/', null, { cidr: '10.88.0.0/24', vlan: String(vlan), gateway_ip: '10.88.0.1' }));
    for (const id of cards) ok(await maas.put(`${interfaces()}${id}/`, { vlan: String(vlan) }));
  });

  it('have an object of settings, whatever they are', async () => {
    for (const one of ok(await maas.get(interfaces()))) expect(one.params).toEqual({});
  });

  it('are bonds that take again all that they show, whatever their mode uses of it', async () => {
    const parents = cards.map(String);
    const made = ok(await maas.post(interfaces(), 'create_bond', { name: 'bond0', parents }));
    const { mtu: _mtu, ...shown } = made.params;
    expect(shown).toMatchObject({
      bond_mode: 'active-backup',
      bond_lacp_rate: 'slow',
      bond_xmit_hash_policy: 'layer2',
    });
    const said = Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, String(value)]));
    const again = ok(await maas.put(made.resource_uri, { ...said, name: 'bond0', parents, mtu: '1500' }));
    expect(again.params).toMatchObject(shown);
    const lacp = { bond_mode: '802.3ad', bond_lacp_rate: 'fast', bond_xmit_hash_policy: 'layer3+4' };
    expect(ok(await maas.put(made.resource_uri, lacp)).params).toMatchObject(lacp);
    const back = ok(await maas.put(made.resource_uri, { bond_mode: 'balance-rr', bond_lacp_rate: 'fast' }));
    expect(back.params).toMatchObject({ bond_mode: 'balance-rr', bond_lacp_rate: 'slow' });
  });

  it('are bonds with delays that the driver rounds', async () => {
    const [bond] = ok(await maas.get(interfaces())).filter(({ type }: { type: string }) => type === 'bond');
    const delays = { bond_miimon: '10', bond_downdelay: '1', bond_updelay: '15' };
    expect(ok(await maas.put(bond.resource_uri, delays)).params).toMatchObject({ bond_downdelay: 1, bond_updelay: 15 });
    const none = await maas.put(bond.resource_uri, { bond_miimon: '0', bond_downdelay: '5' });
    expect([none.status, none.raw]).toEqual([400, expect.stringContaining('needs a check of the links')]);
  });

  it('are VLAN interfaces on one parent, by either name of it or by both', async () => {
    const [bond] = ok(await maas.get(interfaces())).filter(({ type }: { type: string }) => type === 'bond');
    const on = String(bond.id);
    for (const by of [{ parents: on }, { parent: on }, { parent: on, parents: on }] as Record<string, string>[]) {
      const made = ok(await maas.post(interfaces(), 'create_vlan', { vlan: String(tagged), ...by }));
      // Clients read it as an object.
      expect([made.type, made.name, made.parents, made.params]).toEqual(['vlan', 'bond0.30', ['bond0'], {}]);
      ok(await maas.remove(made.resource_uri), 204);
    }
    const orphan = await maas.post(interfaces(), 'create_vlan', { vlan: String(tagged) });
    expect([orphan.status, Object.keys(orphan.body)]).toEqual([400, ['parent']]);
    const both = await maas.post(interfaces(), 'create_vlan', { vlan: String(tagged), parents: cards.map(String) });
    expect(both.status).toBe(400);
  });

  it('keep the address that a static link without one found', async () => {
    const [bond] = ok(await maas.get(interfaces())).filter(({ type }: { type: string }) => type === 'bond');
    const linked = ok(
      await maas.post(bond.resource_uri, 'link_subnet', { mode: 'STATIC', subnet: 'cidr:10.88.0.0/24' }),
    );
    expect(linked.links).toMatchObject([{ mode: 'static', ip_address: '10.88.0.2' }]);
    ok(await maas.post(bond.resource_uri, 'disconnect'));
  });
});

describe('storage', () => {
  const blocks = () => `nodes/${machine}/blockdevices/`;

  it('has numbers that clients in Go print as they are, and those of partitions grow', async () => {
    const made = ok(await maas.post(blocks(), null, { name: 'vda', size: String(100 * GB), id_path: '/dev/vda' }));
    const numbers: number[] = [];
    for (const size of [3, 2, 1]) {
      const part = ok(await maas.post(`${blocks()}${made.id}/partitions/`, null, { size: String(size * GB) }));
      numbers.push(part.id);
    }
    expect(numbers).toEqual(numbers.toSorted((one, other) => one - other));
    const disks = ok(await maas.get(blocks())) as { id: number; name: string }[];
    expect(new Set(disks.map(({ id }) => id)).size).toBe(disks.length);
    for (const number of [...numbers, ...disks.map(({ id }) => id)]) expect(number).toBeLessThan(1_000_000);
    const [seen] = disks.filter(({ name }) => name === 'sdb');
    ok(await maas.post(`${blocks()}${seen?.id}/`, 'add_tag', { tag: 'kept' }));
    expect(ok(await maas.get(`${blocks()}${seen?.id}/`)).name).toBe('sdb');
  });

  it('has volumes whose size changes', async () => {
    const named = (name: string) => async () =>
      String(ok(await maas.get(blocks())).find((one: { name: string }) => one.name === name).id);
    const group = ok(
      await maas.post(`nodes/${machine}/volume-groups/`, null, { name: 'vg0', block_devices: await named('sdc')() }),
    );
    const volume = ok(await maas.post(group.resource_uri, 'create_logical_volume', { name: 'lv0', size: String(GIB) }));
    const grown = ok(await maas.put(volume.resource_uri, { name: 'lv1', size: String(2 * GIB) }));
    expect([grown.id, grown.name, grown.size]).toEqual([volume.id, 'vg0-lv1', 2 * GIB]);
    expect((await maas.put(volume.resource_uri, { size: String(900 * GB) })).status).toBe(400);
    expect(ok(await maas.get(volume.resource_uri)).size).toBe(2 * GIB);
  });
});

describe('what goes', () => {
  it('takes along what a subnet alone holds, and nothing where a machine holds it', async () => {
    const cidr = '10.89.0.0/24';
    const subnet = ok(await maas.post('subnets/', null, { cidr }));
    const other = ok(await maas.post('subnets/', null, { cidr: '10.89.1.0/24' }));
    const range = { type: 'dynamic', start_ip: '10.89.0.10', end_ip: '10.89.0.20', subnet: String(subnet.id) };
    ok(await maas.post('ipranges/', null, range));
    ok(await maas.post('ipaddresses/', 'reserve', { ip: '10.89.0.30' }));
    ok(await maas.post('static-routes/', null, { source: cidr, destination: other.cidr, gateway_ip: '10.89.0.1' }));
    const [card] = ok(await maas.get(interfaces())).filter(({ type }: { type: string }) => type === 'bond');
    ok(
      await maas.post(card.resource_uri, 'link_subnet', {
        mode: 'STATIC',
        subnet: String(subnet.id),
        ip_address: '10.89.0.40',
      }),
    );
    expect((await maas.remove(subnet.resource_uri)).status).toBe(400);
    expect(ok(await maas.get('ipranges/'))).toHaveLength(1);
    ok(await maas.post(card.resource_uri, 'disconnect'));
    ok(await maas.remove(subnet.resource_uri), 204);
    for (const path of ['ipranges/', 'ipaddresses/', 'static-routes/']) expect(ok(await maas.get(path))).toEqual([]);
    ok(await maas.remove(other.resource_uri), 204);
  });

  it('stays when a subnet grows or shrinks; what it would not hold is named', async () => {
    const subnet = ok(await maas.post('subnets/', null, { cidr: '10.90.0.0/24', gateway_ip: '10.90.0.1' }));
    const range = { type: 'reserved', subnet: String(subnet.id), start_ip: '10.90.0.200', end_ip: '10.90.0.220' };
    ok(await maas.post('ipranges/', null, range));
    const resize = (cidr: string, more = {}) => maas.put(subnet.resource_uri, { cidr, ...more });
    expect(ok(await resize('10.90.0.0/23'))).toMatchObject({ cidr: '10.90.0.0/23', name: '10.90.0.0/23' });
    const small = await resize('10.90.0.0/25');
    expect([small.status, small.raw]).toEqual([400, expect.stringContaining('10.90.0.200')]);
    const away = await resize('10.90.0.128/25');
    expect([away.status, away.raw]).toEqual([400, expect.stringContaining('10.90.0.1 lies outside of 10.90.0.128/25')]);
    const moved = ok(await resize('10.90.0.128/25', { gateway_ip: '10.90.0.129', name: 'half' }));
    expect(moved).toMatchObject({ cidr: '10.90.0.128/25', gateway_ip: '10.90.0.129', name: 'half' });
    const over = await resize('10.88.0.0/16');
    expect([over.status, over.raw]).toEqual([400, expect.stringContaining('overlaps')]);
    ok(await maas.remove(subnet.resource_uri), 204);
  });

  it('takes back the address of a name that is gone: Terraform 2.4 goes on only then', async () => {
    const made = ok(
      await maas.post('dnsresources/', null, { fqdn: 'gone.regent.internal', ip_addresses: '10.88.0.77' }),
    );
    ok(await maas.remove(made.resource_uri), 204);
    ok(await maas.post('ipaddresses/', 'release', { ip: '10.88.0.77' }), 204);
    const never = await maas.post('ipaddresses/', 'release', { ip: '10.88.0.78' });
    expect([never.status, never.raw]).toEqual([400, expect.stringContaining('does not exist')]);
  });

  it('goes at once, with the jobs that were to switch a machine or look at it', async () => {
    const made = ok(
      await maas.post('machines/', null, {
        architecture: 'amd64/generic',
        hostname: 'brief',
        mac_addresses: '52:54:00:00:88:77',
        power_type: 'ipmi',
        power_parameters_power_address: '192.0.2.77',
        power_parameters_power_user: 'u',
        power_parameters_power_pass: 'a long secret',
      }),
    );
    expect(made.status_name).toBe('Commissioning');
    const jobs = async () =>
      (await site.call('GET', `/jobs?target=machine:${made.system_id}`)).body['items'] as { state: string }[];
    expect((await jobs()).some(({ state }) => state === 'waiting')).toBe(true);
    ok(await maas.remove(made.resource_uri), 204);
    expect((await jobs()).filter(({ state }) => state !== 'aborted')).toEqual([]);
    expect((await maas.get(made.resource_uri)).status).toBe(404);
  });

  it('says by MAAS’s first words that no machine is as it is wanted', async () => {
    for (const more of [{}, { dry_run: 'true' }] as Record<string, string>[]) {
      const none = await maas.post('machines/', 'allocate', { cpu_count: '500', ...more });
      expect([none.status, none.raw]).toEqual([
        409,
        expect.stringMatching(/^No available machine matches constraints\. No ready machine fits\. /),
      ]);
    }
  });
});

describe('settings of MAAS', () => {
  const set = (name: string, value: string, role: 'admin' | 'user' = 'admin') =>
    maas.post('maas/', 'set_config', { name, value }, { role });
  const get = async (name: string) => ok(await maas.get('maas/', { op: 'get_config', name }));

  it('that nothing follows from are read back as they were written, also when they are emptied', async () => {
    for (const [name, text, value] of [
      ['maas_name', 'hall', 'hall'],
      ['completed_intro', 'false', false],
      ['completed_intro', 'True', true],
      ['active_discovery_interval', '21600', 21_600],
      ['default_osystem', '', ''],
      ['theme', 'sage', 'sage'],
      ['theme', '', ''],
    ] as const) {
      ok(await set(name, text));
      expect([name, await get(name)]).toEqual([name, value]);
    }
    expect(await get('curtin_verbose')).toBe(false);
  });

  it('are refused where the value is none, or where somebody would rely on what does not follow', async () => {
    for (const [name, value] of [
      ['active_discovery_interval', 'soon'],
      ['completed_intro', 'maybe'],
      ['maas_name', 'x'.repeat(201)],
      ['default_distro_series', 'none-such'],
      ['enable_disk_erasing_on_release', 'sometimes'],
      ['remote_syslog', 'logs.example.net'],
      ['no_such_setting', '1'],
    ] as const)
      expect([name, (await set(name, value)).status]).toEqual([name, 400]);
    expect((await set('maas_name', 'mine', 'user')).status).toBe(403);
    expect(await get('maas_name')).toBe('hall');
  });

  it('take addresses where networks are meant, and show them as they were given', async () => {
    ok(await set('dns_trusted_acl', '192.0.2.1 198.51.100.0/24 2001:db8::1'));
    expect(await get('dns_trusted_acl')).toBe('192.0.2.1 198.51.100.0/24 2001:db8::1');
    ok(await set('dns_trusted_acl', ''));
  });

  it('are found by names of earlier releases, too', async () => {
    ok(await set('ntp_server', 'ntp.example.net'));
    expect([await get('ntp_server'), await get('ntp_servers')]).toEqual(['ntp.example.net', 'ntp.example.net']);
    expect(await get('main_archive')).toBe('http://archive.ubuntu.com/ubuntu');
    ok(await set('upstream_dns', ''));
    expect(await get('upstream_dns')).toBeNull();
    ok(await set('upstream_dns', '192.0.2.53,192.0.2.54'));
    expect(await get('upstream_dns')).toBe('192.0.2.53 192.0.2.54');
  });

  it('are annotations of the site in API v1', async () => {
    const { body } = await site.call('GET', '/annotations');
    const [own, ...more] = (body['items'] as { kind: string }[]).filter(({ kind }) => kind === 'site');
    expect([own, more]).toEqual([
      { kind: 'site', object: 1, texts: expect.objectContaining({ 'config.maas_name': '"hall"' }) },
      [],
    ]);
  });
});

describe('wishes and words', () => {
  it('of clients name the architecture by either name', async () => {
    for (const name of ['arch', 'architecture']) {
      const found = await maas.post('machines/', 'allocate', { [name]: 'amd64/generic', dry_run: 'true' });
      expect([name, found.status]).toEqual([name, 200]);
      const none = await maas.post('machines/', 'allocate', { [name]: 'arm64', dry_run: 'true' });
      expect([name, none.status]).toEqual([name, 409]);
    }
  });

  it('make users as MAAS lets them: capitals in the name, a short password that lets in', async () => {
    const john = {
      username: 'John.Doe@example.com',
      password: 'john123',
      email: 'john@example.com',
      is_superuser: '0',
    };
    expect(ok(await maas.post('users/', null, john))).toMatchObject({ username: john.username, is_superuser: false });
    expect(ok(await maas.get(`users/${john.username}/`))).toMatchObject({ username: john.username });
    const { username, password } = john;
    const login = await maas.call('POST', '/MAAS/accounts/authenticate/', { username, password }, { role: null });
    expect(login.status).toBe(200);
    const other = await maas.post('users/', null, { ...john, username: john.username.toLowerCase() });
    expect([other.status, other.raw]).toEqual([
      400,
      expect.stringContaining('upper and lower case make no difference'),
    ]);
    ok(await maas.remove(`users/${john.username}/`), 204);
    // On our own surfaces a short password is a choice, and an admin's.
    const own = { name: 'Ada', role: 'user', password: 'short' };
    expect((await site.call('POST', '/users', { body: own })).status).toBe(422);
    expect((await site.call('POST', '/users', { body: { ...own, allowShort: true } })).status).toBe(201);
  });

  it('tell of a user’s name by MAAS’s word for it', async () => {
    const user = { username: 'No Name', email: 'a@example.test', password: 'long enough', is_superuser: '0' };
    const refused = await maas.post('users/', null, user);
    expect([refused.status, Object.keys(refused.body)]).toEqual([400, ['username']]);
  });
});
