import { execFileSync } from 'node:child_process';

/** Files that programs write, and goldens: they follow from the others. */
const GENERATED =
  /^test\/golden\/|^test\/ui\/snapshots\/|^package-lock\.json$|\/(?:noun-pages|noun-table|call-table)\.ts$/;

/** The newest commit that declared one noun, with the files that people wrote in it. */
export interface NounCommit {
  readonly noun: string;
  readonly files: readonly string[];
}

/** Null: the history does not have it, such as in a shallow clone or an archive. */
export function newestNoun(root: string, nouns: readonly string[]): NounCommit | null {
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', root, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    if (git('rev-parse', '--is-shallow-repository') !== 'false') return null;
    const log = git('log', '--diff-filter=A', '--name-only', '--format=commit %H', '--', 'src/contract');
    const [newest, ...more] = declaredIn(log, nouns);
    // A commit that adds several has moved them.
    if (newest === undefined || more.some(({ commit }) => commit === newest.commit)) return null;
    return { noun: newest.noun, files: writtenFiles(git('show', '--name-only', '--format=', newest.commit)) };
  } catch {
    return null;
  }
}

/** Commits of a log with the nouns whose declaration they add, the newest first. Pure. */
export function declaredIn(log: string, nouns: readonly string[]): { commit: string; noun: string }[] {
  return log.split(/^commit /m).flatMap((entry) => {
    const [commit = '', ...paths] = entry.split('\n').filter((line) => line !== '');
    const added = paths.map((path) => /^src\/contract\/\w+\/([\w-]+)\.ts$/.exec(path)?.[1] ?? '');
    return added.filter((noun) => nouns.includes(noun)).map((noun) => ({ commit, noun }));
  });
}

/** Files of a list that are not generated. Pure. */
export function writtenFiles(list: string): string[] {
  return list.split('\n').filter((path) => path !== '' && !GENERATED.test(path));
}
