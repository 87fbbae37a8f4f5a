import { invalid, isRejected, type Rejected, show } from '../../../core/errors.ts';
import type { StorageDevice } from './storage-devices.ts';
import type { CustomFileSystem, FileSystemKind, MadeKind, PartitionKind, PlannedFileSystem } from './storage-types.ts';
import { FILE_SYSTEM_KINDS } from './storage-types.ts';

/** Least MiB of a file system: what its tool takes (mkfs.xfs refuses less than 300). */
const LEAST: Readonly<Record<MadeKind, number>> = { ext4: 16, xfs: 300, vfat: 34, swap: 1 };
const LABELS: Readonly<Record<MadeKind, RegExp>> = {
  ext4: /^[A-Za-z0-9_.-]{1,16}$/,
  xfs: /^[A-Za-z0-9_.-]{1,12}$/,
  vfat: /^[A-Za-z0-9_-]{1,11}$/,
  swap: /^[A-Za-z0-9_.-]{1,15}$/,
};
const OPTIONS = /^[A-Za-z0-9][A-Za-z0-9_.:=@%+,-]{0,199}$/;
/** No blanks and nothing that /etc/fstab or a shell gives a meaning to. */
const MOUNT = /^\/$|^(\/[A-Za-z0-9_@+.-]{1,64}){1,8}$/;
/** The kernel's own, and what has to lie in /. */
const NO_MOUNTS = ['/dev', '/proc', '/sys', '/run', '/etc', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'];

/** Takes a device for a file system; refused: it is not there, or taken. */
type Use = (device: string, kind: PartitionKind) => StorageDevice | Rejected;

/** File systems as they are made, in the order of the request, or what is wrong with one. Pure. */
export function checkFileSystems(
  wanted: readonly CustomFileSystem[],
  use: Use,
): readonly PlannedFileSystem[] | Rejected {
  const planned: PlannedFileSystem[] = [];
  for (const one of wanted) {
    const wrong = checkOne(one) ?? checkMount(one, planned);
    if (wrong) return wrong;
    const { mount = null, label = null, options = '' } = one;
    const kind = madeKind(one.kind);
    const device = use(one.device, kind === 'swap' ? 'swap' : 'linux');
    if (isRejected(device)) return device;
    if (device.mib < LEAST[kind])
      return invalid('fileSystems', `${one.device} has ${device.mib} MiB`, `at least ${LEAST[kind]} MiB for ${kind}`);
    planned.push({ device: one.device, kind, mount, label, options: options || (kind === 'swap' ? 'sw' : 'defaults') });
  }
  return planned;
}

/** What is made for a kind. Pure. */
export const madeKind = (kind: FileSystemKind): MadeKind => (kind === 'fat32' ? 'vfat' : kind);

/** Refuses file systems without a root. Pure. */
export function checkRoot(planned: readonly PlannedFileSystem[]): Rejected | null {
  if (planned.some(({ mount }) => mount === '/')) return null;
  return invalid('fileSystems', 'none is mounted at /', 'exactly one, for the files of the image');
}

function checkOne({ device, kind, label, options }: CustomFileSystem): Rejected | null {
  if (!FILE_SYSTEM_KINDS.includes(kind))
    return invalid('kind', `${show(kind)} on ${show(device)}`, `one of ${FILE_SYSTEM_KINDS.join(', ')}`);
  const labels = LABELS[madeKind(kind)];
  if (label !== undefined && !labels.test(label))
    return invalid('label', `${show(label)} is not a label of ${kind}`, labels.source);
  if (options !== undefined && options !== '' && !OPTIONS.test(options))
    return invalid('options', show(options), 'options of mount with commas between them, without blanks');
  return null;
}

function checkMount({ device, kind, mount }: CustomFileSystem, before: readonly PlannedFileSystem[]): Rejected | null {
  if (mount === undefined) return null;
  if (kind === 'swap') return invalid('mount', `${show(device)} is swap`, 'swap has no mount point');
  if (!MOUNT.test(mount) || mount.split('/').some((part) => part === '.' || part === '..'))
    return invalid('mount', show(mount), 'an absolute path of letters, digits, _ @ + . -');
  if (NO_MOUNTS.includes(mount))
    return invalid('mount', `${mount} cannot be a file system of its own`, `not ${NO_MOUNTS.join(', ')}`);
  if (before.some((other) => other.mount === mount))
    return invalid('mount', `${mount} is there twice`, 'each path once');
  const isFat = madeKind(kind) === 'vfat';
  if (isFat && mount !== '/boot/efi' && ['/', '/boot', '/usr', '/var'].includes(mount))
    return invalid('mount', `${mount} is on ${kind}, which knows no owners`, 'ext4 or xfs');
  if (mount === '/boot/efi' && !isFat)
    return invalid('mount', '/boot/efi is not vfat', 'firmware reads only vfat (fat32)');
  if (mount === '/boot/efi' && !/-part[0-9]+$/.test(device))
    return invalid('mount', '/boot/efi is not on a partition', 'firmware reads only partitions');
  return null;
}
