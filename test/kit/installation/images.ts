import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const BUILD_IMAGE = join(import.meta.dirname, '../../../scripts/build-image');
export const BUILD_MS = 1_500_000;

/** Folders of built images, and how long a build takes at most: `REGENT_EPHEMERAL_IMAGE`, `REGENT_DEPLOYABLE_IMAGE` name some that are there already. */
const VARIABLES = {
  ephemeral: 'REGENT_EPHEMERAL_IMAGE',
  'deployable-tiny': 'REGENT_TINY_IMAGE',
  deployable: 'REGENT_DEPLOYABLE_IMAGE',
} as const;

/** The folder of an image of this kind; built where the environment names none. Whoever builds it removes `output`, which is null otherwise. */
export async function imageFolder(
  kind: keyof typeof VARIABLES,
  options: readonly string[] = [],
): Promise<{ readonly folder: string; readonly output: string | null }> {
  const there = process.env[VARIABLES[kind]] ?? '';
  if (there !== '') return { folder: there, output: null };
  const output = await mkdtemp(join(tmpdir(), 'regent-image-'));
  const ran = await promisify(execFile)(BUILD_IMAGE, [kind, ...options, '--output', output], { timeout: BUILD_MS });
  return { folder: ran.stdout.trim(), output };
}

/** The SHA-256 of a file, hexadecimal. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** What the manifest of an image for disks says of its one file. */
export function contentOf(folder: string): {
  readonly file: string;
  readonly compression: string;
  readonly bytes: number;
  readonly cloudInit: boolean;
} {
  const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    content: ReturnType<typeof contentOf>;
  };
  return manifest.content;
}
