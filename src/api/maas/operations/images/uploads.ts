import { createHash } from 'node:crypto';
import { isRejected, RejectedError } from '../../../../core/errors.ts';
import { type Compression, PIECES_MOST, type RootFormat, rootFileName } from '../../../../model/images/content.ts';
import { type MaasAnswer, json, text } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import type { Site } from '../../site.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { fileNumber, meantImage, setOf, viewImage } from './images.ts';

/** Kinds of files by MAAS's names: how the root is packed, and by what. */
const FILE_TYPES: Readonly<Record<string, readonly [RootFormat, Compression]>> = {
  tgz: ['tar', 'gz'],
  txz: ['tar', 'xz'],
  ddraw: ['raw', 'none'],
  ddgz: ['raw', 'gz'],
  ddxz: ['raw', 'xz'],
};

/** Images that come by this API: all at once, or piece by piece. A piece goes on where the last one ended, whichever region node takes it. */
export const UPLOAD_HANDLERS: Handlers = {
  'BootResources.create': createImage,
  'BootResourceFileUpload.update': async (call) => {
    const image = await meantImage(call.site, call.path['resource_id'] ?? '');
    const wanted = call.path['id'] ?? '';
    const file =
      image.files.find(({ name }) => String(fileNumber(image.digest, name)) === wanted) ??
      notFound('file of the image', wanted);
    const [piece] = call.args.files();
    if (piece === undefined) badValue('content', 'it is missing', 'the next bytes, as application/octet-stream');
    else await takePiece(call, { image: image.digest, name: file.name }, piece.content);
    return text('', 200);
  },
};

async function createImage(call: MaasCall): Promise<MaasAnswer> {
  const { site, args } = call;
  const content = args.file('content')?.content;
  const file = fileOf(args, content);
  if (content === undefined && file.size > PIECES_MOST)
    badValue('size', `${file.size} bytes`, `at most ${PIECES_MOST} in pieces; larger ones by: regent image upload`);
  const [format, compression] = typeOf(args);
  const name = rootFileName(format, compression);
  const manifest = {
    format: 1,
    kind: 'deployable',
    architecture: (args.text('architecture') ?? '').split('/')[0] ?? '',
    name: (args.text('name') ?? '').toLowerCase(),
    content: { file: name, format, compression, cloudInit: true },
    files: { [name]: file },
  };
  const body = { manifest: `${JSON.stringify(manifest, null, 2)}\n` };
  const { image } = await site.call('image.create', { body });
  const refusal =
    content === undefined
      ? // Whoever announces a file begins with its first byte.
        await call.images.beginPieces(image.digest)
      : await takeWhole(call, { image: image.digest, name }, content);
  if (isRejected(refusal)) throw new RejectedError(refusal);
  const shown = await site.call('image.show', { params: { image: image.digest } });
  return json({ ...viewImage(shown), sets: { [shown.createdAt.slice(0, 10)]: setOf(shown) } }, 201);
}

/** Size and digest: of what is sent, or as it is announced. */
function fileOf(args: Args, content: Buffer | undefined): { readonly size: number; readonly sha256: string } {
  const announced = { size: args.number('size'), sha256: args.text('sha256')?.toLowerCase() };
  if (content === undefined) {
    const { size, sha256 } = announced;
    if (size === undefined || !sha256)
      return badValue('content', 'it is missing', 'the file, or its sha256 and size and then its pieces');
    return { size, sha256 };
  }
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (announced.sha256 && announced.sha256 !== sha256)
    badValue('sha256', `it is ${sha256}`, 'the digest of the content');
  return { size: content.length, sha256 };
}

function typeOf(args: Args): readonly [RootFormat, Compression] {
  const type = args.text('filetype') || 'tgz';
  const found = Object.hasOwn(FILE_TYPES, type) ? FILE_TYPES[type] : undefined;
  return found ?? badValue('filetype', `${type} is not known`, Object.keys(FILE_TYPES).join(', '));
}

type UploadFileName = { readonly image: string; readonly name: string };

async function takeWhole({ site, images }: MaasCall, file: UploadFileName, content: Uint8Array): Promise<unknown> {
  await checkUpload(site, file);
  return images.receive(file, one(content), null);
}

async function takePiece({ site, images }: MaasCall, file: UploadFileName, content: Uint8Array): Promise<void> {
  await checkUpload(site, file);
  const taken = await images.addPiece(file, content);
  if (isRejected(taken)) throw new RejectedError(taken);
}

/** Checks whether the caller may upload it. */
async function checkUpload(site: Site, { image, name }: UploadFileName): Promise<void> {
  await site.call('image.upload', { params: { image, file: name } });
}

async function* one(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
