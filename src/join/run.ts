import { AppError, isRejected, type Rejected, sentenceOf } from '../core/errors.ts';
import type { FileContent } from '../core/host-values.ts';
import { type HostFinding, hasError } from './checks.ts';
import type { HostPorts } from './ports.ts';

/** Common state of every run of steps. `deadline`: end of all waiting, on the monotonic clock. */
export type SetupRun = { readonly ports: HostPorts; readonly deadline: number };

/** A step. It may run any number of times, and finds out by itself what is done. */
export interface SetupStep<R extends SetupRun> {
  readonly name: string;
  /** Its description for people. */
  readonly title: string;
  run(run: R): Promise<void>;
}

const POLL_MS = 500;
const UNIT_MS = 120_000;

/** Gives a use case's value; a refusal becomes a fault that ends this run with its sentence. */
export function accepted<T>(value: T | Rejected): T {
  if (isRejected(value)) throw new AppError('init', value.message);
  return value;
}

/** Runs steps in their order and prints each. A fault names its step. */
export async function runSteps<R extends SetupRun>(run: R, steps: readonly SetupStep<R>[]): Promise<void> {
  for (const [index, step] of steps.entries()) {
    run.ports.say(`[${index + 1}/${steps.length}] ${step.title}`);
    try {
      await step.run(run);
    } catch (error) {
      const code = error instanceof AppError ? error.code : 'init';
      throw new AppError(code, `step ${index + 1} (${step.name}) failed`, { cause: error });
    }
  }
}

/** Prints every finding; false if one prevents the start of the command. */
export function reportFindings(ports: HostPorts, findings: readonly HostFinding[]): boolean {
  for (const finding of findings) ports.say(`${finding.severity}: ${finding.sentence}`);
  const isGood = !hasError(findings);
  if (!isGood) ports.say('Nothing was changed.');
  return isGood;
}

/** Makes units start with the host. systemd does not sync the links that it makes, so this syncs the folder. */
export async function enableUnits(ports: HostPorts, units: readonly string[]): Promise<void> {
  await execute(ports, ['systemctl', '--no-ask-password', '--quiet', 'enable', ...units], UNIT_MS);
  await execute(ports, ['sync', '-f', '/etc/systemd/system'], UNIT_MS);
}

/** Runs a command that must succeed. The fault has its message. */
export async function execute(ports: HostPorts, argv: readonly string[], timeoutMs: number): Promise<string> {
  const answer = await ports.host.exec({ argv, timeoutMs });
  if (answer.code === 0) return answer.stdout;
  const why =
    answer.failure ??
    (answer.timedOut ? `no end within ${timeoutMs} ms` : answer.stderr.trim() || `status ${answer.code}`);
  throw new AppError('command', `${argv.slice(0, 3).join(' ')} failed: ${why}`);
}

/** A unit that runs already was started by an interrupted run, perhaps with another name or credential. So it restarts. */
export async function startOrRestart({ ports }: SetupRun, unit: string): Promise<void> {
  const { active } = await ports.host.units.state(unit);
  await ports.host.units.act(unit, active === 'inactive' ? 'start' : 'restart', UNIT_MS);
}

/**
 * The same for a daemon that systemd restarts when it fails (`Restart=`): a first start may be too slow on a busy host, or the cluster's other nodes
 * do not admit this one yet. Tries until the run's deadline.
 */
export async function startAtLast(run: SetupRun, unit: string): Promise<void> {
  let isFirst = true;
  await untilDeadline(run, async () => {
    try {
      await (isFirst ? startOrRestart(run, unit) : startUnit(run, unit));
      return { value: true };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      isFirst = false;
      return { missing: `${unit} does not start yet: ${sentenceOf(error)}` };
    }
  });
}

/** Starts a unit, unless it runs. */
export async function startUnit({ ports }: SetupRun, unit: string): Promise<void> {
  await ports.host.units.act(unit, 'start', UNIT_MS);
}

/** Installs a file unless it exists with this content; true: it was written, with its mode and owners. */
export async function installText(ports: HostPorts, file: FileContent): Promise<boolean> {
  if ((await ports.host.files.read(file.path)) === file.content) return false;
  await ports.host.files.install(file);
  return true;
}

type PollResult<T> = { readonly value: T } | { readonly missing: string };

/** Asks again until there is a value. At the run's deadline it throws `timeout` and says what is missing. */
export async function untilDeadline<T>(run: SetupRun, poll: () => Promise<PollResult<T>>): Promise<T> {
  const { ports } = run;
  for (let lastMissing = ''; ; await ports.sleep(POLL_MS)) {
    const result = await poll();
    if ('value' in result) return result.value;
    if (result.missing !== lastMissing) ports.say(`  ${result.missing}`);
    lastMissing = result.missing;
    if (ports.monotonic() + POLL_MS >= run.deadline)
      throw new AppError('timeout', `Not done within the time given (--timeout). Missing: ${result.missing}`);
  }
}
