import type { Clock, Random } from '../core/ports.ts';
import { show } from '../core/errors.ts';
import type { BmcHost } from '../model/machines/bmc-hosts.ts';
import type { BmcAccess } from '../host/ask/bmc/interface.ts';
import type { BootDevice, PowerParameters, PowerPlace, PowerLaw, StopMode } from '../model/machines/power.ts';

/**
 * Why an order did not come about. `unreachable`: the BMC does not answer; `refused-credentials`: it does not let us in, or not so far;
 * `untrusted`: it shows another certificate than before; `busy`: it has no time now; `lied`: it accepted an order and nothing happened;
 * `garbage`: its answer makes no sense; `unsupported`: it cannot do this.
 */
export const FAILURE_CODES = [
  'unreachable',
  'refused-credentials',
  'untrusted',
  'busy',
  'lied',
  'garbage',
  'unsupported',
] as const;
export type PowerFailureCode = (typeof FAILURE_CODES)[number];

/**
 * A failure: what happened, and what a person can do about it. Two sentences without secrets, and without what somebody answered: that is `answer`, for the
 * log of the agent, which admins read. A URL that an operator gave may lead to what he may not read.
 */
export interface PowerFailure {
  readonly kind: 'failed';
  readonly code: PowerFailureCode;
  readonly message: string;
  readonly remedy: string;
  readonly answer?: string;
}

/** Makes a failure. */
export function failed(code: PowerFailureCode, message: string, remedy: string, answer = ''): PowerFailure {
  return { kind: 'failed', code, message, remedy, ...(answer === '' ? {} : { answer: show(answer, ANSWER_MAX) }) };
}

/** Characters of an answer in a log. */
const ANSWER_MAX = 120;

/** The failure of an address that gets no request. */
export function closedFailure(sentence: string): PowerFailure {
  return failed(
    'unsupported',
    `No request was sent: ${sentence}.`,
    'Give the BMC an address that no node has and that is not loopback or link-local.',
  );
}

/** Is this a failure, and not an answer? */
export function isFailed(value: unknown): value is PowerFailure {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'failed';
}

/** The power state that a BMC reports. `unknown`: neither on nor off, such as paused, or the state cannot be queried. */
export type Reading = 'on' | 'off' | 'unknown';

/** What earlier calls found out about this BMC, for the caller to store: cipher suite, certificate, manufacturer. No secrets. */
export type Learned = Readonly<Record<string, string>>;

/** How a driver reaches the world. */
export interface PowerEffects {
  readonly reach: BmcAccess;
  readonly clock: Clock;
  readonly random: Pick<Random, 'fraction'>;
  /** Waits, ms. */
  pause(ms: number): Promise<void>;
}

/** One visit to a BMC. `parameters`: as `parsePowerParameters` gave them. `until`: the deadline, on the clock that never steps (ms). */
export interface PowerCall {
  readonly parameters: PowerParameters;
  readonly learned: Learned;
  readonly effects: PowerEffects;
  readonly until: number;
}

/**
 * An open connection to one machine's power. A method only sends its order: only the executor checks the effect, and repeats the order. So an
 * order that is sent twice must do no more than once.
 */
export interface PowerLine {
  query(): Promise<Reading | PowerFailure>;
  on(): Promise<'accepted' | PowerFailure>;
  off(mode: StopMode): Promise<'accepted' | PowerFailure>;
  /** What the machine's next start uses. */
  bootNext(device: BootDevice): Promise<'accepted' | PowerFailure>;
  /** All that is known of the BMC by now. */
  learned(): Learned;
  /** Logs out, within 3 s and also after the deadline. Never fails: a session that cannot be closed ends by itself. */
  close(): Promise<void>;
}

/** Where a probe finds out if a BMC can be reached. `nowhere`: there is nothing to probe on a network. */
export type Door = ({ readonly kind: 'rmcp' | 'tcp' } & PowerPlace) | { readonly kind: 'nowhere' };

/** A power driver: one folder, one line of the registry, one rig of the conformance suite. */
export interface PowerDriver extends PowerLaw {
  readonly label: string;
  /** Can it query the state? Without it no order can be verified. */
  readonly isQueryable: boolean;
  readonly canSetBoot: boolean;
  /** The BMC that these parameters lead to, without secrets: orders to one BMC wait for each other. Null: there is none. */
  bmcOf(parameters: PowerParameters): string | null;
  doorOf(parameters: PowerParameters): Door;
  /** Every host that an order may go to, by parameter. */
  hostsOf(parameters: PowerParameters): readonly BmcHost[];
  /** Opens a connection, logging in if the BMC has sessions. */
  open(call: PowerCall): Promise<PowerLine | PowerFailure>;
}

/** What is left of the call's time, at most `mostMs`, at least 1 ms. */
export function timeLeft(call: PowerCall, mostMs: number): number {
  return Math.max(1, Math.min(mostMs, call.until - call.effects.clock.monotonic()));
}

/** A parameter that is one text; '' when it is not given. */
export function textOf(parameters: PowerParameters, name: string): string {
  const value = parameters[name];
  return typeof value === 'string' ? value : '';
}
