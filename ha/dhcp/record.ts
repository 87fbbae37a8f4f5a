import {
  freshAnswers,
  hearsMajority,
  isPartnerOut,
  majorityOf,
  namedRecord,
  nextEpoch,
  partnerSilence,
  partnerWord,
  type Answer,
  type Sight,
} from './sight.ts';
import { DETACH_MS, isNewer, isSame, type OwnerRecord, SILENT_MS } from './words.ts';

/** A region counts from its own last beat, a little later than we do. */
const READY_MS = SILENT_MS - 100;

/** Takes a newer record from the partner's ledger, or from a majority of regions. One that names this rack must be claimed, unless the partner gave it. */
export function adopt(sight: Sight, record: OwnerRecord): OwnerRecord {
  let newest = record;
  for (const word of [sight.beat?.word, sight.reply?.word])
    if (word && isNewer(word.record, newest)) newest = word.record;
  const named = namedRecord(sight);
  return named !== null && named.owner !== sight.self && isNewer(named, newest) ? named : newest;
}

/** The claim is granted when a majority has answered with it what was asked for it. The partner must still be out. */
export function accept(sight: Sight, claim: OwnerRecord | null, record: OwnerRecord): OwnerRecord {
  if (claim === null || claim.epoch <= record.epoch) return record;
  const grants = freshAnswers(sight).filter(([, one]) => isSame(one.claim, claim) && isSame(one.vote.record, claim));
  if (grants.length < majorityOf(sight)) return record;
  if (record.owner !== sight.self && !isPartnerOut(sight)) return record;
  return { ...claim, isWhole: grants.every(([, { vote }]) => vote.record?.isWhole === true) };
}

/** What an operator orders is done; when he ends it, the regions are asked as ever. */
export function obey(sight: Sight, record: OwnerRecord): OwnerRecord {
  const { self, isOrdered } = sight;
  const isObeyed = record.isOrdered && record.owner === self;
  if (isOrdered === isObeyed) return record;
  return { owner: self, epoch: nextEpoch(sight, record), isAlone: isOrdered, isWhole: record.isWhole, isOrdered };
}

/** Does a primary's Kea give leases alone, or is it about to? Then what the standby took before is not all. */
export interface Apart {
  readonly isApart: boolean;
  /** The standby's last sync before that; undefined: not known, and the first that is heard counts as old. */
  readonly syncBefore: string | null | undefined;
  /** Since when its Kea works with the other; null: it does not. */
  readonly togetherSince: number | null;
}

/** Such a Kea has just come back: what the other says of itself may be older. */
const TOGETHER_MS = 600;

export function keepApart(sight: Sight, record: OwnerRecord, before: Apart): Apart {
  const { kea, role, self, now } = sight;
  const togetherSince = kea.state === 'hot-standby' ? (before.togetherSince ?? now) : null;
  if (role === 'standby' || record.owner !== self || !kea.isRunning || kea.state === null)
    return { ...before, isApart: false, togetherSince };
  const word = partnerWord(sight);
  // Said before Kea goes on alone, which takes it a second at least.
  const isLeft =
    togetherSince !== null && now - togetherSince >= TOGETHER_MS && word !== null && word.kea !== 'hot-standby';
  const isApart = kea.state === 'partner-down' || kea.isCut || partnerSilence(sight) >= DETACH_MS || isLeft;
  const known = sight.beat?.word.syncId;
  const isNew = (isApart && !before.isApart) || before.syncBefore === undefined;
  return { isApart, togetherSince, syncBefore: isNew ? known : before.syncBefore };
}

/** Has the other rack every lease that the owner gave? The owner knows; the other one takes the owner's word, or a region's. */
export function keepWhole(sight: Sight, record: OwnerRecord, apart: Apart): OwnerRecord {
  const isWhole = record.owner === sight.self ? isOwnWhole(sight, record, apart) : isOtherWhole(sight, record);
  return isWhole === record.isWhole ? record : { ...record, isWhole };
}

function isOwnWhole(sight: Sight, record: OwnerRecord, { isApart, syncBefore }: Apart): boolean {
  const { kea, role } = sight;
  if (!kea.isRunning || kea.state === null) return record.isWhole;
  const word = partnerWord(sight);
  const isPaired = kea.state === 'hot-standby' && kea.isAnswering && word?.kea === 'hot-standby';
  if (role === 'standby') return kea.scopes.length === 0 && (isPaired || record.isWhole);
  if (isApart) return false;
  // The standby has taken all of them since.
  return record.isWhole || (isPaired && word.syncId !== null && word.syncId !== syncBefore && syncBefore !== undefined);
}

function isOtherWhole(sight: Sight, record: OwnerRecord): boolean {
  const { kea } = sight;
  // Whose Kea was away, or has not yet taken the leases, does not have them, whatever the owner knows.
  if (!kea.isRunning || (kea.state !== 'hot-standby' && kea.state !== 'partner-down')) return false;
  const said = partnerWord(sight)?.record;
  const known = said && isSame(said, record) ? said : namedRecord(sight);
  if (!known || !isSame(known, record)) return record.isWhole;
  return known.isWhole && (record.isWhole || kea.state === 'hot-standby');
}

interface Asking {
  readonly record: OwnerRecord;
  readonly claim: OwnerRecord | null;
  readonly isEntitled: boolean;
}

/** What the regions are asked for; null: nothing. */
export function nextClaim(sight: Sight, { record, claim, isEntitled }: Asking): OwnerRecord | null {
  const { self, partner, role } = sight;
  const answers = freshAnswers(sight).map(([, answer]) => answer);
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
      epoch: nextEpoch(sight, record),
      isAlone,
      isWhole: record.isWhole,
      isOrdered: record.isOrdered,
    };
  };
  // A minority has recorded the partner while it was not heard: it is told anew who the owner is.
  if (record.owner === self) return isEntitled && answers.some(isRival) ? fresh() : null;
  const named = namedRecord(sight);
  if (named?.owner === self && isNewer(named, record) && isPartnerOut(sight)) return named;
  if (record.owner !== partner || record.isAlone || !record.isWhole) return null;
  if (!isPartnerOut(sight) || !hearsMajority(sight)) return null;
  return answers.filter((answer) => isReady(sight, answer)).length >= majorityOf(sight) ? fresh() : null;
}

/** Would this region grant it, so far as it has said? */
function isReady({ self }: Sight, { vote: { record, partner } }: Answer): boolean {
  if (record === null) return false;
  if (record.owner === self) return true;
  if (!record.isWhole) return false;
  return partner.silentMs >= READY_MS || (partner.word !== null && !partner.word.isWanting);
}
