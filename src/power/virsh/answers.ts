import { show } from '../../core/errors.ts';
import type { ExecResult } from '../../core/host-values.ts';
import { failed, type PowerFailure, type Reading } from '../driver.ts';

type VirshReason = { readonly pattern: RegExp; failure(cause: string): PowerFailure };

const REASONS: readonly VirshReason[] = [
  {
    pattern:
      /authentication failed|authentication unavailable|permission denied|access denied|auth.* (?:failed|cancelled)|no more authentication methods|failed to start sasl|password/i,
    failure: (cause) =>
      failed(
        'refused-credentials',
        `libvirt refuses the user or the password (${cause}).`,
        'Check the user in power_address, power_pass and the keys of this rack.',
      ),
  },
  {
    pattern: /cannot find '\w+' in path/i,
    failure: (cause) =>
      failed(
        'unsupported',
        `A program is missing on this rack (${cause}).`,
        'Install openssh-client, or use +libssh in power_address.',
      ),
  },
  {
    pattern: /host key|certificate/i,
    failure: (cause) =>
      failed(
        'untrusted',
        `The host of the virtual machines is not known (${cause}).`,
        'Give this rack its host key or its authority.',
      ),
  },
  {
    pattern: /failed to get domain|domain not found/i,
    failure: (cause) =>
      failed('unsupported', `libvirt has no such domain (${cause}).`, 'Check power_id: virsh list --all.'),
  },
  {
    pattern: /state change lock|timed out during operation|too many (?:active )?(?:clients|connections)/i,
    failure: (cause) => failed('busy', `libvirt is busy (${cause}).`, 'Try again in a minute.'),
  },
  {
    pattern:
      /unable to connect|failed to connect|connection refused|no route to host|unable to resolve|end of file while reading|cannot recv data|connection timed out/i,
    failure: (cause) =>
      failed('unreachable', `libvirt does not answer (${cause}).`, 'Check power_address, and that libvirt runs there.'),
  },
  {
    pattern: /already (?:active|running)|not running|not supported|operation is not valid|requested operation/i,
    failure: (cause) =>
      failed('unsupported', `libvirt does not support this (${cause}).`, 'Check the domain: virsh dominfo.'),
  },
];

/** What virsh's end means; null: it went well. The last line of an error has the cause. */
export function meaningOf(result: ExecResult): PowerFailure | null {
  if (result.failure !== null)
    return failed(
      'unsupported',
      `virsh cannot be run: ${result.failure}.`,
      'Install the package libvirt-clients on this rack.',
    );
  if (result.timedOut)
    return failed(
      'unreachable',
      'libvirt did not answer in time.',
      'Check power_address, and that libvirt runs there.',
    );
  if (result.code === 0) return null;
  const errors = result.stderr.split('\n').filter((line) => line.startsWith('error: '));
  const cause = errors.map((line) => line.slice('error: '.length).trim()).findLast((line) => line !== '') ?? '';
  const reason =
    REASONS.find(({ pattern }) => pattern.test(cause)) ?? REASONS.find(({ pattern }) => pattern.test(errors.join(' ')));
  if (reason !== undefined) return reason.failure(cause.slice(0, 160));
  const lastLine = result.stderr.trim().split('\n').at(-1) ?? '';
  return failed(
    'garbage',
    `virsh ended with ${result.code}: ${show(lastLine, 160)}.`,
    'Try the same with virsh by hand on this rack.',
  );
}

/** Does it refuse to start what runs, or to end what does not? */
export function isAlreadySo({ code, message }: PowerFailure): boolean {
  return code === 'unsupported' && /already (?:active|running)|domain is not running/i.test(message);
}

const STATES: Readonly<Record<string, Reading>> = {
  running: 'on',
  idle: 'on',
  'in shutdown': 'on',
  'no state': 'on',
  paused: 'unknown',
  pmsuspended: 'unknown',
  dying: 'off',
  'shut off': 'off',
  crashed: 'off',
};

/** Reads `domstate`. */
export function readingOf(stdout: string): Reading | PowerFailure {
  const state = STATES[stdout.trim()];
  return (
    state ??
    failed('garbage', `virsh reports the state ${show(stdout.trim(), 80)}.`, 'Check the domain: virsh dominfo.')
  );
}
