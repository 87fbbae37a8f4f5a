import { AppError, sentenceOf } from '../core/errors.ts';
import type { HostFacts } from '../core/host-values.ts';
import type { Host } from '../host/interface.ts';
import type { AnyService, Templates } from '../services/kit/contract.ts';
import { renderService } from '../services/kit/render.ts';
import { type CheckOutcome, judgeChecker } from './check.ts';
import { trialPath } from './files.ts';
import { searchParts } from './spare.ts';
import type { HeldBack } from './values.ts';

/** A desired state that is not to be installed, and what it is tried with. */
export interface TrialInput {
  readonly service: AnyService;
  readonly desired: object;
  readonly facts: HostFacts;
  readonly templates: Templates;
  readonly host: Pick<Host, 'files' | 'exec'>;
  /** Until the trial must have ended, ms. */
  leftMs(): number;
}

/** `line`: of the file, where the checker names one. `parts`: those of `optional` that it refuses; none: it refuses something else, or the time was too short to find them. */
export type TrialOutcome =
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'refused';
      readonly why: string;
      readonly line: number | null;
      readonly parts: readonly HeldBack[];
    }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Shows a desired state to the daemon's own checker, beside what is installed: one file of a fixed name that no daemon reads and that goes afterwards. One
 * trial of a service at a time.
 */
export async function tryDesired(input: TrialInput): Promise<TrialOutcome> {
  const { service, desired, host } = input;
  const { trial, optional, folder } = service;
  if (!trial) return { kind: 'unknown', why: `${service.name} has no trial` };
  const path = trialPath(folder, trial.target);
  const check = (some: object) => checkOnce(input, path, some);
  try {
    const whole = await check(desired);
    if (whole.kind === 'passed') return { kind: 'accepted' };
    if (whole.kind === 'check_failed') return { kind: 'unknown', why: whole.why };
    const found = optional ? await searchParts(optional, desired, check) : null;
    // The lines of these are those of other files, with fewer parts.
    const parts = (found?.held ?? []).map((part) => ({ ...part, why: faultIn(part.why, path) }));
    return { kind: 'refused', why: faultIn(whole.why, path), line: lineIn(whole.why, path), parts };
  } finally {
    await host.files.remove(path).catch(() => {});
  }
}

async function checkOnce(input: TrialInput, path: string, desired: object): Promise<CheckOutcome> {
  const { service, facts, templates, host } = input;
  const { trial } = service;
  const timeoutMs = Math.floor(input.leftMs());
  if (!trial || timeoutMs <= 0) return { kind: 'check_failed', why: 'The time was too short.' };
  try {
    const files = renderService(service, desired, { facts, templates, generation: 0 });
    const file = files.find(({ target }) => target === trial.target);
    if (file === undefined) throw new AppError('template', `${trial.target} is not rendered`);
    const { content, mode, owner, group } = file;
    await host.files.install({ path, content, mode, owner, group });
    const command = { ...trial.check(path), timeoutMs, isPatient: true };
    const outcome = judgeChecker(command, await host.exec(command));
    // Whoever removes all files of the service takes this one, too.
    if (outcome.kind !== 'rejected' || (await host.files.read(path)) === content) return outcome;
    return { kind: 'check_failed', why: `${path} was removed meanwhile.` };
  } catch (error) {
    return { kind: 'check_failed', why: sentenceOf(error) };
  }
}

/** Stands for the path: no file of ours has it. */
const PLACE = '§';

/** Where the checker says that the fault is. */
function lineIn(why: string, path: string): number | null {
  const [, after = ''] = why.split(`${path}:`);
  const line = /^[0-9]{1,7}/.exec(after)?.[0];
  return line === undefined ? null : Number(line);
}

/** What the checker says in its first line, without who says it and without the place, which is that of the trial's file. */
function faultIn(why: string, path: string): string {
  const [first = ''] = why.split('\n');
  return first
    .replace(/^\S+ refuses the files: (?:Error encountered: )?/u, '')
    .replaceAll(path, PLACE)
    .replaceAll(/\s*(?:\bat )?\(?§(?::[0-9]+)*\)?/gu, '')
    .trim();
}
