import type { Image } from '../../contract/images/image.ts';
import { accept, refuse, show } from '../../core/errors.ts';
import { textDigest } from '../../core/stable-json.ts';
import { imageBytes, imageName, isDigest, parseImageName, parseManifest } from '../../model/images/image.ts';
import { regionMembers } from '../../model/cluster/cluster.ts';
import { allRows } from '../../store/page.ts';
import * as images from '../../store/queries/images/images.ts';
import { installingWith } from '../../store/queries/machines/deployments.ts';
import { listNodes } from '../../store/queries/cluster/nodes.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody, pageInMemory } from '../base/paging.ts';
import { reading, writing } from '../base/use-case.ts';
import { addImage } from './add.ts';

const PREFIX = /^[0-9a-f]{6,64}$/;

/** Names of the region nodes, each of which has to have every file. */
export async function regionNames(tx: Tx): Promise<readonly string[]> {
  return regionMembers({ nodes: await allRows((page) => listNodes(tx, page)) }).map(({ name }) => name);
}

/** Region nodes that have every file of an image. */
export function wholeOn({ files }: Pick<images.ImageRow, 'files'>, regions: readonly string[]): string[] {
  const has = (node: string) => (file: images.ImageRow['files'][number]) =>
    file.places.some((place) => place.node === node && place.state === 'there');
  return regions.filter((node) => files.every(has(node)));
}

/** Who may have files of images. `racks`: what they say, by `DIGEST/FILE`. */
interface Holders {
  readonly regions: readonly string[];
  readonly racks: ReadonlyMap<string, readonly images.RackCopyRow[]>;
}

async function holdersOf(tx: Tx, digest?: string): Promise<Holders> {
  const copies = await images.readRackCopies(tx, digest);
  return { regions: await regionNames(tx), racks: Map.groupBy(copies, ({ image, file }) => `${image}/${file}`) };
}

function view(row: images.ImageRow, { regions, racks }: Holders): Image {
  return {
    ...row,
    size: imageBytes(row.files),
    regions: [...regions],
    wholeOn: wholeOn(row, regions),
    files: row.files.map((file) => ({
      ...file,
      places: file.places.map((place) => ({ ...place })),
      racks: (racks.get(`${row.digest}/${file.name}`) ?? []).map(({ node, isThere, since }) => ({
        node,
        isThere,
        since,
      })),
    })),
  };
}

/** The image that an operator names: by its name, of several the newest, or by its digest or the first digits of it. */
async function imageByRef(tx: Tx, text: string): Promise<images.ImageRow> {
  const [newest, ...others] = await images.findImagesByName(tx, text);
  if (newest !== undefined) {
    const other = others.find(({ architecture }) => architecture !== newest.architecture);
    if (other === undefined) return newest;
    const which = `${text} is an image of ${newest.architecture} and one of ${other.architecture}.`;
    refuse(
      'conflict',
      `${which} Name it by its digest: ${newest.digest.slice(0, 12)} or ${other.digest.slice(0, 12)}.`,
    );
  }
  const prefix = text.toLowerCase();
  if (!PREFIX.test(prefix))
    refuse(
      'not_found',
      `There is no image ${show(text)}. An image is named by its name, its digest, or the first digits of it: at least 6.`,
    );
  const [first, second] = await images.findImages(tx, prefix);
  if (first === undefined) refuse('not_found', `There is no image ${prefix}, and none whose digest begins so.`);
  if (second !== undefined)
    refuse('conflict', `Several images have a digest that begins with ${prefix}. Give more digits.`);
  return first;
}

export const imageCases = {
  'image.list': reading('image.list', async (tx, { query }) => {
    const holders = await holdersOf(tx);
    const { kind, architecture, is_default: isDefault } = query ?? {};
    const rows = (await images.listImages(tx)).filter(
      (row) =>
        (kind === undefined || row.kind === kind) &&
        (architecture === undefined || row.architecture === architecture) &&
        (isDefault === undefined || row.isDefault === isDefault),
    );
    const order = {
      sorts: { created: (row: images.ImageRow) => row.createdAt, name: (row: images.ImageRow) => row.name },
      defaultSort: '-created',
      key: (row: images.ImageRow) => row.digest,
    };
    const page = accept(pageInMemory(rows, order, query));
    return pageBody(page, (row) => view(row, holders), query);
  }),

  'image.show': reading('image.show', async (tx, { params }) => {
    const image = await imageByRef(tx, params.image);
    return { body: view(image, await holdersOf(tx, image.digest)) };
  }),

  'image.create': writing(
    'image.create',
    ({ body }) => `image create ${body.name ?? ''}`.trim(),
    async (tx, { body }, { caller }) => {
      const manifest = accept(parseManifest(body.manifest));
      const digest = textDigest(body.manifest);
      if (body.digest !== undefined && body.digest !== digest)
        refuse(
          'conflict',
          `The manifest has the digest ${digest}, not ${show(body.digest, 70)}: it is another manifest, or it changed in transit.`,
        );
      const name = accept(parseImageName(body.name ?? imageName(manifest)));
      const added = await addImage(tx, { manifest, text: body.manifest, name, createdBy: caller.user });
      const { isNew } = added;
      if (isNew) tx.emit({ kind: 'image.created', subject: digest, data: { name, kind: manifest.kind } });
      const image = await imageByRef(tx, digest);
      return { body: { isNew, image: view(image, await holdersOf(tx, digest)) } };
    },
  ),

  /**
   * Checks an upload before a byte is read: a caller without the right, or a name that is no file of an image, is
   * refused.
   */
  'image.upload': reading('image.upload', async (tx, { params }) => {
    const { image, file } = params;
    const row = isDigest(image) ? (await images.findImages(tx, image))[0] : undefined;
    if (row === undefined)
      refuse(
        'not_found',
        `There is no image ${show(image, 70)}. A file is uploaded to an image by its whole digest, after its manifest.`,
      );
    const found = row.files.find(({ name }) => name === file);
    if (found === undefined)
      refuse(
        'not_found',
        `The image ${image} has no file ${show(file)}. It has ${row.files.map(({ name }) => name).join(', ')}.`,
      );
    return { body: { image, name: found.name, size: found.size, sha256: found.sha256, received: 0 } };
  }),

  'image.set-default': writing(
    'image.set-default',
    ({ params }) => `image set-default ${params.image}`,
    async (tx, { params }) => {
      const image = await imageByRef(tx, params.image);
      if (image.kind === 'deployable' || image.kind === 'release')
        refuse(
          'conflict',
          `${image.name} is an image of the kind ${image.kind}. Machines commission by a micro or an ephemeral one.`,
        );
      const holders = await holdersOf(tx, image.digest);
      if (wholeOn(image, holders.regions).length === 0)
        refuse(
          'conflict',
          `No region node has all files of ${image.name} yet, so machines could not boot. Import the complete image first.`,
        );
      await images.setDefaultImage(tx, image);
      tx.emit({
        kind: 'image.default',
        subject: image.digest,
        data: { name: image.name, architecture: image.architecture },
      });
      return { body: view({ ...image, isDefault: true }, holders) };
    },
  ),

  'image.delete': writing(
    'image.delete',
    ({ params }) => `image delete ${params.image}`,
    async (tx, { params }) => {
      const image = await imageByRef(tx, params.image);
      if (image.isDefault)
        refuse(
          'in_use',
          `${image.name} is the default image for commissioning ${image.architecture}. Make another image the default first.`,
        );
      const machines = await installingWith(tx, image.digest);
      if (machines.length > 0)
        refuse(
          'in_use',
          `${image.name} is being installed on ${machines.join(', ')}. Wait until that has ended, or end it: regent machine abort.`,
        );
      await images.deleteImage(tx, image.digest);
      tx.emit({ kind: 'image.deleted', subject: image.digest, data: { name: image.name } });
      return { body: view(image, await holdersOf(tx, image.digest)) };
    },
  ),
};
