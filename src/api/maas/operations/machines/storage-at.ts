import type { StorageChange } from '../../../../model/machines/deployment/stored/changes.ts';
import { type Args, bytesIn } from '../../args.ts';
import type { MaasCall } from '../../handler.ts';
import { type InstallableDisk, disksOf, type MaasStorage, viewStorage } from '../../objects/machines/disks.ts';
import { readInventory } from '../../objects/machines/machines.ts';
import { badValue, calling, notFound } from '../base/refusals.ts';

type StorageCall = Pick<MaasCall, 'site' | 'path'>;
export type NamedEntry = { readonly ref: string; readonly view: { readonly id: number; readonly name?: string } };

/** A machine's storage as it is when a call begins. */
export interface StorageAt {
  readonly machine: string;
  readonly disks: readonly InstallableDisk[];
  readonly set: MaasStorage;
}

/** Reads the stored layout of a machine, and the disks that the machine reported. */
export async function readStorageAt({ site, path }: StorageCall): Promise<StorageAt> {
  const { machine, storage } = await site.call('storage.show', { params: { machine: path['system_id'] ?? '' } });
  const disks = disksOf(await readInventory(site, machine));
  return { machine, disks, set: viewStorage(machine, disks, storage) };
}

interface StorageEdit {
  readonly change: StorageChange;
  /** What has to be done first. */
  readonly first?: readonly StorageChange[];
  readonly fields?: Readonly<Record<string, string>>;
}

/** Makes a change; returns the storage after it, and the part that it changed. `fields`: what MAAS calls the members of the change. */
export async function change(
  { site }: Pick<MaasCall, 'site'>,
  { machine, disks }: StorageAt,
  { fields = {}, first = [], ...wanted }: StorageEdit,
): Promise<{ readonly set: MaasStorage; readonly ref: string }> {
  const answer = await site
    .call('storage.change', { params: { machine }, body: { changes: [...first, wanted.change] } })
    .catch(calling(fields, `changes/${first.length}/`));
  return { set: viewStorage(machine, disks, answer.storage), ref: `#${answer.changed[first.length] ?? 0}` };
}

const isMeant = (entry: NamedEntry, text: string) => String(entry.view.id) === text || entry.view.name === text;

/** Disks, and devices that are made of others. */
export const blockDevices = ({ set }: StorageAt) => [...set.disks, ...set.devices];

/** The device of a path. */
export function deviceOf(at: StorageAt, text = '') {
  return blockDevices(at).find((entry) => isMeant(entry, text)) ?? notFound('disk', text);
}

/** The partition of a path. */
export function partitionOf(at: StorageAt, path: Readonly<Record<string, string>>) {
  const device = deviceOf(at, path['device_id']);
  const partitions = 'partitions' in device ? device.partitions : [];
  return partitions.find((entry) => isMeant(entry, path['id'] ?? '')) ?? notFound('partition', path['id']);
}

/** The RAID of a path. */
export function raidOf({ set }: StorageAt, text = '') {
  return set.raids.find((entry) => isMeant(entry, text)) ?? notFound('RAID', text);
}

/** The volume group of a path. */
export function groupOf({ set }: StorageAt, text = '') {
  return set.groups.find((entry) => isMeant(entry, text)) ?? notFound('volume group', text);
}

/** What is shown of a part that a change was about. */
export function entryOf<E extends NamedEntry>(entries: readonly E[], ref: string): E['view'] {
  const found = entries.find((entry) => entry.ref === ref);
  if (!found) throw new Error(`a part of the storage that was just changed is not there: ${ref}`);
  return found.view;
}

/** The devices that two parameters name: disks and partitions, by number or name. Undefined: neither was given. */
export function refsOf(
  at: StorageAt,
  args: Args,
  [disks, partitions]: readonly [string, string],
): string[] | undefined {
  if (!args.has(disks) && !args.has(partitions)) return undefined;
  const named = (field: string, entries: readonly NamedEntry[], what: string) =>
    args
      .list(field)
      .map(
        (text) =>
          entries.find((entry) => isMeant(entry, text))?.ref ??
          badValue(field, `there is no ${what} ${text}`, `the id of a ${what}`),
      );
  const parts = at.set.disks.flatMap((disk) => disk.partitions);
  return [...named(disks, blockDevices(at), 'disk'), ...named(partitions, parts, 'partition')];
}

const PERCENT = /^(\d{1,3})\s*%$/;

/** Bytes of a parameter: `1073741824`, `10G` (of a thousand), or `50%` of `whole`. Undefined: none is given. */
export function bytesOf(args: Args, name: string, whole?: number): number | undefined {
  const text = args.text(name)?.trim();
  if (!text) return undefined;
  const [, percent] = PERCENT.exec(text) ?? [];
  if (percent !== undefined && whole !== undefined) return Math.floor((whole * Number(percent)) / 100);
  const bytes = bytesIn(text);
  return bytes !== undefined && bytes > 0
    ? bytes
    : badValue(
        name,
        `${JSON.stringify(text.slice(0, 40))} is not usable`,
        'bytes, such as 10737418240 or 10G, more than 0',
      );
}
