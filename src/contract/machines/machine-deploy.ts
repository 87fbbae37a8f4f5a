import Type, { type Static } from 'typebox';
import { FILE_SYSTEM_KINDS, RAID_LEVELS } from '../../model/machines/deployment/storage-types.ts';
import { oneOf, strict, text } from '../base/common.ts';

const Bytes = Type.Integer({ minimum: 0, maximum: 2 ** 53 - 1 });
const Size = Type.Union([Bytes, Type.Null()], { description: 'bytes; null: all that is left' });
const Device = text(80, 'a disk, a partition (sda-part1), a RAID (md0) or a volume (group/volume)');
const some = <const S extends Parameters<typeof Type.Array>[0]>(schema: S) => Type.Array(schema, { maxItems: 64 });

/** A layout that Regent knows. */
const LayoutStorage = strict({
  layout: oneOf(['flat', 'lvm', 'raid1', 'blank', 'bcache'], 'blank: one disk, for a raw image; bcache is refused'),
  disks: Type.Optional(Type.Array(text(32), { maxItems: 64, description: 'names; left out: the first that fit' })),
  fs: Type.Optional(oneOf(['ext4', 'xfs'])),
  swapBytes: Type.Optional(Bytes),
  rootBytes: Type.Optional(Bytes),
});
/** Partitions, RAID, volume groups and file systems one by one. */
const CustomStorage = strict({
  layout: oneOf(['custom']),
  bootDisk: Type.Optional(text(32)),
  disks: some(strict({ name: text(32), partitions: some(strict({ bytes: Size })) })),
  raids: Type.Optional(
    some(
      strict({
        name: text(32),
        level: Type.Unsafe<(typeof RAID_LEVELS)[number]>({ type: 'integer', enum: [...RAID_LEVELS] }),
        devices: some(Device),
        spares: Type.Optional(some(Device)),
      }),
    ),
  ),
  volumeGroups: Type.Optional(
    some(strict({ name: text(64), devices: some(Device), volumes: some(strict({ name: text(64), bytes: Size })) })),
  ),
  fileSystems: some(
    strict({
      device: Device,
      kind: oneOf(FILE_SYSTEM_KINDS),
      mount: Type.Optional(text(255)),
      label: Type.Optional(text(32)),
      options: Type.Optional(text(255)),
    }),
  ),
});

/** What a machine is deployed with. */
export const MachineDeployRequest = strict({
  comment: Type.Optional(text(200, 'why, for people: it is in the history')),
  image: Type.Optional(
    text(64, 'name of a deployable image, or the beginning of its digest; left out: the one before'),
  ),
  storage: Type.Optional(Type.Union([LayoutStorage, CustomStorage], { description: 'left out: flat' })),
  userData: Type.Optional(Type.String({ description: 'for cloud-init, base64; at most 1 MiB' })),
  ephemeral: Type.Optional(Type.Boolean({ description: 'a system in memory, which writes to no disk' })),
  force: Type.Optional(Type.Boolean({ description: 'even where there are warnings' })),
});
export type MachineDeployRequest = Static<typeof MachineDeployRequest>;

/** Bytes of a request with user data: more than those may have, so that a refusal can say how many. */
export const DEPLOY_BODY_MAX = 16 * 1024 * 1024;
