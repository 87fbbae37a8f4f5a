import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** An image as scripts/build-image makes it. */
export interface TestImage {
  readonly digest: string;
  readonly manifest: string;
  readonly files: Readonly<Record<string, Buffer>>;
}

export const sha256 = (bytes: Buffer | string) => createHash('sha256').update(bytes).digest('hex');

/** One with these files; `changes`: of its manifest. */
export function anImage(files: Readonly<Record<string, Buffer>> = {}, changes: object = {}): TestImage {
  const all = { 'initrd.img': Buffer.from('an initrd'), vmlinuz: Buffer.from('a kernel'), ...files };
  const told = Object.fromEntries(
    Object.entries(all).map(([name, bytes]) => [name, { size: bytes.length, sha256: sha256(bytes) }]),
  );
  const manifest = `${JSON.stringify(
    {
      format: 1,
      kind: 'micro',
      architecture: 'amd64',
      kernel: '6.12.57+deb13-cloud-amd64',
      packages: { 'busybox-static': '1:1.37.0-6' },
      files: told,
      ...changes,
    },
    null,
    2,
  )}\n`;
  return { digest: sha256(manifest), manifest, files: all };
}

/** Writes it as a folder named by its digest; gives the folder. */
export async function writeImage(folder: string, image: TestImage): Promise<string> {
  const place = join(folder, image.digest);
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'manifest.json'), image.manifest);
  for (const [name, bytes] of Object.entries(image.files)) await writeFile(join(place, name), bytes);
  return place;
}
