import { invalid, isRejected, type Rejected, rejected, show } from '../../core/errors.ts';
import { type ImageContent, parseContent } from './content.ts';

/** What an image is for: trials and CI; commissioning with scripts; what machines are deployed with; an archive of Regent itself, which nothing boots. */
export const IMAGE_KINDS = ['micro', 'ephemeral', 'deployable', 'release'] as const;
export type ImageKind = (typeof IMAGE_KINDS)[number];

/** Architectures that machines boot images of. */
export const IMAGE_ARCHITECTURES = ['amd64', 'arm64'] as const;
export type ImageArchitecture = (typeof IMAGE_ARCHITECTURES)[number];

/** How a node stands to a file. fetching: it comes from another region node just now; damaged: what was there had another digest. */
export const PLACE_STATES = ['there', 'missing', 'damaged', 'fetching'] as const;
export type PlaceState = (typeof PLACE_STATES)[number];

const GIB = 2 ** 30;
/** Bounds of an image: characters of its manifest, files, bytes of a file and of all. */
export const IMAGE_BOUNDS = { manifest: 65_536, files: 16, file: 16 * GIB, image: 32 * GIB } as const;

/** The file beside the others that says what they are. */
export const MANIFEST = 'manifest.json';

/** A file of an image. `size` in bytes; `sha256` lower-case hex. */
export type ImageFile = { readonly name: string; readonly size: number; readonly sha256: string };

/**
 * What a manifest says. Files by name. `kernel`: empty if a deployable image does not say it; `content`: only of a
 * deployable image.
 */
export interface ImageManifest {
  readonly kind: ImageKind;
  readonly architecture: ImageArchitecture;
  readonly kernel: string;
  readonly name: string | null;
  readonly content: ImageContent | null;
  /** Only of a release. */
  readonly release: ReleaseNote | null;
  readonly files: readonly ImageFile[];
}

/** A release of Regent. `signature`: its maker's Ed25519 signature of version, architecture and SHA-256, base64; each host verifies it. */
export type ReleaseNote = { readonly version: string; readonly signature: string };

/** The one file of a release. */
export const RELEASE_FILE = 'release.tar.gz';

const DIGEST = /^[0-9a-f]{64}$/;
/** As the racks' web server and boot records have it (boot/record.ts). */
const FILE_NAME = /^[a-z0-9][a-z0-9._-]{0,60}$/;
const NAME = /^[a-z0-9][a-z0-9._/-]{0,60}$/;
const KERNEL = /^[0-9][A-Za-z0-9.+~_-]{0,99}$/;
const VERSION = /^[0-9][0-9A-Za-z.+-]{0,99}$/;
const SIGNATURE = /^[A-Za-z0-9+/]{86}==$/;
/** What a machine must find to boot. */
const BOOT_FILES = ['vmlinuz', 'initrd.img'] as const;

/** Is it a SHA-256 in lower-case hex? */
export const isDigest = (text: string): boolean => DIGEST.test(text);

/** Is it a name that a file of an image may have? None of them leads out of a folder. */
export const isImageFileName = (text: string): boolean => FILE_NAME.test(text) && text !== MANIFEST;

/** Parses an image's name. */
export function parseImageName(text: string): string | Rejected {
  return NAME.test(text)
    ? text
    : invalid('name', `${show(text)} is not usable`, '1–61 of a–z, 0–9 and . _ / -, a letter or digit first');
}

/** The name of an image whose importer gives none: the manifest's own, or `micro/6.12.57-deb13-cloud-amd64`. */
export function imageName({
  kind,
  kernel,
  name = null,
}: Pick<ImageManifest, 'kind' | 'kernel'> & Partial<Pick<ImageManifest, 'name'>>): string {
  if (name !== null) return name;
  return `${kind}/${kernel.toLowerCase().replace(/[^a-z0-9._-]/g, '-')}`.slice(0, 61);
}

/** Bytes of all files. */
export function imageBytes(files: readonly Pick<ImageFile, 'size'>[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Parses a manifest as `scripts/build-image` writes it. Members that this release does not know are no fault. */
export function parseManifest(text: string): ImageManifest | Rejected {
  if (text.length > IMAGE_BOUNDS.manifest)
    return rejected('payload_too_large', `The manifest is longer than ${IMAGE_BOUNDS.manifest} characters.`);
  const value = parseObject(text);
  if (value === null) return bad('', 'it is not a JSON object', 'a manifest as scripts/build-image writes it');
  if (value['format'] !== 1) return bad('format', `${show(value['format'])} is not known`, '1');
  const kind = IMAGE_KINDS.find((one) => one === value['kind']);
  if (kind === undefined) return bad('kind', `${show(value['kind'])} is not known`, IMAGE_KINDS.join(', '));
  const architecture = IMAGE_ARCHITECTURES.find((one) => one === value['architecture']);
  if (architecture === undefined)
    return bad('architecture', `${show(value['architecture'])} is not known`, IMAGE_ARCHITECTURES.join(', '));
  const isDeployable = kind === 'deployable';
  const isBooted = !isDeployable && kind !== 'release';
  const kernel = value['kernel'] ?? (isBooted ? undefined : '');
  if (typeof kernel !== 'string' || !(KERNEL.test(kernel) || (!isBooted && kernel === '')))
    return bad('kernel', `${show(kernel)} is not a kernel version`, 'such as 6.12.57+deb13-cloud-amd64');
  const rawName = value['name'] ?? null;
  const name = rawName === null ? null : parseImageName(typeof rawName === 'string' ? rawName : '');
  if (isRejected(name)) return name;
  if (!isBooted && kernel === '' && name === null)
    return bad('name', 'there is none', 'an image without a kernel needs a name');
  const files = parseFiles(value['files']);
  if (isRejected(files)) return files;
  const names = files.map((file) => file.name);
  const content = isDeployable ? parseContent(value['content'], names) : null;
  if (isRejected(content)) return content;
  const release = kind === 'release' ? parseRelease(value, names) : null;
  if (isRejected(release)) return release;
  const lacking = isBooted ? BOOT_FILES.filter((name) => !names.includes(name)) : [];
  if (lacking.length > 0)
    return bad('files', `${lacking.join(' and ')} is missing`, `a machine boots ${BOOT_FILES.join(' and ')}`);
  return { kind, architecture, kernel, name, content, release, files };
}

function parseRelease(
  { version, signature }: Readonly<Record<string, unknown>>,
  files: readonly string[],
): ReleaseNote | Rejected {
  if (typeof version !== 'string' || !VERSION.test(version))
    return bad('version', `${show(version)} is not a version`, 'such as 0.4.0+1a2b3c4d5e');
  if (typeof signature !== 'string' || !SIGNATURE.test(signature))
    return bad('signature', 'it is not an Ed25519 signature', '64 bytes in base64, as scripts/release writes it');
  if (files.length !== 1 || files[0] !== RELEASE_FILE)
    return bad('files', `they are ${files.join(', ')}`, `a release has one file, ${RELEASE_FILE}`);
  return { version, signature };
}

function parseFiles(value: unknown): readonly ImageFile[] | Rejected {
  if (!isObject(value)) return bad('files', 'it is not an object', 'name → size and sha256');
  const entries = Object.entries(value);
  const { files: most, file: fileMost, image: imageMost } = IMAGE_BOUNDS;
  if (entries.length === 0 || entries.length > most)
    return bad('files', `there are ${entries.length}`, `1 to ${most} files`);
  const files: ImageFile[] = [];
  for (const [name, file] of entries) {
    if (!isImageFileName(name))
      return bad('files', `${show(name)} is not a file name`, `1–61 of a–z, 0–9 and . _ -, and not ${MANIFEST}`);
    const { size, sha256 } = isObject(file) ? file : {};
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 1 || size > fileMost)
      return bad(`files/${name}/size`, `${show(size)} is not usable`, `1 to ${fileMost} bytes`);
    if (typeof sha256 !== 'string' || !isDigest(sha256))
      return bad(`files/${name}/sha256`, `${show(sha256)} is not a SHA-256`, '64 digits of lower-case hexadecimal');
    files.push({ name, size, sha256 });
  }
  const bytes = imageBytes(files);
  if (bytes > imageMost) return bad('files', `they have ${bytes} bytes`, `at most ${imageMost} bytes together`);
  return files.sort((one, other) => (one.name < other.name ? -1 : 1));
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(field: string, problem: string, rule: string): Rejected {
  return invalid(field === '' ? 'manifest' : `manifest/${field}`, problem, rule);
}

/** An image that machines of its architecture commission by. `digest`: of its manifest; `sha256` in lower-case hex. */
export interface DefaultImage {
  readonly digest: string;
  readonly name: string;
  readonly architecture: ImageArchitecture;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}
