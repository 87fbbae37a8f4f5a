import { rejected } from '../../core/errors.ts';
import type { ImageArchitecture } from './image.ts';
import { type ImageContent, kindOfBytes, UNPACKED_MOST } from './content.ts';
import { createTarScan, type Scan } from './tar-scan.ts';

/** What a root must be. `packedBytes`: of its file. */
export interface ScanOf {
  readonly content: ImageContent;
  readonly architecture: ImageArchitecture;
  readonly packedBytes: number;
}

/** So much may every file become; beyond it, one that grows more than so many times is a bomb. A sparse disk grows far more than files do. */
const HARMLESS = 2 ** 30;
const GROWTH = { tar: 100, raw: 1000 } as const;

/** Checks that a root is what its manifest says, and bounded. `bytes`: how many came. */
export function createScan({ content, architecture, packedBytes }: ScanOf): Scan & { readonly bytes: () => number } {
  const { format, file, bytes: manifestBytes } = content;
  const inner =
    format === 'tar' ? createTarScan({ architecture, needsCloudInit: content.hasCloudInit }) : createDiskScan();
  const most = Math.min(
    UNPACKED_MOST,
    manifestBytes ?? UNPACKED_MOST,
    Math.max(HARMLESS, GROWTH[format] * packedBytes),
  );
  let bytes = 0;
  return {
    push: (chunk) => {
      bytes += chunk.length;
      if (bytes > most)
        return rejected('invalid_value', `${file} unpacks to more than ${most} bytes${whyOf(most, manifestBytes)}.`);
      return inner.push(chunk);
    },
    end: () =>
      manifestBytes !== null && bytes < manifestBytes
        ? rejected('invalid_value', `${file} unpacks to ${bytes} bytes, but its manifest says ${manifestBytes}.`)
        : inner.end(),
    bytes: () => bytes,
  };
}

function whyOf(most: number, manifestBytes: number | null): string {
  if (most === manifestBytes) return ', the size in its manifest';
  return most === UNPACKED_MOST ? ', the limit' : ': far more than a system grows';
}

const SECTOR = 512;
const HEAD = 3 * SECTOR;

/** A whole disk: it has a partition table, and all that the table knows. */
function createDiskScan(): Scan {
  const head = new Uint8Array(HEAD);
  let bytes = 0;
  return {
    push: (chunk) => {
      if (bytes < HEAD) head.set(chunk.subarray(0, HEAD - bytes), bytes);
      bytes += chunk.length;
      return null;
    },
    end: () => {
      if (kindOfBytes(head) === 'qcow2')
        return rejected(
          'invalid_value',
          'It is a qcow2 image, but its manifest says raw. Upload it with --format qcow2.',
        );
      if (bytes < HEAD || head[SECTOR - 2] !== 0x55 || head[SECTOR - 1] !== 0xaa)
        return rejected('invalid_value', 'It has no partition table: it is not an image of a whole disk.');
      const view = new DataView(head.buffer);
      if (new TextDecoder('latin1').decode(head.subarray(SECTOR, SECTOR + 8)) !== 'EFI PART') return null;
      // The table's copy is the last sector of the disk (UEFI 2.10, 5.3.2).
      const wanted = (Number(view.getBigUint64(SECTOR + 32, true)) + 1) * SECTOR;
      return bytes < wanted
        ? rejected(
            'invalid_value',
            `It is cut off: the partition table describes a disk of ${wanted} bytes, and ${bytes} came.`,
          )
        : null;
    },
  };
}
