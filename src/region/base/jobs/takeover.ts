import type { OpenJob, SeenLease } from '../../../store/queries/base/jobs/lease.ts';

/** A lease, and since when this process has seen it unchanged, by its own monotonic clock. */
type KnownLease = SeenLease & { readonly since: number };

/** What one process has seen of others' leases. */
export type KnownLeases = ReadonlyMap<number, KnownLease>;

/** The unfinished jobs at one moment. Monotonic ms: when this process requested them, and when the answer came. */
export interface JobSnapshot {
  readonly requestedAt: number;
  readonly answeredAt: number;
  readonly jobs: readonly OpenJob[];
}

/**
 * Carries over the leases that have not changed since the last snapshot. A new lease counts from when the answer came.
 */
export function updateKnown(before: KnownLeases, snapshot: JobSnapshot): KnownLeases {
  const known = new Map<number, KnownLease>();
  for (const { id, epoch, leaseUntil } of snapshot.jobs) {
    if (leaseUntil === null) continue;
    const previous = before.get(id);
    const isSame = previous?.epoch === epoch && previous.leaseUntil === leaseUntil;
    known.set(id, isSame ? previous : { id, epoch, leaseUntil, since: snapshot.answeredAt });
  }
  return known;
}

/**
 * Leases that may be taken over. They have run out by the database's clock. This process has also seen them without a renewal for their full length,
 * by its own clock, up to the moment of its request. The clock of the database's host may jump; then every lease seems to have run out at once.
 */
export function takeable(known: KnownLeases, snapshot: JobSnapshot, leaseMs: number): SeenLease[] {
  return snapshot.jobs.flatMap(({ id, isExpired }) => {
    const seen = known.get(id);
    if (!isExpired || !seen || snapshot.requestedAt - seen.since < leaseMs) return [];
    return [{ id, epoch: seen.epoch, leaseUntil: seen.leaseUntil }];
  });
}
