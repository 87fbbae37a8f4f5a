import { refuse, type Rejected, rejected } from '../../../core/errors.ts';
import type { DeployedImage } from '../../../model/machines/deployment/deployment.ts';
import { findImages, findImagesByName, type ImageRow, listImages } from '../../../store/queries/images/images.ts';
import type { Tx } from '../../../store/tx.ts';

/** A deployable image as a deployment needs it, with where its file is. */
export type FoundImage = { readonly image: DeployedImage; readonly places: ImageRow['files'][number]['places'] };

/**
 * The deployable image that somebody names: by its name (the newest one), or the beginning of its digest. `architecture` null: nobody knows the machine's.
 * Refused: there is none, it is no deployable one, or it is for another architecture.
 */
export async function findDeployable(tx: Tx, text: string, architecture: string | null): Promise<FoundImage> {
  const named = await findImagesByName(tx, text);
  const known = named.length > 0 || !/^[0-9a-f]{6,64}$/.test(text) ? named : await findImages(tx, text);
  const deployable = known.filter(({ kind }) => kind === 'deployable');
  const fitting = deployable.filter((image) => architecture === null || image.architecture === architecture);
  const [row] = fitting;
  if (row === undefined) refuse(noImage(text, architecture, { all: await listImages(tx), known, deployable }));
  return viewDeployable(row);
}

/** The image of this digest; refused if it is gone. */
export async function deployableOf(tx: Tx, digest: string): Promise<FoundImage> {
  const [row] = await findImages(tx, digest);
  return row === undefined
    ? refuse('not_found', `The image ${digest.slice(0, 12)} is not there any more.`)
    : viewDeployable(row);
}

interface ImageCandidates {
  readonly all: readonly ImageRow[];
  readonly known: readonly ImageRow[];
  readonly deployable: readonly ImageRow[];
}

function noImage(text: string, architecture: string | null, { all, known, deployable }: ImageCandidates): Rejected {
  const [other] = deployable;
  if (other !== undefined)
    return rejected(
      'conflict',
      `The image ${other.name} is for ${other.architecture}, and the machine is ${architecture ?? ''}.`,
    );
  const [wrong] = known;
  if (wrong !== undefined)
    return rejected(
      'conflict',
      `The image ${wrong.name} is ${wrong.kind}. Rule: an image of the kind deployable goes to disks.`,
    );
  const names = [...new Set(all.filter(({ kind }) => kind === 'deployable').map(({ name }) => name))].slice(0, 10);
  const rule = names.length === 0 ? 'there is none: regent image import FOLDER' : `one of ${names.join(', ')}`;
  return rejected('not_found', `There is no image ${JSON.stringify(text.slice(0, 64))} to deploy. Rule: ${rule}.`);
}

/** A deployable image has one file. */
function viewDeployable({ digest, name, architecture, content, files: [file] }: ImageRow): FoundImage {
  if (content === null || file === undefined)
    refuse('conflict', `The kind of root of the image ${name} is not known. Import the image again.`);
  const { format, compression, bytes } = content;
  const { size, sha256, places } = file;
  const root = { name: file.name, size, sha256 };
  return { image: { name, digest, architecture, format, compression, bytes, file: root }, places };
}
