import { createHash, createPublicKey, verify } from 'node:crypto';
import { constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, open, readlink, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UpgradeError } from './program.ts';

/** Where things are; tests have other places. */
export interface UpgradePaths {
  /** The agent's folder: SHA256/release.tar.gz and SHA256/manifest.json. */
  readonly brought: string;
  /** State for everybody to read, and below it the folder of root. */
  readonly state: string;
  readonly root: string;
}

/** Larger than any release, bytes. */
const ARCHIVE_MAX = 1024 ** 3;
const NOTE_MAX = 4096;

/** Is `version` of an older release than `installed`? What follows `+` is a digest, and has no order. Pure. */
export function isOlder(version: string, installed: string): boolean {
  const [one, other] = [version, installed].map((text) => text.split(/[+-]/)[0]?.split('.').map(Number) ?? []);
  for (let at = 0; at < 3; at += 1) {
    const difference = (one?.[at] ?? 0) - (other?.[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** What is signed of an archive: also `scripts/sign-release.mjs`. */
export const statementOf = (note: { version: string; architecture: string; sha256: string }): string =>
  `regent release\n${note.version}\n${note.architecture}\n${note.sha256}\n`;

type Note = { readonly version: string; readonly architecture: string; readonly signature: string };

/**
 * Copies what the agent brought to root's own folder and verifies it there; gives path and version. Throws UpgradeError. The agent may write to its folder
 * meanwhile: nothing is read from there twice.
 */
export async function takeArchive(
  paths: UpgradePaths,
  sha256: string,
): Promise<{ readonly path: string; readonly version: string }> {
  const own = join(paths.state, 'archive');
  await mkdir(own, { recursive: true, mode: 0o700 });
  const [path, notePath] = [join(own, `${sha256}.tar.gz`), join(own, `${sha256}.json`)];
  if (!existsSync(path)) {
    // One archive at a time: what an earlier upgrade left goes.
    await rm(own, { recursive: true, force: true });
    await mkdir(own, { recursive: true, mode: 0o700 });
    await copyPlain(join(paths.brought, sha256, 'manifest.json'), notePath, NOTE_MAX);
    const digest = await copyPlain(join(paths.brought, sha256, 'release.tar.gz'), `${path}.new`, ARCHIVE_MAX);
    if (digest !== sha256)
      throw new UpgradeError('the archive is damaged: its SHA-256 is not the one that was ordered');
    await rename(`${path}.new`, path);
  }
  const note = parseNote(readFileSync(notePath, 'utf8'));
  judgeNote(note, sha256, {
    key: releaseKey(paths),
    architecture: process.arch,
    installed: await installedVersion(paths),
  });
  return { path, version: note.version };
}

/** As Debian calls Node's architectures. */
export const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** May an archive be installed? Throws UpgradeError with the reason. Pure. */
export function judgeNote(
  note: Note,
  sha256: string,
  own: { readonly key: string; readonly architecture: string; readonly installed: string },
): void {
  const { version, architecture, signature } = note;
  const text = Buffer.from(statementOf({ version, architecture, sha256 }));
  const isSigned = verify(null, text, createPublicKey(own.key), Buffer.from(signature, 'base64'));
  if (!isSigned)
    throw new UpgradeError(
      `${version} is not signed by the key of the installed release. Rule: one maker makes both; else run its scripts/install by hand`,
    );
  const here = ARCHITECTURES[own.architecture] ?? own.architecture;
  if (architecture !== here) throw new UpgradeError(`${version} is for ${architecture}, and this host is ${here}`);
  if (isOlder(version, own.installed))
    throw new UpgradeError(`${version} is older than ${own.installed}. To go back: regent upgrade back`);
}

function parseNote(text: string): Note {
  try {
    const { version, architecture, signature } = JSON.parse(text) as Record<string, unknown>;
    if (typeof version === 'string' && typeof architecture === 'string' && typeof signature === 'string')
      if (/^[0-9][0-9A-Za-z.+-]{0,99}$/.test(version)) return { version, architecture, signature };
  } catch {
    // Below.
  }
  throw new UpgradeError('the note of the archive cannot be read');
}

function releaseKey({ root }: UpgradePaths): string {
  try {
    return readFileSync(join(root, 'current/release.pub'), 'utf8');
  } catch {
    throw new UpgradeError('the installed release has no release.pub: run scripts/install of the archive by hand once');
  }
}

/** Copies a plain file, following no link; gives the SHA-256 of what was written. */
async function copyPlain(from: string, to: string, most: number): Promise<string> {
  // A pipe in its place would block.
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const source = await open(from, flags).catch(() => {
    throw new UpgradeError('the agent has not brought the archive');
  });
  const hash = createHash('sha256');
  try {
    const target = await open(to, 'w', 0o600);
    try {
      const buffer = Buffer.allocUnsafe(2 ** 20);
      if (!(await source.stat()).isFile()) throw new UpgradeError('what the agent brought is no plain file');
      for (let size = 0; ; ) {
        const { bytesRead } = await source.read(buffer, 0, buffer.length);
        if (bytesRead === 0) break;
        size += bytesRead;
        if (size > most) throw new UpgradeError(`what the agent brought is larger than ${most} bytes`);
        hash.update(buffer.subarray(0, bytesRead));
        await target.writeFile(buffer.subarray(0, bytesRead));
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  return hash.digest('hex');
}

/** The version that is in force on this host. */
export async function installedVersion({ root }: UpgradePaths): Promise<string> {
  return (await readlink(join(root, 'current'))).split('/').at(-1) ?? '';
}
