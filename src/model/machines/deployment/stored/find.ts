import { isRejected, rejected, type Rejected, show } from '../../../../core/errors.ts';
import type { DiskSeen } from '../storage-types.ts';
import type { PartRef } from './changes.ts';
import { deviceNames, createStoredDisk } from './request.ts';
import { findDisks, type StoredDisk, type MachineStorage, type StoragePart, partsOf } from './storage.ts';

/** A part that was found, and the layout then: a disk is stored from the first change that names it. */
export type LocatedPart = { readonly storage: MachineStorage; readonly id: number; readonly part: StoragePart };

/** The part that is meant by its number or name. Refused: there is none. Pure. */
export function locate(storage: MachineStorage, seen: readonly DiskSeen[], ref: PartRef): LocatedPart | Rejected {
  const found = findDisks(storage, seen);
  const parts = partsOf(storage);
  const isHidden = (part: StoragePart) => part.kind === 'disk' && part.disk.isRemoved;
  const byNumber = ref.startsWith('#') ? Number(ref.slice(1)) : null;
  const names = deviceNames(storage, found);
  for (const [id, part] of parts) {
    const isMeant = byNumber === null ? isCalled(ref, part, names.get(id)) : id === byNumber;
    if (isMeant && !isHidden(part)) return { storage, id, part };
  }
  const fresh = found.find(({ stored, device }) => stored === null && device === ref);
  if (fresh === undefined) {
    const known = [...names.values(), ...found.map(({ device }) => device)];
    return rejected('not_found', `There is no device ${show(ref)}. There are: ${[...new Set(known)].join(', ')}.`);
  }
  const disk = createStoredDisk(fresh, storage.next);
  const next = { ...storage, next: storage.next + 1, disks: [...storage.disks, disk] };
  return { storage: next, id: disk.id, part: { kind: 'disk', disk } };
}

function isCalled(ref: string, part: StoragePart, name: string | undefined): boolean {
  return ref === name || (part.kind === 'disk' && part.disk.name === ref);
}

/** The numbers of several, and the layout then. Refused: one of them is not there. Pure. */
export function locateAll(
  storage: MachineStorage,
  seen: readonly DiskSeen[],
  refs: readonly PartRef[],
): { readonly storage: MachineStorage; readonly ids: readonly number[] } | Rejected {
  let now = storage;
  const ids: number[] = [];
  for (const ref of refs) {
    const one = locate(now, seen, ref);
    if (isRejected(one)) return one;
    now = one.storage;
    ids.push(one.id);
  }
  return { storage: now, ids };
}

/** With one disk changed. Pure. */
export function withDisk(
  storage: MachineStorage,
  id: number,
  change: (disk: StoredDisk) => StoredDisk,
): MachineStorage {
  return { ...storage, disks: storage.disks.map((disk) => (disk.id === id ? change(disk) : disk)) };
}

/** What stands on a device: its name, null if nothing does. A file system does not count. Pure. */
export function userOf({ raids, groups }: MachineStorage, id: number): string | null {
  const raid = raids.find(({ devices, spares }) => devices.includes(id) || spares.includes(id));
  if (raid) return `the RAID ${raid.name}`;
  const group = groups.find(({ devices }) => devices.includes(id));
  return group ? `the volume group ${group.name}` : null;
}
