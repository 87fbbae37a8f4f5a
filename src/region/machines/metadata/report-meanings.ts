import { type Rejected, rejected } from '../../../core/errors.ts';
import type { MachineEvent } from '../../../model/machines/machine-states.ts';
import { outputOf, type ResultState, type RunPurpose } from '../../../model/machines/machine-run.ts';

/** A step of a machine's system (`POST status/{machine}`), as cloud-init and curtin report it. Texts are printable ASCII. */
export interface StatusReport {
  readonly type: 'start' | 'progress' | 'finish';
  readonly origin: string;
  readonly name: string;
  readonly description: string;
  readonly result: 'SUCCESS' | 'FAIL' | 'WARN' | null;
}

/** How far a machine is with its scripts (`op=signal`). `script`, `resultId`: the one that it is about, by name or number; null: all of them. */
export interface Signal {
  readonly status: SignalStatus;
  readonly error: string;
  readonly script: string | null;
  readonly resultId: number | null;
  readonly exitStatus: number | null;
}

export const SIGNAL_STATUSES = [
  'OK',
  'FAILED',
  'WORKING',
  'COMMISSIONING',
  'TESTING',
  'TIMEDOUT',
  'INSTALLING',
  'APPLYING_NETCONF',
  'RELEASING',
  // Ours: the system on the disk runs; `error` says how its cloud-init ended.
  'DEPLOYED',
  // Ours: a system in memory that stays on is up (a rescue, an ephemeral deployment); `error` as before.
  'UP',
] as const;
export type SignalStatus = (typeof SIGNAL_STATUSES)[number];

const TYPES = ['start', 'progress', 'finish'] as const;
/** As MAAS has it: FAIL and FAILURE are one; what else there is, is no result. */
const RESULTS: Readonly<Record<string, StatusReport['result']>> = {
  SUCCESS: 'SUCCESS',
  FAIL: 'FAIL',
  FAILURE: 'FAIL',
  WARN: 'WARN',
};
/** Characters of a text that are stored. */
const TEXT_MAX = 500;

/** Reads a report. Refused (`bad_request`): not the object that it must be, or a member is missing. Pure. */
export function readStatus(value: unknown): StatusReport | Rejected {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return rejected('bad_request', 'The report is not a JSON object.');
  const given = value as Readonly<Record<string, unknown>>;
  const missing = ['event_type', 'origin', 'name', 'description'].filter((name) => typeof given[name] !== 'string');
  if (missing.length > 0) return rejected('bad_request', `The report lacks ${missing.join(', ')}.`);
  const type = TYPES.find((one) => one === given['event_type']);
  if (type === undefined) return rejected('bad_request', `event_type is one of ${TYPES.join(', ')}.`);
  const result = typeof given['result'] === 'string' ? (RESULTS[given['result']] ?? null) : null;
  return {
    type,
    origin: readable(given['origin']),
    name: readable(given['name']),
    description: readable(given['description']),
    result,
  };
}

/** Reads the fields of a signal; an integer that is none is refused, as MAAS does. Pure. */
export function readSignal(fields: ReadonlyMap<string, string>): Signal | Rejected {
  const given = fields.get('status') ?? '';
  const status = SIGNAL_STATUSES.find((one) => one === given);
  if (status === undefined)
    return rejected(
      'bad_request',
      `status: ${JSON.stringify(given.slice(0, 40))} is not known. Rule: ${SIGNAL_STATUSES.join(', ')}.`,
    );
  const exit = fields.get('exit_status') ?? fields.get('script_result') ?? '';
  if (!/^(?:-?[0-9]{1,9})?$/.test(exit)) return rejected('bad_request', 'exit_status is not a whole number.');
  const result = fields.get('script_result_id') ?? '';
  if (!/^(?:[0-9]{1,9})?$/.test(result)) return rejected('bad_request', 'script_result_id is not a number.');
  const name = fields.get('name') ?? '';
  const script = name === '' ? null : (outputOf(name)?.script ?? null);
  if (name !== '' && script === null) return rejected('bad_request', 'name is not the name of a script.');
  return {
    status,
    error: readable(fields.get('error') ?? ''),
    script,
    resultId: result === '' ? null : Number(result),
    exitStatus: exit === '' ? null : Number(exit),
  };
}

/**
 * What a report means for the machine's life; null: nothing. Names with a slash are steps of a step. `isEphemeral`: of a deployment: the system that
 * reports is the wanted one, and not the one that installs it. Pure.
 */
export function eventOfStatus(
  purpose: RunPurpose,
  { type, name, result }: StatusReport,
  isEphemeral = false,
): MachineEvent | null {
  if (type !== 'finish' || name.includes('/')) return null;
  if (purpose === 'deploying') {
    if (!isEphemeral || name !== 'modules-final') return null;
    return result === 'FAIL' ? 'scripts-failed' : 'deployed';
  }
  if (purpose === 'rescue') return name === 'modules-final' && result === 'SUCCESS' ? 'rescue-up' : null;
  const isFailure = result === 'FAIL' && (purpose === 'commissioning' || purpose === 'testing');
  return isFailure ? 'scripts-failed' : null;
}

/** What a signal means for the machine's life: only the one that is about all scripts ends anything. `isEphemeral`: as of `eventOfStatus`. Pure. */
export function eventOfSignal(
  purpose: RunPurpose,
  { status, script, resultId, error }: Pick<Signal, 'status' | 'script' | 'resultId'> & { readonly error?: string },
  isEphemeral = false,
): MachineEvent | null {
  if (script !== null || resultId !== null) return null;
  if (purpose === 'rescue') return status === 'OK' || status === 'UP' ? 'rescue-up' : null;
  if (purpose === 'enlisting') return null;
  if (status === 'DEPLOYED' || (status === 'UP' && isEphemeral))
    return purpose !== 'deploying' ? null : error === 'error' ? 'scripts-failed' : 'deployed';
  if (status === 'OK') return purpose === 'deploying' ? 'installed' : 'scripts-passed';
  return status === 'FAILED' || status === 'TIMEDOUT' ? 'scripts-failed' : null;
}

/** The text about a system that runs now and whose cloud-init did not end as it should; empty: none. Pure. */
export function deployedText(error: string): string {
  if (error === 'error') return 'Its cloud-init ended with an error. On the machine: cloud-init status --long.';
  return error === 'degraded' ? 'Its cloud-init is degraded. On the machine: cloud-init status --long.' : '';
}

/** Does a signal say that all scripts have ended, well or not? Pure. */
export function isEnd({ status, script, resultId }: Signal): boolean {
  return script === null && resultId === null && ['OK', 'FAILED', 'TIMEDOUT'].includes(status);
}

/** How the script is that a signal is about. Pure. */
export function stateOf({ status, exitStatus }: Signal): ResultState {
  if (status === 'TIMEDOUT') return 'timed-out';
  if (exitStatus !== null) return exitStatus === 0 ? 'passed' : 'failed';
  if (status === 'OK') return 'passed';
  return status === 'FAILED' ? 'failed' : 'running';
}

/** A script of a run, as far as its end counts. */
type EndedScript = { readonly script: string; readonly state: ResultState; readonly exitStatus: number | null };

/** Names of failed scripts that a sentence has. */
const NAMES_MAX = 10;

/** Says which scripts of a run have failed; empty: none has. Pure. */
export function failuresOf(results: readonly EndedScript[]): string {
  const failed = results.filter(({ state }) => state === 'failed' || state === 'timed-out');
  if (failed.length === 0) return '';
  const names = failed.slice(0, NAMES_MAX).map(({ script, state, exitStatus }) => {
    const how = state === 'timed-out' ? 'timed out' : exitStatus === null ? 'failed' : `exit ${exitStatus}`;
    return `${script} (${how})`;
  });
  const more = failed.length > NAMES_MAX ? ', …' : '';
  return `${failed.length} of ${results.length} scripts failed: ${names.join(', ')}${more}.`;
}

/** A machine's text as events show it: one line of printable ASCII, bounded. */
const readable = (text: unknown): string =>
  String(text)
    .slice(0, TEXT_MAX)
    .replace(/[^ -~]+/g, '?')
    .trim();
