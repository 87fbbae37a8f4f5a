import { type CandidateDisk, diskTags, tagsOfDisk } from '../candidate.ts';
import type { MachineStorage } from './storage.ts';
import { type PutOn, showStorage, showUsual } from './view.ts';
import type { DiskSeen } from '../storage-types.ts';

type DiskOnBus = DiskSeen & { readonly bus?: string };

/** The disks, RAIDs and volumes of a machine with what each is used for in its layout. `storage` null: the usual layout. Pure. */
export function candidateDisks(storage: MachineStorage | null, seen: readonly DiskOnBus[]): CandidateDisk[] {
  const shown = storage === null ? showUsual(seen) : showStorage(storage, seen);
  const boot = storage?.bootDisk ?? null;
  const disks = shown.disks.flatMap((disk) => {
    const { seen: reported, stored, device, bytes, partitions } = disk;
    // It is not known whether the machine has a disk that only an operator declared.
    if (reported === null) return [];
    const isBoot = boot !== null && stored?.id === boot;
    const use = useOf([disk, ...partitions], partitions.length > 0 || isBoot);
    return [{ name: device, bytes, tags: tagsOfDisk(diskTags(reported), stored?.tags ?? []), use }];
  });
  const virtual = [...shown.raids, ...shown.groups.flatMap(({ volumes }) => volumes)].map((device) => {
    const { name, bytes, tags } = device;
    return { name, bytes, tags, use: useOf([device], false) };
  });
  return [...disks, ...virtual];
}

function useOf(parts: readonly PutOn[], isTaken: boolean): CandidateDisk['use'] {
  if (parts.some(({ fileSystem }) => fileSystem?.mount === '/')) return 'root';
  return isTaken || parts.some(({ fileSystem, partOf }) => fileSystem !== null || partOf !== null) ? 'used' : 'free';
}
