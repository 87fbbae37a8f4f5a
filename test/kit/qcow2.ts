import { deflateRawSync } from 'node:zlib';

const CLUSTER_BITS = 16;
const CLUSTER = 2 ** CLUSTER_BITS;

/** What a cluster of the disk is: nothing, zeros by the flag, bytes, or bytes that are compressed. */
export type TestCluster = null | 'zero' | { readonly bytes: Buffer; readonly isPacked?: boolean };

/** A qcow2 image (version 3) with one table of level 2. */
export function aQcow2(clusters: readonly TestCluster[], diskBytes: number = clusters.length * CLUSTER): Buffer {
  const [header, first, second] = [Buffer.alloc(CLUSTER), Buffer.alloc(CLUSTER), Buffer.alloc(CLUSTER)];
  header.writeUInt32BE(0x5146_49fb, 0);
  header.writeUInt32BE(3, 4);
  header.writeUInt32BE(CLUSTER_BITS, 20);
  header.writeBigUInt64BE(BigInt(diskBytes), 24);
  header.writeUInt32BE(1, 36);
  header.writeBigUInt64BE(BigInt(CLUSTER), 40);
  header.writeUInt32BE(104, 100);
  first.writeBigUInt64BE(BigInt(2 * CLUSTER) | (1n << 63n), 0);
  const data: Buffer[] = [];
  let offset = 3 * CLUSTER;
  clusters.forEach((cluster, index) => {
    if (cluster === null) return;
    if (cluster === 'zero') return void second.writeBigUInt64BE(1n, index * 8);
    if (cluster.isPacked !== true) {
      second.writeBigUInt64BE(BigInt(offset) | (1n << 63n), index * 8);
      data.push(cluster.bytes);
      offset += CLUSTER;
      return;
    }
    const packed = deflateRawSync(cluster.bytes);
    const room = Math.ceil(packed.length / CLUSTER) * CLUSTER;
    const sectors = BigInt(Math.ceil(packed.length / 512) - 1);
    second.writeBigUInt64BE((1n << 62n) | (sectors << 54n) | BigInt(offset), index * 8);
    data.push(Buffer.concat([packed, Buffer.alloc(room - packed.length, 0xee)]));
    offset += room;
  });
  return Buffer.concat([header, first, second, ...data]);
}
