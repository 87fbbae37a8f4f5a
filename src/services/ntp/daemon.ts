import type { CommandRule, ExecResult, ProcessCommand } from '../../core/host-values.ts';
import type { Activation, FileChange, RoleChange, ServiceHealth, StagedFile } from '../kit/contract.ts';
import { checkEach } from '../kit/steps.ts';
import type { NtpDesired } from './desired.ts';
import type { NtpFacts } from './facts.ts';
import { CHRONY_CONF, SOURCES } from './view.ts';

const USER = '_chrony';
const CHECK = ['/usr/sbin/chronyd', '-p', '-U', '-f'];
const RELOAD = ['/usr/bin/chronyc', 'reload', 'sources'];
// Comma separated, both answers from one process. -N: sources with their names in the file; -a: also sources without an address yet.
const STATE = ['/usr/bin/chronyc', '-N', '-c', '-m', 'tracking', 'sources -a'];
/** chronyd's name for its own clock, 127.127.1.1 in hexadecimal. */
const OWN_CLOCK = '7F7F0101';

/** Command lines that the helper accepts for `ntp`. */
export const NTP_COMMANDS: readonly CommandRule[] = [
  { argv: [...CHECK, { pattern: '/etc/chrony/regent/\\.stage/[a-z.]+' }], isChecker: true },
  { argv: RELOAD },
  { argv: STATE },
  { argv: ['/usr/sbin/chronyd', '-v'] },
];

/** chronyd prints each changed file and refuses what it cannot parse. */
export function checkNtp(staged: readonly StagedFile[]): readonly ProcessCommand[] {
  return checkEach(staged, { argv: () => CHECK, user: USER, timeoutMs: 10_000 });
}

/** chronyd reads its main file only at its start, and its sources at each order. */
export function activateNtp(changes: readonly FileChange[]): Activation {
  if (changes.some((change) => change.target === CHRONY_CONF && change.kind !== 'removed'))
    return { kind: 'restart', why: 'chrony.conf changed: chronyd reads it only when it starts' };
  if (changes.some((change) => change.target === SOURCES && change.kind !== 'removed')) {
    const commands = [{ argv: RELOAD, user: USER, timeoutMs: 10_000 }];
    return { kind: 'command', commands, why: 'the time sources changed: chronyd reloads them without a pause' };
  }
  return { kind: 'none', why: 'no file that chronyd reads has changed' };
}

/** chronyd does not bind to a single address and uses no database. */
export function roleChangeNtp(role: RoleChange): Activation {
  const what = role.kind === 'vip' ? 'listens on every address, the floating one too' : 'does not use the database';
  return { kind: 'none', why: `chronyd ${what}` };
}

/** Asks chronyd over its socket which source it follows and which sources it has. */
export const probeNtp = (): readonly ProcessCommand[] => [{ argv: STATE, user: USER, timeoutMs: 3000 }];

/** Healthy: chronyd answers and has the published sources. If they are out of reach, that is not its fault: it is reported and not judged. */
export function parseProbeNtp(answers: readonly ExecResult[], desired: NtpDesired): ServiceHealth {
  const [answer] = answers;
  const [tracking = '', ...sources] = linesOf(answer?.stdout ?? '');
  const fields = tracking.split(',');
  if (answer?.code !== 0 || fields.length < 14) {
    const reason = answer?.failure ?? `${answer?.stdout ?? ''}${answer?.stderr ?? ''}`.trim();
    return { isHealthy: false, detail: `query of chronyd's state failed: ${reason || 'no answer'}` };
  }
  const names = sources.map((line) => line.split(',')[2] ?? '');
  const regions = desired.regions ?? [];
  const published = [...desired.servers, ...regions];
  const missing = published.filter((server) => !names.includes(server));
  const extra = names.filter((name) => !published.includes(name));
  if (missing.length > 0 || extra.length > 0)
    return {
      isHealthy: false,
      detail: `chronyd has the sources ${names.join(', ') || 'none'}, published are ${published.join(', ') || 'none'}`,
    };
  return { isHealthy: true, detail: stateOf(fields), facts: { ...factsOf(fields), apart: apartOf(sources, regions) } };
}

/** chronyc's tracking: field 5 is the offset of the last update in seconds, the last one says whether the clock follows a source. */
function factsOf(fields: readonly string[]): NtpFacts {
  const offset = Number(fields[4]);
  const isSynchronised = fields.at(-1) !== 'Not synchronised' && fields[0] !== OWN_CLOCK;
  return { isSynchronised, offsetSeconds: isSynchronised && Number.isFinite(offset) ? Math.abs(offset) : null };
}

/** chronyc's sources: field 3 is the name, 6 which of the last eight questions were answered (octal), 8 how far that clock is from this one, in seconds. */
function apartOf(sources: readonly string[], regions: readonly string[]): NonNullable<NtpFacts['apart']> | null {
  const seen = sources
    .map((line) => line.split(','))
    .filter((fields) => regions.includes(fields[2] ?? '') && Number(fields[5]) > 0)
    .map((fields) => ({ address: fields[2] ?? '', seconds: Math.abs(Number(fields[7])) }))
    .filter(({ seconds }) => Number.isFinite(seconds));
  return seen.toSorted((a, b) => b.seconds - a.seconds)[0] ?? null;
}

function stateOf(fields: readonly string[]): string {
  const [reference, name, stratum] = fields;
  if (fields.at(-1) === 'Not synchronised') return 'chronyd answers; none of its sources has answered yet';
  if (reference === OWN_CLOCK) return `chronyd serves its own clock, stratum ${stratum}`;
  return `chronyd follows ${name || reference}, stratum ${stratum}`;
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
