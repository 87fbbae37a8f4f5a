import { AppError } from '../../core/errors.ts';
import { execHost } from '../../lab/exec.ts';
import { racksOf, regionsOf, type Environment } from '../run/environment.ts';
import type { Overlay } from './overlay.ts';
import { edited } from './edit.ts';
import { APPLY, NAME_FILE, RESTORE, START, WRITE } from './scripts.ts';

const COMMAND_MS = 60_000;
const PATIENCE_MS = 60_000;
const AGAIN_MS = 500;

/** What an overlay needs of an environment: where, and the time. */
type OverlayTarget = Pick<Environment, 'layout' | 'topology' | 'now' | 'wait'>;

/** The hosts that an overlay is for. */
function hostsOf({ topology }: OverlayTarget, { on }: Overlay): string[] {
  return on === 'racks' ? racksOf(topology) : regionsOf(topology);
}

/** All that an overlay may be on. */
function allHosts({ topology }: OverlayTarget): string[] {
  return [...new Set([...regionsOf(topology), ...racksOf(topology)])];
}

/**
 * Makes every host of the overlay run so, and asks the daemons whether they do. Throws AppError `drill_overlay` when a file is not as it was thought
 * (then nothing was changed) or a daemon did not take it: then `removeOverlays` is to be called, as after every overlay.
 */
export async function applyOverlay(environment: OverlayTarget, overlay: Overlay): Promise<void> {
  const hosts = hostsOf(environment, overlay);
  const plans = await Promise.all(
    hosts.map(async (host) => ({
      host,
      files: await Promise.all(
        overlay.files.map(async (file) => ({
          path: file.path,
          text: edited(file, await ask(environment, host, ['cat', file.path])),
        })),
      ),
    })),
  );
  await allOf(
    plans.map(async ({ host, files }) => {
      const paths = files.map(({ path }) => path);
      await ask(environment, host, ['sh', '-c', APPLY, 'sh', overlay.name, overlay.held.join(' '), ...paths]);
      for (const [index, { path, text }] of files.entries())
        await ask(environment, host, ['sh', '-c', WRITE, 'sh', String(index + 1), path], text);
    }),
  );
  await take(environment, overlay);
  for (const host of hosts) {
    for (const { what, argv, isTaken } of overlay.proofs) {
      const isSo = () => ask(environment, host, argv).then(isTaken, () => false);
      if (!(await patiently(environment, isSo)))
        throw new AppError('drill_overlay', `${host} did not take the settings "${overlay.name}": ${what}, is not so`);
    }
  }
}

/**
 * Gives every host its own settings back, whichever program applied an overlay; all hosts must be up. `known`: every
 * overlay that there is. Gives the names of those that were found; none: nothing was done. Again after a failure: it
 * goes on.
 */
export async function removeOverlays(
  environment: OverlayTarget,
  known: readonly Overlay[],
): Promise<readonly string[]> {
  const hosts = allHosts(environment);
  const names = await Promise.all(
    hosts.map((host) => ask(environment, host, ['sh', '-c', `cat ${NAME_FILE} 2>/dev/null || :`])),
  );
  const found = [...new Set(names.map((name) => name.trim()).filter((name) => name !== ''))];
  for (const name of found) {
    const overlay = known.find((item) => item.name === name);
    if (overlay === undefined)
      throw new AppError(
        'drill_overlay',
        `Hosts run with settings "${name}", which this version does not know. What to do: sudo scripts/up --fresh, or use the version that made them.`,
      );
    const changed = hosts.filter((_, index) => names[index]?.trim() === name);
    const paths = overlay.files.map(({ path }) => path);
    await allOf(changed.map((host) => ask(environment, host, ['sh', '-c', RESTORE, 'sh', ...paths])));
    await take(environment, overlay);
    await allOf(changed.map((host) => ask(environment, host, ['sh', '-c', START])));
  }
  return found;
}

/** Does a host that answers have an overlay now? */
export async function hasOverlay(environment: OverlayTarget): Promise<boolean> {
  const answers = allHosts(environment).map((host) =>
    execHost(environment.layout, host, ['test', '-e', NAME_FILE], { timeoutMs: COMMAND_MS }).then(
      ({ code }) => code === 0,
      () => false,
    ),
  );
  return (await Promise.all(answers)).includes(true);
}

/** Waits until all have ended, even if one has failed: the next step must not run beside them. */
async function allOf(works: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function take(environment: OverlayTarget, overlay: Overlay): Promise<void> {
  const { takes } = overlay;
  for (const host of hostsOf(environment, overlay)) {
    for (const { argv } of takes) {
      let lastError = '';
      const isDone = () =>
        ask(environment, host, argv).then(
          () => true,
          (error: unknown) => {
            lastError = error instanceof Error ? error.message : String(error);
            return false;
          },
        );
      if (!(await patiently(environment, isDone))) throw new AppError('drill_overlay', lastError);
    }
  }
}

async function patiently({ now, wait }: OverlayTarget, isDone: () => Promise<boolean>): Promise<boolean> {
  for (const end = now() + PATIENCE_MS; ; ) {
    if (await isDone()) return true;
    if (now() > end) return false;
    await wait(AGAIN_MS);
  }
}

async function ask({ layout }: OverlayTarget, host: string, argv: readonly string[], input?: string): Promise<string> {
  const result = await execHost(layout, host, argv, { timeoutMs: COMMAND_MS, ...(input !== undefined && { input }) });
  if (result.code === 0) return result.stdout;
  const why = result.isTimeout ? `no end within ${COMMAND_MS / 1000} s` : (result.stderr || result.stdout).trim();
  throw new AppError(
    'drill_overlay',
    `${argv.filter((argument) => argument.length < 80).join(' ')} in ${host}: ${why}`,
  );
}
