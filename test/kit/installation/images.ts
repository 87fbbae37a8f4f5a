import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../../..');
/** What an image is built by; packages are Debian's of the day. */
const RECIPE = ['scripts/build-image', 'scripts/pack-initrd.mjs', 'scripts/lib', 'scripts/image'];
/** With the wait for another who builds it. */
export const BUILD_MS = 1_500_000;

/** Variables that name the folder of an image that is there already. */
const VARIABLES = {
  ephemeral: 'REGENT_EPHEMERAL_IMAGE',
  'deployable-tiny': 'REGENT_TINY_IMAGE',
  deployable: 'REGENT_DEPLOYABLE_IMAGE',
} as const;

/** Where built images stay, for all checkouts of this machine; without root, for this one. */
const IMAGES = process.getuid?.() === 0 ? '/var/cache/regent-test-images' : join(ROOT, '.regent/test-images');

/** Builds an image where nobody has: one at a time, and whole before its folder is named. The one that was used last stays beside it. */
const BUILD = `
set -eu
place=$1; shift
if [ -s "$place/folder" ]; then touch "$place"; exit 0; fi
rm -rf "$place"
ls -dt "\${place%-*}"-???????????? 2>/dev/null | tail -n +2 | xargs -r rm -rf
mkdir -p "$place"
"$@" --output "$place" >"$place/folder.new"
mv "$place/folder.new" "$place/folder"`;

/** The folder of an image of this kind. The tests of a machine build it once, as long as its recipe stays the same. */
export async function imageFolder(kind: keyof typeof VARIABLES, options: readonly string[] = []): Promise<string> {
  const there = process.env[VARIABLES[kind]] ?? '';
  if (there !== '') return there;
  const digest = createHash('sha256').update(options.join(' '));
  for (const path of RECIPE.flatMap((one) => filesOf(join(ROOT, one)))) digest.update(readFileSync(path));
  mkdirSync(IMAGES, { recursive: true });
  const place = join(IMAGES, `${kind}-${digest.digest('hex').slice(0, 12)}`);
  const build = [join(ROOT, 'scripts/build-image'), kind, ...options];
  const argv = [join(IMAGES, `${kind}.lock`), 'sh', '-c', BUILD, 'sh', place, ...build];
  await promisify(execFile)('flock', argv, { timeout: BUILD_MS });
  return readFileSync(join(place, 'folder'), 'utf8').trim();
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
  return files.filter((file) => statSync(file).isFile()).toSorted();
}

/** The SHA-256 of a file, hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** What the manifest of an image for disks says of its one file. `bytes`: unpacked. */
export function contentOf(folder: string): {
  readonly file: string;
  readonly compression: string;
  readonly bytes: number;
} {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    content: ReturnType<typeof contentOf>;
  };
  return manifest.content;
}
