import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import { groupMib, raidMib, volumeMib } from './storage-room.ts';
import type { CustomGroup, CustomRaid, PartitionKind, PlannedGroup, RaidLevel, StoragePlan } from './storage-types.ts';
import { MIB, RAID_LEVELS } from './storage-types.ts';

const LEAST_MEMBERS: Readonly<Record<RaidLevel, number>> = { 0: 2, 1: 2, 5: 3, 6: 4, 10: 3 };
const RAID_NAME = /^md[0-9]{1,3}$/;
/** As LVM has them (lvm(8), "valid names"), without what it keeps for itself. */
const LVM_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,60}$/;
const LVM_OWN =
  /^(snapshot|pvmove)|_(cdata|cmeta|corig|iorig|mimage|mlog|pmspare|rimage|rmeta|tdata|tmeta|vdata|vorigin)/;

/** A device that something can be put on. `disks`: those behind it; `usedAs`: what was put on it. */
export interface StorageDevice {
  readonly name: string;
  readonly mib: number;
  readonly disks: readonly string[];
  usedAs: PartitionKind | null;
}
export type StorageDevices = Map<string, StorageDevice>;
/** Takes a device for something. Refused: it is not there, or taken. */
export function use(devices: StorageDevices, name: string, kind: PartitionKind): StorageDevice | Rejected {
  const device = devices.get(name);
  if (!device) return invalid('device', `there is no device ${show(name)}`, `one of ${[...devices.keys()].join(', ')}`);
  if (device.usedAs !== null) return invalid('device', `${name} is used twice`, 'each device once');
  device.usedAs = kind;
  return device;
}

function useAll(
  devices: StorageDevices,
  names: readonly string[],
  kind: PartitionKind,
): readonly StorageDevice[] | Rejected {
  const used = names.map((name) => use(devices, name, kind));
  return used.find(isRejected) ?? used.filter((device): device is StorageDevice => !isRejected(device));
}

export function planRaids(raids: readonly CustomRaid[], devices: StorageDevices): StoragePlan['raids'] | Rejected {
  const planned: StoragePlan['raids'][number][] = [];
  const made: StorageDevice[] = [];
  for (const { name, level, devices: members, spares = [] } of raids) {
    if (!RAID_NAME.test(name)) return invalid('raids', `${show(name)} is not a RAID name`, 'md0 to md999');
    if (!RAID_LEVELS.includes(level))
      return invalid('raids', `${name} has the level ${show(level)}`, `one of ${RAID_LEVELS.join(', ')}`);
    const least = LEAST_MEMBERS[level];
    if (members.length < least)
      return invalid('raids', `${name} has ${members.length} devices`, `RAID ${level} has at least ${least}`);
    if (level === 0 && spares.length > 0) return invalid('raids', `${name} has spares`, 'RAID 0 has none');
    if (devices.has(name) || made.some((one) => one.name === name))
      return invalid('raids', `${name} is there twice`, 'each name once');
    const used = useAll(devices, [...members, ...spares], 'raid');
    if (isRejected(used)) return used;
    const disks = used.flatMap((one) => one.disks);
    if (level !== 0 && new Set(disks).size < disks.length)
      return invalid(
        'raids',
        `two devices of ${name} are on one disk`,
        'a RAID survives the loss of a disk only if each device is on another disk',
      );
    const mib = raidMib(
      level,
      used.map((one) => one.mib),
      members.length,
    );
    if (mib < 1) return invalid('raids', `the devices of ${name} are too small`, 'at least 4 MiB each');
    planned.push({ name, level, devices: members, spares, mib });
    made.push({ name, mib, disks, usedAs: null });
  }
  // Only now: a RAID of RAIDs is none that the kernel puts together by itself.
  for (const device of made) devices.set(device.name, device);
  return planned;
}

export function planGroups(
  groups: readonly CustomGroup[],
  devices: StorageDevices,
): readonly PlannedGroup[] | Rejected {
  const planned: PlannedGroup[] = [];
  for (const { name, devices: members, volumes } of groups) {
    const names = volumes.map((volume) => volume.name);
    const wrong = [name, ...names].find(
      (one) => !LVM_NAME.test(one) || LVM_OWN.test(one) || one === '.' || one === '..',
    );
    if (wrong !== undefined)
      return invalid(
        'volumeGroups',
        `${show(wrong)} is not an LVM name`,
        'letters, digits, _ . + -, and no name that LVM reserves',
      );
    if (planned.some((group) => group.name === name))
      return invalid('volumeGroups', `${name} is there twice`, 'each name once');
    if (new Set(names).size < names.length)
      return invalid('volumeGroups', `two volumes of ${name} have one name`, 'each name once');
    if (members.length === 0) return invalid('volumeGroups', `${name} has no device`, 'at least one');
    const used = useAll(devices, members, 'lvm');
    if (isRejected(used)) return used;
    const sized = volumes.filter(({ bytes }) => bytes !== null).map(({ bytes }) => bytes ?? 0);
    if (sized.some((bytes) => !Number.isSafeInteger(bytes) || bytes < MIB) || volumes.length - sized.length > 1)
      return invalid(
        'volumeGroups',
        `the sizes of the volumes of ${name}`,
        'at least 1 MiB each, and one at most takes all that is left',
      );
    const room = groupMib(used.map((one) => one.mib));
    const left = room - sized.reduce((sum, bytes) => sum + volumeMib(Math.ceil(bytes / MIB)), 0);
    if (left < (sized.length < volumes.length ? 4 : 0))
      return invalid(
        'volumeGroups',
        `the volumes of ${name} need ${room - left} MiB and more`,
        `at most ${room} MiB, which its devices have`,
      );
    for (const { name: volume, bytes } of volumes) {
      const mib = bytes === null ? left : volumeMib(Math.ceil(bytes / MIB));
      devices.set(`${name}/${volume}`, {
        name: `${name}/${volume}`,
        mib,
        disks: used.flatMap((one) => one.disks),
        usedAs: null,
      });
    }
    const listed = volumes.map((volume) => ({
      name: volume.name,
      mib: volume.bytes === null ? null : volumeMib(Math.ceil(volume.bytes / MIB)),
    }));
    planned.push({
      name,
      devices: members,
      volumes: listed.toSorted((one, other) => Number(one.mib === null) - Number(other.mib === null)),
    });
  }
  return planned;
}
