import Type, { type Static } from 'typebox';
import { COMPRESSIONS, ROOT_FORMATS } from '../../model/images/content.ts';
import { IMAGE_ARCHITECTURES, IMAGE_BOUNDS, IMAGE_KINDS, PLACE_STATES } from '../../model/images/image.ts';
import { Flag, listQuery, oneOf, page, strict, text, Time } from '../base/common.ts';
import { ADMINS, del, EVERYBODY, get, post } from '../base/route-spec.ts';

const Digest = Type.String({ description: 'SHA-256, lower-case hexadecimal' });
const Size = Type.Integer({ description: 'bytes' });

/** A rack that fetches a file before machines ask for it. */
const RackCopy = strict({
  node: Type.String(),
  isThere: Type.Boolean({ description: 'false: no region gave it yet' }),
  since: Time,
});

/** A file of an image, and its state on each region node that has checked it. */
const ImageFile = strict({
  name: Type.String(),
  size: Size,
  sha256: Digest,
  places: Type.Array(strict({ node: Type.String(), state: oneOf(PLACE_STATES), since: Time })),
  racks: Type.Optional(
    Type.Array(RackCopy, {
      description: 'racks that report that they fetched it beforehand; any other fetches it when a machine needs it',
    }),
  ),
});

/** The root of a deployable image: files (tar) or a whole disk (raw). */
const Content = strict({
  format: oneOf(ROOT_FORMATS),
  compression: oneOf(COMPRESSIONS),
  bytes: Type.Union([Size, Type.Null()], { description: 'unpacked; null until somebody has unpacked it' }),
  cloudInit: Type.Boolean({ description: 'cloud-init is in it' }),
});

/** What machines boot: named by the digest of its manifest, so it never changes. */
export const Image = strict({
  digest: Digest,
  name: Type.String(),
  kind: oneOf(IMAGE_KINDS),
  architecture: oneOf(IMAGE_ARCHITECTURES),
  kernel: Type.String({ description: 'version of its kernel; empty where a deployable image does not say it' }),
  content: Type.Union([Content, Type.Null()], { description: 'only of a deployable image' }),
  size: Size,
  isDefault: Type.Boolean({ description: 'machines of its architecture commission by it' }),
  createdBy: Type.String(),
  createdAt: Time,
  regions: Type.Array(Type.String(), { description: 'region nodes, by name: each has to have every file' }),
  wholeOn: Type.Array(Type.String(), { description: 'those that have every file' }),
  files: Type.Array(ImageFile),
});
export type Image = Static<typeof Image>;

const ImageParams = strict({ image: text(64, 'digest, or its first digits: at least 6') });
const ImageCreate = strict({
  manifest: text(IMAGE_BOUNDS.manifest, 'the text of manifest.json, byte for byte: its SHA-256 is the image’s digest'),
  digest: Type.Optional(text(64, 'what the digest of the manifest must be')),
  name: Type.Optional(text(61, 'kind/kernel when left out')),
});
const ImageCreated = strict({
  isNew: Type.Boolean({ description: 'false: the image was there already' }),
  image: Image,
});
/** A file of an image, and how much of it the region node that answered has. */
const StoredFile = strict({
  image: Digest,
  name: Type.String(),
  size: Size,
  sha256: Digest,
  received: Type.Integer({ description: 'bytes that are there: all of them, or where the next call goes on' }),
});

/** Calls about images. */
export const IMAGE_ROUTES = {
  'image.list': get('/images', 'List images', {
    roles: EVERYBODY,
    query: listQuery(
      {
        kind: Type.Optional(oneOf(IMAGE_KINDS)),
        architecture: Type.Optional(oneOf(IMAGE_ARCHITECTURES)),
        is_default: Type.Optional(Flag),
      },
      ['created', 'name'],
    ),
    response: page(Image),
  }),
  'image.show': get('/images/{image}', 'Show an image, and which region nodes and racks have its files', {
    roles: EVERYBODY,
    params: ImageParams,
    response: Image,
  }),
  'image.create': post('/images', 'Make an image known by its manifest; its files are uploaded afterwards', {
    roles: ADMINS,
    body: ImageCreate,
    response: ImageCreated,
  }),
  'image.upload': {
    method: 'PUT',
    path: '/images/{image}/files/{file}',
    summary:
      'Upload a file of an image, whole or, with Content-Range, in pieces one after the other; the other region nodes fetch it from there',
    status: 200,
    roles: ADMINS,
    params: strict({ image: text(64, 'digest'), file: text(61, 'name of the file') }),
    response: StoredFile,
    isUpload: true,
  },
  'image.set-default': post('/images/{image}/default', 'Let machines of its architecture commission by the image', {
    roles: ADMINS,
    params: ImageParams,
    response: Image,
    status: 200,
  }),
  'image.delete': del('/images/{image}', 'Delete an image; every region node removes its files', {
    roles: ADMINS,
    params: ImageParams,
    response: Image,
    hasEtag: false,
  }),
} as const;

/** Where region nodes give out files to racks and to each other, with certificates, at the agents' port. */
export const IMAGE_FILE_PATH = '/images/:image/:file';

/** The path of one file. */
export function imagePath(image: string, file: string): string {
  return `/images/${image}/${file}`;
}
