import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasAnswer, type MaasClient } from '../../kit/maas.ts';
import { shapeProblems } from '../../kit/maas-shape.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** The storage of machines as clients of MAAS change it. */

const GB = 1_000_000_000;
const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
const admin = (text: string) => pg.get().admin(text, site.connection.database);
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
});
afterAll(() => site.close());

let made = 0;
/** A machine that is ready, with three disks. */
async function readyMachine(state = 'ready', owner: string | null = null): Promise<string> {
  made += 1;
  const body = { hostname: `s${made}`, interfaces: [{ mac: `52:54:00:00:77:${String(made).padStart(2, '0')}` }] };
  const id = String((await site.call('POST', '/machines', { body })).body['id']);
  const disks = ['sda', 'sdb', 'sdc'].map((name) => ({
    name,
    bytes: 100 * GB,
    serial: `${id}-${name}`,
    rotational: false,
  }));
  const hardware = JSON.stringify({ firmware: { kind: 'uefi' }, disks });
  await admin(`insert into machine_inventories (machine_id, inventory) values ('${id}', '${hardware}')
    on conflict (machine_id) do update set inventory = excluded.inventory`);
  const by = owner === null ? 'null' : `'${owner}'`;
  await admin(`insert into machine_states (machine_id, state, owner, commissioned_at) values ('${id}', '${state}', ${by}, now())
    on conflict (machine_id) do update set state = excluded.state, owner = excluded.owner, commissioned_at = now()`);
  return id;
}

/** The body of an answer that worked, of MAAS's shape. */
function ok(kind: string, answer: MaasAnswer, status = 200) {
  expect([answer.status, answer.raw.slice(0, 300)]).toEqual([status, answer.raw.slice(0, 300)]);
  const list: unknown[] = Array.isArray(answer.body) ? (answer.body as unknown[]) : [answer.body];
  expect(list.flatMap((one) => shapeProblems(kind, one))).toEqual([]);
  // What an answer has in it is what a test looks for.
  // oxlint-disable-next-line typescript/no-explicit-any
  return answer.body as any;
}
const layout = (id: string, storage_layout: string, more = {}) =>
  maas.post(`machines/${id}/`, 'set_storage_layout', { storage_layout, ...more });
const disksOf = async (id: string) => ok('blockdevice', await maas.get(`nodes/${id}/blockdevices/`));

describe('disks', () => {
  it('show the usual layout before anybody asks for one', async () => {
    const id = await readyMachine();
    const [sda, sdb] = await disksOf(id);
    expect(sda).toMatchObject({
      name: 'sda',
      used_for: 'GPT partitioned with 1 partition',
      partition_table_type: 'GPT',
    });
    expect(sda.partitions).toMatchObject([{ type: 'partition', filesystem: { fstype: 'ext4', mount_point: '/' } }]);
    expect(sdb).toMatchObject({ used_for: 'Unused', available_size: expect.any(Number), tags: ['ssd'] });
    const listed = ok('machine', await maas.get('machines/')).find(
      ({ system_id }: { system_id: string }) => system_id === id,
    );
    expect(listed.blockdevice_set).toEqual(await disksOf(id));
    expect(listed.boot_disk.id).toBe(sda.id);
    const [part] = sda.partitions;
    expect(ok('partition', await maas.get(part.resource_uri))).toEqual(part);
    expect(ok('partition', await maas.get(`nodes/${id}/blockdevices/sda/partitions/`))).toEqual([part]);
  });

  it('are told of by an operator, changed, tagged and removed', async () => {
    const id = await readyMachine();
    const at = `nodes/${id}/blockdevices/`;
    const told = { name: 'nvme9n1', size: String(50 * GB), block_size: '4096', model: 'M', serial: 'S9' };
    const disk = ok('blockdevice', await maas.post(at, '', told));
    expect(disk).toMatchObject({
      name: 'nvme9n1',
      size: 50 * GB,
      block_size: 4096,
      model: 'M',
      serial: 'S9',
      type: 'physical',
    });
    const again = await maas.post(at, null, told);
    expect([again.status, Object.keys(again.body)]).toEqual([400, ['name']]);
    const changed = ok('blockdevice', await maas.put(disk.resource_uri, { name: 'fast', size: String(60 * GB) }));
    expect(changed).toMatchObject({ id: disk.id, name: 'fast', size: 60 * GB });
    expect(ok('blockdevice', await maas.post(disk.resource_uri, 'add_tag', { tag: 'gold' })).tags).toEqual(['gold']);
    expect(ok('blockdevice', await maas.post(disk.resource_uri, 'remove_tag', { tag: 'gold' })).tags).toEqual([]);
    expect((await maas.post(disk.resource_uri, 'set_boot_disk')).body).toBe('OK');
    expect(ok('machine', await maas.get(`machines/${id}/`)).boot_disk.id).toBe(disk.id);
    expect((await maas.remove(disk.resource_uri)).status).toBe(204);
    expect((await maas.get(disk.resource_uri)).status).toBe(404);
    // What the hardware tells stays: size and serial number are taken, and not kept.
    const sda = ok('blockdevice', await maas.put(`${at}sda/`, { name: 'root', size: '1000000000', serial: 'other' }));
    expect(sda).toMatchObject({ name: 'root', size: 100 * GB, serial: `${id}-sda` });
  });

  it('are found by the tags that they were given', async () => {
    const id = await readyMachine();
    ok('blockdevice', await maas.post(`nodes/${id}/blockdevices/sdc/`, 'add_tag', { tag: `only-${id}` }));
    const taken = ok('machine', await maas.post('machines/', 'allocate', { storage: `root:0,data:8(only-${id})` }));
    const sdc = (await disksOf(id)).find(({ name }: { name: string }) => name === 'sdc');
    expect([taken.system_id, taken.constraints_by_type.storage.data]).toEqual([id, [sdc.id]]);
  });
});

describe('partitions and file systems', () => {
  it('are made as the Terraform provider makes them', async () => {
    const id = await readyMachine();
    ok('machine', await layout(id, 'blank'));
    const [sda] = await disksOf(id);
    const at = `${sda.resource_uri}partitions/`;
    const first = ok('partition', await maas.post(at, '', { size: String(10 * GB), bootable: 'true' }));
    expect(first).toMatchObject({ bootable: true, device_id: sda.id, filesystem: null, used_for: 'Unused' });
    const root = ok('partition', await maas.post(first.resource_uri, 'format', { fstype: 'ext4', label: 'root' }));
    expect(root.filesystem).toMatchObject({ fstype: 'ext4', label: 'root', mount_point: null });
    const mounted = ok(
      'partition',
      await maas.post(first.resource_uri, 'mount', { mount_point: '/', mount_options: 'noatime' }),
    );
    expect(mounted).toMatchObject({
      used_for: 'ext4 formatted filesystem mounted at /',
      filesystem: { mount_options: 'noatime' },
    });
    ok('partition', await maas.post(first.resource_uri, 'add_tag', { tag: 'os' }));
    const rest = ok('partition', await maas.post(at, null, {}));
    const [now] = await disksOf(id);
    expect([now.available_size, now.partitions.length]).toEqual([0, 2]);
    const full = await maas.post(at, null, { size: String(GB) });
    expect([full.status, Object.keys(full.body)]).toEqual([400, ['size']]);
    expect((await maas.remove(first.resource_uri)).status).toBe(204);
    expect((await maas.get(first.resource_uri)).status).toBe(404);
    expect(ok('partition', await maas.get(rest.resource_uri)).id).toBe(rest.id);
  });

  it('refuse what cannot be, and name the parameter', async () => {
    const id = await readyMachine();
    const at = `nodes/${id}/blockdevices/sdb/`;
    const told = async (op: string, values: Readonly<Record<string, string>>) => {
      const { status, body } = await maas.post(at, op, values);
      return [status, typeof body === 'object' ? Object.keys(body) : body];
    };
    expect(await told('format', { fstype: 'btrfs' })).toEqual([400, ['fstype']]);
    expect(await told('format', {})).toEqual([400, ['fstype']]);
    expect(await told('mount', { mount_point: '/srv' })).toEqual([400, ['id']]);
    const fat = ok('blockdevice', await maas.post(at, 'format', { fstype: 'fat32' }));
    expect([fat.filesystem.fstype, fat.used_for]).toEqual(['fat32', 'Unmounted fat32 formatted filesystem']);
    expect((await maas.get(at)).body.filesystem.fstype).toBe('fat32');
    expect(await told('mount', { mount_point: 'srv' })).toEqual([400, ['mount_point']]);
    expect(await told('mount', { mount_point: '/' })).toEqual([400, ['mount_point']]);
    ok('blockdevice', await maas.post(at, 'mount', { mount_point: '/boot/data' }));
    expect((await told('unformat', {}))[0]).toBe(400);
    ok('blockdevice', await maas.post(at, 'unmount'));
    expect(ok('blockdevice', await maas.post(at, 'unformat')).filesystem).toBeNull();
    expect((await maas.post(`nodes/${id}/blockdevices/999/`, 'unformat')).status).toBe(404);
    expect((await maas.post('nodes/nobody/blockdevices/sda/', 'unformat')).status).toBe(404);
  });

  it('change while nobody uses them, by who may', async () => {
    const deployed = await readyMachine('deployed');
    const refused = await maas.post(`nodes/${deployed}/blockdevices/sdb/`, 'format', { fstype: 'ext4' });
    expect([refused.status, refused.raw]).toEqual([409, expect.stringContaining('is deployed')]);
    const id = await readyMachine('allocated', 'user');
    const at = `nodes/${id}/blockdevices/sdb/`;
    ok('blockdevice', await maas.post(at, 'format', { fstype: 'xfs' }, { role: 'user' }));
    ok('blockdevice', await maas.post(at, 'mount', { mount_point: '/srv' }, { role: 'user' }));
    expect((await maas.post(`${at}partitions/`, null, { size: '1000000000' }, { role: 'user' })).status).toBe(403);
    expect((await maas.post(at, 'set_boot_disk', {}, { role: 'user' })).status).toBe(403);
    const other = await readyMachine('allocated', 'admin');
    expect(
      (await maas.post(`nodes/${other}/blockdevices/sdb/`, 'format', { fstype: 'xfs' }, { role: 'user' })).status,
    ).toBe(403);
    expect((await maas.post(at, 'unmount', {}, { role: 'auditor' })).status).toBe(403);
  });
});

describe('groups of devices', () => {
  it('are RAIDs', async () => {
    const id = await readyMachine();
    ok('machine', await layout(id, 'blank'));
    const [sda, sdb, sdc] = await disksOf(id);
    const at = `nodes/${id}/raids/`;
    const raid = ok(
      'raid',
      await maas.post(at, '', {
        level: 'raid-1',
        block_devices: [sda.id, sdb.id].map(String),
        spare_devices: String(sdc.id),
      }),
    );
    expect(raid).toMatchObject({ name: 'md0', level: 'raid-1', virtual_device: { type: 'virtual', name: 'md0' } });
    expect(raid.devices.map(({ id: one }: { id: number }) => one)).toEqual([sda.id, sdb.id]);
    expect(ok('raid', await maas.get(at))).toEqual([raid]);
    expect((await disksOf(id))[2].used_for).toBe('Spare raid-1 device for md0');
    const smaller = ok(
      'raid',
      await maas.put(raid.resource_uri, { name: 'md1', remove_spare_devices: String(sdc.id) }),
    );
    expect(smaller).toMatchObject({ id: raid.id, name: 'md1', spare_devices: [] });
    const device = ok(
      'blockdevice',
      await maas.post(smaller.virtual_device.resource_uri, 'format', { fstype: 'ext4' }),
    );
    expect(device).toMatchObject({ type: 'virtual', filesystem: { fstype: 'ext4' } });
    expect((await maas.post(at, null, { level: '5', block_devices: String(sdc.id) })).status).toBe(400);
    expect((await maas.post(at, null, { level: '4', block_devices: String(sdc.id) })).status).toBe(400);
    expect((await maas.remove(sda.resource_uri)).status).toBe(409);
    expect((await maas.remove(raid.resource_uri)).status).toBe(204);
    expect(ok('raid', await maas.get(at))).toEqual([]);
    expect((await maas.get(raid.resource_uri)).status).toBe(404);
  });

  it('are volume groups', async () => {
    const id = await readyMachine();
    ok('machine', await layout(id, 'blank'));
    const [, sdb, sdc] = await disksOf(id);
    const at = `nodes/${id}/volume-groups/`;
    const group = ok('volume_group', await maas.post(at, '', { name: 'data', block_devices: String(sdb.id) }));
    const volumes = (op: string, values: Readonly<Record<string, string>>) => maas.post(group.resource_uri, op, values);
    const volume = ok('blockdevice', await volumes('create_logical_volume', { name: 'srv', size: String(20 * GB) }));
    expect(volume).toMatchObject({ name: 'data-srv', type: 'virtual' });
    ok('blockdevice', await maas.post(volume.resource_uri, 'format', { fstype: 'ext4' }));
    ok('blockdevice', await maas.post(volume.resource_uri, 'mount', { mount_point: '/srv' }));
    const wider = ok('volume_group', await maas.put(group.resource_uri, { add_block_devices: String(sdc.id) }));
    expect(wider.devices).toHaveLength(2);
    expect(wider.logical_volumes).toMatchObject([{ id: volume.id, filesystem: { mount_point: '/srv' } }]);
    expect((await volumes('create_logical_volume', { name: 'srv', size: '1000000000' })).status).toBe(400);
    expect((await volumes('create_logical_volume', { name: 'big', size: String(900 * GB) })).status).toBe(400);
    ok('blockdevice', await volumes('create_logical_volume', { name: 'rest' }));
    expect(ok('machine', await maas.get(`machines/${id}/`))).toMatchObject({
      virtualblockdevice_set: [{ name: 'data-srv' }, { name: 'data-rest' }],
      volume_groups: [{ available_size: 0 }],
    });
    expect((await volumes('delete_logical_volume', { id: String(sdb.id) })).status).toBe(404);
    expect((await volumes('delete_logical_volume', { id: String(volume.id) })).status).toBe(204);
    expect((await maas.remove(group.resource_uri)).status).toBe(204);
    expect((await disksOf(id)).map(({ used_for }: { used_for: string }) => used_for)).toEqual([
      'Unused',
      'Unused',
      'Unused',
    ]);
  });

  it('are laid out as a whole, and forgotten', async () => {
    const id = await readyMachine();
    const lvm = ok(
      'machine',
      await layout(id, 'lvm', { root_device: 'sdb', vg_name: 'vg', lv_name: 'os', lv_size: '30%', boot_size: '1G' }),
    );
    expect(lvm.volume_groups).toMatchObject([
      { name: 'vg', logical_volumes: [{ name: 'vg-os', filesystem: { mount_point: '/' } }] },
    ]);
    expect(lvm.blockdevice_set[1].partitions).toHaveLength(2);
    for (const wrong of ['bcache', 'vmfs6', 'custom', '__proto__'])
      expect([(await layout(id, wrong)).status, wrong]).toEqual([400, wrong]);
    expect((await layout(id, 'flat', { root_size: '900G' })).status).toBe(400);
    const usual = ok('machine', await maas.post(`machines/${id}/`, 'restore_storage_configuration'));
    expect([usual.volume_groups, usual.boot_disk.name]).toEqual([[], 'sda']);
    expect((await maas.post(`nodes/${id}/bcaches/`, null, { backing_device: '1' })).status).toBe(400);
  });
});

describe('API v1', () => {
  it('changes all of it or nothing, and a dry run nothing', async () => {
    const id = await readyMachine();
    const changes = [
      { do: 'lay-out', layout: 'blank' },
      { do: 'add-partition', device: 'sda', bytes: 10 * GB },
      { do: 'format', device: 'sda-part1', kind: 'ext4' },
      { do: 'mount', device: 'sda-part1', mount: '/' },
    ];
    const dry = await site.call('POST', `/machines/${id}/storage/changes?dry_run=true`, { body: { changes } });
    expect([dry.status, dry.body['object']]).toMatchObject([200, { changed: [null, 3, 3, 3] }]);
    const wrong = await site.call('POST', `/machines/${id}/storage/changes`, {
      body: { changes: [...changes, changes[1]], more: 1 },
    });
    expect(wrong.status).toBe(422);
    const late = [...changes, { do: 'delete', device: 'sdz' }];
    expect((await site.call('POST', `/machines/${id}/storage/changes`, { body: { changes: late } })).status).toBe(404);
    expect((await site.call('GET', `/machines/${id}/storage`)).body).toMatchObject({ storage: { isUsual: true } });
    const done = await site.call('POST', `/machines/${id}/storage/changes`, { body: { changes } });
    expect(done.body).toMatchObject({ problem: null, storage: { isUsual: false } });
    expect(done.body['devices']).toContainEqual(expect.objectContaining({ name: 'sda-part1', on: 'ext4 /' }));
    const listed = await site.call('GET', '/machine-storages?limit=1000');
    expect((listed.body['items'] as { machine: string }[]).some(({ machine }) => machine === id)).toBe(true);
    expect((await site.call('DELETE', `/machines/${id}/storage`)).body).toMatchObject({ storage: { isUsual: true } });
  });

  it('keeps every part that eight callers add at once', async () => {
    const id = await readyMachine();
    await layout(id, 'blank');
    const made = await Promise.all(
      Array.from({ length: 8 }, () =>
        maas.post(`nodes/${id}/blockdevices/sda/partitions/`, null, { size: String(GB) }),
      ),
    );
    const ids = made.map((answer) => Number(ok('partition', answer).id));
    expect(new Set(ids).size).toBe(8);
    expect((await disksOf(id))[0].partitions).toHaveLength(8);
  });
});
