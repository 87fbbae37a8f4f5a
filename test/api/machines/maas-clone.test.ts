import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { maasClient, type MaasClient } from '../../kit/maas.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';

/** How the disks of a machine are laid out, copied to others. */

const GB = 1_000_000_000;
const pg = usePostgres();
let site: TestRegion;
let maas: MaasClient;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  maas = maasClient(site);
});
afterAll(() => site.close());

let made = 0;
async function machineOf(disks: readonly string[], state = 'ready'): Promise<string> {
  made += 1;
  const body = { hostname: `c${made}`, interfaces: [{ mac: `52:54:00:00:78:${String(made).padStart(2, '0')}` }] };
  const id = String((await site.call('POST', '/machines', { body })).body['id']);
  const hardware = {
    firmware: { kind: 'uefi' },
    disks: disks.map((name) => ({ name, bytes: (100 + made) * GB, serial: `${id}-${name}`, rotational: false })),
  };
  await pg.get().admin(
    `insert into machine_inventories (machine_id, inventory) values ('${id}', '${JSON.stringify(hardware)}');
     insert into machine_states (machine_id, state, commissioned_at) values ('${id}', '${state}', now())
       on conflict (machine_id) do update set state = excluded.state`,
    site.connection.database,
  );
  return id;
}
const change = async (id: string, changes: object[]) => {
  const answer = await site.call('POST', `/machines/${id}/storage/changes`, { body: { changes } });
  expect(answer.status, answer.raw).toBe(200);
};
/** What is laid out, by names. */
const laidOut = async (id: string) => {
  const { body } = await site.call('GET', `/machines/${id}/storage`);
  const devices = body['devices'] as { name: string; kind: string; on: string; tags: string[] }[];
  const storage = body['storage'] as { isUsual: boolean };
  return {
    isUsual: storage.isUsual,
    devices: devices.map(({ name, kind, on, tags }) => [name, kind, on, tags.join()]),
  };
};
const clone = (source: string, destinations: string | string[], values = {}) =>
  maas.post('machines/', 'clone', { source, destinations, interfaces: 'false', storage: 'true', ...values });

describe('a layout', () => {
  it('is copied with partitions, RAIDs, groups, file systems and tags, also over another one', async () => {
    const source = await machineOf(['sda', 'sdb', 'sdc']);
    const [one, two] = [await machineOf(['sda', 'sdb', 'sdc']), await machineOf(['sda', 'sdb', 'sdc', 'sdd'])];
    await change(two, [{ do: 'lay-out', layout: 'lvm' }]);
    await change(source, [
      { do: 'lay-out', layout: 'blank' },
      { do: 'add-partition', device: 'sda', bytes: 2 * GB },
      { do: 'add-partition', device: 'sda' },
      { do: 'add-partition', device: 'sdb' },
      { do: 'tag', device: 'sda-part1', add: ['boot'] },
      { do: 'add-raid', name: 'md0', level: 1, devices: ['sda-part2', 'sdb-part1'] },
      { do: 'add-group', name: 'data', devices: ['sdc'] },
      { do: 'add-volume', device: 'data', name: 'srv', bytes: 20 * GB },
      { do: 'format', device: 'sda-part1', kind: 'ext4' },
      { do: 'mount', device: 'sda-part1', mount: '/boot' },
      { do: 'format', device: 'md0', kind: 'ext4', label: 'root' },
      { do: 'mount', device: 'md0', mount: '/', options: 'noatime' },
      { do: 'format', device: 'data/srv', kind: 'xfs' },
      { do: 'boot-from', device: 'sda' },
    ]);
    const cloned = await clone(source, [one, two]);
    expect([cloned.status, cloned.raw]).toEqual([204, '']);
    const wanted = await laidOut(source);
    expect(wanted.devices).toContainEqual(['sda-part1', 'partition', 'ext4 /boot', 'boot']);
    expect(await laidOut(one)).toEqual(wanted);
    const others = (await laidOut(two)).devices.filter(([name]) => name !== 'sdd');
    expect(others).toEqual(wanted.devices);
  });

  it('that nobody asked for is none: the usual one comes back', async () => {
    const [source, other] = [await machineOf(['sda']), await machineOf(['sda'])];
    await change(other, [{ do: 'lay-out', layout: 'lvm' }]);
    expect((await clone(source, other)).status).toBe(204);
    expect((await laidOut(other)).isUsual).toBe(true);
  });

  it('is refused where disks lack or the machine is not free, and nothing is changed', async () => {
    const source = await machineOf(['sda', 'sdb']);
    await change(source, [{ do: 'lay-out', layout: 'raid1' }]);
    const [small, fine, taken] = [
      await machineOf(['sda']),
      await machineOf(['sda', 'sdb']),
      await machineOf(['sda', 'sdb'], 'new'),
    ];
    const refused = await clone(source, [fine, small]);
    expect(refused.status, refused.raw).toBe(400);
    expect(refused.raw).toContain('sdb');
    expect((await laidOut(fine)).isUsual).toBe(true);
    const other = await clone(source, taken);
    expect([other.status, Object.keys(other.body as object)]).toEqual([400, ['destinations']]);
    const nothing = await clone(source, fine, { storage: 'false' });
    expect([nothing.status, Object.keys(nothing.body as object)]).toEqual([400, ['interfaces']]);
  });
});
