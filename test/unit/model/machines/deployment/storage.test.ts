import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRejected } from '../../../../../src/core/errors.ts';
import { planStorage } from '../../../../../src/model/machines/deployment/storage.ts';
import { storageFiles } from '../../../../../src/model/machines/deployment/storage-files.ts';
import { neededMib } from '../../../../../src/model/machines/deployment/storage-room.ts';
import {
  type CustomRequest,
  type DiskSeen,
  MIB,
  RAID_LEVELS,
  type StoragePlan,
  type StorageRequest,
  type StorageUse,
} from '../../../../../src/model/machines/deployment/storage-types.ts';

const GIB = 1024 * MIB;
const disk = (name: string, gib: number, more: Partial<DiskSeen> = {}): DiskSeen => ({
  name,
  bytes: gib * GIB,
  serial: `SN-${name}`,
  ...more,
});
const USE: StorageUse = { firmware: 'bios', minBytes: GIB };
const TWO = [disk('sda', 4), disk('sdb', 4)];

function plan(request: StorageRequest, disks: readonly DiskSeen[] = TWO, use: Partial<StorageUse> = {}): StoragePlan {
  const planned = planStorage(disks, request, { ...USE, ...use });
  if (isRejected(planned)) throw new Error(planned.message);
  return planned;
}
function refusal(request: StorageRequest, disks: readonly DiskSeen[] = TWO, use: Partial<StorageUse> = {}): string {
  const planned = planStorage(disks, request, { ...USE, ...use });
  return isRejected(planned) ? planned.message : JSON.stringify(planned);
}
const CUSTOM: CustomRequest = {
  layout: 'custom',
  disks: [
    { name: 'sda', partitions: [{ bytes: 512 * MIB }, { bytes: null }] },
    { name: 'sdb', partitions: [{ bytes: null }] },
  ],
  volumeGroups: [
    {
      name: 'vg0',
      devices: ['sda-part2', 'sdb-part1'],
      volumes: [
        { name: 'srv', bytes: null },
        { name: 'root', bytes: 2 * GIB },
      ],
    },
  ],
  fileSystems: [
    { device: 'vg0/srv', kind: 'xfs', mount: '/srv' },
    { device: 'sda-part1', kind: 'ext4', mount: '/boot' },
    { device: 'vg0/root', kind: 'ext4', mount: '/', label: 'root' },
  ],
};

describe('layouts', () => {
  it('flat: one disk with both boot loaders’ partitions and all that is left for /', () => {
    expect(plan({ layout: 'flat', swapBytes: 256 * MIB })).toEqual({
      layout: 'flat',
      firmware: 'bios',
      disks: [
        {
          name: 'sda',
          bytes: 4 * GIB,
          serial: 'SN-sda',
          isBoot: true,
          partitions: [
            { name: 'sda-part14', number: 14, start: 1, mib: 1, kind: 'bios' },
            { name: 'sda-part15', number: 15, start: 2, mib: 264, kind: 'esp' },
            { name: 'sda-part1', number: 1, start: 266, mib: 3573, kind: 'linux' },
            { name: 'sda-part2', number: 2, start: 3839, mib: 256, kind: 'swap' },
          ],
        },
      ],
      raids: [],
      volumeGroups: [],
      fileSystems: [
        { device: 'sda-part1', kind: 'ext4', mount: '/', label: null, options: 'defaults' },
        { device: 'sda-part15', kind: 'vfat', mount: '/boot/efi', label: null, options: 'umask=0077,nofail' },
        { device: 'sda-part2', kind: 'swap', mount: null, label: null, options: 'sw' },
      ],
    });
  });

  it('lvm: one volume group; what is left over comes last', () => {
    const planned = plan({ layout: 'lvm', swapBytes: 256 * MIB });
    expect(planned.volumeGroups).toEqual([
      {
        name: 'vgroot',
        devices: ['sda-part1'],
        volumes: [
          { name: 'lvswap', mib: 256 },
          { name: 'lvroot', mib: null },
        ],
      },
    ]);
    expect(planned.disks[0]?.partitions?.at(-1)).toMatchObject({ name: 'sda-part1', kind: 'lvm' });
    expect(plan({ layout: 'lvm', rootBytes: 2 * GIB }).volumeGroups[0]?.volumes).toEqual([
      { name: 'lvroot', mib: 2048 },
    ]);
  });

  it('raid1: the machine starts from each of its disks, and swap is mirrored too', () => {
    const planned = plan({ layout: 'raid1', swapBytes: 256 * MIB, fs: 'xfs' });
    expect(planned.disks.map(({ isBoot }) => isBoot)).toEqual([true, true]);
    expect(planned.raids.map(({ name, devices }) => [name, devices])).toEqual([
      ['md0', ['sda-part1', 'sdb-part1']],
      ['md1', ['sda-part2', 'sdb-part2']],
    ]);
    expect(planned.fileSystems.map(({ device, mount }) => `${device} ${mount}`)).toEqual([
      'md0 /',
      'sda-part15 /boot/efi',
      'md1 null',
      'sdb-part15 null',
    ]);
  });

  it('a raw image takes one disk as it is', () => {
    const raw = { format: 'raw', minBytes: 4 * GIB } as const;
    for (const layout of ['flat', 'blank'] as const)
      expect(plan({ layout }, TWO, raw)).toMatchObject({ layout: 'blank', disks: [{ name: 'sda', partitions: null }] });
    expect(refusal({ layout: 'lvm' }, TWO, raw)).toContain('lvm is not for a raw image');
    expect(refusal({ layout: 'flat', disks: ['sda'] }, TWO, { ...raw, minBytes: 4 * GIB + 1 })).toContain(
      'sda has 4096 MiB',
    );
  });

  it('custom: what holds others comes first, kinds of partitions follow from their use', () => {
    const planned = plan(CUSTOM);
    expect(planned.disks.map(({ isBoot }) => isBoot)).toEqual([true, false]);
    expect(planned.disks[0]?.partitions?.map(({ number, kind }) => `${number} ${kind}`)).toEqual([
      '14 bios',
      '1 linux',
      '2 lvm',
    ]);
    expect(planned.fileSystems.map(({ mount }) => mount)).toEqual(['/', '/srv', '/boot']);
    // UEFI adds its own partition, where the request has none.
    expect(plan(CUSTOM, TWO, { firmware: 'uefi' }).fileSystems.at(-1)).toMatchObject({ device: 'sda-part15' });
    const own = plan(
      {
        layout: 'custom',
        disks: [{ name: 'sda', partitions: [{ bytes: 512 * MIB }, { bytes: null }] }],
        fileSystems: [
          { device: 'sda-part1', kind: 'vfat', mount: '/boot/efi' },
          { device: 'sda-part2', kind: 'ext4', mount: '/' },
        ],
      },
      TWO,
      { firmware: 'uefi' },
    );
    expect(own.disks[0]?.partitions?.map(({ number, kind }) => `${number} ${kind}`)).toEqual([
      '14 bios',
      '1 esp',
      '2 linux',
    ]);
  });

  it('makes fat32 and vfat alike, also where firmware reads it', () => {
    const asked = (kind: 'vfat' | 'fat32'): CustomRequest => ({
      layout: 'custom',
      disks: [{ name: 'sda', partitions: [{ bytes: 512 * MIB }, { bytes: 64 * MIB }, { bytes: null }] }],
      fileSystems: [
        { device: 'sda-part1', kind, mount: '/boot/efi' },
        { device: 'sda-part2', kind, mount: '/data', label: 'DATA' },
        { device: 'sda-part3', kind: 'ext4', mount: '/' },
      ],
    });
    const made = plan(asked('fat32'), TWO, { firmware: 'uefi' });
    expect(made).toEqual(plan(asked('vfat'), TWO, { firmware: 'uefi' }));
    expect(made.fileSystems.map(({ device, kind }) => `${device} ${kind}`)).toEqual([
      'sda-part3 ext4',
      'sda-part2 vfat',
      'sda-part1 vfat',
    ]);
  });
});

describe('what is refused before a disk is erased', () => {
  const withRaids = (raids: CustomRequest['raids']): CustomRequest => ({
    layout: 'custom',
    disks: TWO.map(({ name }) => ({ name, partitions: [{ bytes: GIB }, { bytes: null }] })),
    ...(raids ? { raids } : {}),
    fileSystems: [{ device: 'md0', kind: 'ext4', mount: '/' }],
  });
  const fileSystems = (...list: CustomRequest['fileSystems']): CustomRequest => ({
    layout: 'custom',
    disks: [{ name: 'sda', partitions: [{ bytes: 2 * GIB }, { bytes: null }] }],
    fileSystems: list,
  });
  const root = { device: 'sda-part1', kind: 'ext4', mount: '/' } as const;
  type Given = readonly [StorageRequest, string, (readonly DiskSeen[])?, Partial<StorageUse>?];
  const cases: readonly (readonly [string, ...Given])[] = [
    ['bcache', { layout: 'bcache' }, 'bcache is not supported'],
    ['bcache in parts', { ...CUSTOM, bcaches: [{}] }, 'bcache is not supported'],
    ['no disk', { layout: 'flat' }, 'has reported no disk', []],
    ['an image of files on nothing', { layout: 'blank' }, 'blank leaves no room'],
    ['a disk that is not there', { layout: 'flat', disks: ['sdz'] }, 'has no disk "sdz"'],
    ['a disk named twice', { layout: 'raid1', disks: ['sda', 'sda'] }, 'occurs twice'],
    ['one disk for a mirror', { layout: 'raid1', disks: ['sda'] }, '1 named. Rule: at least 2'],
    ['a mirror on a machine with one', { layout: 'raid1' }, '2 of at least', [disk('sda', 4)]],
    [
      'two disks with one serial',
      { layout: 'flat' },
      'have one serial number, "S"',
      [disk('sda', 4, { serial: 'S' }), disk('sdb', 4, { serial: 'S' })],
    ],
    [
      'a disk smaller than the image',
      { layout: 'flat', disks: ['sda'] },
      'sda has 4096 MiB. Rule: at least',
      TWO,
      { minBytes: 4 * GIB },
    ],
    ['all disks smaller than the image', { layout: 'flat' }, 'sda 4096 MiB, sdb 4096 MiB', TWO, { minBytes: 4 * GIB }],
    ['removable disks alone', { layout: 'flat' }, 'no fixed disk', [disk('sda', 4, { removable: true })]],
    ['a swap that leaves no room', { layout: 'flat', disks: ['sda'], swapBytes: 3 * GIB }, 'sda has 4096 MiB'],
    ['a root volume that is too small', { layout: 'lvm', rootBytes: GIB }, 'those for / and below have 1024 MiB'],
    ['no root', fileSystems({ ...root, mount: '/srv' }), 'none is mounted at /'],
    ['two at one path', fileSystems(root, { ...root, device: 'sda-part2' }), '/ is there twice'],
    ['a device used twice', fileSystems(root, { ...root, mount: '/srv' }), 'sda-part1 is used twice'],
    ['a device that is not there', fileSystems({ ...root, device: 'sda-part3' }), 'no device "sda-part3"'],
    ['a disk with partitions as a device', fileSystems({ ...root, device: 'sda' }), 'no device "sda"'],
    [
      'a path that climbs',
      fileSystems(root, { ...root, device: 'sda-part2', mount: '/srv/../etc' }),
      'an absolute path',
    ],
    [
      'a path with a newline',
      fileSystems(root, { ...root, device: 'sda-part2', mount: '/srv\n/x' }),
      'an absolute path',
    ],
    [
      'a file system of its own for /etc',
      fileSystems(root, { ...root, device: 'sda-part2', mount: '/etc' }),
      '/etc cannot be',
    ],
    ['options with a blank', fileSystems({ ...root, options: 'ro 0 0' }), 'without blanks'],
    ['a label that is too long', fileSystems({ ...root, label: 'x'.repeat(17) }), 'not a label of ext4'],
    [
      'an unknown file system',
      fileSystems({ ...root, kind: 'btrfs' as 'ext4' }),
      'one of ext4, xfs, vfat, fat32, swap',
    ],
    ['root on vfat', fileSystems({ ...root, kind: 'vfat' }), 'knows no owners'],
    [
      'no place for a boot loader',
      { layout: 'custom', disks: [], fileSystems: [{ device: 'sda', kind: 'ext4', mount: '/' }] },
      'no disk with partitions is behind /',
    ],
    [
      'partitions larger than their disk',
      { ...fileSystems(root), disks: [{ name: 'sda', partitions: [{ bytes: 4 * GIB }] }] },
      'those of sda need 4099 MiB',
    ],
    [
      'too many partitions',
      {
        ...fileSystems(root),
        disks: [{ name: 'sda', partitions: Array.from({ length: 14 }, () => ({ bytes: MIB })) }],
      },
      'at most 13',
    ],
    ['a RAID of one', withRaids([{ name: 'md0', level: 1, devices: ['sda-part1'] }]), 'RAID 1 has at least 2'],
    ['a RAID on one disk', withRaids([{ name: 'md0', level: 1, devices: ['sda-part1', 'sda-part2'] }]), 'on one disk'],
    [
      'an unknown level',
      withRaids([{ name: 'md0', level: 4 as 5, devices: ['sda-part1', 'sdb-part1'] }]),
      'one of 0, 1, 5, 6, 10',
    ],
    [
      'a RAID of RAIDs',
      withRaids([
        { name: 'md1', level: 1, devices: ['sda-part1', 'sdb-part1'] },
        { name: 'md0', level: 1, devices: ['md1', 'sda-part2'] },
      ]),
      'no device "md1"',
    ],
    [
      'a RAID’s bad name',
      withRaids([{ name: '../md', level: 1, devices: ['sda-part1', 'sdb-part1'] }]),
      'md0 to md999',
    ],
    [
      'a volume group’s bad name',
      { ...CUSTOM, volumeGroups: [{ name: '-x', devices: ['sda-part2'], volumes: [] }] },
      'not an LVM name',
    ],
    [
      'volumes larger than their group',
      {
        ...CUSTOM,
        volumeGroups: [{ name: 'vg0', devices: ['sda-part2'], volumes: [{ name: 'root', bytes: 4 * GIB }] }],
      },
      'at most 3580 MiB',
    ],
  ];
  it.each(cases.map(([name, ...given]) => ({ name, given })))('$name', ({ given }) => {
    const [request, words, disks = TWO, use = {}] = given;
    expect(refusal(request, disks, use)).toContain(words);
  });

  it('disks without serial numbers are told apart by name', () => {
    expect(
      plan({ layout: 'raid1' }, [disk('vda', 4, { serial: '' }), disk('vdb', 4, { serial: '' })]).disks,
    ).toHaveLength(2);
  });
});

describe('any plan', () => {
  const sizes = fc.integer({ min: 0, max: 64 });
  const anyDisks = fc
    .array(fc.record({ bytes: fc.integer({ min: 0, max: 64 * GIB }), removable: fc.boolean() }), { maxLength: 4 })
    .map((list) => list.map((one, index) => ({ ...one, name: `sd${'abcd'[index]}`, serial: `S${index}` })));
  const anyRequest: fc.Arbitrary<StorageRequest> = fc.oneof(
    fc.record({
      layout: fc.constantFrom('flat', 'lvm', 'raid1'),
      fs: fc.constantFrom('ext4', 'xfs'),
      swapBytes: sizes.map((size) => size * 64 * MIB),
    }),
    fc
      .record({
        level: fc.constantFrom(...RAID_LEVELS),
        parts: fc.array(fc.integer({ min: 1, max: 8 * GIB }), { maxLength: 3 }),
        count: fc.integer({ min: 1, max: 4 }),
      })
      .map(({ level, parts, count }): StorageRequest => {
        const names = ['sda', 'sdb', 'sdc', 'sdd'].slice(0, count);
        return {
          layout: 'custom',
          disks: names.map((name) => ({ name, partitions: [...parts.map((bytes) => ({ bytes })), { bytes: null }] })),
          raids: [{ name: 'md0', level, devices: names.map((name) => `${name}-part1`) }],
          fileSystems: [{ device: 'md0', kind: 'ext4', mount: '/' }],
        };
      }),
  );

  it('lies on its disks, overlaps nowhere, uses nothing twice, and holds the image; or is a refusal', () => {
    fc.assert(
      fc.property(
        anyDisks,
        anyRequest,
        fc.constantFrom('bios', 'uefi'),
        fc.integer({ min: 1, max: 8 * GIB }),
        (disks, request, firmware, minBytes) => {
          const planned = planStorage(disks, request, { firmware, minBytes });
          if (isRejected(planned)) return planned.message.includes('Rule: ');
          for (const { bytes, partitions } of planned.disks) {
            let end = 1;
            for (const part of partitions ?? []) {
              expect(part.start).toBe(end);
              expect(part.mib).toBeGreaterThan(0);
              end = part.start + part.mib;
            }
            expect((end + 1) * MIB).toBeLessThanOrEqual(bytes);
          }
          const used = [...planned.fileSystems, ...planned.raids, ...planned.volumeGroups].flatMap((one) =>
            'device' in one ? [one.device] : one.devices,
          );
          expect(new Set(used).size).toBe(used.length);
          expect(planned.fileSystems.filter(({ mount }) => mount === '/')).toHaveLength(1);
          expect(planned.disks.some(({ isBoot }) => isBoot)).toBe(true);
          const room = planned.disks
            .flatMap(({ partitions }) => partitions ?? [])
            .reduce((sum, { mib }) => sum + mib, 0);
          expect(room).toBeGreaterThanOrEqual(neededMib(minBytes));
          return true;
        },
      ),
    );
  });
});

describe('its files', () => {
  it('are lines of as many members as the scripts read, whatever a serial number is', () => {
    const files = storageFiles(plan(CUSTOM, [disk('sda', 4, { serial: 'A\tB\nC D' }), disk('sdb', 4, { serial: '' })]));
    expect(files['storage/disks']).toBe(`sda\t${4 * GIB}\tboot\tgpt\t=A?B?C D\nsdb\t${4 * GIB}\t-\tgpt\t=\n`);
    expect(files['storage/volumes']).toBe('vg0\troot\t2048\nvg0\tsrv\t-\n');
    expect(files['storage/file-systems']).toBe(
      'vg0/root\text4\t/\troot\tdefaults\nvg0/srv\txfs\t/srv\t-\tdefaults\nsda-part1\text4\t/boot\t-\tdefaults\n',
    );
    const counts = { disks: 5, partitions: 7, raids: 4, groups: 2, volumes: 3, 'file-systems': 5 };
    for (const [name, count] of Object.entries(counts))
      for (const line of (files[`storage/${name}`] ?? '').split('\n').filter(Boolean))
        expect(line.split('\t').filter(Boolean), name).toHaveLength(count);
  });
});
