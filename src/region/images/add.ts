import { accept, type Rejected, rejected } from '../../core/errors.ts';
import { textDigest } from '../../core/stable-json.ts';
import { imageBytes, type ImageManifest } from '../../model/images/image.ts';
import * as images from '../../store/queries/images/images.ts';
import { readSettings } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';

const MB = 1e6;

/** A new image: its manifest, parsed and as it is. */
export interface AddedImage {
  readonly manifest: ImageManifest;
  readonly text: string;
  readonly name: string;
  readonly createdBy: string;
}

/** Makes an image known, within the quota; `isNew` false: it was known already. */
export async function addImage(
  tx: Tx,
  { manifest, text, name, createdBy }: AddedImage,
): Promise<{ readonly isNew: boolean }> {
  const digest = textDigest(text);
  accept(await quotaOf(tx, digest, imageBytes(manifest.files)));
  return { isNew: await images.createImage(tx, { ...manifest, digest, name, manifest: text, createdBy }) };
}

/** Would all images together take more than they may? One that is known already takes nothing new. */
async function quotaOf(tx: Tx, digest: string, bytes: number): Promise<Rejected | null> {
  const others = await images.lockImageBytes(tx, digest);
  const { image_limit: limit } = await readSettings(tx);
  if (others === null || others + bytes <= limit * MB) return null;
  const [has, needs] = [others, bytes].map((one) => Math.ceil(one / MB));
  const problem = `All images have ${has} MB, this one ${needs} MB, and together they may have ${limit} MB.`;
  const remedy = 'Delete an image (regent image list), or raise the setting image_limit.';
  return rejected('insufficient_storage', `${problem} Nothing was stored. ${remedy}`);
}
