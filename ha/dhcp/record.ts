import {
  freshAnswers,
  hearsMajority,
  isPartnerOut,
  majorityOf,
  namedRecord,
  nextEpoch,
  partnerSilence,
  partnerStatus,
  type Answer,
  type PairInputs,
} from './inputs.ts';
import { DETACH_MS, isNewer, isSame, type OwnerRecord, SILENT_MS } from './messages.ts';

/** A region counts from its own last beat, a little later than we do. */
const READY_MS = SILENT_MS - 100;

/** Takes a newer record from the partner's ledger, or from a majority of regions. One that names this rack must be claimed, unless the partner gave it. */
export function adopt(inputs: PairInputs, record: OwnerRecord): OwnerRecord {
  let newest = record;
  for (const status of [inputs.beat?.status, inputs.reply?.status])
    if (status && isNewer(status.record, newest)) newest = status.record;
  const named = namedRecord(inputs);
  return named !== null && named.owner !== inputs.self && isNewer(named, newest) ? named : newest;
}

/** The claim is granted when a majority has answered a beat that sent it, and names it. The partner must still be out. */
export function accept(inputs: PairInputs, claim: OwnerRecord | null, record: OwnerRecord): OwnerRecord {
  if (claim === null || claim.epoch <= record.epoch) return record;
  const grants = freshAnswers(inputs).filter(([, one]) => isSame(one.claim, claim) && isSame(one.vote.record, claim));
  if (grants.length < majorityOf(inputs)) return record;
  if (record.owner !== inputs.self && !isPartnerOut(inputs)) return record;
  return { ...claim, isWhole: grants.every(([, { vote }]) => vote.record?.isWhole === true) };
}

/** What an operator orders is done; when he ends it, the regions decide as before. */
export function obey(inputs: PairInputs, record: OwnerRecord): OwnerRecord {
  const { self, isOrdered } = inputs;
  const isObeyed = record.isOrdered && record.owner === self;
  if (isOrdered === isObeyed) return record;
  return { owner: self, epoch: nextEpoch(inputs, record), isAlone: isOrdered, isWhole: record.isWhole, isOrdered };
}

/**
 * Does a primary's Kea give leases without its partner, or is it about to? Then what the standby took before is not
 * all.
 */
export interface Apart {
  readonly isApart: boolean;
  /** The standby's last sync before that; undefined: not known, and the first that comes counts as old. */
  readonly syncBefore: string | null | undefined;
  /** Since when its Kea works with the other; null: it does not. */
  readonly togetherSince: number | null;
}

/** Such a Kea has just come back: what the other says of itself may be older. */
const TOGETHER_MS = 600;

export function keepApart(inputs: PairInputs, record: OwnerRecord, before: Apart): Apart {
  const { kea, role, self, now } = inputs;
  const togetherSince = kea.state === 'hot-standby' ? (before.togetherSince ?? now) : null;
  if (role === 'standby' || record.owner !== self || !kea.isRunning || kea.state === null)
    return { ...before, isApart: false, togetherSince };
  const status = partnerStatus(inputs);
  // It reports that before Kea goes on alone, which takes it a second at least.
  const isLeft =
    togetherSince !== null && now - togetherSince >= TOGETHER_MS && status !== null && status.kea !== 'hot-standby';
  const isAlone = kea.state === 'partner-down' || kea.state === 'terminated';
  const isApart = isAlone || kea.isCut || partnerSilence(inputs) >= DETACH_MS || isLeft;
  const known = inputs.beat?.status.syncId;
  const isNew = (isApart && !before.isApart) || before.syncBefore === undefined;
  return { isApart, togetherSince, syncBefore: isNew ? known : before.syncBefore };
}

/** Has the other rack every lease that the owner gave? The owner knows; the other one takes the owner's status, or a region's. */
export function keepWhole(inputs: PairInputs, record: OwnerRecord, apart: Apart): OwnerRecord {
  const isWhole = record.owner === inputs.self ? isOwnWhole(inputs, record, apart) : isOtherWhole(inputs, record);
  return isWhole === record.isWhole ? record : { ...record, isWhole };
}

function isOwnWhole(inputs: PairInputs, record: OwnerRecord, { isApart, syncBefore }: Apart): boolean {
  const { kea, role } = inputs;
  if (!kea.isRunning || kea.state === null) return record.isWhole;
  const status = partnerStatus(inputs);
  const isPaired = kea.state === 'hot-standby' && kea.isAnswering && status?.kea === 'hot-standby';
  if (role === 'standby') return kea.scopes.length === 0 && (isPaired || record.isWhole);
  if (isApart) return false;
  // The standby has taken all of them since.
  return (
    record.isWhole || (isPaired && status.syncId !== null && status.syncId !== syncBefore && syncBefore !== undefined)
  );
}

function isOtherWhole(inputs: PairInputs, record: OwnerRecord): boolean {
  const { kea } = inputs;
  // Whose Kea was away, or has not yet taken the leases, does not have them, whatever the owner knows.
  if (!kea.isRunning || (kea.state !== 'hot-standby' && kea.state !== 'partner-down')) return false;
  const partnerRecord = partnerStatus(inputs)?.record;
  const known = partnerRecord && isSame(partnerRecord, record) ? partnerRecord : namedRecord(inputs);
  if (!known || !isSame(known, record)) return record.isWhole;
  return known.isWhole && (record.isWhole || kea.state === 'hot-standby');
}

interface ClaimInputs {
  readonly record: OwnerRecord;
  readonly claim: OwnerRecord | null;
  readonly isEntitled: boolean;
}

/** The claim for the regions; null: none. */
export function nextClaim(inputs: PairInputs, { record, claim, isEntitled }: ClaimInputs): OwnerRecord | null {
  const { self, partner, role } = inputs;
  const answers = freshAnswers(inputs).map(([, answer]) => answer);
  const isRival = ({ vote }: Answer) =>
    vote.record !== null && vote.record.owner !== self && vote.record.epoch >= record.epoch;
  const fresh = (): OwnerRecord => {
    // One that is open stays the same, until somebody else has as high an epoch.
    const rivals = answers.filter(
      ({ vote }) => vote.record && vote.record.owner !== self && claim && vote.record.epoch >= claim.epoch,
    );
    if (claim !== null && claim.owner === self && claim.epoch > record.epoch && rivals.length === 0) return claim;
    const isAlone = record.owner === self ? record.isAlone : role === 'standby';
    return {
      owner: self,
      epoch: nextEpoch(inputs, record),
      isAlone,
      isWhole: record.isWhole,
      isOrdered: record.isOrdered,
    };
  };
  // A minority recorded the partner while we were silent to it. We send it again who the owner is.
  if (record.owner === self) return isEntitled && answers.some(isRival) ? fresh() : null;
  const named = namedRecord(inputs);
  if (named?.owner === self && isNewer(named, record) && isPartnerOut(inputs)) return named;
  if (record.owner !== partner || record.isAlone || !record.isWhole) return null;
  if (!isPartnerOut(inputs) || !hearsMajority(inputs)) return null;
  return answers.filter((answer) => isReady(inputs, answer)).length >= majorityOf(inputs) ? fresh() : null;
}

/** Would this region grant it, by its last answer? */
function isReady({ self }: PairInputs, { vote: { record, partner } }: Answer): boolean {
  if (record === null) return false;
  if (record.owner === self) return true;
  if (!record.isWhole) return false;
  return partner.silentMs >= READY_MS || (partner.word !== null && !partner.word.isWanting);
}
