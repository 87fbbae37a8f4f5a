import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readMigrations } from '../../src/store/migrate.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
/** What a region daemon needs of a checkout. */
const PARTS = ['src', 'templates', 'scripts/machine', 'package.json'];

/** Code of an earlier commit, ready to run. */
export interface EarlierBuild {
  readonly checkout: string;
  readonly commit: string;
  /** Migrations that it knows. */
  readonly migrations: number;
  remove(): void;
}

/**
 * The code as it was before the newest migration came, out of the history of this checkout: the nearest one that works on an earlier schema. (Today's code
 * with fewer migrations would be no earlier build: it asks for columns that are not there.) A sentence where the history does not reach so far.
 */
export function earlierBuild(): EarlierBuild | string {
  const newest = readMigrations().at(-1);
  if (!newest) throw new Error('there is no migration');
  const file = `src/store/sql/${String(newest.number).padStart(3, '0')}_${newest.name}.sql`;
  const commit = commitBefore(file);
  if (commit === null) return `git knows no commit before ${file} here: a clone with its history is needed`;
  const checkout = mkdtempSync(join(tmpdir(), 'regent-earlier-'));
  const remove = () => rmSync(checkout, { recursive: true, force: true });
  try {
    mkdirSync(checkout, { recursive: true });
    const archive = execFileSync('git', ['archive', commit, ...PARTS], { cwd: CHECKOUT, maxBuffer: 256 * 1024 ** 2 });
    execFileSync('tar', ['-x', '-C', checkout], { input: archive });
    symlinkSync(join(CHECKOUT, 'node_modules'), join(checkout, 'node_modules'));
    const migrations = readMigrations(new URL(`file://${checkout}/src/store/sql/`)).length;
    return { checkout, commit, migrations, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** Commits that are looked at. */
const FAR = 400;

/**
 * The nearest commit that has not all of today's migrations, and no others: one may have been renamed before it was released. Null: there is no git, or
 * a history that ends too early.
 */
function commitBefore(file: string): string | null {
  try {
    const [added = ''] = git('log', '--diff-filter=A', '--format=%H', '--', file).split('\n');
    // Not committed yet: what is committed does not know it.
    const from = git('rev-parse', '--verify', '--quiet', added === '' ? 'HEAD' : `${added}~1`);
    const today = new Set(migrationsIn('HEAD'));
    const isEarlier = (commit: string) => {
      const then = migrationsIn(commit);
      return then.length < readMigrations().length && then.every((line) => today.has(line));
    };
    return git('rev-list', `--max-count=${FAR}`, from).split('\n').find(isEarlier) ?? null;
  } catch {
    return null;
  }
}

/** Names and contents of the migrations of a commit. */
function migrationsIn(commit: string): string[] {
  return git('ls-tree', commit, 'src/store/sql/').split('\n');
}

function git(...args: readonly string[]): string {
  return execFileSync('git', [...args], { cwd: CHECKOUT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}
