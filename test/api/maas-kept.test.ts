import pgDriver from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../kit/maas.ts';
import { addMachines } from '../kit/many-machines.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What clients of the MAAS API rely on and no table of it tells: what is kept, merged, refused by which status, and how numbers are written. */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { deadlineMs: 60_000 });
  maas = maasClient(site);
});
afterAll(() => site.close());

const MACHINE = { architecture: 'amd64/generic', commission: 'false' };

describe('what MAAS keeps and nothing follows from', () => {
  it('is shown as it was given, and changed in part', async () => {
    const fabric = (await maas.post('fabrics/', null, { name: 'f', description: 'the old hall', class_type: '10g' }))
      .body;
    expect(fabric).toMatchObject({ description: 'the old hall', class_type: '10g' });
    const vlans = `fabrics/${fabric.id}/vlans/`;
    const vlan = (await maas.post(vlans, null, { vid: '7', description: 'of cameras' })).body;
    expect(vlan.description).toBe('of cameras');
    expect((await maas.put(vlan.resource_uri, { name: 'seven' })).body).toMatchObject({
      description: 'of cameras',
      name: 'seven',
    });
    const space = (await maas.post('spaces/', null, { name: 's', description: 'outside' })).body;
    expect((await maas.put(space.resource_uri, { description: '' })).body.description).toBe('');
    const subnet = (
      await maas.post('subnets/', null, {
        cidr: '10.61.0.0/24',
        vlan: String(vlan.id),
        description: 'a',
        rdns_mode: '1',
        active_discovery: 'true',
      })
    ).body;
    expect(subnet).toMatchObject({
      description: 'a',
      rdns_mode: 1,
      active_discovery: true,
      disabled_boot_architectures: [],
    });
    const changed = (await maas.put(subnet.resource_uri, { disabled_boot_architectures: 'pxe,ipxe' })).body;
    expect(changed).toMatchObject({ description: 'a', disabled_boot_architectures: ['pxe', 'ipxe'] });
    const domain = (await maas.post('domains/', null, { name: 'tf.example', authoritative: 'false' })).body;
    expect([domain.authoritative, (await maas.get(domain.resource_uri)).body.authoritative]).toEqual([false, false]);
    expect((await maas.put(domain.resource_uri, { authoritative: 'True' })).body.authoritative).toBe(true);
    const listed = (await maas.get('domains/')).body as { name: string; authoritative: boolean }[];
    expect(listed.find(({ name }) => name === 'tf.example')?.authoritative).toBe(true);
  });

  it('goes with its object, and is refused with it', async () => {
    const space = (await maas.post('spaces/', null, { name: 'gone', description: 'x' })).body;
    expect((await maas.remove(space.resource_uri)).status).toBe(204);
    const again = (await maas.post('spaces/', null, { name: 'gone' })).body;
    expect(again.description).toBe('');
    const refused = await maas.post('spaces/', null, { name: 'gone', description: 'another' });
    expect(refused.status).toBe(400);
    expect((await maas.get(again.resource_uri)).body.description).toBe('');
    const long = await maas.post('spaces/', null, { name: 'long', description: 'x'.repeat(2001) });
    expect(long.status).toBe(400);
  });
});

describe('a machine', () => {
  it('is made by its full name, and takes in what enlisted itself with its card', async () => {
    await maas.post('domains/', null, { name: 'lab.example' });
    const full = await maas.post('machines/', null, {
      ...MACHINE,
      hostname: 'a1.lab.example',
      mac_addresses: '52:54:00:61:00:01',
    });
    expect(full.body).toMatchObject({ hostname: 'a1', fqdn: 'a1.lab.example', domain: { name: 'lab.example' } });
    const known = await maas.post('machines/', null, {
      ...MACHINE,
      hostname: 'a2',
      mac_addresses: ['52-54-00-61-00-01', '52:54:00:61:00:02'],
      power_type: 'manual',
    });
    expect(known.body).toMatchObject({ system_id: full.body.system_id, hostname: 'a2', power_type: 'manual' });
    expect(known.body.interface_set).toHaveLength(2);
    // It has its power now: another one with its card is a mistake.
    const third = await maas.post('machines/', null, {
      ...MACHINE,
      hostname: 'a3',
      mac_addresses: '52:54:00:61:00:02',
    });
    expect([third.status, third.body.mac_addresses[0]]).toEqual([400, expect.stringContaining('already exists')]);
  });

  it('is found by one of its names, whatever the others are', async () => {
    const hosts = async (query: Record<string, string | string[]>) =>
      ((await maas.get('machines/', query)).body as { hostname: string }[]).map(({ hostname }) => hostname);
    expect(await hosts({ hostname: 'A2' })).toEqual(['a2']);
    expect(await hosts({ hostname: 'a2.lab.example' })).toEqual(['a2']);
    expect(await hosts({ hostname: 'a' })).toEqual([]);
    expect(await hosts({ mac_address: '52-54-00-61-00-02' })).toEqual(['a2']);
    expect(await hosts({ mac_address: ['52:54:00:61:00:02', '52:54:00:61:00:09'], hostname: ['a2', 'b'] })).toEqual([
      'a2',
    ]);
    for (const name of ['pod', 'pod_type', 'devices', 'fabric_classes'])
      expect(await hosts({ [name]: 'x' })).toEqual([]);
  });

  it('has its storage as a number with a point, in a list and alone', async () => {
    const { system_id: id } = (await maas.get('machines/', { hostname: 'a2' })).body[0];
    const hardware = JSON.stringify({ disks: [{ name: 'sda', bytes: 2e12, serial: 'x' }] });
    const { database } = site.connection;
    await pg
      .get()
      .admin(`insert into machine_inventories (machine_id, inventory) values ('${id}', '${hardware}')`, database);
    for (const path of ['machines/', `machines/${id}/`])
      expect((await maas.get(path)).raw).toContain('"storage":2000000.0');
    expect((await maas.get(`machines/${id}/`)).headers['maas-trace-id']).toMatch(/^.+$/);
  });

  it('gets its cards and its disks back in one step', async () => {
    const { system_id: id } = (await maas.get('machines/', { hostname: 'a2' })).body[0];
    await pg.get().admin(
      `insert into machine_states (machine_id, state, epoch, commissioned_at) values ('${id}', 'ready', 1, now())
       on conflict (machine_id) do update set state = 'ready', commissioned_at = now()`,
      site.connection.database,
    );
    const bond = { name: 'bond0', parents: ['eth0', 'eth1'], bond_mode: 'active-backup' };
    const cards = (await maas.get(`nodes/${id}/interfaces/`)).body as { name: string; id: number }[];
    bond.parents = cards.map((card) => String(card.id));
    expect((await maas.post(`nodes/${id}/interfaces/`, 'create_bond', bond)).status).toBe(200);
    expect(
      (await maas.post(`machines/${id}/`, 'set_storage_layout', { storage_layout: 'lvm' })).body.volume_groups,
    ).toHaveLength(1);
    const back = (await maas.post(`machines/${id}/`, 'restore_default_configuration')).body;
    expect(back.volume_groups).toEqual([]);
    expect(back.interface_set.map(({ type }: { type: string }) => type)).toEqual(['physical', 'physical']);
  });

  it('keeps what it is to take of routers, for its deployed system, too', async () => {
    const mac = '52:54:00:61:00:0a';
    const { system_id: id } = (await maas.post('machines/', null, { ...MACHINE, hostname: 'ra', mac_addresses: mac }))
      .body;
    const cards = `nodes/${id}/interfaces/`;
    const params = async (path: string, values: Record<string, string>) => (await maas.put(path, values)).body.params;
    const made = await maas.post(cards, 'create_physical', { mac_address: '52:54:00:61:00:0b', accept_ra: 'true' });
    expect([made.status, made.body.params]).toEqual([200, { accept_ra: true }]);
    const [first] = (await maas.get(cards)).body as { resource_uri: string; params: object }[];
    expect(first?.params).toEqual({});
    const uri = first?.resource_uri ?? '';
    expect(await params(uri, { accept_ra: 'false', mtu: '1400' })).toEqual({ mtu: 1400, accept_ra: false });
    expect(await params(uri, { name: 'first' })).toEqual({ mtu: 1400, accept_ra: false });
    const { interfaces } = (await site.call('GET', `/machines/${id}`)).body as { interfaces: { acceptRa?: boolean }[] };
    expect(interfaces.map(({ acceptRa }) => acceptRa)).toEqual([false, true]);
    expect(await params(uri, { accept_ra: '' })).toEqual({ mtu: 1400 });
  });

  it('keeps the least kernel that a tool asks for', async () => {
    const mac_addresses = '52:54:00:61:00:0c';
    const made = await maas.post('machines/', null, {
      ...MACHINE,
      hostname: 'hwe',
      mac_addresses,
      min_hwe_kernel: 'hwe-22.04',
    });
    expect([made.status, made.body.min_hwe_kernel]).toEqual([200, 'hwe-22.04']);
    const change = async (values: Record<string, string>) => (await maas.put(made.body.resource_uri, values)).body;
    expect((await change({ description: 'x' })).min_hwe_kernel).toBe('hwe-22.04');
    const [listed] = (await maas.get('machines/', { hostname: 'hwe' })).body as { min_hwe_kernel: string }[];
    expect(listed?.min_hwe_kernel).toBe('hwe-22.04');
    expect(Object.keys(await change({ min_hwe_kernel: 'a b' }))).toEqual(['min_hwe_kernel']);
    expect((await change({ min_hwe_kernel: '' })).min_hwe_kernel).toBe('');
  });

  it('that nobody knows is a bad value for who releases or accepts it', async () => {
    for (const op of ['release', 'accept']) {
      const answer = await maas.post('machines/', op, { machines: ['zzzzzz'] });
      expect([op, answer.status, answer.body]).toEqual([op, 400, { machines: [expect.stringContaining('zzzzzz')] }]);
    }
  });

  it('is not allocated by a wish that nothing can be found by', async () => {
    for (const name of ['pod', 'devices', 'link_speed', 'not_fabrics', 'fabric_classes']) {
      const answer = await maas.post('machines/', 'allocate', { [name]: '1' });
      expect([name, answer.status, Object.keys(answer.body)]).toEqual([name, 400, [name]]);
    }
    expect((await maas.get('machines/', { status: 'allocated' })).body).toEqual([]);
  });
});

describe('many machines', () => {
  it('come page by page as one list, each once and in full', async () => {
    const { host, user, database } = site.connection;
    const client = new pgDriver.Client({ host, user, database });
    await client.connect();
    await addMachines((text, values) => client.query(text, values), 0, 1200);
    await client.end();
    const { body } = await maas.get('machines/');
    const ids = new Set((body as { system_id: string }[]).map(({ system_id }) => system_id));
    expect([body.length, ids.size]).toEqual([1203, 1203]);
    const made = (body as { hostname: string; blockdevice_set: object[] }[]).filter(({ hostname }) =>
      hostname.startsWith('m'),
    );
    expect(new Set(made.map(({ blockdevice_set: disks }) => disks.length))).toEqual(new Set([12]));
    const one = (await maas.get('machines/', { hostname: 'm1199' })).body;
    expect(one).toEqual([(body as { hostname: string }[]).find(({ hostname }) => hostname === 'm1199')]);
  });
});

describe('the site', () => {
  it('tells who calls with his address, and takes a setting that stands anyway', async () => {
    await maas.post('users/', null, {
      username: 'ada',
      email: 'ada@example.test',
      password: 'a long password',
      is_superuser: 'true',
    });
    const login = await site.api.inject({
      method: 'POST',
      url: '/MAAS/accounts/authenticate/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'username=ada&password=a+long+password&consumer=test',
    });
    const { consumer_key, token_key, token_secret } = login.json<Record<string, string>>();
    const headers = { authorization: `Bearer ${consumer_key}:${token_key}:${token_secret}` };
    const me = await maas.get('users/', { op: 'whoami' }, { role: null, headers });
    expect(me.body).toMatchObject({ username: 'ada', email: 'ada@example.test' });
    const set = (name: string, value: string) => maas.post('maas/', 'set_config', { name, value });
    expect((await set('completed_intro', 'True')).raw).toBe('OK');
    expect((await set('theme', '')).raw).toBe('OK');
    expect((await set('remote_syslog', 'logs.example.net')).status).toBe(400);
  });

  it('says of what it has not what to do instead', async () => {
    const refused = async (path: string, op: string | null, values: Record<string, string>) => {
      const { status, body } = await maas.post(path, op, values);
      return [status, Object.keys(body as object)];
    };
    expect(await refused('account/prefs/sslkeys/', null, { key: 'x' })).toEqual([400, ['key']]);
    const licence = { osystem: 'windows', distro_series: 'win2022', license_key: 'x' };
    expect(await refused('license-keys/', null, licence)).toEqual([400, ['license_key']]);
    expect((await maas.get('license-key/windows/win2022')).status).toBe(404);
    const snippet = (
      await maas.post('dhcp-snippets/', null, { name: 'x', value: '{}', global_snippet: 'true', enabled: 'false' })
    ).body;
    expect((await maas.post(snippet.resource_uri, 'revert', { to: String(snippet.history[0].id) })).body.value).toBe(
      '{}',
    );
    expect((await maas.post(snippet.resource_uri, 'revert', { to: '99999' })).status).toBe(400);
  });
});
