import { type Rejected, rejected } from '../../../core/errors.ts';
import type { DeployedImage } from '../../../model/deployment/deployment.ts';
import { findImages, type ImageRow, listImages, readManifest } from '../../../store/queries/cluster/images.ts';
import type { Tx } from '../../../store/tx.ts';

/** A deployable image as a deployment needs it, with where its file is. */
export interface FoundImage {
  readonly image: DeployedImage;
  readonly places: ImageRow['files'][number]['places'];
}

/**
 * The deployable image that somebody names: by its name (the newest one), or the beginning of its digest. `architecture` null: nobody knows the machine's.
 * Refused: there is none, it is no deployable one, or it is for another architecture.
 */
export async function findDeployable(
  tx: Tx,
  text: string,
  architecture: string | null,
): Promise<FoundImage | Rejected> {
  const all = await listImages(tx);
  const named = all.filter(({ name }) => name === text);
  const known = named.length > 0 || !/^[0-9a-f]{6,64}$/.test(text) ? named : await findImages(tx, text);
  const deployable = known.filter(({ kind }) => kind === 'deployable');
  const fitting = deployable.filter((image) => architecture === null || image.architecture === architecture);
  const [row] = fitting;
  if (row === undefined) return noImage(text, architecture, { all, known, deployable });
  return await readDeployable(tx, row);
}

/** The image of this digest; refused where it is gone. */
export async function deployableOf(tx: Tx, digest: string): Promise<FoundImage | Rejected> {
  const [row] = await findImages(tx, digest);
  return row === undefined
    ? rejected('not_found', `The image ${digest.slice(0, 12)} is not there any more.`)
    : await readDeployable(tx, row);
}

interface Known {
  readonly all: readonly ImageRow[];
  readonly known: readonly ImageRow[];
  readonly deployable: readonly ImageRow[];
}

function noImage(text: string, architecture: string | null, { all, known, deployable }: Known): Rejected {
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

async function readDeployable(tx: Tx, row: ImageRow): Promise<FoundImage | Rejected> {
  const { digest, name, architecture, files } = row;
  const content = contentOf(await readManifest(tx, digest));
  const file = files.find((one) => one.name === content?.file);
  if (content === null || file === undefined)
    return rejected(
      'conflict',
      `The manifest of the image ${name} does not say what its root is. Rule: import it anew.`,
    );
  const { format, compression, bytes } = content;
  const { size, sha256, places } = file;
  return {
    image: { name, digest, architecture, format, compression, bytes, file: { name: file.name, size, sha256 } },
    places,
  };
}

type Content = Pick<DeployedImage, 'format' | 'compression' | 'bytes'> & { readonly file: string };

/** The member `content` of a manifest, which `scripts/build-image deployable` writes; null: it is not as it must be. Pure. */
function contentOf(manifest: string | null): Content | null {
  const { content } = JSON.parse(manifest ?? '{}') as { readonly content?: Partial<Content> };
  const { file, format, compression, bytes } = content ?? {};
  if (typeof file !== 'string' || (format !== 'tar' && format !== 'raw')) return null;
  const known = (['none', 'gz', 'xz', 'zst'] as const).find((one) => one === compression);
  return known === undefined
    ? null
    : { file, format, compression: known, bytes: typeof bytes === 'number' ? bytes : null };
}
