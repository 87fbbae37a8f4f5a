import { isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import { textDigest } from '../../../core/stable-json.ts';
import { isSelected, parseSelections } from '../../../model/images/boot-source.ts';
import { imageName, isImageFileName, MANIFEST, parseManifest } from '../../../model/images/image.ts';
import { type OfferedImage, parseOwnIndex, parseProducts, productPaths } from '../../../model/images/stream.ts';
import type { ClaimedSync } from '../../../store/queries/images/image-syncs.ts';
import type { Bytes, ImageSources, SourceRead } from '../port.ts';

/** Bytes of an index, of a file of products, or of a manifest: more is nobody's. */
const TEXT_MOST = 64 * 2 ** 20;

/** What a source offers of what is wanted. `others`: names that are wanted and have no root that is taken. */
export type Offers = { readonly images: readonly OfferedImage[]; readonly others: readonly string[] };

type OfferSource = Pick<ClaimedSync, 'type' | 'url' | 'keyring' | 'selections'> & Pick<SourceRead, 'proxy'>;

/** Reads what a source has, by its signature. Throws if it cannot be reached. */
export async function readOffers(
  sources: ImageSources,
  source: OfferSource,
  signal: AbortSignal,
): Promise<Offers | Rejected> {
  const selections = parseSelections(source.selections, 'selections');
  if (isRejected(selections)) return selections;
  const reader = { sources, source, signal };
  const found = await (source.type === 'regent' ? readOwn(reader) : readStream(reader));
  if (isRejected(found)) return found;
  return {
    images: found.images.filter((image) => isSelected(image, selections)),
    others: found.others.filter((name) => isSelected({ name, architecture: 'amd64' }, selections)),
  };
}

type SourceReader = { readonly sources: ImageSources; readonly source: OfferSource; readonly signal: AbortSignal };

async function readStream(reader: SourceReader): Promise<Offers | Rejected> {
  const text = await readSigned(reader, 'streams/v1/index');
  const paths = isRejected(text) ? text : productPaths(text);
  if (isRejected(paths)) return paths;
  const offers: { images: OfferedImage[]; others: string[] } = { images: [], others: [] };
  for (const path of paths) {
    const products = await readSigned(reader, path.replace(/\.s?json$/, ''));
    const parsed = isRejected(products) ? products : parseProducts(products);
    if (isRejected(parsed)) return parsed;
    offers.images.push(...parsed.images);
    offers.others.push(...parsed.others);
  }
  return offers;
}

/** A source of ours is what `scripts/build-image --output` makes: a manifest is what its digest says. */
async function readOwn(reader: SourceReader): Promise<Offers | Rejected> {
  const text = await readSigned(reader, 'index');
  const digests = isRejected(text) ? text : parseOwnIndex(text);
  if (isRejected(digests)) return digests;
  const images: OfferedImage[] = [];
  for (const digest of digests) {
    const manifest = await readText(reader, `images/${digest}/${MANIFEST}`);
    if (textDigest(manifest) !== digest)
      return rejected('invalid_value', `The manifest of ${digest} has another digest: it changed in transit.`);
    const parsed = parseManifest(manifest);
    if (isRejected(parsed)) return parsed;
    const files = parsed.files.filter(({ name }) => isImageFileName(name));
    const paths = Object.fromEntries(files.map(({ name }) => [name, `images/${digest}/${name}`]));
    images.push({ name: imageName(parsed), architecture: parsed.architecture, manifest, paths });
  }
  return { images, others: [] };
}

/** With a key the signed text (`.sjson`), else the plain one. `path` without its ending. */
async function readSigned(reader: SourceReader, path: string): Promise<string | Rejected> {
  const { keyring } = reader.source;
  if (keyring === '') return readText(reader, `${path}.json`);
  const file = `${path}.sjson`;
  const text = await reader.sources.verified(await readBytes(reader, file), keyring);
  return (
    text ??
    rejected(
      'invalid_value',
      `${file} is not signed by the source's key. It changed in transit, or the source has another key.`,
    )
  );
}

async function readText(reader: SourceReader, path: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(reader, path));
}

async function readBytes({ sources, source, signal }: SourceReader, path: string): Promise<Uint8Array> {
  const bytes: Bytes = await sources.read(`${source.url}/${path}`, { start: 0, proxy: source.proxy, signal });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > TEXT_MOST) throw new Error(`${path} has more than ${TEXT_MOST} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
