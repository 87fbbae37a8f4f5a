import {
  firstRecord,
  isNewer,
  isSame,
  type OwnerRecord,
  racksOf,
  SILENT_MS,
  type Vote,
  type PairStatus,
} from './messages.ts';

/** A region that has lost its file promised things that it does not know of. They are over after so long: twice as long as an answer counts. */
export const FORGOTTEN_MS = 2000;
const FRESH_MS = 1000;

/** What a region knows of a pair. Times: monotonic, ms. */
export interface PairVotes {
  /** null: the file was lost. */
  readonly record: OwnerRecord | null;
  /** Silence counts from here on at the earliest: the program began, or was late. */
  readonly floorAt: number;
  readonly reports: ReadonlyMap<string, { readonly at: number; readonly status: PairStatus }>;
}

/** What a region says first of a pair. `isLost`: its file was not there, so that it may have granted this pair to anybody. */
export function firstVotes(key: string, isLost: boolean, now: number): PairVotes {
  return { record: isLost ? null : firstRecord(key), floorAt: now, reports: new Map() };
}

/** The region's program has not run for a while: nobody was silent, it was deaf. */
export function afterStall(votes: PairVotes, now: number): PairVotes {
  return { ...votes, floorAt: now };
}

/** Takes a rack's status. The new `record` must be on the disk before anybody hears of it. */
export function acceptStatus(votes: PairVotes, from: string, status: PairStatus, now: number): PairVotes {
  const reports = new Map(votes.reports).set(from, { at: now, status });
  const known = votes.record ?? recalled({ ...votes, reports }, status, now);
  if (known === null) return { ...votes, reports };
  return {
    ...votes,
    reports,
    record: nextRecord({ ...votes, reports, record: known }, from, status, now),
  };
}

/** The region's answer to a rack. */
export function voteFor(votes: PairVotes, from: string, key: string, now: number): Vote {
  const other = racksOf(key).find((name) => name !== from) ?? '';
  const report = votes.reports.get(other);
  const silentMs = Math.round(now - Math.max(votes.floorAt, report?.at ?? votes.floorAt));
  return { key, record: votes.record, partner: { silentMs, word: report?.status ?? null } };
}

function nextRecord(
  votes: PairVotes & { record: OwnerRecord },
  from: string,
  status: PairStatus,
  now: number,
): OwnerRecord {
  let { record } = votes;
  // A ledger holds only what was granted by a majority, handed over or ordered.
  if (isNewer(status.record, record)) record = status.record;
  const { claim } = status;
  if (claim !== null && claim.owner === from && claim.epoch > record.epoch && isFree({ ...votes, record }, from, now))
    record = { ...claim, isWhole: record.isWhole };
  if (from === record.owner && status.isWanting && isSame(status.record, record))
    record = { ...record, isWhole: status.record.isWhole };
  return record;
}

/** May this rack have the pair? Its owner may; another one when the owner has stopped serving, or was silent for so long that it must have. */
function isFree({ record, reports, floorAt }: PairVotes & { record: OwnerRecord }, from: string, now: number): boolean {
  if (from === record.owner) return true;
  // Leases that the other rack does not know would be given a second time.
  if (!record.isWhole) return false;
  const owner = reports.get(record.owner);
  if (owner && !owner.status.isWanting) return true;
  return !record.isAlone && now - Math.max(floorAt, owner?.at ?? floorAt) >= SILENT_MS;
}

/**
 * Which record a region that lost its file may take for its own again: one that both racks have in their ledgers while neither asks for more, or
 * one that a majority of all regions is known to name without it. In both cases no grant that it has forgotten can still become a majority's.
 */
function recalled({ reports, floorAt }: PairVotes, status: PairStatus, now: number): OwnerRecord | null {
  if (now - floorAt < FORGOTTEN_MS) return null;
  if (status.claim === null && status.namedBy.length >= status.majority) return status.record;
  const statuses = racksOf(status.key).map((name) => reports.get(name));
  const [one, two] = statuses.map((item) =>
    item && now - item.at <= FRESH_MS && item.status.claim === null ? item.status.record : null,
  );
  if (!one || !two) return null;
  const [low, high] = one.epoch <= two.epoch ? [one, two] : [two, one];
  return low.epoch === 0 || isSame(low, high) ? high : null;
}
