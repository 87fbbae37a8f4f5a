import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { planStorage } from '../../../../../src/model/machines/deployment/storage.ts';
import { type DiskSeen, MIB } from '../../../../../src/model/machines/deployment/storage-types.ts';
import { changeStorage, checkStorage } from '../../../../../src/model/machines/deployment/stored/change.ts';
import type { StorageChange } from '../../../../../src/model/machines/deployment/stored/changes.ts';
import { layOut, usualStorage } from '../../../../../src/model/machines/deployment/stored/layouts.ts';
import { deployedRequest } from '../../../../../src/model/machines/deployment/stored/request.ts';
import {
  EMPTY_STORAGE,
  type MachineStorage,
  partsOf,
} from '../../../../../src/model/machines/deployment/stored/storage.ts';
import { showStorage, showUsual } from '../../../../../src/model/machines/deployment/stored/view.ts';

const GB = 1_000_000_000;
const DISKS: readonly DiskSeen[] = ['sda', 'sdb', 'sdc'].map((name, at) => ({
  name,
  bytes: 100 * GB,
  serial: `S${at}`,
}));
const USE = { firmware: 'uefi', minBytes: GB } as const;

/** All changes in turn; a refusal is a failure of the test. */
function changed(changes: readonly StorageChange[], from: MachineStorage = usualStorage(DISKS)): MachineStorage {
  return changes.reduce((storage, change) => {
    const next = changeStorage(storage, DISKS, change);
    if (isRejected(next)) throw new Error(next.message);
    return next.storage;
  }, from);
}

function refusal(changes: readonly StorageChange[], last: StorageChange): string {
  const next = changeStorage(changed(changes), DISKS, last);
  return isRejected(next) ? next.message : `done: ${JSON.stringify(next.storage)}`;
}

function planOf(storage: MachineStorage, disks: readonly DiskSeen[] = DISKS) {
  const request = deployedRequest({ layout: 'kept', kept: storage }, disks);
  const plan = isRejected(request) ? request : planStorage(disks, request, USE);
  if (isRejected(plan)) throw new Error(plan.message);
  return plan;
}

const BLANK: StorageChange = { do: 'lay-out', layout: 'blank' };
const part = (device: string, bytes?: number): StorageChange => ({ do: 'add-partition', device, bytes });
const root = (device: string): StorageChange[] => [
  { do: 'format', device, kind: 'ext4' },
  { do: 'mount', device, mount: '/' },
];

describe('the storage of a machine', () => {
  it('is flat on the first disk while nobody asks for anything', () => {
    const usual = usualStorage(DISKS);
    expect(usual).toMatchObject({ isUsual: true, disks: [{ name: 'sda', partitions: [{ id: 2, bytes: null }] }] });
    const [sda, sdb] = showStorage(usual, DISKS).disks;
    expect(sda).toMatchObject({
      isBoot: true,
      freeBytes: 0,
      partitions: [{ fileSystem: { kind: 'ext4', mount: '/' } }],
    });
    expect(sdb).toMatchObject({ isBoot: false, stored: null, partitions: [] });
    expect(usualStorage([])).toEqual({ ...EMPTY_STORAGE, isUsual: true });
    const twins = [...DISKS, { name: 'sdd', bytes: 100 * GB, serial: 'S0' }];
    const small = [{ name: 'sda', bytes: 64 * MIB }, ...DISKS.slice(1)];
    for (const disks of [DISKS, DISKS.toReversed(), twins, small, DISKS.map((one) => ({ ...one, removable: true }))]) {
      const laid = layOut({ layout: 'flat' }, { seen: disks });
      expect(usualStorage(disks)).toEqual({ ...(isRejected(laid) ? EMPTY_STORAGE : laid), isUsual: true });
    }
  });

  it('is shown in short as in full while nobody asks for anything', () => {
    const disk = fc.record(
      {
        name: fc.constantFrom('sda', 'sdb', 'sdc', 'nvme0n1'),
        bytes: fc.constantFrom(0, 64 * MIB, 331 * MIB, 332 * MIB, 332 * MIB + 1, 333 * MIB, 100 * GB),
        serial: fc.constantFrom('', 'S1', 'S2'),
        removable: fc.boolean(),
      },
      { requiredKeys: ['name', 'bytes'] },
    );
    fc.assert(
      fc.property(fc.array(disk, { maxLength: 4 }), (disks) => {
        expect(showUsual(disks)).toEqual(showStorage(usualStorage(disks), disks));
      }),
      { numRuns: 500 },
    );
  });

  it('is planned as it was laid out part by part', () => {
    const plan = planOf(
      changed([
        BLANK,
        part('sda', 10 * GB),
        part('sda'),
        part('sdb', 20 * GB),
        { do: 'add-raid', level: 1, devices: ['sda-part2', 'sdb-part1'] },
        { do: 'add-group', name: 'data', devices: ['md0', 'sdc'] },
        { do: 'add-volume', device: 'data', name: 'srv' },
        { do: 'format', device: 'data/srv', kind: 'xfs', label: 'srv' },
        { do: 'mount', device: 'data/srv', mount: '/srv', options: 'noatime' },
        ...root('sda-part1'),
      ]),
    );
    expect(plan.raids).toMatchObject([{ name: 'md0', level: 1, devices: ['sda-part2', 'sdb-part1'] }]);
    expect(plan.volumeGroups).toEqual([
      { name: 'data', devices: ['md0', 'sdc'], volumes: [{ name: 'srv', mib: null }] },
    ]);
    expect(plan.fileSystems.map(({ device, mount }) => `${device} ${mount}`)).toEqual([
      'sda-part1 /',
      'data/srv /srv',
      'sda-part15 /boot/efi',
    ]);
  });

  it('finds its disks again by their serial numbers', () => {
    const moved = DISKS.map((disk, at) => ({ ...disk, name: `nvme${2 - at}n1` }));
    const plan = planOf(changed([BLANK, part('sdb'), ...root('sdb-part1')]), moved);
    expect(plan.disks.map(({ name, serial }) => [name, serial])).toEqual([['nvme1n1', 'S1']]);
  });

  it('keeps the number of a part when another one goes', () => {
    const storage = changed([BLANK, part('sda', GB), part('sda', 2 * GB), { do: 'delete', device: 'sda-part1' }]);
    const [sda] = showStorage(storage, DISKS).disks;
    expect(sda?.partitions).toMatchObject([{ name: 'sda-part1', bytes: Math.floor((2 * GB) / MIB) * MIB }]);
    const again = changed([part('sda', GB)], storage);
    const ids = again.disks.flatMap(({ partitions }) => partitions.map(({ id }) => id));
    expect(new Set(ids).size).toBe(2);
    expect(ids[1]).toBeGreaterThan(ids[0] ?? 0);
  });

  it('is laid out by a layout as a whole, on the disk that the machine boots from', () => {
    const lvm = changed([
      { do: 'boot-from', device: 'sdb' },
      { do: 'lay-out', layout: 'lvm', bootBytes: GB, group: 'vg', volume: 'root', volumeBytes: 30 * GB },
    ]);
    const shown = showStorage(lvm, DISKS);
    expect(shown.disks.map(({ isBoot }) => isBoot)).toEqual([false, true, false]);
    expect(shown.groups).toMatchObject([{ name: 'vg', volumes: [{ name: 'vg/root', fileSystem: { mount: '/' } }] }]);
    expect(shown.groups[0]?.freeBytes).toBeGreaterThan(60 * GB);
    expect(planOf(lvm).disks).toMatchObject([{ name: 'sdb', isBoot: true }]);
  });

  it('tells of disks that the machine has not told of, until it does', () => {
    const storage = changed([
      BLANK,
      { do: 'add-disk', name: 'late', bytes: 50 * GB, serial: 'L1', model: 'Late' },
      part('late'),
      ...root('late-part1'),
    ]);
    expect(deployedRequest({ layout: 'kept', kept: storage }, DISKS)).toMatchObject({
      message: expect.stringContaining('has not reported the disk late') as string,
    });
    const there = [...DISKS, { name: 'sdd', bytes: 60 * GB, serial: 'L1' }];
    expect(planOf(storage, there).disks).toMatchObject([{ name: 'sdd', serial: 'L1' }]);
    expect(showStorage(storage, there).disks.map(({ name }) => name)).toEqual(['sda', 'sdb', 'sdc', 'late']);
  });

  it('leaves a removed disk alone', () => {
    const storage = changed([
      { do: 'delete', device: 'sda' },
      { do: 'lay-out', layout: 'flat' },
    ]);
    expect(showStorage(storage, DISKS).disks.map(({ name }) => name)).toEqual(['sdb', 'sdc']);
    expect(planOf(storage).disks.map(({ name }) => name)).toEqual(['sdb']);
  });

  it('stays usual while only disks are told of', () => {
    const told = changed([
      { do: 'tag', device: 'sdb', add: ['fast', 'fast'] },
      { do: 'set-disk', device: 'sdb', name: 'data' },
    ]);
    expect(told).toMatchObject({ isUsual: true });
    expect(showStorage(told, DISKS).disks[1]).toMatchObject({
      name: 'data',
      device: 'sdb',
      stored: { tags: ['fast'] },
    });
    expect(changed([{ do: 'unmount', device: 'sda-part1' }], told).isUsual).toBe(false);
  });

  it.each<readonly [string, readonly StorageChange[], StorageChange, string]>([
    ['no device', [], { do: 'unmount', device: 'sdz' }, 'There is no device "sdz"'],
    ['no room', [], part('sda'), 'partition 1 of sda takes all that is left'],
    ['too large', [BLANK], part('sda', 101 * GB), 'those of sda need'],
    ['a partition of a partition', [], part('sda-part1'), 'sda-part1 is not a disk'],
    [
      'a RAID on one disk',
      [BLANK, part('sda', GB), part('sda', GB)],
      { do: 'add-raid', level: 1, devices: ['sda-part1', 'sda-part2'] },
      'on one disk',
    ],
    ['a RAID of too few', [BLANK], { do: 'add-raid', level: 5, devices: ['sda', 'sdb'] }, 'RAID 5 has at least 3'],
    [
      'a member twice',
      [BLANK, { do: 'add-group', name: 'a', devices: ['sda'] }],
      { do: 'add-group', name: 'b', devices: ['sda'] },
      'sda is used twice',
    ],
    ['a member with a file system', [], { do: 'add-group', name: 'a', devices: ['sda-part1'] }, 'used twice'],
    [
      'a disk of a group',
      [BLANK, { do: 'add-group', name: 'a', devices: ['sda'] }],
      { do: 'delete', device: 'sda' },
      'part of the volume group a',
    ],
    ['mounted', [], { do: 'unformat', device: 'sda-part1' }, 'mounted at /'],
    [
      'mounted again',
      [
        BLANK,
        part('sda', GB),
        part('sda', GB),
        ...root('sda-part1'),
        { do: 'format', device: 'sda-part2', kind: 'ext4' },
      ],
      { do: 'mount', device: 'sda-part2', mount: '/' },
      '/ is there twice',
    ],
    ['nothing to mount', [BLANK], { do: 'mount', device: 'sda', mount: '/srv' }, 'format it first'],
    [
      'no path',
      [BLANK, { do: 'format', device: 'sda', kind: 'ext4' }],
      { do: 'mount', device: 'sda', mount: '../etc' },
      'an absolute path',
    ],
    [
      'a volume that is too large',
      [BLANK, { do: 'add-group', name: 'a', devices: ['sda'] }],
      { do: 'add-volume', device: 'a', name: 'v', bytes: 200 * GB },
      'need',
    ],
    ['a name of LVM', [BLANK], { do: 'add-group', name: 'snapshot1', devices: ['sda'] }, 'not an LVM name'],
    ['a disk twice', [], { do: 'add-disk', name: 'sda', bytes: GB, serial: 'X' }, 'is there already'],
    ['a serial number twice', [], { do: 'add-disk', name: 'sdx', bytes: GB, serial: 'S0' }, 'sda has "S0"'],
    ['a disk without a name to find it by', [], { do: 'add-disk', name: 'sdx', bytes: GB }, 'serial number'],
    [
      'a name that a partition has',
      [],
      { do: 'set-disk', device: 'sda', name: 'x-part1' },
      'not as a partition is called',
    ],
    ['no disk to boot from', [], { do: 'boot-from', device: 'sda-part1' }, 'machines start from disks'],
  ])('is not changed: %s', (_, before, last, told) => {
    expect(refusal(before, last)).toContain(told);
  });

  const ref = fc.constantFrom(
    'sda',
    'sdb',
    'sdc',
    'sda-part1',
    'sda-part2',
    'sdb-part1',
    'md0',
    'g',
    'g/v',
    '#1',
    '#2',
    '#3',
    '#7',
  );
  const bytes = fc.option(fc.constantFrom(GB, 10 * GB, 90 * GB), { nil: undefined });
  const refs = fc.array(ref, { maxLength: 3 });
  const change: fc.Arbitrary<StorageChange> = fc.oneof(
    fc.record({ do: fc.constant('add-partition' as const), device: ref, bytes }),
    fc.record({
      do: fc.constantFrom('delete' as const, 'unformat' as const, 'unmount' as const, 'boot-from' as const),
      device: ref,
    }),
    fc.record({
      do: fc.constant('format' as const),
      device: ref,
      kind: fc.constantFrom('ext4' as const, 'swap' as const, 'vfat' as const),
    }),
    fc.record({ do: fc.constant('mount' as const), device: ref, mount: fc.constantFrom('/', '/srv', 'none') }),
    fc.record({
      do: fc.constant('add-raid' as const),
      level: fc.constantFrom(0 as const, 1 as const, 5 as const),
      devices: refs,
    }),
    fc.record({ do: fc.constant('set-raid' as const), device: ref, add: refs, remove: refs }),
    fc.record({ do: fc.constant('add-group' as const), name: fc.constant('g'), devices: refs }),
    fc.record({ do: fc.constant('set-group' as const), device: ref, add: refs, remove: refs }),
    fc.record({ do: fc.constant('add-volume' as const), device: ref, name: fc.constant('v'), bytes }),
    fc.record({
      do: fc.constant('lay-out' as const),
      layout: fc.constantFrom('flat' as const, 'lvm' as const, 'raid1' as const, 'blank' as const),
    }),
  );

  it('fits together after every change, and no number is given twice', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
        let storage = usualStorage(DISKS);
        for (const one of changes) {
          const next = changeStorage(storage, DISKS, one);
          if (isRejected(next)) continue;
          expect(next.storage.next).toBeGreaterThanOrEqual(storage.next);
          storage = next.storage;
          expect(checkStorage(storage, DISKS)).toBeNull();
          const ids = [...partsOf(storage).keys()];
          expect(Math.max(0, ...ids)).toBeLessThan(storage.next);
          expect(storage.fileSystems.every(({ device }) => ids.includes(device))).toBe(true);
          expect(showStorage(storage, DISKS).problem).toBeNull();
        }
      }),
    );
  });
});
