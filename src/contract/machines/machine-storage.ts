import Type, { type Static } from 'typebox';
import { FILE_SYSTEM_KINDS, RAID_LEVELS } from '../../model/machines/deployment/storage-types.ts';
import { NAMED_LAYOUTS } from '../../model/machines/deployment/stored/layouts.ts';
import { listQuery, nullable, oneOf, page, strict, text } from '../base/common.ts';
import { MACHINE } from './machine.ts';
import { del, EVERYBODY, get, KEY_OWNERS, OPERATORS, post } from '../base/route-spec.ts';

const Number_ = Type.Integer({ minimum: 1, description: 'of the part, for as long as the layout is stored' });
const Numbers = Type.Array(Number_);
const Size = nullable(Type.Integer({ description: 'bytes; null: all that is left' }));
const TagTexts = Type.Array(Type.String());
const Level = Type.Unsafe<(typeof RAID_LEVELS)[number]>({ type: 'integer', enum: [...RAID_LEVELS] });

export const StorageLayout = strict({
  isUsual: Type.Boolean({ description: 'nobody requested a layout: a deployment takes the first disk that fits' }),
  next: Number_,
  bootDisk: nullable(Number_),
  disks: Type.Array(
    strict({
      id: Number_,
      name: Type.String({ description: 'for people' }),
      device: Type.String({ description: 'as the machine reports it' }),
      serial: Type.String(),
      told: nullable(
        strict({
          bytes: Type.Integer(),
          blockBytes: Type.Integer(),
          model: Type.String(),
          path: nullable(Type.String()),
        }),
      ),
      isRemoved: Type.Boolean(),
      tags: TagTexts,
      partitions: Type.Array(strict({ id: Number_, bytes: Size, isBootable: Type.Boolean(), tags: TagTexts })),
    }),
  ),
  raids: Type.Array(
    strict({ id: Number_, name: Type.String(), level: Level, devices: Numbers, spares: Numbers, tags: TagTexts }),
  ),
  groups: Type.Array(
    strict({
      id: Number_,
      name: Type.String(),
      devices: Numbers,
      volumes: Type.Array(strict({ id: Number_, name: Type.String(), bytes: Size, tags: TagTexts })),
    }),
  ),
  fileSystems: Type.Array(
    strict({
      device: Number_,
      kind: oneOf(FILE_SYSTEM_KINDS),
      mount: nullable(Type.String()),
      label: Type.String(),
      options: Type.String(),
    }),
  ),
});

/** A disk of a machine, or a part of its layout. */
export const LayoutDevice = strict({
  id: nullable(Number_),
  name: Type.String({ description: 'as changes and layouts name it' }),
  kind: oneOf(['disk', 'partition', 'raid', 'group', 'volume']),
  bytes: Type.Integer(),
  freeBytes: Type.Integer({ description: 'for another partition or volume' }),
  on: Type.String({ description: 'what is on it; empty: nothing' }),
  tags: TagTexts,
});

/** How the disks of a machine are to be laid out. */
export const MachineStorage = strict({
  machine: Type.String({ description: 'id of the machine' }),
  storage: StorageLayout,
  devices: Type.Array(LayoutDevice),
  problem: nullable(Type.String({ description: 'why it does not fit the disks of the machine; null: it does' })),
});
export type MachineStorage = Static<typeof MachineStorage>;

export const ListedStorage = strict({
  machine: Type.String({ description: 'id of the machine' }),
  storage: StorageLayout,
});
export type ListedStorage = Static<typeof ListedStorage>;

const Device = text(80, '# and the number of a part, or its name: sda, sda-part1, md0, group, group/volume');
const Devices = Type.Array(Device, { maxItems: 64 });
const Some = Type.Optional(Devices);
const Bytes = Type.Optional(
  Type.Integer({ minimum: 0, maximum: 2 ** 53 - 1, description: 'left out: all that is left' }),
);
const Name = Type.Optional(text(64));
const Tags = Type.Optional(Type.Array(text(64), { maxItems: 32 }));
const DISK = {
  name: Name,
  bytes: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 53 - 1 })),
  blockBytes: Type.Optional(Type.Integer({ minimum: 0, maximum: 2 ** 24 })),
  model: Type.Optional(text(128)),
  serial: Type.Optional(text(128)),
  path: Type.Optional(text(256, 'a name that stays over restarts, such as /dev/disk/by-id/…')),
};
const of = <const D extends string, const P extends Parameters<typeof Type.Object>[0]>(verb: D, properties: P) =>
  strict({ do: oneOf([verb]), ...properties });

/** One change of a machine's storage. */
const StorageChange = Type.Union([
  of('lay-out', {
    layout: oneOf(NAMED_LAYOUTS),
    root: Type.Optional(Device),
    bootBytes: Bytes,
    rootBytes: Bytes,
    group: Name,
    volume: Name,
    volumeBytes: Bytes,
  }),
  of('add-disk', DISK),
  of('set-disk', { device: Device, ...DISK }),
  of('boot-from', { device: Device }),
  of('tag', { device: Device, add: Tags, remove: Tags }),
  of('add-partition', { device: Device, bytes: Bytes, bootable: Type.Optional(Type.Boolean()) }),
  of('add-raid', { name: Name, level: Level, devices: Devices, spares: Some }),
  of('set-raid', { device: Device, name: Name, add: Some, remove: Some, addSpares: Some, removeSpares: Some }),
  of('add-group', { name: text(64), devices: Devices }),
  of('set-group', { device: Device, name: Name, add: Some, remove: Some }),
  of('add-volume', { device: Device, name: text(64), bytes: Bytes }),
  of('delete', { device: Device }),
  of('format', { device: Device, kind: oneOf(FILE_SYSTEM_KINDS), label: Type.Optional(text(32)) }),
  of('unformat', { device: Device }),
  of('mount', { device: Device, mount: Type.Optional(text(255)), options: Type.Optional(text(255)) }),
  of('unmount', { device: Device }),
]);
export type StorageChangeBody = Static<typeof StorageChange>;

const StorageChanges = strict({
  changes: Type.Array(StorageChange, { minItems: 1, maxItems: 64, description: 'in this order, all of them or none' }),
});
const StorageChanged = strict({
  ...MachineStorage.properties,
  changed: Type.Array(nullable(Number_), { description: 'the part that each change is about; null: none' }),
});

const { params } = MACHINE.schemas;

/** Calls about how the disks of machines are to be laid out. */
export const MACHINE_STORAGE_ROUTES = {
  'storage.list': get('/machine-storages', 'List the requested disk layouts of machines', {
    roles: EVERYBODY,
    query: listQuery({}, ['id']),
    response: page(ListedStorage),
  }),
  'storage.show': get('/machines/{machine}/storage', 'How the disks of a machine are to be laid out', {
    roles: EVERYBODY,
    params,
    response: MachineStorage,
  }),
  'storage.change': post(
    '/machines/{machine}/storage/changes',
    'Change how the disks of a machine are to be laid out; its owner may change file systems',
    { roles: KEY_OWNERS, params, body: StorageChanges, response: StorageChanged, status: 200 },
  ),
  'storage.reset': del('/machines/{machine}/storage', 'Forget how the disks of a machine were to be laid out', {
    roles: OPERATORS,
    params,
    response: MachineStorage,
    hasEtag: false,
  }),
} as const;
