import type { OpenJob, SeenLease } from '../../store/queries/jobs/lease.ts';

/** Since when this process has seen a lease as it is, on its own monotonic clock. */
interface Sighting extends SeenLease {
  readonly since: number;
}

/** What one process has seen of others' leases. */
export type Sightings = ReadonlyMap<number, Sighting>;

/** One look at the unfinished jobs. Monotonic ms: when it was asked for, and when the answer was there. */
export interface Look {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly jobs: readonly OpenJob[];
}

/** Keeps what has not changed since the last look; what is new was first seen when the answer came. */
export function sighted(before: Sightings, look: Look): Sightings {
  const sightings = new Map<number, Sighting>();
  for (const { id, epoch, leaseUntil } of look.jobs) {
    if (leaseUntil === null) continue;
    const known = before.get(id);
    const isSame = known?.epoch === epoch && known.leaseUntil === leaseUntil;
    sightings.set(id, isSame ? known : { id, epoch, leaseUntil, since: look.answeredAt });
  }
  return sightings;
}

/**
 * Leases that may be taken over: run out by the database's clock, and seen without a renewal for their full length by this process's own
 * clock, up to the moment when the look was asked for. The clock of the database's host may jump; then every lease seems to have run out at once.
 */
export function takeable(sightings: Sightings, look: Look, leaseMs: number): SeenLease[] {
  return look.jobs.flatMap(({ id, isExpired }) => {
    const seen = sightings.get(id);
    if (!isExpired || !seen || look.askedAt - seen.since < leaseMs) return [];
    return [{ id, epoch: seen.epoch, leaseUntil: seen.leaseUntil }];
  });
}
