import { AppError } from '../../core/errors.ts';
import { execHost } from '../../lab/exec.ts';
import { regionsOf, type Stage } from '../run/stage.ts';
import type { Dressing } from './dressing.ts';
import { edited } from './edit.ts';
import { DRESS, NAME_FILE, RESTORE, START, WEAR } from './scripts.ts';

const COMMAND_MS = 60_000;
const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;

/** Of a stage: where, and the time. */
type Place = Pick<Stage, 'layout' | 'topology' | 'now' | 'wait'>;

/**
 * Makes every region node run so, and asks the daemons whether they do. Throws AppError `drill_dressing` when a file is not as it was thought
 * (then nothing was changed) or a daemon did not take it: then `undress` is to be called, as after every dressing.
 */
export async function dress(stage: Place, dressing: Dressing): Promise<void> {
  const hosts = regionsOf(stage.topology);
  const plans = await Promise.all(
    hosts.map(async (host) => ({
      host,
      files: await Promise.all(
        dressing.files.map(async (file) => ({
          path: file.path,
          text: edited(file, await ask(stage, host, ['cat', file.path])),
        })),
      ),
    })),
  );
  await allOf(
    plans.map(async ({ host, files }) => {
      const paths = files.map(({ path }) => path);
      await ask(stage, host, ['sh', '-c', DRESS, 'sh', dressing.name, dressing.held.join(' '), ...paths]);
      for (const [index, { path, text }] of files.entries())
        await ask(stage, host, ['sh', '-c', WEAR, 'sh', String(index + 1), path], text);
    }),
  );
  await take(stage, dressing);
  for (const host of hosts) {
    for (const { what, argv, isTaken } of dressing.proofs) {
      const isSo = () => ask(stage, host, argv).then(isTaken, () => false);
      if (!(await patiently(stage, isSo)))
        throw new AppError(
          'drill_dressing',
          `${host} did not take the settings "${dressing.name}": ${what}, is not so`,
        );
    }
  }
}

/**
 * Gives every region node back what it had, whoever dressed it; all hosts must be up. `known`: every dressing that there is. Gives the names of
 * those that were found; none: nothing was done. Again after a failure: it goes on.
 */
export async function undress(stage: Place, known: readonly Dressing[]): Promise<readonly string[]> {
  const hosts = regionsOf(stage.topology);
  const names = await Promise.all(
    hosts.map((host) => ask(stage, host, ['sh', '-c', `cat ${NAME_FILE} 2>/dev/null || :`])),
  );
  const found = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
  for (const name of found) {
    const dressing = known.find((item) => item.name === name);
    if (dressing === undefined)
      throw new AppError(
        'drill_dressing',
        `The region nodes run with settings "${name}", which this version does not know. What to do: sudo scripts/up --fresh, or use the version that made them.`,
      );
    const dressed = hosts.filter((_, index) => names[index]?.trim() === name);
    const paths = dressing.files.map(({ path }) => path);
    await allOf(dressed.map((host) => ask(stage, host, ['sh', '-c', RESTORE, 'sh', ...paths])));
    await take(stage, dressing);
    await allOf(dressed.map((host) => ask(stage, host, ['sh', '-c', START])));
  }
  return found;
}

/** Does a region node that answers wear a dressing now? */
export async function isDressed(stage: Place): Promise<boolean> {
  const answers = regionsOf(stage.topology).map((host) =>
    execHost(stage.layout, host, ['test', '-e', NAME_FILE], { timeoutMs: COMMAND_MS }).then(
      ({ code }) => code === 0,
      () => false,
    ),
  );
  return (await Promise.all(answers)).includes(true);
}

/** All of them are over when one has failed, too: what comes next must not meet them. */
async function allOf(works: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function take(stage: Place, { takes }: Dressing): Promise<void> {
  for (const host of regionsOf(stage.topology)) {
    for (const { argv } of takes) {
      let said = '';
      const isDone = () =>
        ask(stage, host, argv).then(
          () => true,
          (error: unknown) => {
            said = error instanceof Error ? error.message : String(error);
            return false;
          },
        );
      if (!(await patiently(stage, isDone))) throw new AppError('drill_dressing', said);
    }
  }
}

async function patiently({ now, wait }: Place, isDone: () => Promise<boolean>): Promise<boolean> {
  for (const end = now() + PATIENCE_MS; ; ) {
    if (await isDone()) return true;
    if (now() > end) return false;
    await wait(AGAIN_MS);
  }
}

async function ask({ layout }: Place, host: string, argv: readonly string[], input?: string): Promise<string> {
  const result = await execHost(layout, host, argv, { timeoutMs: COMMAND_MS, ...(input !== undefined && { input }) });
  if (result.code === 0) return result.stdout;
  const why = result.isTimeout ? `no end within ${COMMAND_MS / 1000} s` : (result.stderr || result.stdout).trim();
  throw new AppError('drill_dressing', `${argv.filter((word) => word.length < 80).join(' ')} in ${host}: ${why}`);
}
