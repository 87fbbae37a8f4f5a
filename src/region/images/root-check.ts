import { isRejected, type Rejected, rejected, sentenceOf } from '../../core/errors.ts';
import { createScan } from '../../model/images/scan.ts';
import { imageBytes, type ImageManifest, parseManifest } from '../../model/images/image.ts';
import type { Database } from '../../store/database.ts';
import { readManifest, storeUnpacked } from '../../store/queries/images/images.ts';
import type { Bytes, HowWritten } from './port.ts';

/** The longest check of a root, ms: 64 GiB of xz take about as long. */
const LONGEST_MS = 30 * 60_000;

/**
 * Makes the check of a deployable image's root. When the file is complete, it is unpacked once, in little memory, and
 * must be what its manifest states. A node that fetches it from a region node compares only its digest. Other images
 * need no check: Regent's own build makes them.
 */
export async function createRootCheck(db: Database, image: string): Promise<Pick<HowWritten, 'inspect'> | Rejected> {
  const text = await db.autocommitRead((tx) => readManifest(tx, image));
  if (isRejected(text)) return text;
  const manifest = text === null ? null : parseManifest(text);
  if (manifest === null || isRejected(manifest) || manifest.content === null) return {};
  return {
    inspect: async (unpack) => {
      const bytes = await scanRoot(manifest, unpack);
      if (isRejected(bytes)) return bytes;
      // For the planning of disks; a database that is away now is no reason to refuse the file.
      await db.repeatable(async (tx) => {
        await storeUnpacked(tx, image, bytes);
        return null;
      });
      return null;
    },
  };
}

/** Unpacks a root and checks it; gives its bytes. */
async function scanRoot(
  { content, architecture, files }: ImageManifest,
  unpack: (compression: string) => Bytes,
): Promise<number | Rejected> {
  if (content === null) return 0;
  const scan = createScan({ content, architecture, packedBytes: imageBytes(files) });
  const end = AbortSignal.timeout(LONGEST_MS);
  try {
    for await (const chunk of unpack(content.compression)) {
      const refusal = end.aborted
        ? rejected('invalid_value', `${content.file} takes longer than ${LONGEST_MS / 60_000} minutes to unpack.`)
        : scan.push(chunk);
      if (refusal) return refusal;
    }
  } catch (error) {
    const how = content.compression === 'none' ? '' : ` as ${content.compression}`;
    return rejected(
      'invalid_value',
      `${content.file} cannot be unpacked${how}: ${sentenceOf(error)}. Nothing was stored.`,
    );
  }
  return scan.end() ?? scan.bytes();
}
