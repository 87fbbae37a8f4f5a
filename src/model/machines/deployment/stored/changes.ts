import type { FileSystemKind, RaidLevel } from '../storage-types.ts';
import type { LayoutChoice } from './layouts.ts';

/** A part by `#` and its number, or by its name: `sda`, `sda-part1`, `md0`, `group`, `group/volume`. */
export type PartRef = string;

/** An operator's description of a disk. Members that are left out stay. */
export interface DiskDescription {
  readonly name?: string | undefined;
  readonly bytes?: number | undefined;
  readonly blockBytes?: number | undefined;
  readonly model?: string | undefined;
  readonly serial?: string | undefined;
  readonly path?: string | undefined;
}

/** One change of a machine's storage. Sizes that are left out: all that is left. */
export type StorageChange =
  | ({ readonly do: 'lay-out' } & LayoutChoice)
  | ({ readonly do: 'add-disk' } & DiskDescription)
  | ({ readonly do: 'set-disk'; readonly device: PartRef } & DiskDescription)
  | { readonly do: 'boot-from'; readonly device: PartRef }
  | {
      readonly do: 'tag';
      readonly device: PartRef;
      readonly add?: readonly string[] | undefined;
      readonly remove?: readonly string[] | undefined;
    }
  | {
      readonly do: 'add-partition';
      readonly device: PartRef;
      readonly bytes?: number | undefined;
      readonly bootable?: boolean | undefined;
    }
  | {
      readonly do: 'add-raid';
      readonly name?: string | undefined;
      readonly level: RaidLevel;
      readonly devices: readonly PartRef[];
      readonly spares?: readonly PartRef[] | undefined;
    }
  | ({ readonly do: 'set-raid'; readonly device: PartRef } & MemberChange & {
        readonly addSpares?: readonly PartRef[] | undefined;
        readonly removeSpares?: readonly PartRef[] | undefined;
      })
  | { readonly do: 'add-group'; readonly name: string; readonly devices: readonly PartRef[] }
  | ({ readonly do: 'set-group'; readonly device: PartRef } & MemberChange)
  | { readonly do: 'add-volume'; readonly device: PartRef; readonly name: string; readonly bytes?: number | undefined }
  | { readonly do: 'delete'; readonly device: PartRef }
  | {
      readonly do: 'format';
      readonly device: PartRef;
      readonly kind: FileSystemKind;
      readonly label?: string | undefined;
    }
  | { readonly do: 'unformat'; readonly device: PartRef }
  | {
      readonly do: 'mount';
      readonly device: PartRef;
      readonly mount?: string | undefined;
      readonly options?: string | undefined;
    }
  | { readonly do: 'unmount'; readonly device: PartRef };

interface MemberChange {
  readonly name?: string | undefined;
  readonly add?: readonly PartRef[] | undefined;
  readonly remove?: readonly PartRef[] | undefined;
}

/** Changes that concern only file systems: the machine's owner may make them. */
export const OWNERS_CHANGES: readonly StorageChange['do'][] = ['format', 'unformat', 'mount', 'unmount'];
/** Changes of the description of disks: they do not touch the layout. */
export const DISK_CHANGES: readonly StorageChange['do'][] = ['add-disk', 'set-disk', 'tag'];
