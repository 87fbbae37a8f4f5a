import type { Image } from '../../../contract/images/image.ts';
import type { ImageSync } from '../../../contract/images/image-sync.ts';
import type { Tone } from '../base/tone.ts';

type HolderState = Image['files'][number]['places'][number]['state'];

/** How an image stands: whole on every region node, on some, on none. */
export function copiesTone(image: Pick<Image, 'regions' | 'wholeOn'>): Tone {
  if (image.wholeOn.length === 0) return 'bad';
  return image.wholeOn.length < image.regions.length ? 'busy' : 'ok';
}

const PLACES: Readonly<Record<HolderState, Tone>> = { there: 'ok', missing: 'warn', damaged: 'bad', fetching: 'busy' };
/** How a file stands on a node. */
export const placeTone = (state: HolderState): Tone => PLACES[state];

/** A file of an image, and its state on each holder. A holder that has not reported has no entry. */
type FileRow = { readonly name: string; readonly size: number; readonly places: ReadonlyMap<string, HolderState> };

/** Who may have a file: a region node, or a rack that fetched it before a machine requested it. A host may be both. */
type Holder = { readonly key: string; readonly node: string; readonly isRack: boolean };

const rackKey = (node: string) => `rack ${node}`;

/** Rows: files. Columns: region nodes, then the racks that reported a state of at least one file. */
export function fileGrid(image: Pick<Image, 'files' | 'regions'>): {
  readonly holders: readonly Holder[];
  readonly rows: readonly FileRow[];
} {
  const rows = image.files.map(({ name, size, places, racks = [] }) => ({
    name,
    size,
    places: new Map<string, HolderState>([
      ...places.map(({ node, state }) => [node, state] as const),
      ...racks.map(({ node, isThere }) => [rackKey(node), isThere ? 'there' : 'missing'] as const),
    ]),
  }));
  const regions = image.regions.map((node) => ({ key: node, node, isRack: false }));
  const racks = racksOf(image).map((node) => ({ key: rackKey(node), node, isRack: true }));
  return { holders: [...regions, ...racks], rows };
}

/** Racks that have fetched every file of an image. */
export function wholeOnRacks(image: Pick<Image, 'files'>): readonly string[] {
  const has = (node: string) =>
    image.files.every(({ racks = [] }) => racks.some((rack) => rack.node === node && rack.isThere));
  return racksOf(image).filter(has);
}

function racksOf({ files }: Pick<Image, 'files'>): readonly string[] {
  return [...new Set(files.flatMap(({ racks = [] }) => racks.map(({ node }) => node)))].toSorted();
}

const SYNCS: Readonly<Record<ImageSync['state'], Tone>> = {
  waiting: 'busy',
  running: 'busy',
  done: 'ok',
  failed: 'bad',
};
/** How a sync stands. */
export const syncTone = (state: ImageSync['state']): Tone => SYNCS[state];

/** The progress of a sync, 0 to 1: complete images, and the received part of the current file. */
export function syncShare({ images, fetched, received, size }: ImageSync): number {
  if (images === 0) return 0;
  return Math.min(1, (fetched + (size > 0 ? received / size : 0)) / images);
}

/** What a file holds by its first bytes: how it is packed, or that it is a qcow2 image. Null: not packed. */
export function packingOf(head: Uint8Array): 'gz' | 'xz' | 'zst' | 'qcow2' | null {
  const begins = (...magic: readonly number[]) => magic.every((byte, index) => head[index] === byte);
  if (begins(0x1f, 0x8b)) return 'gz';
  if (begins(0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'xz';
  if (begins(0x28, 0xb5, 0x2f, 0xfd)) return 'zst';
  return begins(0x51, 0x46, 0x49, 0xfb) ? 'qcow2' : null;
}

/** The content of a file, from its name; null: the name does not show it. */
export function formatOf(name: string): 'tar' | 'raw' | null {
  if (/\.(?:tar|tgz|txz|tzst)(?:\.\w+)?$/i.test(name)) return 'tar';
  return /\.(?:raw|img|dd)(?:\.\w+)?$/i.test(name) ? 'raw' : null;
}

/** What is uploaded. */
export interface Upload {
  readonly name: string;
  readonly architecture: string;
  readonly format: 'tar' | 'raw';
  readonly packing: 'gz' | 'xz' | 'zst' | null;
  readonly hasCloudInit: boolean;
  readonly size: number;
  readonly sha256: string;
}

/**
 * The manifest of an upload, byte for byte as the command line makes it: so the command line can continue an upload of
 * the browser.
 */
export function uploadManifest(given: Upload): { readonly file: string; readonly manifest: string } {
  const { name, architecture, format, packing, size, sha256 } = given;
  const base = format === 'tar' ? 'root.tar' : 'disk.raw';
  const file = packing === null ? base : `${base}.${packing}`;
  const content = {
    file,
    format,
    compression: packing ?? 'none',
    ...(packing === null ? { bytes: size } : {}),
    cloudInit: given.hasCloudInit,
  };
  const manifest = { format: 1, kind: 'deployable', architecture, name, content, files: { [file]: { size, sha256 } } };
  return { file, manifest: `${JSON.stringify(manifest, null, 2)}\n` };
}
