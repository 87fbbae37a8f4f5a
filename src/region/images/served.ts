import { textDigest } from '../../core/stable-json.ts';
import { isRejected } from '../../core/errors.ts';
import { type ImageFile, MANIFEST, parseManifest } from '../../model/images/image.ts';
import { keyOf } from './plan.ts';
import type { ImageFileName, ImageDisk, ServedFile } from './port.ts';

/** Images whose manifests stay in memory. */
const IMAGES_MOST = 256;

/** Files that this process has found to be right. */
export interface ServedImages {
  /** See `ImagePort.open`. */
  open(file: ImageFileName): Promise<ServedFile | null>;
  /** Its digest is right, as long as it has this stamp. */
  trust(file: ImageFileName, stamp: string): void;
  /** It is gone, or no longer what it was. */
  forget(file: ImageFileName): void;
}

/**
 * Gives out files only by the disk: the folder's name is the digest of its manifest, which has the digests of the
 * files. If nobody has compared a file's digest since this process started, or since somebody wrote to it, the file is
 * read whole before its first byte is given out, once for all requests: racks store what they get for good.
 */
export function createServed(
  disk: ImageDisk,
  signal: AbortSignal,
  onDamage: (file: ImageFileName) => Promise<void>,
): ServedImages {
  const trusted = new Map<string, string>();
  const manifests = new Map<string, readonly ImageFile[]>();
  const checks = new Map<string, Promise<boolean>>();

  const filesOf = async (image: string): Promise<readonly ImageFile[]> => {
    const known = manifests.get(image);
    if (known) return known;
    const text = await disk.readManifest(image);
    if (text === null || textDigest(text) !== image) return [];
    const manifest = parseManifest(text);
    if (isRejected(manifest)) return [];
    if (manifests.size >= IMAGES_MOST) manifests.clear();
    manifests.set(image, manifest.files);
    return manifest.files;
  };
  const checkDigest = async (file: ImageFileName, sha256: string, stamp: string): Promise<boolean> => {
    const found = await disk.digest(file, { isGentle: false, signal });
    if (found === sha256) trusted.set(keyOf(file), stamp);
    else if (found !== null) await onDamage(file);
    return found === sha256;
  };
  const isRight = (file: ImageFileName, sha256: string, stamp: string): Promise<boolean> => {
    const key = keyOf(file);
    if (trusted.get(key) === stamp) return Promise.resolve(true);
    const one = `${key} ${stamp}`;
    const running = checks.get(one);
    if (running) return running;
    const mine = checkDigest(file, sha256, stamp).finally(() => checks.delete(one));
    checks.set(one, mine);
    return mine;
  };

  return {
    open: async (file) => {
      if (file.name === MANIFEST) return null;
      const wanted = (await filesOf(file.image)).find(({ name }) => name === file.name);
      if (wanted === undefined) return null;
      const before = await disk.open(file);
      if (before === null) return null;
      if (before.size === wanted.size && (await isRight(file, wanted.sha256, before.stamp)))
        return { ...before, sha256: wanted.sha256 };
      await before.close();
      return null;
    },
    trust: (file, stamp) => void trusted.set(keyOf(file), stamp),
    forget: (file) => {
      trusted.delete(keyOf(file));
      if (file.name === MANIFEST) manifests.delete(file.image);
    },
  };
}
