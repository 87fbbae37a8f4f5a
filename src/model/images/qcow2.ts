import { invalid, type Rejected } from '../../core/errors.ts';

/** What the header of a qcow2 image says (QEMU, docs/interop/qcow2.rst). `diskBytes`: of the disk in it. */
export interface Qcow2 {
  readonly diskBytes: number;
  readonly clusterBits: number;
  readonly tableOffset: number;
  readonly tables: number;
  readonly compression: 'deflate' | 'zstd';
}

/** Where a cluster of the disk lies: nowhere (zeros), plain, or compressed in so many bytes at the most. */
export type DiskCluster =
  | { readonly kind: 'zero' }
  | { readonly kind: 'plain'; readonly offset: number }
  | { readonly kind: 'packed'; readonly offset: number; readonly bytes: number };

/** Bytes of the header that are read. */
export const QCOW2_HEAD = 112;
const MAGIC = 0x5146_49fb;
const TABLES_MOST = 2 ** 22;
/** Bits of `incompatible_features`: dirty (harmless for a reader), corrupt, data file, compression type, extended entries. */
const [DIRTY, COMPRESSION] = [1n, 8n];
const OFFSET = 0x00ff_ffff_ffff_fe00n;
const PACKED = 1n << 62n;

/** Parses a header. Refuses what lies in other files, is encrypted, or is newer than this. */
export function parseQcow2(head: Uint8Array): Qcow2 | Rejected {
  if (head.length < 72) return bad('it is cut');
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (view.getUint32(0) !== MAGIC) return bad('it is not a qcow2 image');
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3) return bad(`version ${version} is not known`);
  if (view.getBigUint64(8) !== 0n) return bad('it depends on another image (a backing file)');
  if (view.getUint32(32) !== 0) return bad('it is encrypted');
  const features = version === 3 && head.length >= 104 ? view.getBigUint64(72) : 0n;
  if ((features & ~(DIRTY | COMPRESSION)) !== 0n) return bad(`it is damaged or has unknown features (${features})`);
  const type = (features & COMPRESSION) !== 0n && head.length > 104 ? view.getUint8(104) : 0;
  const clusterBits = view.getUint32(20);
  const tables = view.getUint32(36);
  const diskBytes = Number(view.getBigUint64(24));
  if (clusterBits < 9 || clusterBits > 21) return bad(`clusters of 2^${clusterBits} bytes are not known`);
  if (type > 1) return bad(`compression ${type} is not known`);
  if (!Number.isSafeInteger(diskBytes) || diskBytes < 512 || tables > TABLES_MOST) return bad('its size is not usable');
  if (tables * 2 ** (2 * clusterBits - 3) < diskBytes) return bad('its tables are too short');
  const tableOffset = Number(view.getBigUint64(40));
  return { diskBytes, clusterBits, tableOffset, tables, compression: type === 1 ? 'zstd' : 'deflate' };
}

/** Where the table of level 2 lies that an entry of level 1 names; null: nowhere, all zeros. */
export function tableOf(entry: bigint): number | null {
  const offset = Number(entry & OFFSET);
  return offset === 0 ? null : offset;
}

/** Where the cluster lies that an entry of level 2 names. */
export function clusterOf(entry: bigint, { clusterBits }: Pick<Qcow2, 'clusterBits'>): DiskCluster {
  if ((entry & PACKED) !== 0n) {
    const bits = BigInt(62 - (clusterBits - 8));
    const offset = entry & ((1n << bits) - 1n);
    const sectors = (entry & (PACKED - 1n)) >> bits;
    return { kind: 'packed', offset: Number(offset), bytes: (Number(sectors) + 1) * 512 - Number(offset & 511n) };
  }
  const offset = Number(entry & OFFSET);
  return (entry & 1n) !== 0n || offset === 0 ? { kind: 'zero' } : { kind: 'plain', offset };
}

function bad(problem: string): Rejected {
  return invalid('file', problem, 'a qcow2 image by itself; qemu-img convert -O qcow2 IN OUT makes one');
}
