import type { ExecResult } from '../../core/host-values.ts';
import { jsonOrNull } from '../../core/json.ts';
import { compareText } from '../../core/order.ts';
import type { ServiceHealth } from '../kit/contract.ts';
import { hasNoRoute, jsonOf, silenceOf, webAnswerOf } from '../kit/web-answer.ts';
import type { DbDesired } from './desired.ts';
import type { DbFacts } from './facts.ts';
import { restUrlOf } from './view.ts';

/** What Patroni 4 answers at `/patroni`. */
interface PatroniStatus {
  readonly state?: string;
  readonly role?: string;
  readonly timeline?: number;
  readonly replication_state?: string;
  readonly sync_standby?: boolean;
  /** Settings that another start of PostgreSQL would change. */
  readonly pending_restart_reason?: Readonly<Record<string, unknown>>;
}
/** … and at `/cluster`. A lag may be `unknown`. */
interface Cluster {
  readonly pause?: boolean;
  readonly members?: readonly {
    readonly name?: string;
    readonly role?: string;
    readonly state?: string;
    readonly timeline?: number;
    readonly lag?: number | string;
  }[];
}
/** … and at `/config`, as far as it must be what was published. */
interface Dynamic {
  readonly regent_version?: number;
  readonly synchronous_mode?: unknown;
  readonly synchronous_mode_strict?: unknown;
  readonly synchronous_node_count?: number;
}

type PatroniFacts = Omit<DbFacts, 'isConfigured' | 'isArmed'>;

/**
 * Healthy: Patroni's loop runs, whatever PostgreSQL does meanwhile (start, clone, recover, wait for etcd or for a primary). Patroni sees to that, and
 * a restart would only delay it.
 */
export function parseProbeDb(answers: readonly ExecResult[], desired: DbDesired): ServiceHealth {
  const [liveness, own, cluster] = answers;
  const loop = webAnswerOf(liveness)?.status ?? 0;
  if (loop !== 200 && loop !== 503) {
    const detail = `Patroni at ${restUrlOf(desired)}: ${silenceOf(liveness)}`;
    return { isHealthy: false, detail, ...(hasNoRoute(liveness) && { isOutOfReach: true }) };
  }
  if (loop === 503)
    return { isHealthy: false, detail: 'Patroni answers, but its loop has not run for longer than its lease' };
  const config = dynamicOf(answers);
  const facts = factsOf(desired, pageOf(own) as PatroniStatus | null, pageOf(cluster) as Cluster | null);
  const isArmed = facts.role === 'primary' && answers[4]?.code === 0;
  const isConfigured = config !== null && isAsPublished(config, desired);
  return {
    isHealthy: true,
    detail: `${sentenceOf(facts)}${describeConfig(config, isConfigured)}`,
    facts: { ...facts, isConfigured, isArmed },
    isSettling: isSettling(facts, desired) || (config !== null && !isConfigured),
  };
}

/** PostgreSQL starts, clones or catches up; or commits should wait for a standby that is there and not synchronous yet. */
function isSettling({ role, isStreaming, members }: PatroniFacts, { standbys }: DbDesired): boolean {
  if (role !== 'primary') return role === 'none' || !isStreaming;
  const others = members.filter((member) => member.role === 'standby');
  return others.filter((member) => member.isSynchronous).length < Math.min(standbys, others.length);
}

/** The dynamic configuration in force, null when it could not be read. */
export const dynamicOf = (answers: readonly ExecResult[]): Dynamic | null => jsonOf(answers[3]) as Dynamic | null;

/** Patroni answers 503 and the like according to PostgreSQL's state; the page is there all the same. */
const pageOf = (answer: ExecResult | undefined): unknown => jsonOrNull(webAnswerOf(answer)?.body ?? '');

function factsOf(desired: DbDesired, own: PatroniStatus | null, cluster: Cluster | null): PatroniFacts {
  const members = (cluster?.members ?? [])
    .map((member) => ({
      name: member.name ?? '',
      role: member.role === 'leader' ? ('primary' as const) : ('standby' as const),
      state: member.state ?? '',
      timeline: member.timeline ?? null,
      lagBytes: typeof member.lag === 'number' ? member.lag : null,
      isSynchronous: member.role === 'sync_standby',
    }))
    .sort((a, b) => compareText(a.name, b.name));
  const state = own?.state ?? 'unknown';
  return {
    role: roleOf(own, state),
    state,
    timeline: own?.timeline ?? null,
    lagBytes: members.find((member) => member.name === desired.name)?.lagBytes ?? null,
    isSynchronous: own?.sync_standby === true,
    isStreaming: own?.replication_state === 'streaming',
    ...(own?.pending_restart_reason?.['archive_mode'] === undefined ? {} : { isArchivingOff: true }),
    ...(cluster?.pause === true ? { isPaused: true } : {}),
    ...(isBrokenOff(own, members) ? { isBrokenOff: true } : {}),
    members,
  };
}

/**
 * A copy of the primary that broke off, as Patroni 4.0 shows it: it has no database and does not make one, although another leads. With an empty
 * folder it would be making one.
 */
function isBrokenOff(own: PatroniStatus | null, members: DbFacts['members']): boolean {
  const isLed = members.some((member) => member.role === 'primary' && member.state === 'running');
  return isLed && own?.state === 'stopped' && own.role === 'uninitialized';
}

function roleOf(own: PatroniStatus | null, state: string): DbFacts['role'] {
  if (state !== 'running' && state !== 'streaming') return 'none';
  return own?.role === 'primary' ? 'primary' : 'standby';
}

function isAsPublished(config: Dynamic, desired: DbDesired): boolean {
  const isSynchronous = desired.standbys > 0;
  return (
    config.regent_version === desired.version &&
    config.synchronous_mode === isSynchronous &&
    config.synchronous_mode_strict === isSynchronous &&
    config.synchronous_node_count === Math.max(1, desired.standbys)
  );
}

function sentenceOf(facts: PatroniFacts): string {
  if (facts.isBrokenOff === true)
    return 'PostgreSQL does not run here: its copy of the primary broke off; a new one is made after half a minute';
  if (facts.role === 'none') return `PostgreSQL does not run here (${facts.state}); Patroni handles it`;
  if (facts.role === 'primary') {
    const waited = facts.members.filter((member) => member.isSynchronous).map((member) => member.name);
    return `PostgreSQL is the primary; commits wait for ${waited.join(' and ') || 'nobody'}`;
  }
  const how = facts.isStreaming ? 'follows the primary' : `does not follow the primary right now (${facts.state})`;
  const lag = facts.lagBytes === null || facts.lagBytes === 0 ? '' : `, ${facts.lagBytes} bytes behind`;
  return `PostgreSQL is a standby and ${how}${lag}`;
}

function describeConfig(config: Dynamic | null, isConfigured: boolean): string {
  if (config === null) return '; its dynamic configuration could not be read';
  return isConfigured
    ? ''
    : `; its dynamic configuration is not the published one (it has number ${config.regent_version ?? 'none'})`;
}
