import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { ok, readyMachine } from '../../kit/maas-site.ts';
import { shapeProblems } from '../../kit/maas-shape.ts';
import { SEALING_AUTHORITY } from '../../kit/metadata.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** What the Terraform provider does with the interfaces and disks of a machine. */

const GB = 1_000_000_000;
const GIB = 1024 ** 3;
const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
let machine = '';
let vlan = 0;
let tagged = 0;
let subnet = 0;
let cards: number[] = [];
const admin = (text: string) => pg.get().admin(text, site.connection.database);
const interfaces = () => `nodes/${machine}/interfaces/`;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca: SEALING_AUTHORITY });
  maas = maasClient(site);
  machine = await readyMachine(site, admin, 'tf1', ['52:54:00:00:79:01', '52:54:00:00:79:02', '52:54:00:00:79:03']);
  cards = ok(await maas.get(interfaces())).map(({ id }: { id: number }) => id);
  const [fabric] = ok(await maas.get('fabrics/'));
  vlan = fabric.vlans[0].id;
  tagged = ok(await maas.post(`fabrics/${fabric.id}/vlans/`, null, { vid: '79' })).id;
  const net = { cidr: '10.79.0.0/24', vlan: String(vlan), gateway_ip: '10.79.0.1' };
  subnet = ok(await maas.post('subnets/', null, net)).id;
  for (const id of cards) ok(await maas.put(`${interfaces()}${id}/`, { vlan: String(vlan) }));
});
afterAll(() => site.close());

describe('maas_network_interface_*', () => {
  it('is a physical card that is made, changed and removed', async () => {
    const wanted = { mac_address: '52:54:00:00:79:09', name: 'eth9', vlan: String(vlan), mtu: '1500', tags: 'a,b' };
    const made = ok(await maas.post(interfaces(), 'create_physical', wanted));
    expect([made.tags, shapeProblems('interface', made)]).toEqual([['a', 'b'], []]);
    expect(ok(await maas.put(made.resource_uri, { ...wanted, mtu: '9000', tags: 'c' }))).toMatchObject({
      effective_mtu: 9000,
      tags: ['c'],
    });
    ok(await maas.remove(made.resource_uri), 204);
  });

  it('is a bond with a larger MTU than its ports had: they have it, too', async () => {
    const [one, two] = cards.map(String) as [string, string];
    const wanted = { name: 'bond0', bond_mode: 'active-backup', mtu: '9000', vlan: String(vlan), tags: '' };
    const made = ok(await maas.post(interfaces(), 'create_bond', { ...wanted, parents: [one, two] }));
    expect([made.effective_mtu, made.parents]).toEqual([9000, expect.any(Array)]);
    expect(ok(await maas.get(`${interfaces()}${one}/`)).effective_mtu).toBe(9000);
    const on = { name: 'bond0.79', parents: String(made.id), vlan: String(tagged), mtu: '9000' };
    const above = ok(await maas.post(interfaces(), 'create_vlan', on));
    expect([above.name, above.effective_mtu, above.vlan.vid]).toEqual(['bond0.79', 9000, 79]);
    const shown = ok(await maas.post(above.resource_uri, 'disconnect'));
    expect([shown.links, shown.vlan.vid]).toEqual([[], 79]);
    ok(await maas.remove(above.resource_uri), 204);
    ok(await maas.remove(made.resource_uri), 204);
    expect(ok(await maas.get(`${interfaces()}${one}/`)).effective_mtu).toBe(1500);
  });

  it('is a bridge of Linux; one of Open vSwitch is refused by name', async () => {
    const wanted = { name: 'br0', parent: String(cards[2]), vlan: String(vlan), mtu: '9000', bridge_fd: '15' };
    const bridge = ok(
      await maas.post(interfaces(), 'create_bridge', { ...wanted, bridge_type: 'standard', bridge_stp: 'false' }),
    );
    expect(bridge).toMatchObject({ type: 'bridge', effective_mtu: 9000 });
    expect(bridge.parents).toHaveLength(1);
    ok(await maas.remove(bridge.resource_uri), 204);
    const ovs = await maas.post(interfaces(), 'create_bridge', { ...wanted, bridge_type: 'ovs' });
    expect([ovs.status, Object.keys(ovs.body)]).toEqual([400, ['bridge_type']]);
  });

  it('is linked to subnets, each mode by its own rule, and keeps the number of a link', async () => {
    const at = `${interfaces()}${cards[0]}/`;
    for (const [mode, address, shown] of [
      ['AUTO', '', '10.79.0.2'],
      ['DHCP', '', null],
      ['STATIC', '10.79.0.50', '10.79.0.50'],
      ['STATIC', '', '10.79.0.2'],
      ['LINK_UP', '', null],
    ] as const) {
      ok(await maas.post(at, 'disconnect'));
      const wanted = { mode, subnet: String(subnet), ...(address === '' ? {} : { ip_address: address }) };
      const linked = ok(await maas.post(at, 'link_subnet', wanted));
      expect([mode, linked.links.length, linked.links[0].mode, linked.links[0].ip_address ?? null]).toEqual([
        mode,
        1,
        mode.toLowerCase(),
        shown,
      ]);
      const again = ok(await maas.get(at)).links;
      expect(again.map(({ id }: { id: number }) => id)).toEqual([linked.links[0].id]);
    }
    ok(await maas.post(at, 'disconnect'));
    const fixed = ok(
      await maas.post(at, 'link_subnet', { mode: 'STATIC', subnet: String(subnet), ip_address: '10.79.0.60' }),
    );
    const link = String(fixed.links[0].id);
    const gateway = ok(await maas.post(at, 'set_default_gateway', { link_id: link }));
    expect(gateway.links.map(({ id }: { id: number }) => String(id))).toEqual([link]);
    ok(await maas.post(`machines/${machine}/`, 'clear_default_gateways'));
    expect(ok(await maas.get(at)).links.map(({ id }: { id: number }) => String(id))).toEqual([link]);
    expect(ok(await maas.post(at, 'unlink_subnet', { id: link })).links).not.toMatchObject([{ id: Number(link) }]);
  });
});

describe('maas_block_device and what lies on it', () => {
  const at = () => `nodes/${machine}/blockdevices/`;

  it('is made, parted, formatted, mounted, tagged and taken away', async () => {
    const wanted = { name: 'vdx', size: String(40 * GB), block_size: '512', id_path: '/dev/vdx' };
    const disk = ok(await maas.post(at(), null, wanted));
    expect(shapeProblems('blockdevice', disk)).toEqual([]);
    const part = ok(
      await maas.post(`${disk.resource_uri}partitions/`, null, { size: String(20 * GB), bootable: 'false' }),
    );
    ok(await maas.post(part.resource_uri, 'format', { fstype: 'ext4', label: 'data' }));
    const mounted = ok(await maas.post(part.resource_uri, 'mount', { mount_point: '/data', mount_options: 'noatime' }));
    expect(mounted.filesystem).toMatchObject({
      fstype: 'ext4',
      mount_point: '/data',
      mount_options: 'noatime',
      label: 'data',
    });
    ok(await maas.post(part.resource_uri, 'unmount'));
    ok(await maas.post(part.resource_uri, 'unformat'));
    ok(await maas.remove(part.resource_uri), 204);
    const [sdb] = ok(await maas.get(at())).filter(({ name }: { name: string }) => name === 'sdb');
    for (const tag of sdb.tags as string[]) ok(await maas.post(sdb.resource_uri, 'remove_tag', { tag }));
    ok(await maas.post(sdb.resource_uri, 'add_tag', { tag: 'mine' }));
    expect(ok(await maas.get(sdb.resource_uri)).tags).toEqual(['mine']);
    ok(await maas.remove(disk.resource_uri), 204);
    expect((await maas.get(disk.resource_uri)).status).toBe(404);
  });

  it('is a disk of the hardware that is parted anew, twice the same way', async () => {
    const words = { name: 'sda', size: String(93 * GIB), block_size: '512', model: 'M', serial: 'S', id_path: '' };
    const [sda] = ok(await maas.get(at())).filter(({ name }: { name: string }) => name === 'sda');
    for (const round of [1, 2]) {
      const disk = ok(await maas.put(sda.resource_uri, words));
      ok(await maas.post(disk.resource_uri, 'set_boot_disk'));
      for (const { id } of disk.partitions as { id: number }[])
        ok(await maas.remove(`${at()}${disk.id}/partition/${id}`), 204);
      for (const [gib, fstype, mount] of [
        [1, 'fat32', '/boot/efi'],
        [20, 'ext4', '/'],
        [30, 'xfs', '/var/lib'],
      ] as const) {
        const part = ok(
          await maas.post(`${disk.resource_uri}partitions/`, null, {
            size: String(gib * GIB),
            ...(gib === 1 ? { bootable: 'true' } : {}),
          }),
        );
        ok(await maas.post(part.resource_uri, 'add_tag', { tag: `round-${round}` }));
        ok(await maas.post(part.resource_uri, 'format', { fstype, label: 'data' }));
        ok(await maas.post(part.resource_uri, 'mount', { mount_point: mount, mount_options: 'noatime' }));
      }
      const shown = ok(await maas.get(sda.resource_uri)).partitions;
      const seen = shown
        .toSorted((one: { id: number }, other: { id: number }) => one.id - other.id)
        .map((one: { size: number; bootable: boolean; tags: string[]; filesystem: Record<string, string> }) => [
          Math.floor(one.size / GIB),
          one.bootable,
          one.tags,
          one.filesystem['fstype'],
          one.filesystem['mount_point'],
        ]);
      expect(seen).toEqual([
        [1, true, [`round-${round}`], 'fat32', '/boot/efi'],
        [20, false, [`round-${round}`], 'ext4', '/'],
        [30, false, [`round-${round}`], 'xfs', '/var/lib'],
      ]);
    }
  });

  it('is a RAID whose members come, move and go while it is mounted', async () => {
    const id = async (name: string) =>
      String(ok(await maas.get(at())).find((one: { name: string }) => one.name === name).id);
    const [sdb, sdc, sdd] = [await id('sdb'), await id('sdc'), await id('sdd')];
    const wanted = { name: 'md1', level: 'raid-1', block_devices: [sdb, sdc] };
    const raid = ok(await maas.post(`nodes/${machine}/raids/`, null, wanted));
    const place = async () => {
      ok(await maas.post(raid.virtual_device.resource_uri, 'format', { fstype: 'ext4' }));
      ok(await maas.post(raid.virtual_device.resource_uri, 'mount', { mount_point: '/raid', mount_options: '' }));
    };
    await place();
    for (const change of [
      { name: 'md1', add_spare_devices: sdd },
      { remove_spare_devices: sdd },
      { add_block_devices: sdd },
      { remove_block_devices: sdc },
      { add_spare_devices: sdc },
    ] as Record<string, string>[])
      ok(await maas.put(raid.resource_uri, change));
    await place();
    const shown = ok(await maas.get(raid.resource_uri));
    const ids = (list: { id: number }[]) => list.map((one) => String(one.id)).sort();
    expect([ids(shown.devices), ids(shown.spare_devices)]).toEqual([[sdb, sdd].sort(), [sdc]]);
    expect(shown.virtual_device.filesystem).toMatchObject({ fstype: 'ext4', mount_point: '/raid' });
    ok(await maas.remove(raid.resource_uri), 204);
  });

  it('is a RAID, a volume group and logical volumes', async () => {
    const named = (name: string) => async () =>
      ok(await maas.get(at())).find((one: { name: string }) => one.name === name);
    const [sdb, sdc, sdd] = [await named('sdb')(), await named('sdc')(), await named('sdd')()];
    const raid = ok(
      await maas.post(`nodes/${machine}/raids/`, null, {
        name: 'md0',
        level: 'raid-1',
        block_devices: [String(sdb.id), String(sdc.id)],
      }),
    );
    expect([raid.level, raid.devices.length, shapeProblems('raid', raid)]).toEqual(['raid-1', 2, []]);
    const group = ok(
      await maas.post(`nodes/${machine}/volume-groups/`, null, { name: 'vg0', block_devices: String(sdd.id) }),
    );
    expect(shapeProblems('volume_group', group)).toEqual([]);
    const volume = ok(
      await maas.post(group.resource_uri, 'create_logical_volume', { name: 'lv0', size: String(10 * GB) }),
    );
    // A change is all of it once more, in the words of the first time.
    for (const size of [10, 12]) {
      ok(await maas.put(volume.resource_uri, { name: 'lv0', size: String(size * GIB) }));
      ok(await maas.post(volume.resource_uri, 'format', { fstype: 'xfs' }));
      ok(await maas.post(volume.resource_uri, 'mount', { mount_point: '/srv', mount_options: '' }));
      const shown = ok(await maas.get(volume.resource_uri));
      expect([shown.id, shown.name, Math.round(shown.size / GIB)]).toEqual([volume.id, 'vg0-lv0', size]);
      expect(shown.filesystem).toMatchObject({ fstype: 'xfs', mount_point: '/srv' });
    }
    expect(ok(await maas.get(group.resource_uri)).logical_volumes).toHaveLength(1);
    ok(await maas.post(group.resource_uri, 'delete_logical_volume', { id: String(volume.id) }), 204);
    ok(await maas.remove(group.resource_uri), 204);
    ok(await maas.remove(raid.resource_uri), 204);
    expect(ok(await maas.get(`nodes/${machine}/raids/`))).toEqual([]);
  });
});
