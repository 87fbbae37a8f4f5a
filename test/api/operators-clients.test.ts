import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RESOURCES } from '../../src/api/maas/catalog/table.ts';
import { maasClient, type MaasClient, type MaasOptions } from '../kit/maas.ts';
import { readyMachine } from '../kit/maas-site.ts';
import { createMaasTable, ok, type Values } from '../kit/maas-table.ts';
import { SEALING_AUTHORITY } from '../kit/metadata.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';

/** What clients of MAAS met, input by input with its exact answer; the file prints them as a table (`scripts/test --only operators`). */

const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
const { lines: table, ask, refused } = createMaasTable(() => maas);
let sub = 0;
let vlan = 0;
const admin = (text: string) => pg.get().admin(text, site.connection.database);
const ids: Record<string, string> = {};
const MAC = (at: number) => `52:54:00:ac:00:${String(at).padStart(2, '0')}`;

beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  maas = maasClient(site);
  for (const [at, name] of ['m1', 'm2', 'm3'].entries())
    ids[name] = await readyMachine(site, admin, name, [MAC(at * 2), MAC(at * 2 + 1)]);
  ok(await maas.post('fabrics/', null, { name: 'acc-fab', class_type: '10g' }));
  ok(await maas.post('spaces/', null, { name: 'acc-space' }));
  vlan = ok(
    await maas.post('fabrics/name:acc-fab/vlans/', null, { vid: '7', space: 'acc-space', name: 'acc-vlan' }),
  ).id;
  sub = ok(await maas.post('subnets/', null, { cidr: '10.0.0.0/24', name: 'acc-net', vlan: String(vlan) })).id;
  ok(await maas.post('subnets/', null, { cidr: 'fd00:b9::/64', name: 'acc-six', vlan: String(vlan) }));
  ok(await maas.post('tags/', null, { name: 'gpu' }));
  ok(await maas.post('zones/', null, { name: 'hall' }));
});
afterAll(async () => {
  process.stdout.write(`\nclients: MAAS clients and their answers\n${table.join('\n')}\n`);
  await site?.close();
});

const none = { bogus: ['No such constraint.'] };

describe('F1: constraints', () => {
  const constrained = RESOURCES.flatMap((resource) =>
    resource.operations.filter(({ isConstrained }) => isConstrained).map((operation) => ({ resource, operation })),
  );

  it('are those of every operation with filters of machines, and of no other', () => {
    const filtering = RESOURCES.flatMap(({ operations }) => operations).filter(({ parameters }) =>
      parameters.some(({ name }) => name === 'not_tags'),
    );
    expect(constrained.map(({ operation }) => operation.key).sort()).toEqual(filtering.map(({ key }) => key).sort());
    expect(constrained.length).toBeGreaterThan(5);
  });

  it('that are not known are refused by each of them', async () => {
    for (const { resource, operation } of constrained) {
      const call = `${operation.method} ${resource.path}${operation.op === null ? '' : ` ${operation.op}`}`;
      await refused(['F1', call], { bogus: '1' }, 400, none);
      await refused(['F1', call], { limit: '2', bogus: '' }, 400, { ...none, limit: ['No such constraint.'] });
    }
  });

  it.each([
    ['POST machines/ allocate', { hostname: 'nosuch' }, { hostname: ['No such constraint.'] }],
    ['POST machines/ allocate', { pool: 'default', bogus: '1' }, none],
    ['POST machines/ allocate', { ephemeral_deploy: 'false' }, { ephemeral_deploy: ['No such constraint.'] }],
    ['POST machines/ allocate', { install_kvm: 'true' }, { install_kvm: ['No such constraint.'] }],
    ['POST machines/ allocate', { cpu_count: 'many' }, { cpu_count: ['Invalid CPU count: number required.'] }],
    ['POST machines/ allocate', { mem: '4G' }, { mem: ['Invalid memory: number of MiB required.'] }],
    ['POST machines/ allocate', { zone: 'nosuch' }, { zone: ['No such zone(s): nosuch.'] }],
    ['POST machines/ allocate', { not_in_zone: 'b,a' }, { not_in_zone: ['No such zone(s): a, b.'] }],
    ['POST machines/ allocate', { pool: 'nosuch' }, { pool: ['No such pool(s): nosuch.'] }],
    ['POST machines/ allocate', { tags: 'gpu nosuch' }, { tags: ["No such tag(s): 'nosuch'."] }],
    ['POST machines/ allocate', { arch: 'vax' }, { arch: ['Architecture not recognised.'] }],
    ['POST machines/ allocate', { subnets: 'nosuch' }, { subnets: ['No matching subnets found.'] }],
    ['GET machines/', { zone: 'nosuch' }, { zone: ['No such zone(s): nosuch.'] }],
    ['GET machines/', { tags: 'nosuch' }, { tags: ["No such tag(s): 'nosuch'."] }],
    ['GET nodes/', { pool: 'nosuch' }, { pool: ['No such pool(s): nosuch.'] }],
    ['GET machines/', { subnets: 'id:999', hostname: 'm1' }, { subnets: ['No matching subnets found.'] }],
    ['GET devices/', { vlans: 'vid:99' }, { vlans: ['No matching VLANs found.'] }],
    ['GET machines/', { mac_address: 'x' }, { mac_address: ["'x' is not a valid MAC address."] }],
    [
      'GET machines/',
      { status: 'broke' },
      { status: ['Select a valid choice. broke is not one of the available choices.'] },
    ],
  ])('%s %j is refused in MAAS’s words', async (call, values, body) => {
    await refused(['F1', call], values as Values, 400, body);
  });

  it('and nothing was given out', async () => {
    expect(ok(await maas.get('machines/', { status: 'allocated' }))).toEqual([]);
  });

  it.each([
    ['GET machines/', { verbose: '1', comment: 'x', dry_run: 'true' }, 3],
    ['GET machines/', { cpu_count: '1.5', mem: '0.5' }, 3],
    ['GET machines/', { status: '=ready' }, 3],
    ['GET machines/', { not_tags: 'nosuch' }, 3],
    ['GET machines/', { domain: 'nosuch' }, 0],
    ['GET zones/', { bogus: '1' }, 2],
    ['GET subnets/', { bogus: '1' }, 2],
    ['GET events/ query', { bogus: '1' }, undefined],
  ])('%s %j is taken, as MAAS does', async (call, values, count) => {
    const answer = await ask('F1', call, values as Values);
    const body = ok(answer);
    expect(count ?? body.count).toBe(count === undefined ? body.count : body.length);
  });

  it('of processors may be broken numbers', async () => {
    const taken = ok(await ask('#20', 'POST machines/ allocate', { cpu_count: '1.5', dry_run: 'true' }));
    expect(taken.cpu_count).toBe(4);
    const none = await ask('#20', 'POST machines/ allocate', { cpu_count: '4.5' });
    expect([none.status, none.raw.slice(0, 39)]).toEqual([409, 'No available machine matches constraint']);
  });
});

describe('F2: storage', () => {
  const wish = 'root:100,data:100';
  const numbersOf = async (id: string) =>
    new Map<string, number>(
      ok(await maas.get(`nodes/${id}/blockdevices/`)).map((one: { name: string; id: number }) => [one.name, one.id]),
    );
  const taken = async (storage: string, more: Values = {}) => {
    const machine = ok(await ask('F2', 'POST machines/ allocate', { storage, name: 'm1', ...more }));
    const names = new Map([...(await numbersOf(ids['m1'] ?? ''))].map(([name, id]) => [id, name]));
    const matches = (machine.constraints_by_type.storage ?? {}) as Record<string, number[]>;
    return Object.fromEntries(Object.entries(matches).map(([label, [id = 0]]) => [label, names.get(id)]));
  };
  const back = async () => ok(await maas.post(`machines/${ids['m1']}/`, 'release'));

  it('names the disk with / first, and others that hold nothing, also in a dry run', async () => {
    expect(await taken(wish, { dry_run: 'true' })).toEqual({ root: 'sda', data: 'sdb' });
    expect(await taken(wish)).toEqual({ root: 'sda', data: 'sdb' });
    // A deployment keeps to it: the layout is no longer chosen by the size of the image.
    const { body } = await site.call('GET', `/machines/${ids['m1']}/storage`, {});
    expect((body as { storage: { isUsual: boolean } }).storage.isUsual).toBe(false);
    await back();
  });

  it('follows the layout, whichever disk it is on, and whatever the label', async () => {
    const [at, disks] = [`machines/${ids['m1']}/`, await numbersOf(ids['m1'] ?? '')];
    ok(await maas.post(at, 'set_storage_layout', { storage_layout: 'flat', root_device: String(disks.get('sdc')) }));
    expect(await taken('data:100,root:100')).toEqual({ data: 'sdc', root: 'sda' });
    await back();
    ok(await maas.post(at, 'set_storage_layout', { storage_layout: 'lvm', root_device: String(disks.get('sdd')) }));
    expect(await taken('root:50,a:100,b:100,c:100')).toEqual({ root: 'vgroot-lvroot', a: 'sda', b: 'sdb', c: 'sdc' });
    await back();
    expect(await taken('50,data:1')).toEqual({ data: 'sda' });
    await back();
  });

  it.each([
    ['root:101', 'the disk with / is smaller'],
    ['root:1,a:1,b:1,c:1,d:1', 'too few hold nothing'],
    ['root:1(ssd)', 'no such kind'],
  ])('%s takes none: %s', async (storage) => {
    ok(await maas.post(`machines/${ids['m1']}/`, 'set_storage_layout', { storage_layout: 'flat' }));
    expect((await ask('F2', 'POST machines/ allocate', { storage, name: 'm1' })).status).toBe(409);
  });

  it('takes none without a system', async () => {
    ok(await maas.post(`machines/${ids['m1']}/`, 'set_storage_layout', { storage_layout: 'blank' }));
    expect((await ask('F2', 'POST machines/ allocate', { storage: 'root:0', name: 'm1' })).status).toBe(409);
    ok(await maas.post(`machines/${ids['m1']}/`, 'set_storage_layout', { storage_layout: 'flat' }));
  });

  it('does not count a disk that holds something', async () => {
    const disks = await numbersOf(ids['m1'] ?? '');
    ok(await maas.post(`nodes/${ids['m1']}/blockdevices/${disks.get('sdb')}/`, 'format', { fstype: 'ext4' }));
    ok(await maas.post(`nodes/${ids['m1']}/blockdevices/${disks.get('sdc')}/partitions/`, null, { size: '1G' }));
    expect(await taken('root:0,data:0')).toEqual({ root: 'sda', data: 'sdd' });
    await back();
  });
});

describe('F3: power of a machine that a person switches', () => {
  let at = '';
  beforeAll(async () => {
    const made = ok(
      await maas.post('machines/', null, {
        architecture: 'amd64/generic',
        hostname: 'hand',
        mac_addresses: MAC(20),
        power_type: 'manual',
        commission: 'false',
      }),
    );
    at = `machines/${made.system_id}/`;
  });
  it('is no error', async () => {
    expect(ok(await ask('F3', `POST ${at} power_on`)).hostname).toBe('hand');
    expect(ok(await ask('F3', `POST ${at} power_off`))).toBeNull();
    expect(ok(await ask('F3', `POST ${at} power_off`, { stop_mode: 'soft' }))).toBeNull();
    expect(ok(await ask('F3', `GET ${at} query_power_state`))).toEqual({ state: 'unknown' });
    // A machine without any power type, too.
    expect(ok(await ask('F3', `POST machines/${ids['m2']}/ power_on`)).hostname).toBe('m2');
    expect(ok(await ask('F3', `POST machines/${ids['m2']}/ power_off`))).toBeNull();
  });
  it('is one when the machine is locked, or is not there, or is somebody else’s', async () => {
    await admin(`update machine_states set is_locked = true where machine_id = '${ids['m2']}'`);
    const locked = await ask('F3', `POST machines/${ids['m2']}/ power_off`);
    expect([locked.status, locked.raw]).toEqual([409, expect.stringContaining('is locked')]);
    await admin(`update machine_states set is_locked = false where machine_id = '${ids['m2']}'`);
    expect((await ask('F3', 'POST machines/nosuch/ power_on')).status).toBe(404);
    expect((await ask('F3', `POST ${at} power_on`, {}, { role: 'user' })).status).toBe(403);
  });
});

describe('#15: who has a machine', () => {
  it('may switch it, test it, lock it and mark it as broken', async () => {
    const user = { role: 'user' } as const;
    ok(await maas.post('machines/', 'allocate', { name: 'm3' }, user));
    const at = `machines/${ids['m3']}/`;
    for (const verb of ['power_off', 'power_on', 'lock', 'unlock', 'mark_broken'])
      expect((await ask('#15', `POST ${at} ${verb}`, {}, user)).status, verb).toBe(200);
    for (const verb of ['mark_fixed', 'commission', 'rescue_mode'])
      expect((await ask('#15', `POST ${at} ${verb}`, {}, user)).status, verb).toBe(403);
    ok(await maas.post(at, 'mark_fixed'));
    for (const verb of ['power_off', 'lock', 'mark_broken', 'test', 'abort'])
      expect((await ask('#15', `POST machines/${ids['m2']}/ ${verb}`, {}, user)).status, verb).toBe(403);
    const { raw } = await site.call('POST', `/machines/m2/power`, { role: 'user', body: { verb: 'off' } });
    expect(raw).toContain('m2 has no owner. Rule: its owner, an operator or an admin may do this (switch off).');
    expect((await site.call('POST', '/machines/m2/power', { role: 'auditor', body: { verb: 'off' } })).status).toBe(
      403,
    );
  });
});

describe('F4: specifiers', () => {
  it.each([
    'subnets/10.0.0.0/24/',
    'subnets/10.0.0.0%2F24/',
    'subnets/10.0.0.7/24/',
    'subnets/cidr:10.0.0.0/24/',
    'subnets/name:acc-net/',
    'subnets/acc-net/',
    'subnets/ip:10.0.0.200/',
    'subnets/vid:7,cidr:10.0.0.0%2F24/',
    'subnets/space:acc-space,name:acc-net/',
    'subnets/fabric:acc-fab,name:acc-net/',
    'subnets/vlan:name:acc-vlan,cidr:10.0.0.0%2F24/',
    'subnets/vlan:7,ip:10.0.0.1/',
  ])('%s is the subnet', async (path) => {
    expect(ok(await ask('F4', `GET ${path}`)).id).toBe(sub);
  });
  it.each([
    ['subnets/fd00:b9::/64/', 'acc-six'],
    ['subnets/cidr:fd00:b9::/64/', 'acc-six'],
    ['fabrics/name:acc-fab/', 'acc-fab'],
    ['fabrics/class:10g/', 'acc-fab'],
    ['fabrics/acc-fab/', 'acc-fab'],
    ['spaces/name:acc-space/', 'acc-space'],
    ['spaces/acc-space/', 'acc-space'],
    ['spaces/subnet:acc-net/', 'acc-space'],
    ['spaces/undefined/', 'undefined'],
    ['fabrics/class:10g/vlans/7/', 'acc-vlan'],
    ['vlans/name:acc-vlan/', 'acc-vlan'],
    ['domains/name:regent.internal/', 'regent.internal'],
    ['domains/regent.internal/', 'regent.internal'],
  ])('%s is %s', async (path, name) => {
    expect(ok(await ask('F4', `GET ${path}`)).name).toBe(name);
  });
  it('lead on: statistics, ranges, changes', async () => {
    expect(ok(await ask('F4', 'GET subnets/10.0.0.0/24/ statistics')).total_addresses).toBe(254);
    expect(ok(await ask('F4', 'GET subnets/cidr:10.0.0.0/24/ reserved_ip_ranges'))).toEqual([]);
    expect(ok(await ask('F4', 'PUT subnets/10.0.0.0/24/', { description: 'x' })).description).toBe('x');
  });
  it.each([
    ['subnets/10.0.9.0/24/', 404],
    ['subnets/ip:192.0.2.1/', 404],
    ['subnets/vid:7/', 403],
    ['subnets/10.0.0.0/24/25/', 404],
    ['fabrics/name:nosuch/', 404],
    ['fabrics/class:nosuch/', 404],
  ])('%s is %i', async (path, status) => {
    expect((await ask('F4', `GET ${path}`)).status).toBe(status);
  });
});

describe('F5: addresses that users keep', () => {
  const at = 'POST ipaddresses/ reserve';
  it('have their name and their interface', async () => {
    const kept = ok(await ask('F5', at, { ip: '10.0.0.22', hostname: 'acc-res', mac: MAC(40) }));
    expect(kept).toMatchObject({ ip: '10.0.0.22', alloc_type: 4, owner: { username: 'admin' } });
    expect(kept.interface_set).toMatchObject([{ type: 'unknown', mac_address: MAC(40), system_id: null }]);
    const named = ok(await ask('F5', 'GET dnsresources/', { name: 'acc-res' }));
    expect(named[0]).toMatchObject({ fqdn: 'acc-res.regent.internal', ip_addresses: [{ ip: '10.0.0.22' }] });
    const [read] = ok(await ask('F5', 'GET ipaddresses/', { ip: '10.0.0.22' }));
    expect(read.interface_set[0].mac_address).toBe(MAC(40));
    expect(read.created).toMatch(/^20\d\d-/);
    const [used] = ok(await ask('small', 'GET subnets/10.0.0.0/24/ ip_addresses'));
    expect(used).toMatchObject({ ip: '10.0.0.22', user: 'admin', alloc_type: 4 });
    expect(used.created).toMatch(/^20\d\d-/);
  });
  it('may be the lowest free one, in another domain, and are given back with their names', async () => {
    ok(await maas.post('domains/', null, { name: 'lab.test' }));
    const kept = ok(await ask('F5', at, { subnet: 'cidr:10.0.0.0/24', hostname: 'www.lab.test' }));
    const fqdn = async () => ok(await maas.get('dnsresources/', { fqdn: 'www.lab.test' })).length;
    expect([kept.ip, await fqdn()]).toEqual(['10.0.0.1', 1]);
    ok(await ask('F5', 'POST ipaddresses/ release', { ip: kept.ip }), 204);
    expect([ok(await maas.get('ipaddresses/', { ip: kept.ip })), await fqdn()]).toEqual([[], 0]);
  });
  it('are refused with MAAS’s statuses', async () => {
    const dynamic = { type: 'dynamic', start_ip: '10.0.0.100', end_ip: '10.0.0.120', subnet: String(sub) };
    ok(await maas.post('ipranges/', null, dynamic));
    const status = async (values: Values, options: MaasOptions = {}) => (await ask('F5', at, values, options)).status;
    expect(await status({ ip: '10.0.0.22' })).toBe(404);
    expect(await status({ ip: '10.0.0.110' })).toBe(403);
    expect(await status({ ip: '10.0.0.100', mac: MAC(41) })).toBe(403);
    expect(await status({ ip: '192.0.2.1' })).toBe(400);
    expect(await status({ subnet: 'nosuch' })).toBe(400);
    expect(await status({})).toBe(400);
    expect(await status({ ip: 'x' })).toBe(400);
    expect(await status({ ip: '10.0.0.30', mac: MAC(0) })).toBe(400);
    expect(await status({ ip: '10.0.0.30', mac: 'x' })).toBe(400);
    expect(await status({ ip: '10.0.0.30', hostname: 'a.nosuch.test' })).toBe(404);
    // Nothing stays of a call whose name is none.
    expect(await status({ ip: '10.0.0.30', hostname: 'no name' })).toBe(400);
    expect(await status({ ip: '10.0.0.30' })).toBe(200);
  });
  it('that nobody keeps are not given back, but those of names are (#5)', async () => {
    const release = 'POST ipaddresses/ release';
    const unknown = await ask('#5', release, { ip: '10.0.0.201' });
    expect([unknown.status, unknown.raw]).toEqual([400, expect.stringContaining('10.0.0.201 does not exist')]);
    const name = ok(await maas.post('dnsresources/', null, { fqdn: 'gone.lab.test', ip_addresses: '10.0.0.202' }));
    ok(await ask('#5', `DELETE dnsresources/${name.id}/`), 204);
    ok(await ask('#5', release, { ip: '10.0.0.202' }), 204);
    ok(await maas.post('dnsresources/', null, { fqdn: 'stays.lab.test', ip_addresses: '10.0.0.203 10.0.0.204' }));
    ok(await ask('#5', release, { ip: '10.0.0.203' }), 204);
    const [stays] = ok(await maas.get('dnsresources/', { fqdn: 'stays.lab.test' }));
    expect(stays.ip_addresses.map(({ ip }: { ip: string }) => ip)).toEqual(['10.0.0.204']);
    expect((await ask('#5', release, { ip: '10.0.0.201', force: 'true' }, { role: 'user' })).status).toBe(403);
    expect((await ask('F5', 'GET ipaddresses/', { all: 'true' }, { role: 'user' })).status).toBe(403);
  });
});

describe('F6, F7: events', () => {
  const query = 'GET events/ query';
  const idsIn = (body: { events: { id: number }[] }) => body.events.map(({ id }) => id);
  it('before an id are those right before it, however large it is', async () => {
    const all = idsIn(ok(await ask('F6', query, { id: ids['m1'] ?? '', limit: '1000' })));
    expect(all.length).toBeGreaterThan(3);
    expect(idsIn(ok(await ask('F6', query, { id: ids['m1'] ?? '', before: '100000', limit: '1' })))).toEqual([all[0]]);
    expect(idsIn(ok(await ask('F6', query, { before: '2000000000', id: ids['m1'] ?? '' })))).toEqual(all.slice(0, 100));
    expect(idsIn(ok(await ask('F6', query, { before: String(all[0]), id: ids['m1'] ?? '', limit: '2' })))).toEqual(
      all.slice(1, 3),
    );
    expect(idsIn(ok(await ask('F6', query, { before: '1' })))).toEqual([]);
    expect(idsIn(ok(await ask('F6', query, { before: '0' })))).toEqual([]);
    const [newest = 0, second = 0] = all;
    expect(idsIn(ok(await ask('F6', query, { after: String(second), id: ids['m1'] ?? '' })))).toEqual([newest]);
    expect(idsIn(ok(await ask('F6', query, { after: '100000' })))).toEqual([]);
    expect(idsIn(ok(await ask('F6', query, { after: '0', limit: '2', id: ids['m1'] ?? '' })))).toEqual(all.slice(-2));
  });
  it('are of nodes alone, and name them', async () => {
    const { events } = ok(await ask('F7', query, { limit: '1000' })) as { events: { node: string; type: string }[] };
    const nodes = ok(await maas.get('nodes/')).map(({ system_id }: { system_id: string }) => system_id) as string[];
    expect(events.filter(({ node }) => !nodes.includes(node))).toEqual([]);
    expect(events.length).toBeGreaterThan(5);
    expect(events.some(({ type }) => type.startsWith('subnet'))).toBe(false);
  });
  it.each([
    [{ limit: '1001' }, 400, 'Requested number of events 1001 is greater than limit: 1000'],
    [{ level: 'LOUD' }, 400, 'Unrecognised log level: LOUD'],
    [{ before: '9', after: '1' }, 400, 'There is undetermined behaviour when both `after` and `before` are specified.'],
    [{ mac_address: 'x' }, 400, 'Invalid MAC address(es): x'],
  ])('%j are refused', async (values, status, words) => {
    await refused(['F6', query], values as Values, status, words);
  });
  it.each([{ limit: '0' }, { level: 'AUDIT' }, { owner: 'nobody' }, { mac_address: MAC(0) }, { zone: 'hall' }])(
    '%j are taken',
    async (values) => {
      ok(await ask('F6', query, values as unknown as Values));
    },
  );
});
