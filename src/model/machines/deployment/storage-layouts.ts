import { invalid, isRejected, type Rejected } from '../../../core/errors.ts';
import { pickDisks } from './storage-disks.ts';
import { BOOT_MIB, neededMib } from './storage-room.ts';
import { type CustomRequest, type DiskSeen, type LayoutRequest, MIB, mibOf } from './storage-types.ts';

/** MAAS's names of them. */
const GROUP = 'vgroot';
const VOLUME = 'lvroot';
const SWAP = 'lvswap';

/**
 * A layout that Regent knows, in single parts, on the disks that it takes; refused if there are none that fit. Pure.
 */
export function customOf(
  disks: readonly DiskSeen[],
  request: LayoutRequest,
  minBytes: number,
): CustomRequest | Rejected {
  const swap = mibOf(request.swapBytes ?? 0);
  if ((request.swapBytes ?? 0) !== 0 && swap < 1)
    return invalid('swapBytes', 'less than 1 MiB', 'at least 1 MiB, or none');
  if (request.rootBytes !== undefined && request.layout !== 'lvm')
    return invalid('rootBytes', `the layout ${request.layout} has no volume`, 'only with the layout lvm');
  const least = (neededMib(minBytes) + swap + BOOT_MIB) * MIB;
  const isRaid = request.layout === 'raid1';
  const chosen = pickDisks(disks, { names: request.disks, count: isRaid ? 2 : 1, isMore: isRaid, minBytes: least });
  if (isRejected(chosen)) return chosen;
  if (isRaid) return mirrored(chosen, request, swap);
  const name = chosen[0]?.name ?? '';
  return request.layout === 'lvm' ? volumes(name, request, swap) : flat(name, request, swap);
}

const swapOn = (device: string, swap: number) => (swap > 0 ? [{ device, kind: 'swap' as const }] : []);
const rootOn = (device: string, { fs = 'ext4' }: LayoutRequest) => ({ device, kind: fs, mount: '/' });
const partitionsOf = (swap: number) => [{ bytes: null }, ...(swap > 0 ? [{ bytes: swap * MIB }] : [])];

function flat(disk: string, request: LayoutRequest, swap: number): CustomRequest {
  return {
    layout: 'custom',
    disks: [{ name: disk, partitions: partitionsOf(swap) }],
    fileSystems: [rootOn(`${disk}-part1`, request), ...swapOn(`${disk}-part2`, swap)],
  };
}

function volumes(disk: string, request: LayoutRequest, swap: number): CustomRequest {
  const root = { name: VOLUME, bytes: request.rootBytes ?? null };
  const volumesOf = [root, ...(swap > 0 ? [{ name: SWAP, bytes: swap * MIB }] : [])];
  return {
    layout: 'custom',
    disks: [{ name: disk, partitions: [{ bytes: null }] }],
    volumeGroups: [{ name: GROUP, devices: [`${disk}-part1`], volumes: volumesOf }],
    fileSystems: [rootOn(`${GROUP}/${VOLUME}`, request), ...swapOn(`${GROUP}/${SWAP}`, swap)],
  };
}

/** Swap is mirrored too: the machine goes on when a disk dies. */
function mirrored(disks: readonly DiskSeen[], request: LayoutRequest, swap: number): CustomRequest {
  const members = (part: number) => disks.map(({ name }) => `${name}-part${part}`);
  const second = swap > 0 ? [{ name: 'md1', level: 1 as const, devices: members(2) }] : [];
  return {
    layout: 'custom',
    disks: disks.map(({ name }) => ({ name, partitions: partitionsOf(swap) })),
    raids: [{ name: 'md0', level: 1, devices: members(1) }, ...second],
    fileSystems: [rootOn('md0', request), ...swapOn('md1', swap)],
  };
}
