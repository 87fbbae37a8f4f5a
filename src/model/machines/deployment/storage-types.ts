/** A disk as the machine's inventory reports it. `blockBytes`: of a logical block. */
export interface DiskSeen {
  readonly name: string;
  readonly bytes: number;
  readonly serial?: string;
  readonly model?: string;
  readonly path?: string;
  readonly rotational?: boolean;
  readonly blockBytes?: number;
  readonly removable?: boolean;
  readonly bus?: string;
}

export const RAID_LEVELS = [0, 1, 5, 6, 10] as const;
export type RaidLevel = (typeof RAID_LEVELS)[number];
/** `swap` is none, but takes a device as they do. `vfat` and `fat32` are made alike, as FAT32; who asks for one reads that one. */
export const FILE_SYSTEM_KINDS = ['ext4', 'xfs', 'vfat', 'fat32', 'swap'] as const;
export type FileSystemKind = (typeof FILE_SYSTEM_KINDS)[number];
/** Kinds as a machine's tools know them. */
export type MadeKind = Exclude<FileSystemKind, 'fat32'>;
export const STORAGE_LAYOUTS = ['flat', 'lvm', 'raid1', 'blank', 'custom'] as const;
export type StorageLayout = (typeof STORAGE_LAYOUTS)[number];

/**
 * A layout that Regent knows. `disks`: names; left out: the first that fit. `swapBytes`: of a swap device, none when left out. `rootBytes`: of lvm's root
 * volume, all when left out. `blank`: one disk, for an image that brings its own partitions.
 */
export interface LayoutRequest {
  readonly layout: 'flat' | 'lvm' | 'raid1' | 'blank' | 'bcache';
  readonly disks?: readonly string[];
  readonly fs?: 'ext4' | 'xfs';
  readonly swapBytes?: number;
  readonly rootBytes?: number;
}

/** Null: all that is left. */
type Size = number | null;
export interface CustomDisk {
  readonly name: string;
  /** Partition n of the disk sda is the device `sda-part<n>`, from 1. */
  readonly partitions: readonly { readonly bytes: Size }[];
}
/** The device `name`, such as md0. */
export interface CustomRaid {
  readonly name: string;
  readonly level: RaidLevel;
  readonly devices: readonly string[];
  readonly spares?: readonly string[];
}
/** Its volumes are the devices `<name>/<volume>`. */
export interface CustomGroup {
  readonly name: string;
  readonly devices: readonly string[];
  readonly volumes: readonly { readonly name: string; readonly bytes: Size }[];
}
/** `mount`: a path; left out: not mounted (swap: always used). `options`: of mount, with commas. */
export interface CustomFileSystem {
  readonly device: string;
  readonly kind: FileSystemKind;
  readonly mount?: string;
  readonly label?: string;
  readonly options?: string;
}

/**
 * Partitions, RAID, volume groups and file systems one by one. A device is a disk, a partition, a RAID or a volume, and is used once. `bootDisk`: where the boot
 * loader goes; left out: the disks behind /boot or /.
 */
export interface CustomRequest {
  readonly layout: 'custom';
  readonly bootDisk?: string;
  readonly disks: readonly CustomDisk[];
  readonly raids?: readonly CustomRaid[];
  readonly volumeGroups?: readonly CustomGroup[];
  readonly fileSystems: readonly CustomFileSystem[];
  readonly bcaches?: readonly unknown[];
}

export type StorageRequest = LayoutRequest | CustomRequest;

/** What the storage is for. `minBytes`: of the image, unpacked; `format`: raw brings its own partitions; left out: tar. */
export interface StorageUse {
  readonly firmware: 'bios' | 'uefi';
  readonly minBytes: number;
  readonly format?: 'tar' | 'raw';
}

export type PartitionKind = 'linux' | 'raid' | 'lvm' | 'swap' | 'esp' | 'bios';
/** Begin and size in MiB. */
export interface PlannedPartition {
  readonly name: string;
  readonly number: number;
  readonly start: number;
  readonly mib: number;
  readonly kind: PartitionKind;
}
/** A disk that is erased. `isBoot`: it gets a boot loader. `partitions` null: no partition table, it is a device itself. */
export interface PlannedDisk {
  readonly name: string;
  readonly bytes: number;
  readonly serial: string;
  readonly isBoot: boolean;
  readonly partitions: readonly PlannedPartition[] | null;
}
/** A volume's size in MiB; null: all that is left. */
export interface PlannedGroup {
  readonly name: string;
  readonly devices: readonly string[];
  readonly volumes: readonly { readonly name: string; readonly mib: number | null }[];
}
/** `mount` null: it is made, and not mounted. */
export interface PlannedFileSystem {
  readonly device: string;
  readonly kind: MadeKind;
  readonly mount: string | null;
  readonly label: string | null;
  readonly options: string;
}

/** What is made of a machine's disks, in the order in which it can be made: disks, RAIDs, volume groups, file systems (those that hold others first). */
export interface StoragePlan {
  readonly layout: StorageLayout;
  readonly firmware: 'bios' | 'uefi';
  readonly disks: readonly PlannedDisk[];
  readonly raids: readonly (Required<CustomRaid> & { readonly mib: number })[];
  readonly volumeGroups: readonly PlannedGroup[];
  readonly fileSystems: readonly PlannedFileSystem[];
}

export const MIB = 1_048_576;
/** Whole MiB of so many bytes. */
export const mibOf = (bytes: number): number => Math.floor(bytes / MIB);
