import { burdenOf, type Reach } from './reach.ts';
import { HEAR_MS, isSame, type OwnerRecord, SILENT_MS, type Vote, type PairStatus } from './messages.ts';

/** A region's last answer, and what we had said in the beat that it answers. Times: monotonic, ms. */
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
  /** Who has told it to give no lease while the leases are taken (`dhcp-disable` of the other's Kea): ids of origin, none as a rule. */
  readonly pausedBy: readonly number[];
  /** It has not heard the other's Kea for its own time-out. */
  readonly isCut: boolean;
  /** As in `PairStatus`. A Kea that comes to hot-standby from partner-down has taken no lease that the other one gave. */
  readonly syncId: string | null;
  /** Name of the configuration that it runs; null: not known. */
  readonly tag: string | null;
  /** Its last answer is fresh. */
  readonly isAnswering: boolean;
  /** Two questions in a row had no answer within a second. */
  readonly isHung: boolean;
}

/** Something that the partner has said; what has the higher run, then the higher number, was said later. */
interface Said {
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
  readonly beat: (Said & { readonly at: number }) | null;
  /** The partner's last answer to a beat of ours. */
  readonly reply: (Said & { readonly sentAt: number; readonly wasWanting: boolean }) | null;
  readonly kea: KeaView;
  readonly reach: Reach;
  /** The program is asked to end. */
  readonly isLeaving: boolean;
  /** An operator has ordered this rack to serve alone. */
  readonly isOrdered: boolean;
}

/** Kea's states in which a primary answers clients. */
const SERVING: ReadonlySet<string> = new Set(['hot-standby', 'partner-down', 'partner-in-maintenance']);
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
  const heard = beat !== null && isFresh(inputs, beat.at) ? beat : null;
  if (reply === null || !isFresh(inputs, reply.sentAt)) return heard?.status ?? null;
  return heard !== null && isLater(heard, reply) ? heard.status : reply.status;
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
 * Was Kea told to give no lease by one that takes none? A Kea that ends in the middle of taking them never says that it may go on, and the other one waits
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

function isLater(a: Said, b: Said): boolean {
  return a.run > b.run || (a.run === b.run && a.said > b.said);
}

function isFresh({ now, floorAt }: PairInputs, at: number): boolean {
  return at >= floorAt && now - at <= HEAR_MS;
}
