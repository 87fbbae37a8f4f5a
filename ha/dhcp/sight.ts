import { burdenOf, type Reach } from './reach.ts';
import { HEAR_MS, isSame, type OwnerRecord, SILENT_MS, type Vote, type Word } from './words.ts';

/** A region's last answer, and what we had said in the beat that it answers. Times: monotonic, ms. */
export interface Answer {
  readonly sentAt: number;
  readonly wasWanting: boolean;
  readonly claim: OwnerRecord | null;
  readonly vote: Vote;
}

/** What is known of this host's Kea of a pair. */
export interface KeaSight {
  /** A process of it is there. */
  readonly isRunning: boolean;
  /** There is none, and nothing is about to start one. */
  readonly isOver: boolean;
  /** HA state by its last answer since it began; null: none yet. */
  readonly state: string | null;
  readonly scopes: readonly string[];
  /** It has not heard the other's Kea for its own time-out. */
  readonly isCut: boolean;
  /** As in `Word`. A Kea that comes to hot-standby from partner-down has taken no lease that the other one gave. */
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
  readonly word: Word;
  readonly run: number;
  readonly said: number;
}

/** All that a decision rests on. */
export interface Sight {
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
  readonly kea: KeaSight;
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

export function majorityOf(sight: Pick<Sight, 'regions'>): number {
  return Math.floor(sight.regions / 2) + 1;
}

/** Regions whose answers still prove something: what counts is when the question was sent. */
export function freshAnswers(sight: Sight): readonly (readonly [region: string, answer: Answer])[] {
  if (sight.fresh) return sight.fresh;
  return [...sight.answers].filter(([, { sentAt }]) => isFresh(sight, sentAt));
}

export function hearsMajority(sight: Sight): boolean {
  return freshAnswers(sight).length >= majorityOf(sight);
}

/** A record that a majority of regions names; null: there is none. */
export function namedRecord(sight: Sight): OwnerRecord | null {
  const answers = freshAnswers(sight);
  const majority = majorityOf(sight);
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
export function namersOf(sight: Sight, record: OwnerRecord): string[] {
  return freshAnswers(sight).flatMap(([region, { vote }]) => (isSame(vote.record, record) ? [region] : []));
}

/** What the partner says of itself; null: it is silent. */
export function partnerWord(sight: Sight): Word | null {
  const { beat, reply } = sight;
  const heard = beat !== null && isFresh(sight, beat.at) ? beat : null;
  if (reply === null || !isFresh(sight, reply.sentAt)) return heard?.word ?? null;
  return heard !== null && isLater(heard, reply) ? heard.word : reply.word;
}

/** The partner answers us: so it hears us. */
export function hearsPartner(sight: Sight): boolean {
  return sight.reply !== null && isFresh(sight, sight.reply.sentAt);
}

/** For how long the partner was silent, ms. */
export function partnerSilence({ now, floorAt, beat }: Sight): number {
  return now - Math.max(floorAt, beat?.at ?? floorAt);
}

/** The partner serves nobody for certain: it says so, or it has fenced itself long ago. */
export function isPartnerOut(sight: Sight): boolean {
  const { beat } = sight;
  if (partnerSilence(sight) >= SILENT_MS) return true;
  return beat !== null && isFresh(sight, beat.at) && !beat.word.isWanting;
}

/** Would this one of the two serve at least as well as the other? Both judge by the same numbers. */
export function isLighter(sight: Sight, who: 'self' | 'partner'): boolean {
  const burden = partnerWord(sight)?.burden ?? 0;
  return who === 'self' ? burdenOf(sight.reach) <= burden : burden <= burdenOf(sight.reach);
}

/** May this host's Kea be answering clients? */
export function servesNow({ kea, role }: Sight): boolean {
  if (!kea.isRunning) return false;
  return role === 'standby' ? kea.scopes.length > 0 : kea.state !== null && SERVING.has(kea.state);
}

/** Does the Kea of a rack that may serve do so? */
export function isWell(sight: Sight): boolean {
  const { kea, role } = sight;
  if (!kea.isRunning || !kea.isAnswering || kea.isHung) return false;
  return servesNow(sight) || (role === 'standby' && kea.state === 'hot-standby');
}

/** Do both Keas work together, as each says? */
export function isPaired(sight: Sight): boolean {
  const { kea } = sight;
  const word = partnerWord(sight);
  return kea.isAnswering && kea.state === 'hot-standby' && !kea.isCut && word?.kea === 'hot-standby';
}

/** Is the primary's Kea about to take the leases of the standby's, or doing so? */
export function isTaking(sight: Sight): boolean {
  const state = partnerWord(sight)?.kea ?? '';
  return sight.role === 'standby' && sight.kea.state === 'partner-down' && TAKING.has(state);
}

/** A higher epoch than any that was seen. */
export function nextEpoch(sight: Sight, record: OwnerRecord): number {
  const votes = [...sight.answers.values()].map(({ vote }) => vote.record?.epoch ?? 0);
  const words = [sight.beat?.word, sight.reply?.word].map((word) => word?.record.epoch ?? 0);
  return Math.max(record.epoch, ...votes, ...words) + 1;
}

function isLater(a: Said, b: Said): boolean {
  return a.run > b.run || (a.run === b.run && a.said > b.said);
}

function isFresh({ now, floorAt }: Sight, at: number): boolean {
  return at >= floorAt && now - at <= HEAR_MS;
}
