import type { Client } from '../../../contract/client.ts';
import type { Image } from '../../../contract/images/image.ts';
import type { UploadContent } from '../../../contract/base/wire/upload.ts';
import { isRejected } from '../../../core/errors.ts';
import { type Compression, kindOfBytes, type RootFormat, rootFileName } from '../../../model/images/content.ts';
import { IMAGE_ARCHITECTURES, parseImageName, parseManifest } from '../../../model/images/image.ts';
import type { Call, CommandSpec } from '../../command-spec.ts';
import { CliError, EXIT, usageError } from '../../exit.ts';
import { printable } from '../../format/escape.ts';
import type { CliFile } from '../../io.ts';
import { need } from '../../values.ts';
import { diskOf, openQcow2 } from './qcow2.ts';

const FORMATS = ['tar', 'raw', 'qcow2'] as const;
type Format = (typeof FORMATS)[number];
const MIB = 2 ** 20;
const PROGRESS_EVERY_MS = 5000;
const [WHOLE_MS, WHOLE_EVERY_MS] = [30_000, 500];
/** By their names: what is packed in it, whatever compresses it. */
const BY_NAME: readonly (readonly [RegExp, Format])[] = [
  [/\.(?:tar|tgz|txz|tzst)(?:\.\w+)?$/i, 'tar'],
  [/\.(?:raw|img|dd)(?:\.\w+)?$/i, 'raw'],
  [/\.qcow2$/i, 'qcow2'],
];

/** `regent image upload`; `printImage`: prints the resulting image. */
export function uploadCommand(printImage: (call: Call, image: Image, isNew: boolean) => Promise<void>): CommandSpec {
  return {
    verb: 'upload',
    summary: 'upload a system that machines are deployed with: a tar of its files, or the image of a disk',
    args: [{ name: '<file>', help: 'tar or raw, also compressed by gzip, xz or zstd; or qcow2' }],
    options: [
      { flags: '--name <name>', help: 'its name; a name refers to its newest complete image' },
      { flags: '--architecture <architecture>', help: 'of its programs', values: IMAGE_ARCHITECTURES },
      { flags: '--format <format>', help: 'by the name of the file when left out', values: FORMATS },
      { flags: '--cloud-init <answer>', help: 'is cloud-init in it? yes when left out', values: ['yes', 'no'] },
    ],
    examples: [
      'regent image upload rocky-10.tar.zst --name rocky-10 --architecture amd64',
      'regent image upload noble.qcow2 --name ubuntu-24.04 --architecture amd64',
    ],
    run: async (call) => {
      const path = need(call, 0);
      const target = readOptions(call);
      const root = await rootOf(call, path);
      call.io.err.write(`regent: ${printable(path)}: its digest is computed\n`);
      const { size, sha256 } = await measure(root.content(0));
      const manifest = manifestOf({ ...target, ...root, size, sha256 });
      const checked = parseManifest(manifest);
      if (isRejected(checked)) throw new CliError(EXIT.error, checked.message);
      const { client } = await call.region();
      const { body } = await client.call('image.create', { body: { manifest } });
      const content = { size, open: root.content };
      await sendFile(call, client, { image: body.image.digest, file: root.file, content });
      const { body: image } = await client.call('image.show', { params: { image: body.image.digest } });
      await printImage(call, image, body.isNew);
    },
  };
}

type UploadFile = { readonly image: string; readonly file: string; readonly content: UploadContent };

/** Sends a file and prints its progress every few seconds. */
export async function sendFile({ io }: Call, client: Client, { image, file, content }: UploadFile): Promise<void> {
  const whole = (content.size / MIB).toFixed(1);
  io.err.write(`regent: ${printable(file)}: ${whole} MiB\n`);
  const open = (start: number) => counted(content.open(start), start);
  let lastProgressAt = io.monotonic();
  async function* counted(bytes: AsyncIterable<Uint8Array>, start: number) {
    let at = start;
    if (start > 0) io.err.write(`regent: ${printable(file)}: goes on at ${(start / MIB).toFixed(1)} MiB\n`);
    for await (const chunk of bytes) {
      yield chunk;
      at += chunk.length;
      if (io.monotonic() - lastProgressAt < PROGRESS_EVERY_MS) continue;
      lastProgressAt = io.monotonic();
      io.err.write(`regent: ${printable(file)}: ${(at / MIB).toFixed(1)} of ${whole} MiB\n`);
    }
  }
  await client.upload('image.upload', { image, file }, { size: content.size, open }, io.interrupted);
}

/** A region node reports that it has a file a moment after it took the last byte. The next call shows what is not reported in time. */
export async function untilWhole(call: Call, client: Client, digest: string): Promise<void> {
  const { io } = call;
  for (const end = io.monotonic() + WHOLE_MS; io.monotonic() < end; await io.sleep(WHOLE_EVERY_MS, io.interrupted)) {
    const { body } = await client.call('image.show', { params: { image: digest } });
    if (body.wholeOn.length > 0) return;
  }
}

function readOptions({ options }: Call) {
  const { name, architecture, cloudInit = 'yes' } = options;
  if (typeof name !== 'string' || typeof architecture !== 'string')
    throw usageError('An upload needs --name and --architecture.', ['regent image upload --help']);
  const parsed = parseImageName(name);
  if (isRejected(parsed)) throw usageError(parsed.message);
  return { name, architecture, hasCloudInit: cloudInit === 'yes' };
}

/** What is sent. `content` begins at that byte; `bytes`: unpacked, where that is known. */
interface UploadRoot {
  readonly format: RootFormat;
  readonly compression: Compression;
  readonly file: string;
  readonly bytes: number | null;
  readonly content: (start: number) => AsyncIterable<Uint8Array>;
}

/** A file as it is, or the disk in a qcow2 image, which is compressed as it goes: equal images give equal bytes. */
async function rootOf(call: Call, path: string): Promise<UploadRoot> {
  const file = await call.io.openFile(path);
  if (file === null || file.size === 0) throw new CliError(EXIT.error, `There is no file ${path}, or it is empty.`);
  const kind = kindOfBytes(await file.readAt(0, Math.min(8, file.size)));
  const format = formatOf(call, path, kind);
  if (format === 'qcow2') {
    if (kind !== 'qcow2')
      throw new CliError(EXIT.error, `${path} is not a qcow2 image${kind ? `: unpack it first, it is ${kind}` : ''}.`);
    return packedDisk(path, file);
  }
  const compression = kind === 'qcow2' || kind === null ? 'none' : kind;
  const bytes = compression === 'none' ? file.size : null;
  return { format, compression, file: rootFileName(format, compression), bytes, content: file.open };
}

function formatOf({ options }: Call, path: string, kind: string | null): Format {
  const requestedFormat = FORMATS.find((one) => one === options['format']);
  if (requestedFormat) return requestedFormat;
  if (kind === 'qcow2') return 'qcow2';
  const found = BY_NAME.find(([pattern]) => pattern.test(path));
  if (found) return found[1];
  throw usageError(`What is in ${path}?`, ['Give its format: --format tar, raw or qcow2.']);
}

async function packedDisk(path: string, file: CliFile): Promise<UploadRoot> {
  const header = await openQcow2(path, file);
  const { constants, createZstdCompress } = await import('node:zlib');
  const { pipeline, Readable } = await import('node:stream');
  const packed = () =>
    pipeline(
      Readable.from(diskOf(file, header), { objectMode: false }),
      createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
      // Whoever reads it gets the fault.
      () => {},
    );
  const content = (start: number) => from(packed(), start);
  return { format: 'raw', compression: 'zst', file: rootFileName('raw', 'zst'), bytes: header.diskBytes, content };
}

/** Size and SHA-256 of what is sent. */
export async function measure(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly size: number; readonly sha256: string }> {
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of bytes) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, sha256: hash.digest('hex') };
}

/** Bytes from that one on. */
async function* from(bytes: AsyncIterable<Uint8Array>, start: number): AsyncGenerator<Uint8Array> {
  let skip = start;
  for await (const chunk of bytes) {
    if (skip < chunk.length) yield chunk.subarray(skip);
    skip = Math.max(0, skip - chunk.length);
  }
}

interface UploadManifest extends Omit<UploadRoot, 'content'> {
  readonly name: string;
  readonly architecture: string;
  readonly hasCloudInit: boolean;
  readonly size: number;
  readonly sha256: string;
}

/** Equal uploads have equal manifests, so one that was cut is gone on with. */
function manifestOf({
  name,
  architecture,
  hasCloudInit,
  format,
  compression,
  file,
  bytes,
  size,
  sha256,
}: UploadManifest): string {
  const content = { file, format, compression, ...(bytes === null ? {} : { bytes }), cloudInit: hasCloudInit };
  const manifest = { format: 1, kind: 'deployable', architecture, name, content, files: { [file]: { size, sha256 } } };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
