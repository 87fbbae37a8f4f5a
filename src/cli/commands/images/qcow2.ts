import { isRejected } from '../../../core/errors.ts';
import type { DiskCluster, Qcow2 } from '../../../model/images/qcow2.ts';
import { clusterOf, parseQcow2, QCOW2_HEAD, tableOf } from '../../../model/images/qcow2.ts';
import { CliError, EXIT } from '../../exit.ts';
import type { CliFile } from '../../io.ts';

/** The most that one piece of the disk has. */
const PIECE = 2 ** 20;

/** Reads the header of a qcow2 image. */
export async function openQcow2(path: string, file: CliFile): Promise<Qcow2> {
  const header = parseQcow2(await file.readAt(0, Math.min(QCOW2_HEAD, file.size)));
  if (isRejected(header)) throw new CliError(EXIT.error, `${path}: ${header.message}`);
  return header;
}

/** The disk in a qcow2 image from its first byte to its last, in little memory. */
export async function* diskOf(file: CliFile, header: Qcow2): AsyncGenerator<Uint8Array> {
  const { clusterBits, diskBytes, tableOffset, tables } = header;
  const clusterBytes = 2 ** clusterBits;
  const perTable = clusterBytes / 8;
  const first = entriesOf(await file.readAt(tableOffset, tables * 8));
  const zeros = new Uint8Array(Math.min(clusterBytes, PIECE));
  let left = diskBytes;
  for (let index = 0; left > 0; index += 1) {
    const offset = tableOf(first(index));
    const second = offset === null ? null : entriesOf(await file.readAt(offset, clusterBytes));
    for (let at = 0; at < perTable && left > 0; at += 1) {
      const cluster: DiskCluster = second ? clusterOf(second(at), header) : { kind: 'zero' };
      const length = Math.min(clusterBytes, left);
      left -= length;
      if (cluster.kind === 'zero')
        for (let sent = 0; sent < length; sent += zeros.length) yield zeros.subarray(0, length - sent);
      else yield (await clusterBytesOf(file, cluster, header)).subarray(0, length);
    }
  }
}

async function clusterBytesOf(
  file: CliFile,
  cluster: Exclude<DiskCluster, { kind: 'zero' }>,
  { clusterBits, compression }: Qcow2,
): Promise<Uint8Array> {
  const bytes = 2 ** clusterBits;
  if (cluster.kind === 'plain') return file.readAt(cluster.offset, bytes);
  const packed = await file.readAt(cluster.offset, Math.min(cluster.bytes, file.size - cluster.offset));
  const { constants, inflateRawSync, zstdDecompressSync } = await import('node:zlib');
  // What follows the last byte in its sector belongs to the next cluster.
  const unpacked =
    compression === 'zstd'
      ? zstdDecompressSync(packed, { maxOutputLength: bytes })
      : inflateRawSync(packed, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: bytes });
  if (unpacked.length < bytes) throw new CliError(EXIT.error, 'A compressed cluster of the image is damaged.');
  return unpacked;
}

/** Entries of a table: 64 bits, the highest byte first. */
function entriesOf(bytes: Uint8Array): (index: number) => bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return (index) => view.getBigUint64(index * 8);
}
