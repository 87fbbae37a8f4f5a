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

/** Has the other rack every lease that the owner gave? The owner knows; the other one takes the owner's word, or a region's. */
export function keepWhole(sight: Sight, record: OwnerRecord): OwnerRecord {
  const isWhole = record.owner === sight.self ? isOwnWhole(sight, record) : isOtherWhole(sight, record);
  return isWhole === record.isWhole ? record : { ...record, isWhole };
}

function isOwnWhole(sight: Sight, record: OwnerRecord): boolean {
  const { kea, role } = sight;
  if (!kea.isRunning || kea.state === null) return record.isWhole;
  const isPaired = kea.state === 'hot-standby' && kea.isAnswering && !kea.isCut;
  if (role === 'standby') return kea.scopes.length === 0 && (isPaired || record.isWhole);
  // Said before Kea goes on alone, which takes it a second at least.
  const word = partnerWord(sight);
  if (kea.state === 'partner-down' || kea.isCut || partnerSilence(sight) >= DETACH_MS) return false;
  if (word !== null && word.kea !== 'hot-standby') return false;
  return isPaired || record.isWhole;
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
