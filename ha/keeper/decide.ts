import type { Answer } from './postgres.ts';

/*
 * All decisions of the keeper, as pure functions of what it has seen. Times are ms of a clock that also counts suspended time. An answer counts from
 * the moment when its question was sent.
 */

/** Time limits, ms. `ttl`: of the fence lease; `margin`: a primary without proof ends so long before that lease can end. */
export interface Patience {
  readonly ttl: number;
  readonly margin: number;
  /** For a Patroni or PostgreSQL that takes questions and does not answer. */
  readonly silence: number;
  /** The same limit while its processes wait for a processor: it is slow, and would be as slow elsewhere. */
  readonly starved: number;
  /** For a Patroni that does not listen: it is starting, and its PostgreSQL serves on. Far below its lease of 20 s. */
  readonly absence: number;
}

/** A term: from when a host took the lead until it lost it, or got another lease for it (`records.ts`). */
type Term = string;

/** What etcd's majority reported in one transaction. `fences`, `armed`: the term that a host's key names; `revision`: of that key. */
export interface EtcdView {
  readonly at: number;
  readonly leader: { readonly name: string; readonly term: Term } | null;
  readonly isPaused: boolean;
  /** Commits wait for standbys: there are at least two members, so a failover loses nothing. */
  readonly isSynchronous: boolean;
  readonly fences: ReadonlyMap<string, Term>;
  readonly armed: ReadonlyMap<string, { readonly term: Term; readonly revision: string }>;
}

/**
 * How a daemon of this host answers. `reactedAt`: it answered or refused; `silences`: questions without either since then; `isStarved`: it lacked a
 * processor.
 */
export interface ProbeState {
  readonly answeredAt: number;
  readonly reactedAt: number;
  readonly silences: number;
  readonly isStarved: boolean;
}

/** What is known after one more answer to a question that was sent at `at`. */
export function afterAnswer(before: ProbeState, at: number, answer: Answer, isStarved: boolean): ProbeState {
  if (answer === 'silent') return { ...before, silences: before.silences + 1, isStarved };
  return { answeredAt: answer === 'answered' ? at : before.answeredAt, reactedAt: at, silences: 0, isStarved };
}

/** The fence lease of this host. `renewedAt`, `seenAt`: last renewal, last time that its key was seen. */
export interface FenceLease {
  readonly term: Term;
  /** From then on every view must show the fence's key; null: etcd has not answered yet whether it took the key. */
  readonly armedAt: number | null;
  readonly renewedAt: number;
  readonly seenAt: number;
  /** etcd says that there is no such lease. */
  readonly isGone: boolean;
}

/** State of this host's own PostgreSQL. `allowedAt`: the last time at which it might be primary, or at which it was found to be one. */
export interface OwnState {
  readonly now: number;
  readonly name: string;
  readonly patience: Patience;
  /** A postmaster runs here that is no standby. */
  readonly isPrimary: boolean;
  readonly allowedAt: number;
  /** When this host, or its connection to etcd, was last late and came back. */
  readonly lateAt: number;
  readonly patroni: ProbeState;
  readonly postgres: ProbeState;
  readonly view: EtcdView | null;
  readonly fenceLease: FenceLease | null;
}

/**
 * `fence`: end PostgreSQL; `yield`: it is down, return the lease; `disarm`: return the lease while it runs; `forget`: the same, whatever etcd has.
 */
export interface Step {
  readonly do: 'rest' | 'arm' | 'renew' | 'disarm' | 'forget' | 'yield' | 'fence';
  readonly why: string;
}

/** An older view does not show who may arm or be released. */
const FRESH_MS = 1000;
/** Two renewals, and a host that stood still for 0.8 s: the proof stays valid all the time. */
const RENEW_MS = 150;
/** A switchover ends the old primary in order while the new one leads already. */
const OTHER_LEADS_MS = 5000;
/** Patroni gives up by itself within 5 s when it cannot reach etcd. */
const NOBODY_LEADS_MS = 10_000;
/**
 * A host was late a moment ago (it has too much to do, or etcd elects). It cannot keep deadlines of tenths of a second, so it returns its lease in
 * order, and takes none until it was in time for so long. Until then only Patroni's own lease counts.
 */
const CALM_MS = 10_000;
/** A host returns its lease only while its proof is younger than this: the proof must not run out while a slow etcd hears of it. */
const WELL_MS = 900;
/** Time between the reject rule and the election: every survivor must have the rule. */
const RACE_AFTER_MS = 300;
/** One late answer proves nothing: perhaps this program was late. */
const SILENCES = 2;

/** Decides about this host. If nothing proves harm, the answer is to do nothing, because Patroni's own lease still protects the cluster. */
export function decideOwn(own: OwnState): Step {
  const { now, view, fenceLease } = own;
  if (!own.isPrimary) return fenceLease ? step('yield', 'PostgreSQL is not the primary here any more') : REST;
  if (view === null) return REST;
  const isArmedIn = (term?: Term) => term !== undefined && view.armed.get(own.name)?.term === term;
  if (view.isPaused || !view.isSynchronous) {
    const isForgotten = fenceLease === null && !isArmedIn(view.leader?.term);
    return isForgotten ? REST : step('forget', 'the cluster is paused, or has one member');
  }
  const harm = harmOf(own, view);
  if (harm !== null) return step('fence', harm);
  const isWell = isResponsive(own.patroni, now) && isResponsive(own.postgres, now);
  if (fenceLease?.armedAt != null && own.lateAt > fenceLease.armedAt) {
    return isWell && now - proofOf(fenceLease) <= WELL_MS
      ? step('disarm', 'this host, or its connection to etcd, is too slow')
      : renewal(own, fenceLease);
  }
  if (view.leader?.name === own.name && (fenceLease?.term !== view.leader.term || fenceLease.armedAt === null)) {
    // A term whose lease has run out once never gets another one: survivors may be ending the term now.
    const isBurnt = fenceLease === null && isArmedIn(view.leader.term);
    const isCalm = fenceLease !== null || now - own.lateAt >= CALM_MS;
    if (!isBurnt && isWell && isCalm && now - view.at <= FRESH_MS)
      return step('arm', `leader in term ${view.leader.term}`);
  }
  return fenceLease ? renewal(own, fenceLease) : REST;
}

function renewal({ now }: OwnState, fenceLease: FenceLease): Step {
  return now - fenceLease.renewedAt >= RENEW_MS ? step('renew', '') : REST;
}

/** The lease is known to have existed until then. */
function proofOf(fenceLease: FenceLease): number {
  return Math.min(fenceLease.renewedAt, fenceLease.seenAt);
}

/** Why this host's primary must end; null: it may go on. */
function harmOf(
  { now, name, patience, fenceLease, patroni, postgres, allowedAt }: OwnState,
  view: EtcdView,
): string | null {
  if (fenceLease) {
    const age = now - proofOf(fenceLease);
    if (age >= patience.ttl - patience.margin) return `no proof of its lease for ${age} ms`;
    // The clock has ticks of 10 ms. A read in the same tick as the write of the key may have come before it.
    const isMissing = fenceLease.armedAt !== null && view.at > fenceLease.armedAt && !view.fences.has(name);
    if (fenceLease.isGone || isMissing) return 'its lease is gone';
    // Without a lease nobody would take over sooner because of it.
    if (isSilent(postgres, now, patience)) return `PostgreSQL is silent for ${now - postgres.reactedAt} ms`;
    if (isSilent(patroni, now, patience)) return `Patroni is silent for ${now - patroni.reactedAt} ms`;
    if (now - patroni.answeredAt > patience.absence) return `there is no Patroni for ${now - patroni.answeredAt} ms`;
  }
  const isAnothers = view.leader !== null && view.leader.name !== name;
  if (now - allowedAt > (isAnothers ? OTHER_LEADS_MS : NOBODY_LEADS_MS))
    return isAnothers ? `${view.leader?.name} leads` : `etcd has not named it leader for ${now - allowedAt} ms`;
  return null;
}

/** May this host's PostgreSQL be primary, by this view? */
export function mayBePrimary(view: EtcdView, name: string): boolean {
  return view.leader?.name === name || view.isPaused || !view.isSynchronous;
}

/** What a survivor has done about a dead leader. */
export interface Rejection {
  readonly term: Term;
  readonly at: number;
}

/** Decides about a leader elsewhere: `reject` its Patroni's port, then `revoke` its leader lease. */
export function decideOther(
  now: number,
  name: string,
  view: EtcdView | null,
  rejection: Rejection | null,
): 'rest' | 'reject' | 'revoke' {
  if (view === null || now - view.at > FRESH_MS || view.isPaused || !view.isSynchronous) return 'rest';
  const { leader } = view;
  if (leader === null || leader.name === name) return 'rest';
  // Only a host that held its lease in this very term can have lost it. A host without a keeper is left to Patroni.
  if (view.armed.get(leader.name)?.term !== leader.term || view.fences.has(leader.name)) return 'rest';
  if (rejection?.term !== leader.term) return 'reject';
  return now - rejection.at >= RACE_AFTER_MS ? 'revoke' : 'rest';
}

function isSilent(
  { silences, reactedAt, isStarved }: ProbeState,
  now: number,
  { silence, starved }: Patience,
): boolean {
  return silences >= SILENCES && now - reactedAt > (isStarved ? starved : silence);
}

function isResponsive(probeState: ProbeState, now: number): boolean {
  return probeState.silences === 0 && now - probeState.answeredAt <= FRESH_MS;
}

const REST: Step = { do: 'rest', why: '' };

function step(what: Step['do'], why: string): Step {
  return { do: what, why };
}
