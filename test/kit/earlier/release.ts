import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { textDigest } from '../../../src/core/stable-json.ts';
import { CHECKOUT, makeRelease } from '../lab.ts';

/** The last version before there were clusters. */
const COMMIT = 'ddb971a22bad5f61c58122b690bd348817fdf460';
/** All that goes into a release of it. */
const PARTS = ['.npmrc', 'CHANGELOG.md', 'LICENSE', 'README.md', 'bin', 'ha', 'package-lock.json', 'package.json'];
const FOLDERS = ['scripts', 'src', 'systemd', 'templates'];
/** Beside what this checkout builds, on the same file system: packages are linked, not copied. */
const FOLDER = join(CHECKOUT, 'dist', 'earlier-0.2.0');
const BUILD_MS = 300_000;
const FETCH_MS = 60_000;

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string } | undefined>>;
}

/** Builds the release of version 0.2.0 by its own scripts/release, once per checkout; the archive's path. */
export function makeEarlierRelease(): string {
  if (!existsSync(FOLDER)) unpack();
  if (hasAllPackages()) linkPackages();
  // Without them its script asks npm for what its own lock file says.
  return run([join(FOLDER, 'scripts', 'release')]).trim();
}

/** Its sources, out of the history of this checkout. Null: the history does not reach so far, and nobody gives it. */
export function earlierSources(checkout = CHECKOUT): Buffer | null {
  const git = (...args: readonly string[]) =>
    execFileSync('git', [...args], {
      cwd: checkout,
      maxBuffer: 64 * 1024 ** 2,
      timeout: FETCH_MS,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  const archive = () => git('archive', COMMIT, ...PARTS, ...FOLDERS);
  try {
    return archive();
  } catch {
    // A clone without its whole history: that commit alone, from where it was cloned.
  }
  try {
    git('fetch', '--quiet', '--no-tags', '--depth=1', 'origin', COMMIT);
    return archive();
  } catch {
    return null;
  }
}

function unpack(): void {
  const half = `${FOLDER}.new`;
  rmSync(half, { recursive: true, force: true });
  mkdirSync(half, { recursive: true });
  const sources = earlierSources();
  if (sources === null) throw new Error(`git has no commit ${COMMIT} here: a clone with its history is needed`);
  execFileSync('tar', ['--extract', `--directory=${half}`], { input: sources });
  renameSync(half, FOLDER);
}

/** Does this checkout have each package of the earlier one, in the same version? */
function hasAllPackages(): boolean {
  const read = (folder: string) => JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as Lock;
  const have = read(CHECKOUT).packages;
  const wanted = Object.entries(read(FOLDER).packages).filter(([path]) => path !== '');
  return wanted.every(([path, { version } = {}]) => have[path]?.version === version);
}

/** As its scripts expect them: node_modules stamped with the lock's digest, and those for production beside its releases. */
function linkPackages(): void {
  const modules = join(FOLDER, 'node_modules');
  const digest = lockDigest(FOLDER);
  const production = join(FOLDER, 'dist', 'release', `.modules-${digest.slice(0, 16)}`);
  if (!existsSync(join(modules, '.regent-lock'))) {
    rmSync(modules, { recursive: true, force: true });
    run(['cp', '--archive', '--link', join(CHECKOUT, 'node_modules'), modules]);
    // A file of its own: the other's stamp must stay.
    rmSync(join(modules, '.regent-lock'));
    writeFileSync(join(modules, '.regent-lock'), `${digest}\n`);
  }
  if (existsSync(production)) return;
  makeRelease();
  mkdirSync(join(FOLDER, 'dist', 'release'), { recursive: true });
  const own = join(CHECKOUT, 'dist', 'release', `.modules-${lockDigest(CHECKOUT).slice(0, 16)}`);
  run(['cp', '--archive', '--link', own, `${production}.new`]);
  renameSync(`${production}.new`, production);
}

/** scripts/lib/node.sh, modules_digest. */
function lockDigest(folder: string): string {
  return textDigest(['package-lock.json', '.npmrc'].map((name) => readFileSync(join(folder, name), 'utf8')).join(''));
}

function run([program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', timeout: BUILD_MS, maxBuffer: 16_777_216 });
}
