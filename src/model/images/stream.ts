import { type Rejected, rejected, show } from '../../core/errors.ts';
import { IMAGE_ARCHITECTURES, isDigest } from './image.ts';
import { type Compression, type RootFormat, rootFileName } from './content.ts';

/** An image that a stream offers: its manifest as a region makes it, and where its root is, below the source's address. */
export interface OfferedImage {
  readonly name: string;
  readonly architecture: string;
  readonly manifest: string;
  readonly paths: Readonly<Record<string, string>>;
}

/** What a file of products has: images that are taken, and products without a root that is. */
export type Products = { readonly images: readonly OfferedImage[]; readonly others: readonly string[] };

/** Roots that are taken, the best first (ftype of a MAAS stream). A root without a boot loader or in another form is none. */
const ROOTS: readonly (readonly [string, RootFormat, Compression])[] = [
  ['root-txz', 'tar', 'xz'],
  ['root-tgz', 'tar', 'gz'],
  ['root-dd.xz', 'raw', 'xz'],
  ['root-dd.gz', 'raw', 'gz'],
  ['root-dd.raw', 'raw', 'none'],
];
const PATH = /^(?!.*(?:^|\/)\.\.?(?:\/|$))[A-Za-z0-9][A-Za-z0-9._/~+:-]{0,300}$/;
type JsonObject = Readonly<Record<string, unknown>>;

/** Paths of the files of products that an index names (simplestreams, index:1.0). */
export function productPaths(text: string): readonly string[] | Rejected {
  const index = parse(text);
  if (index?.['format'] !== 'index:1.0' || !isObject(index['index']))
    return bad('its index is not of the format index:1.0');
  const paths = Object.values(index['index']).flatMap((entry) =>
    isObject(entry) && entry['format'] === 'products:1.0' ? [entry['path']] : [],
  );
  const wrong = paths.find((path) => typeof path !== 'string' || !PATH.test(path));
  return wrong === undefined ? (paths as string[]) : bad(`its index names the path ${show(wrong)}`);
}

/** Images of a file of products (simplestreams, products:1.0): of each product the newest version that has a root. */
export function parseProducts(text: string): Products | Rejected {
  const file = parse(text);
  if (file?.['format'] !== 'products:1.0' || !isObject(file['products']))
    return bad('a file of products is not of the format products:1.0');
  const images: OfferedImage[] = [];
  const others: string[] = [];
  for (const [id, product] of Object.entries(file['products'])) {
    if (!isObject(product)) continue;
    const [os, release, arch] = ['os', 'release', 'arch'].map((member) => textOf(product[member]));
    const name = `${os}/${release}`.toLowerCase();
    if (!IMAGE_ARCHITECTURES.some((one) => one === arch) || !/^[a-z0-9][a-z0-9._-]*\/[a-z0-9._-]+$/.test(name))
      continue;
    const image = newestOf({ id, name, architecture: arch ?? '' }, product['versions']);
    if (image) images.push(image);
    else others.push(name);
  }
  return { images, others: [...new Set(others)] };
}

type Product = { readonly id: string; readonly name: string; readonly architecture: string };

function newestOf({ id, name, architecture }: Product, versions: unknown): OfferedImage | null {
  if (!isObject(versions)) return null;
  // By code units: versions are dates, and any region must find the same one.
  for (const version of Object.keys(versions).toSorted().toReversed()) {
    const items = isObject(versions[version]) ? versions[version]['items'] : null;
    const found = isObject(items) ? rootOf(Object.values(items)) : null;
    if (found === null) continue;
    const { format, compression, path, size, sha256 } = found;
    const file = rootFileName(format, compression);
    const content = { file, format, compression, cloudInit: true };
    const members = { format: 1, kind: 'deployable', architecture, name, version, product: id, content };
    const manifest = `${JSON.stringify({ ...members, files: { [file]: { size, sha256 } } }, null, 2)}\n`;
    return { name, architecture, manifest, paths: { [file]: path } };
  }
  return null;
}

function rootOf(items: readonly unknown[]) {
  for (const [ftype, format, compression] of ROOTS) {
    const item = items.find((one) => isObject(one) && one['ftype'] === ftype);
    if (!isObject(item)) continue;
    const { path, size, sha256 } = item;
    if (
      typeof path === 'string' &&
      PATH.test(path) &&
      typeof size === 'number' &&
      typeof sha256 === 'string' &&
      isDigest(sha256)
    )
      return { format, compression, path, size, sha256 };
  }
  return null;
}

/** Digests of the images that a source of ours has: `{"format":1,"images":[…]}`. */
export function parseOwnIndex(text: string): readonly string[] | Rejected {
  const index = parse(text);
  const images = index?.['images'];
  if (index?.['format'] !== 1 || !Array.isArray(images) || images.length > 1000)
    return bad('its index is not {"format":1,"images":[DIGEST, …]}');
  const wrong = images.find((digest) => typeof digest !== 'string' || !isDigest(digest));
  return wrong === undefined ? (images as string[]) : bad(`its index names the image ${show(wrong)}`);
}

function parse(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(problem: string): Rejected {
  return rejected('invalid_value', `The source is not usable: ${problem}.`);
}
