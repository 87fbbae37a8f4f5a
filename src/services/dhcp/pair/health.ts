import type { ExecResult } from '../../../core/host-values.ts';
import type { ServiceHealth } from '../../kit/contract.ts';
import type { DhcpPair } from '../desired.ts';
import { readAnswer, recordOf } from '../socket.ts';

/** What is known of a pair on one of its sides: Kea's own state, and what `ha/dhcp` has decided. */
export interface PairFacts {
  readonly role: DhcpPair['role'];
  readonly partner: string;
  /** Kea's state (ARM, "High Availability"); null: it does not answer. */
  readonly kea: string | null;
  /** The partner's state, as Kea received it last. */
  readonly partnerKea: string | null;
  /** This side answers clients now. */
  readonly isServing: boolean;
  /** `ha/dhcp`: `serving`, `standby`, `taken-over`, `fenced` …; null: it says nothing. */
  readonly state: string | null;
  readonly since: string | null;
  readonly why: string | null;
  /** Its controller receives the partner's beats; null: not reported. */
  readonly hearsPartner: boolean | null;
  /** The rack that stands by has every lease, so that it may take over; null: not reported. */
  readonly isWhole: boolean | null;
}

/** The pair's part of what a node says of its Kea; undefined: it says nothing of a pair. */
export function pairFactsIn(facts: ServiceHealth['facts']): PairFacts | undefined {
  const pair = facts?.['pair'];
  return typeof pair === 'object' && pair !== null ? (pair as PairFacts) : undefined;
}

/** States of Kea in which it serves as it should, or is ready to. */
const AT_WORK = ['hot-standby', 'partner-down'];
/** States between them: a few seconds each. */
const STARTING = ['waiting', 'syncing', 'ready', 'communication-recovery'];
/** States of `ha/dhcp` in which Kea may not serve. */
const HELD_BACK = ['fenced', 'waiting'];
/** After this time without a beat the partner's controller counts as silent, ms: it beats every 200. */
const PARTNER_MS = 2000;
const TEXT_MAX = 500;

/**
 * Adds the pair's own state to the health of Kea. A side that `ha/dhcp` has fenced is not healthy, and a restart would not help: it says why. A side
 * that serves while its partner is away is healthy; a finding of the site reports that the pair is not whole.
 */
export function judgePair(health: ServiceHealth, answers: readonly ExecResult[], pair: DhcpPair): ServiceHealth {
  const facts = factsOf(answers, pair);
  const shown = { facts: { pair: facts } };
  const heldBack = (detail: string, isHealthy = false) => ({ isHealthy, isOutOfReach: true, detail, ...shown });
  const { kea } = facts;
  const why = heldBackReason(facts);
  if (why !== null) return heldBack(why, isAside(answers, pair));
  if (!health.isHealthy) return { ...health, ...shown };
  if (kea !== null && AT_WORK.includes(kea)) {
    const serves = facts.isServing ? 'serves' : `is ready to take over from ${pair.partner.name}`;
    const alone = kea === 'partner-down' ? `, and ${pair.partner.name} is away` : '';
    return { isHealthy: true, detail: `Kea ${serves}${alone}: ${facts.why ?? facts.state}`, ...shown };
  }
  if (kea === 'terminated' && facts.isServing)
    return {
      isHealthy: true,
      detail: `Kea serves alone, because clocks differ: ${facts.why ?? facts.state}`,
      ...shown,
    };
  const isStarting = kea !== null && STARTING.includes(kea);
  const detail = `Kea is ${kea ?? 'in no state of a pair'}: it serves nobody until it has found its partner`;
  return { ...heldBack(detail), ...(isStarting ? { isSettling: true } : {}) };
}

/** A Kea that is down on purpose; null: it is to run. */
export function judgeDown(answers: readonly ExecResult[], pair: DhcpPair): ServiceHealth | null {
  const facts = factsOf(answers, pair);
  const detail = heldBackReason(facts);
  const isHealthy = isAside(answers, pair);
  return detail === null ? null : { isHealthy, isOutOfReach: true, detail, facts: { pair: facts } };
}

/** A drained side has given the pair to its partner: that is as it should be. */
function isAside(answers: readonly ExecResult[], { isDrained, partner }: DhcpPair): boolean {
  return isDrained === true && decidedOf(answers.at(-1))['owner'] === partner.name;
}

function heldBackReason({ state, why }: PairFacts): string | null {
  if (state === null) return 'nobody decides for the pair: regent-pairs.service does not answer';
  return HELD_BACK.includes(state) ? `this rack may not serve now: ${why ?? state}` : null;
}

function factsOf(answers: readonly ExecResult[], pair: DhcpPair): PairFacts {
  // The probe asks for Kea's state first, and for that of the pair last.
  const [status, controllerAnswer] = [answers[0], answers.at(-1)];
  const { local, remote } = relationshipOf(status);
  const scopes = Array.isArray(local['scopes']) ? local['scopes'] : [];
  const decided = decidedOf(controllerAnswer);
  return {
    role: pair.role,
    partner: pair.partner.name,
    kea: textOf(local['state']),
    partnerKea: textOf(remote['last-state']),
    isServing: scopes.includes(pair.primary),
    state: textOf(decided['state']),
    since: textOf(decided['since']),
    why: textOf(decided['why']),
    hearsPartner: hearsPartnerIn(decided),
    isWhole: typeof decided['isWhole'] === 'boolean' ? decided['isWhole'] : null,
  };
}

type JsonValues = Readonly<Record<string, unknown>>;

/** Kea's own report on the pair, of `status-get`. */
function relationshipOf(status: ExecResult | undefined): { readonly local: JsonValues; readonly remote: JsonValues } {
  if (status?.code !== 0) return { local: {}, remote: {} };
  const [first] = [readAnswer(status).args['high-availability']].flat();
  const servers = recordOf(recordOf(first)['ha-servers']);
  return { local: recordOf(servers['local']), remote: recordOf(servers['remote']) };
}

function decidedOf(controllerAnswer: ExecResult | undefined): JsonValues {
  if (controllerAnswer?.code !== 0) return {};
  try {
    return recordOf(JSON.parse(controllerAnswer.stdout));
  } catch {
    return {};
  }
}

function hearsPartnerIn(decided: JsonValues): boolean | null {
  const ago = decided['partnerHeardMs'];
  if (ago === undefined) return null;
  return typeof ago === 'number' && ago <= PARTNER_MS;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, TEXT_MAX) : null;
}
