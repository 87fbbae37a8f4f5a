import { accept, adopt, keepApart, keepWhole, nextClaim, obey } from './record.ts';
import { burdenOf, USELESS, describeLack } from './reach.ts';
import {
  freshAnswers,
  hearsMajority,
  hearsPartner,
  isAbandoned,
  isExcluded,
  isLighter,
  isPaired,
  isPartnerOut,
  isStopped,
  isTaking,
  isWell,
  majorityOf,
  namersOf,
  partnerSilence,
  partnerStatus,
  nextEpoch,
  restarts,
  servesNow,
  watchDay,
  describeClock,
  type PairInputs,
} from './inputs.ts';
import type { Memory, Verdict } from './verdict.ts';
import {
  DETACH_MS,
  ANSWER_VALID_MS,
  type OwnerRecord,
  racksOf,
  SILENT_MS,
  UNABLE_MS,
  type PairStatus,
} from './messages.ts';

/** For so long the standby gives no lease meanwhile. */
const YIELD_MS = 4000;
/** Both Keas have worked together for so long before the standby gives the pair back. */
const PAIRED_MS = 500;
/** The owner must have answered a follower within this: a Kea without a partner goes on alone after a second. */
const FOLLOW_MS = 500;
/** Both racks must have exchanged messages before a Kea takes the leases again: that costs its clients half a second. */
const RESET_AFTER_MS = 1000;
const RESET_EACH_MS = 5000;
/** After a Kea that followed has gone on alone it stays down for so long. */
const REST_MS = 2000;
/** Kea is not started again for its pair's sake more often. */
const RESTART_EACH_MS = 5000;

/** The rule of README.md. Pure: the same inputs and memory give the same verdict. */
export function decide(before: Memory, seen: PairInputs): Verdict {
  const known: PairInputs = { ...seen, fresh: freshAnswers(seen) };
  const day = watchDay(before.day, known);
  const inputs: PairInputs = { ...known, reach: { ...seen.reach, aheadMs: day.aheadMs } };
  const taken = obey(inputs, accept(inputs, before.claim, adopt(inputs, before.record)));
  const apart = keepApart(inputs, taken, before.apart);
  const record = keepWhole(inputs, taken, apart);
  const entitlement = entitle(inputs, record);
  const claim = nextClaim(inputs, { record, claim: before.claim, isEntitled: entitlement.isEntitled });
  const memory = { ...before, record, claim, apart, day };
  return settle(memory, inputs, { ...entitlement, before: before.record.owner });
}

interface Entitlement {
  readonly isEntitled: boolean;
  readonly why: string;
}

/** May this rack serve as the owner? */
function entitle(inputs: PairInputs, record: OwnerRecord): Entitlement {
  const no = (why: string) => ({ isEntitled: false, why });
  const yes = (why: string) => ({ isEntitled: true, why });
  if (record.owner !== inputs.self) return no(`${record.owner} owns the pair`);
  if (record.isOrdered) return yes('an operator ordered it to serve alone');
  if (record.isAlone) return yes('it has taken the pair over and owns it alone');
  const named = freshAnswers(inputs).filter(
    ([, { vote, wasWanting }]) => wasWanting && vote.record?.owner === inputs.self,
  );
  if (named.length >= majorityOf(inputs)) return yes(`${named.length} of ${inputs.regions} regions name it the owner`);
  // It has received our statement, and would not succeed us before it was without one for a time; its present status may be newer.
  const status = partnerStatus(inputs);
  const isPartnerInformed = hearsPartner(inputs) && inputs.reply?.wasWanting === true;
  if (isPartnerInformed && status !== null && !status.isWanting && status.record.owner === inputs.self)
    return yes(`it hears ${inputs.partner}, which does not serve`);
  const answerCount = freshAnswers(inputs).length;
  return no(
    `it hears ${answerCount} of ${inputs.regions} regions, ${named.length} of them name it the owner (${majorityOf(inputs)} needed), and ${
      hearsPartner(inputs) ? `${inputs.partner} wants to serve` : `${inputs.partner} does not answer it`
    }`,
  );
}

function settle(
  memory: Memory,
  inputs: PairInputs,
  { isEntitled, why, before }: Entitlement & { before: string },
): Verdict {
  const { kea, now } = inputs;
  const isServing = servesNow(inputs);
  const hadKea = memory.hadKea || kea.isRunning;
  const unableSince = isEntitled && !isWell(inputs) ? (memory.unableSince ?? (hadKea ? now : now - UNABLE_MS)) : null;
  const pairedSince = isPaired(inputs) && memory.record.owner === before ? (memory.pairedSince ?? now) : null;
  let next: Memory = { ...memory, hadKea, unableSince, pairedSince };
  next = giveBack(next, inputs);
  next = handOver(next, inputs, isEntitled);
  // What was just given away is not served any more.
  const isWrong = isStopped(next.day) && !next.record.isOrdered;
  const mayServe = isEntitled && next.record.owner === inputs.self && !isWrong;
  const isRunaway = !mayServe && inputs.role === 'primary' && isServing && kea.state !== 'hot-standby';
  if (isRunaway) next = { ...next, followAfter: now + REST_MS };
  const isDetached = detaches(inputs, next.record);
  const isReset = lacksLeases(next, inputs);
  if (isReset) next = { ...next, resetAt: now };
  const isRestarted = now - next.restartedAt >= RESTART_EACH_MS && restarts(next.day, inputs, { mayServe, isDetached });
  if (isRestarted) next = { ...next, restartedAt: now };
  const isPermitted = permit(next, inputs, { mayServe, isServing, isDetached });
  next = { ...next, yieldSince: isTaking(inputs) ? (memory.yieldSince ?? now) : null };
  const isYielding = next.yieldSince !== null && now - next.yieldSince < YIELD_MS;
  const abandonedSince = mayServe && isAbandoned(inputs) ? (memory.abandonedSince ?? now) : null;
  next = { ...next, abandonedSince };
  // The partner's status at the start of the wait may be so old; its present one is newer.
  const resumes = abandonedSince !== null && now - abandonedSince >= ANSWER_VALID_MS ? kea.pausedBy : [];
  const scopes = scopesFor(inputs, { mayServe: mayServe && isPermitted, isYielding });
  const status = statusOf(next, inputs, { isEntitled: mayServe, isServing, isDetached });
  const { state, sentence } = describe(next, inputs, { mayServe, isServing, isPermitted, why });
  const acts = { isPermitted, isKilled: kea.isHung || isRestarted, isReset, resumes, scopes, isDetached };
  return { memory: next, ...acts, state, why: sentence, lacks: describeLack(inputs.reach), status };
}

/** The standby gives the pair back when both Keas work together: by then the primary's has all leases and serves. */
function giveBack(memory: Memory, inputs: PairInputs): Memory {
  const { record, pairedSince } = memory;
  const { self, partner, role, now } = inputs;
  if (role !== 'standby' || record.owner !== self || record.isOrdered) return memory;
  // The primary's Kea has taken all leases.
  const hasLeases = partnerStatus(inputs)?.syncId != null;
  if (pairedSince === null || now - pairedSince < PAIRED_MS || !hasLeases || !isLighter(inputs, 'partner'))
    return memory;
  const epoch = nextEpoch(inputs, record);
  const given = { owner: partner, epoch, isAlone: false, isWhole: true, isOrdered: false };
  return { ...memory, record: given, claim: null };
}

/** A primary whose Kea cannot serve, that lacks what its partner has, or that is to end, ends its Kea and then gives the pair to a standby that has all leases. */
function handOver(memory: Memory, inputs: PairInputs, isEntitled: boolean): Memory {
  const { record, unableSince } = memory;
  const { self, partner, role, now, kea } = inputs;
  const status = partnerStatus(inputs);
  const isFit =
    status !== null &&
    status.isAble &&
    !status.isDetached &&
    status.burden < USELESS &&
    // It knows best: this one may have hung while its Kea gave leases alone.
    status.record.isWhole &&
    status.record.epoch <= record.epoch;
  const isOurs = role === 'primary' && record.owner === self && record.isWhole && !record.isOrdered;
  if (!isFit || !isOurs || !(isEntitled || memory.isHanding)) return { ...memory, isHanding: false };
  const isUnable = kea.isHung || (unableSince !== null && now - unableSince >= UNABLE_MS);
  const isDue = inputs.isLeaving || isUnable || !isLighter(inputs, 'self');
  if (!isDue && !memory.isHanding) return memory;
  if (!kea.isOver) return { ...memory, isHanding: true };
  const epoch = nextEpoch(inputs, record);
  const given = { owner: partner, epoch, isAlone: true, isWhole: true, isOrdered: false };
  return { ...memory, record: given, claim: null, isHanding: false, unableSince: null };
}

/** Both Keas work together, and the one that does not own the pair has not taken all leases: Kea comes from partner-down without. */
function lacksLeases({ record, pairedSince, resetAt }: Memory, { now, self, role, kea }: PairInputs): boolean {
  if (record.owner === self || pairedSince === null || now - pairedSince < RESET_AFTER_MS) return false;
  return now - resetAt >= RESET_EACH_MS && (role === 'standby' ? !record.isWhole : kea.syncId === null);
}

interface Standing {
  readonly mayServe: boolean;
  readonly isServing: boolean;
  readonly isDetached: boolean;
}

function permit(memory: Memory, inputs: PairInputs, { mayServe, isServing, isDetached }: Standing): boolean {
  if (memory.isHanding) return false;
  if (mayServe) return true;
  if (isExcluded(memory.day, memory.record, inputs)) return false;
  // One that cannot write leases refuses those of the primary, which then gives none.
  if (inputs.role === 'standby') return !isServing && !inputs.reach.isFull;
  return !isDetached && mayFollow(memory, inputs);
}

/**
 * A primary that does not own the pair runs its Kea only beside the owner's, from which it takes the leases: alone it would go on by itself. Its
 * Kea is ended when it does.
 */
function mayFollow({ record, followAfter }: Memory, inputs: PairInputs): boolean {
  const { kea, partner, now, isLeaving } = inputs;
  const status = partnerStatus(inputs);
  const isNear = inputs.reply !== null && hearsPartner(inputs) && now - inputs.reply.sentAt <= FOLLOW_MS;
  if (status === null || !isNear || isLeaving || record.owner !== partner || now < followAfter) return false;
  if (status.record.owner !== partner || status.isDetached || !status.isAble || !isLighter(inputs, 'self'))
    return false;
  return status.isServing || kea.isRunning;
}

/** Kea's own pause for whoever takes its leases does not wait for what its threads are just giving: so it gives none before. */
function scopesFor(inputs: PairInputs, { mayServe, isYielding }: { mayServe: boolean; isYielding: boolean }) {
  const { kea, role, key } = inputs;
  const [primary] = racksOf(key);
  if (!mayServe || !kea.isAnswering || (kea.state !== 'partner-down' && kea.state !== 'terminated')) return null;
  if (isYielding) return kea.scopes.length > 0 ? [] : null;
  if (kea.scopes.includes(primary)) return null;
  return role === 'primary' || isPartnerOut(inputs) ? [primary] : null;
}

/**
 * Is Kea separated from a partner that is silent? A primary's Kea goes on alone then, and gives leases that the standby does not get: a majority of the
 * regions must know that before.
 */
function detaches(inputs: PairInputs, record: OwnerRecord): boolean {
  if (partnerSilence(inputs) < DETACH_MS) return false;
  if (inputs.role === 'standby' || record.owner !== inputs.self || record.isAlone) return true;
  const informedRegions = freshAnswers(inputs).filter(([, { vote }]) => vote.record?.isWhole === false);
  return informedRegions.length >= majorityOf(inputs);
}

function statusOf(
  memory: Memory,
  inputs: PairInputs,
  standing: { isEntitled: boolean; isServing: boolean; isDetached: boolean },
): PairStatus {
  const { record, claim } = memory;
  const { key, self, kea, now, startedAt, role } = inputs;
  const hasContact =
    standing.isEntitled || hearsMajority(inputs) || hearsPartner(inputs) || now - startedAt < SILENT_MS;
  // Until its Kea has ended for certain it has not stopped.
  const isEnding = role === 'primary' && !kea.isOver && record.owner === self;
  const isWanting = standing.isServing || claim !== null || isEnding || (record.owner === self && hasContact);
  const isAble = kea.isAnswering && !kea.isHung && (kea.state === 'hot-standby' || kea.state === 'partner-down');
  return {
    key,
    record,
    isWanting,
    claim,
    isServing: standing.isServing,
    isAble,
    burden: burdenOf(inputs.reach),
    isDetached: standing.isDetached,
    kea: kea.isAnswering ? kea.state : null,
    syncId: kea.syncId,
    tag: kea.tag,
    namedBy: namersOf(inputs, record),
    majority: majorityOf(inputs),
  };
}

interface Outcome {
  readonly mayServe: boolean;
  readonly isServing: boolean;
  readonly isPermitted: boolean;
  readonly why: string;
}

function describe(memory: Memory, inputs: PairInputs, outcome: Outcome): { state: Verdict['state']; sentence: string } {
  const { self, partner, role, kea } = inputs;
  const { mayServe, isServing, isPermitted, why } = outcome;
  const lack = [describeLack(inputs.reach), describeClock(memory.day, partner)].filter((text) => text !== '');
  const end = `${lack.map((text) => `; ${text}`).join('')}.`;
  const is = (state: Verdict['state'], text: string) => ({ state, sentence: `${self} ${text}${end}` });
  if (memory.isHanding) return is('fenced', `ends its Kea and hands over to ${partner}`);
  if (memory.record.owner === self && !mayServe && isStopped(memory.day))
    return is('fenced', 'must not serve: its clock and therefore its lease times are wrong');
  if (mayServe && isServing) return is(role === 'primary' ? 'serving' : 'taken-over', `serves: ${why}`);
  if (mayServe && role === 'standby' && kea.state === 'hot-standby')
    return is('standby', `gives the pair back to ${partner}`);
  if (mayServe && memory.yieldSince !== null) return is('starting', `lets ${partner} take the leases`);
  if (mayServe) return is('starting', `may serve (${why}), but its Kea is not ready: ${kea.state ?? 'no answer'}`);
  if (role === 'standby') {
    if (isExcluded(memory.day, memory.record, inputs)) return is('fenced', `must not serve: ${partner} owns the pair`);
    if (!isPermitted) return is('fenced', `must not serve: ${why}`);
    return is('standby', `stands by: ${waits(memory, inputs)}`);
  }
  if (isPermitted && isServing) return is('serving', `serves beside ${partner}, which still owns the pair`);
  if (isPermitted) return is('waiting', `takes the leases from ${partner}, which owns the pair`);
  if (memory.record.owner === self) return is('fenced', `must not serve: ${why}`);
  const isMissed = partnerStatus(inputs) === null;
  const rest = isLighter(inputs, 'self') ? ' and does not serve yet' : '';
  return is('fenced', `must not serve: ${partner} owns the pair${isMissed ? ' and is silent' : rest}`);
}

function waits({ record, claim }: Memory, inputs: PairInputs): string {
  const { partner } = inputs;
  if (claim !== null) return `it asks the regions for the pair`;
  if (!isPartnerOut(inputs)) return `${partner} owns the pair`;
  if (record.isAlone) return `${partner} owns the pair alone and is silent; only an operator may take the pair over`;
  if (!record.isWhole)
    return `${partner} is silent and has given leases that this rack lacks; an operator may order this rack to serve`;
  if (!hearsMajority(inputs)) return `${partner} is silent, and no majority of the regions answers`;
  return `${partner} is silent here, but a majority of the regions does not confirm it`;
}
