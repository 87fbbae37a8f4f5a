import { existsSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { installedVersion, takeArchive, type UpgradePaths } from './archive.ts';
import { updatePackages } from './packages.ts';
import { run, UpgradeError } from './program.ts';

/*
 * regent-upgrade@TASK.service, as root: one task of an upgrade on this host. All that the agent can say is the name of the unit. What it brings is used only
 * after it was copied to a folder of root and its signature was verified by the key of the installed release.
 */

const PATHS: UpgradePaths = {
  brought: '/var/lib/regent/agent/upgrade',
  state: '/var/lib/regent-upgrade',
  root: '/opt/regent',
};

export type Task =
  | { readonly verb: 'check' | 'install'; readonly sha256: string }
  | { readonly verb: 'back'; readonly version: string }
  | { readonly verb: 'packages' | 'packages-check' };

/** What the agent reports. `change`: packages, as `NAME OLD NEW`. */
export interface State {
  readonly task: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly sentence: string;
  readonly version: string;
  readonly changes?: readonly string[];
}

/** The task that a unit's name says; null: none. `:` separates, `_` stands for the `+` of a version. */
export function parseTask(name: string): Task | null {
  const archive = /^(check|install):([0-9a-f]{64}):[0-9]{1,12}$/.exec(name);
  if (archive) return { verb: archive[1] as 'check', sha256: archive[2] ?? '' };
  const back = /^back:([0-9][0-9A-Za-z._-]{0,99}):[0-9]{1,12}$/.exec(name);
  if (back) return { verb: 'back', version: (back[1] ?? '').replaceAll('_', '+') };
  const packages = /^(packages|packages-check):[0-9]{1,12}$/.exec(name);
  return packages ? { verb: packages[1] as 'packages' } : null;
}

/** Does the task; gives a sentence. */
export async function perform(task: Task, paths: UpgradePaths): Promise<Pick<State, 'sentence' | 'changes'>> {
  if (task.verb === 'back') {
    const program = join(paths.root, 'releases', task.version, 'scripts/install');
    if (!existsSync(program)) throw new UpgradeError(`${task.version} is not in ${paths.root}/releases any more`);
    await run([program]);
    return { sentence: `${task.version} is installed again` };
  }
  if (!('sha256' in task)) return updatePackages(task.verb, paths);
  const { path, version } = await takeArchive(paths, task.sha256);
  const scripts = join(paths.state, 'archive/scripts');
  await rm(scripts, { recursive: true, force: true });
  await mkdir(scripts, { recursive: true, mode: 0o700 });
  const into = `--directory=${scripts}`;
  const argv = [
    '/usr/bin/tar',
    '--extract',
    '--gzip',
    `--file=${path}`,
    into,
    '--no-same-owner',
    '--strip-components=1',
  ];
  await run([...argv, '--wildcards', '*/scripts/*']);
  const program = join(scripts, 'scripts/install');
  await run(task.verb === 'check' ? [program, '--check', path] : [program, path]);
  if (task.verb === 'check') return { sentence: `${version} may be installed` };
  await rm(dirname(path), { recursive: true, force: true });
  return { sentence: `${version} is installed` };
}

async function writeState({ state }: UpgradePaths, value: State): Promise<void> {
  const path = join(state, 'state.json');
  await writeFile(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o644, flush: true });
  await rename(`${path}.new`, path);
}

/** Does the task of that name, and notes how it goes. Gives the exit code. */
export async function main(name: string, paths: UpgradePaths = PATHS): Promise<number> {
  const task = parseTask(name);
  if (task === null) {
    process.stderr.write('regent-upgrade: the name of the unit is no task\n');
    return 2;
  }
  await mkdir(paths.state, { recursive: true, mode: 0o755 });
  const version = () => installedVersion(paths).catch(() => '');
  await writeState(paths, { task: name, state: 'running', sentence: `${task.verb} runs`, version: await version() });
  try {
    const outcome = await perform(task, paths);
    await writeState(paths, { task: name, state: 'done', version: await version(), ...outcome });
    return 0;
  } catch (error) {
    const sentence =
      error instanceof UpgradeError ? error.message : `${task.verb} failed: ${String(error)}`.slice(0, 600);
    process.stderr.write(`regent-upgrade: ${sentence}\n`);
    await writeState(paths, { task: name, state: 'failed', sentence, version: await version() });
    // What was refused is not what the next order means.
    rmSync(join(paths.state, 'archive'), { recursive: true, force: true });
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main(process.argv[2] ?? '');
