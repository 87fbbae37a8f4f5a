import { burdenOf, type Reach, WELL_MS } from './reach.ts';
import {
  AGREE_MS,
  STOP_MS,
  DIFFER_MS,
  ANSWER_VALID_MS,
  isSame,
  type OwnerRecord,
  SILENT_MS,
  type Vote,
  type PairStatus,
} from './messages.ts';

/** A region's last answer, and our own status in the beat that it answers. Times: monotonic, ms. */
export interface Answer {
  readonly sentAt: number;
  readonly wasWanting: boolean;
  readonly claim: OwnerRecord | null;
  readonly vote: Vote;
}

/** What is known of this host's Kea of a pair. */
export interface KeaView {
  /** A process of it is there. */
  readonly isRunning: boolean;
  /** There is none, and nothing is about to start one. */
  readonly isOver: boolean;
  /** HA state by its last answer since it began; null: none yet. */
  readonly state: string | null;
  readonly scopes: readonly string[];
  /** Who has ordered it to give no lease while the leases are taken (`dhcp-disable` of the other's Kea): ids of origin, none as a rule. */
  readonly pausedBy: readonly number[];
  /** The other's Kea has been silent to it for its own time-out. */
  readonly isCut: boolean;
  /** As in `PairStatus`. A Kea that comes to hot-standby from partner-down has taken no lease that the other one gave. */
  readonly syncId: string | null;
  /** Name of the configuration that it runs; null: not known. */
  readonly tag: string | null;
  /** Its last answer is fresh. */
  readonly isAnswering: boolean;
  /** Two questions in a row had no answer within a second. */
  readonly isHung: boolean;
  /** Its clock went back while it ran: its timers stand still for as long (Kea sets them by the day's time). */
  readonly hasGoneBack: boolean;
}

/** A status of the partner; the one with the higher run, then the higher number, is the later one. */
interface PartnerReport {
  readonly status: PairStatus;
  readonly run: number;
  readonly said: number;
}

/** All that a decision rests on. */
export interface PairInputs {
  readonly now: number;
  readonly startedAt: number;
  /** What was seen before counts no more, and silence counts from here: the program began, or its loop was late. */
  readonly floorAt: number;
  /** The day's time by this rack's clock, or by its Kea's own; ms since 1970. */
  readonly dayTime: number;
  readonly key: string;
  readonly self: string;
  readonly partner: string;
  readonly role: 'primary' | 'standby';
  /** How many regions there are. */
  readonly regions: number;
  readonly answers: ReadonlyMap<string, Answer>;
  /** `answers` that still prove something; `decide` fills it in. */
  readonly fresh?: readonly (readonly [region: string, answer: Answer])[];
  /** The partner's last beat. */
  readonly beat: (PartnerReport & { readonly at: number }) | null;
  /** The partner's last answer to a beat of ours. */
  readonly reply: (PartnerReport & { readonly sentAt: number; readonly wasWanting: boolean }) | null;
  readonly kea: KeaView;
  readonly reach: Reach;
  /** The program is to end. */
  readonly isLeaving: boolean;
  /** An operator has ordered this rack to serve alone. */
  readonly isOrdered: boolean;
}

/** Kea's states in which a primary answers clients. */
const SERVING: ReadonlySet<string> = new Set(['hot-standby', 'partner-down', 'partner-in-maintenance', 'terminated']);
/** ... and in which it gets the leases of a partner that went on alone. */
const TAKING: ReadonlySet<string> = new Set(['waiting', 'syncing', 'ready']);

export function majorityOf(inputs: Pick<PairInputs, 'regions'>): number {
  return Math.floor(inputs.regions / 2) + 1;
}

/** Regions whose answers still prove something: what counts is when the question was sent. */
export function freshAnswers(inputs: PairInputs): readonly (readonly [region: string, answer: Answer])[] {
  if (inputs.fresh) return inputs.fresh;
  return [...inputs.answers].filter(([, { sentAt }]) => isFresh(inputs, sentAt));
}

export function hearsMajority(inputs: PairInputs): boolean {
  return freshAnswers(inputs).length >= majorityOf(inputs);
}

/** A record that a majority of regions names; null: there is none. */
export function namedRecord(inputs: PairInputs): OwnerRecord | null {
  const answers = freshAnswers(inputs);
  const majority = majorityOf(inputs);
  for (const [, { vote }] of answers) {
    const { record } = vote;
    if (record === null) continue;
    let count = 0;
    for (const [, other] of answers) if (isSame(other.vote.record, record)) count += 1;
    if (count >= majority) return record;
  }
  return null;
}

/** Regions that name a record, by the freshest answers. */
export function namersOf(inputs: PairInputs, record: OwnerRecord): string[] {
  return freshAnswers(inputs).flatMap(([region, { vote }]) => (isSame(vote.record, record) ? [region] : []));
}

/** What the partner says of itself; null: it is silent. */
export function partnerStatus(inputs: PairInputs): PairStatus | null {
  const { beat, reply } = inputs;
  const freshBeat = beat !== null && isFresh(inputs, beat.at) ? beat : null;
  if (reply === null || !isFresh(inputs, reply.sentAt)) return freshBeat?.status ?? null;
  return freshBeat !== null && isLater(freshBeat, reply) ? freshBeat.status : reply.status;
}

/** The partner answers us: so it hears us. */
export function hearsPartner(inputs: PairInputs): boolean {
  return inputs.reply !== null && isFresh(inputs, inputs.reply.sentAt);
}

/** For how long the partner was silent, ms. */
export function partnerSilence({ now, floorAt, beat }: PairInputs): number {
  return now - Math.max(floorAt, beat?.at ?? floorAt);
}

/** The partner serves nobody for certain: it says so, or it has fenced itself long ago. */
export function isPartnerOut(inputs: PairInputs): boolean {
  const { beat } = inputs;
  if (partnerSilence(inputs) >= SILENT_MS) return true;
  return beat !== null && isFresh(inputs, beat.at) && !beat.status.isWanting;
}

/** Would this one of the two serve at least as well as the other? Both judge by the same numbers. */
export function isLighter(inputs: PairInputs, who: 'self' | 'partner'): boolean {
  const burden = partnerStatus(inputs)?.burden ?? 0;
  return who === 'self' ? burdenOf(inputs.reach) <= burden : burden <= burdenOf(inputs.reach);
}

/** May this host's Kea be answering clients? */
export function servesNow({ kea, role }: PairInputs): boolean {
  if (!kea.isRunning) return false;
  return role === 'standby' ? kea.scopes.length > 0 : kea.state !== null && SERVING.has(kea.state);
}

/** Does the Kea of a rack that may serve do so? */
export function isWell(inputs: PairInputs): boolean {
  const { kea, role } = inputs;
  if (!kea.isRunning || !kea.isAnswering || kea.isHung) return false;
  return servesNow(inputs) || (role === 'standby' && kea.state === 'hot-standby');
}

/** Do both Keas work together, as each says? */
export function isPaired(inputs: PairInputs): boolean {
  const { kea } = inputs;
  const status = partnerStatus(inputs);
  return kea.isAnswering && kea.state === 'hot-standby' && !kea.isCut && status?.kea === 'hot-standby';
}

/** Is the primary's Kea about to take the leases of the standby's, or doing so? */
export function isTaking(inputs: PairInputs): boolean {
  const state = partnerStatus(inputs)?.kea ?? '';
  return inputs.role === 'standby' && inputs.kea.state === 'partner-down' && TAKING.has(state);
}

/**
 * Was Kea ordered to give no lease by one that takes none? A Kea that ends in the middle of taking them never says that it may go on, and the other one waits
 * for its longest time, 10 s and more. Only a partner that says so, or is out, is believed.
 */
export function isAbandoned(inputs: PairInputs): boolean {
  if (inputs.kea.pausedBy.length === 0) return false;
  const status = partnerStatus(inputs);
  return status === null ? isPartnerOut(inputs) : !TAKING.has(status.kea ?? '');
}

/** A higher epoch than any that was seen. */
export function nextEpoch(inputs: PairInputs, record: OwnerRecord): number {
  const votes = [...inputs.answers.values()].map(({ vote }) => vote.record?.epoch ?? 0);
  const statuses = [inputs.beat?.status, inputs.reply?.status].map((status) => status?.record.epoch ?? 0);
  return Math.max(record.epoch, ...votes, ...statuses) + 1;
}

function isLater(a: PartnerReport, b: PartnerReport): boolean {
  return a.run > b.run || (a.run === b.run && a.said > b.said);
}

function isFresh({ now, floorAt }: PairInputs, at: number): boolean {
  return at >= floorAt && now - at <= ANSWER_VALID_MS;
}

/** How this rack's clock stands to others. 0: it agrees, or nobody says. */
export interface DayTimes {
  /** So far it is ahead of a majority of the regions, ms; below 0: behind them. */
  readonly aheadMs: number;
  /** It still counts as wrong, and is right since then; null: it is not. */
  readonly rightSince: number | null;
  /** So far the partner's is ahead of ours, ms. */
  readonly partnerAheadMs: number;
  /** Its day's time less the time since the boot when a majority of the regions agreed last, ms; null: never since the program began. */
  readonly agreed: number | null;
}

export const SAME_DAY: DayTimes = { aheadMs: 0, rightSince: null, partnerAheadMs: 0, agreed: null };

/** What is known after another round. */
export function watchDay(before: DayTimes, inputs: PairInputs): DayTimes {
  return { ...watchOwn(before, inputs), partnerAheadMs: watchPartner(before.partnerAheadMs, inputs) };
}

/**
 * A clock that is wrong counts at once: its lease times are wrong. It counts as right when it was for a while. One that goes on as it did while the regions agreed
 * is not wrong: theirs have jumped.
 */
function watchOwn(before: DayTimes, inputs: PairInputs): Omit<DayTimes, 'partnerAheadMs'> {
  const { now, dayTime } = inputs;
  const { aheadMs, agreed } = before;
  const limit = limitAfter(aheadMs);
  const ahead = freshAnswers(inputs).flatMap(([, { sentAt, vote }]) =>
    vote.dayTime === undefined ? [] : [dayTime - vote.dayTime - (now - sentAt)],
  );
  const majority = majorityOf(inputs);
  const hasMoved = agreed === null || Math.abs(dayTime - now - agreed) > limit;
  for (const side of hasMoved ? [1, -1] : []) {
    const wrong = ahead.filter((ms) => ms * side > limit).toSorted((a, b) => a - b);
    if (wrong.length >= majority)
      return { aheadMs: wrong[Math.floor(wrong.length / 2)] ?? 0, rightSince: null, agreed };
  }
  const isAgreed = ahead.filter((ms) => Math.abs(ms) <= limit).length >= majority;
  const next = isAgreed ? dayTime - now : agreed;
  if (aheadMs === 0 || (hasMoved && !isAgreed)) return { aheadMs, rightSince: null, agreed: next };
  const rightSince = before.rightSince ?? now;
  if (now - rightSince < WELL_MS) return { aheadMs, rightSince, agreed: next };
  return { aheadMs: 0, rightSince: null, agreed: next };
}

/** Is its clock so wrong that it must give no lease? */
export function isStopped({ aheadMs, rightSince }: DayTimes): boolean {
  return Math.abs(aheadMs) >= STOP_MS && rightSince === null;
}

function watchPartner(before: number, inputs: PairInputs): number {
  const { now, floorAt, beat, dayTime } = inputs;
  const partnerTime = beat?.status.dayTime;
  if (beat === null || partnerTime === undefined || beat.at < floorAt || now - beat.at > ANSWER_VALID_MS)
    return partnerSilence(inputs) < SILENT_MS ? before : 0;
  const ms = partnerTime + (now - beat.at) - dayTime;
  return Math.abs(ms) > limitAfter(before) ? ms : 0;
}

function limitAfter(before: number): number {
  return before === 0 ? DIFFER_MS : AGREE_MS;
}

/** Why a rack's Kea is separated from the other's, as a part of a sentence; empty: it is not. */
export function describeClock({ partnerAheadMs }: DayTimes, partner: string): string {
  if (partnerAheadMs === 0) return '';
  const side = partnerAheadMs > 0 ? 'ahead of' : 'behind';
  return `the clock of ${partner} is ${Math.round(Math.abs(partnerAheadMs) / 1000)} s ${side} its own; until both agree one Kea serves alone`;
}

/**
 * Two clocks differ: lease times of one mean nothing to the other, and Kea would leave the pair. Who does not own it ends its Kea, unless it has every
 * lease and the owner is the one whose clock is wrong: then the owner hands over.
 */
export function isExcluded(day: DayTimes, record: OwnerRecord, inputs: PairInputs): boolean {
  return day.partnerAheadMs !== 0 && (isLighter(inputs, 'partner') || !record.isWhole);
}

/**
 * A Kea that has left its pair because the clocks differed (`terminated`) never comes back by itself, and follows another that is in this state. So it
 * is started again: who stands by as soon as the clocks agree, the owner's when the other's is away or has started again. One whose clock went back, too.
 */
export function restarts(
  day: DayTimes,
  inputs: PairInputs,
  { mayServe, isDetached }: { mayServe: boolean; isDetached: boolean },
): boolean {
  const { kea } = inputs;
  if (kea.hasGoneBack) return true;
  if (kea.state !== 'terminated' || !kea.isAnswering) return false;
  const status = partnerStatus(inputs);
  const isAgreed = day.partnerAheadMs === 0;
  if (!mayServe) return isAgreed;
  if (status === null) return isDetached;
  return status.kea === null || (isAgreed && status.kea === 'waiting');
}
