import { describe, expect, it } from 'vitest';
import { ATTEMPTS_MAX, LEASE_MS, MARGIN_MS, WIND_UP_MS } from '../../../../../src/region/base/jobs/limits.ts';
import { holdsUntil } from '../../../../../src/region/base/jobs/renewal.ts';
import {
  type JobSnapshot,
  updateKnown,
  type KnownLeases,
  takeable,
} from '../../../../../src/region/base/jobs/takeover.ts';
import { afterRun, judge, type Leaving } from '../../../../../src/region/base/jobs/verdict.ts';
import type { OpenJob } from '../../../../../src/store/queries/base/jobs/lease.ts';

const JOB: OpenJob = {
  id: 1,
  kind: 'walk',
  epoch: 3,
  attempts: 1,
  leaseUntil: 't1',
  isReady: false,
  isExpired: true,
  isAbortWanted: false,
  lateMs: -1000,
};
const look = (at: number, ...jobs: readonly Partial<OpenJob>[]): JobSnapshot => ({
  requestedAt: at,
  answeredAt: at + 10,
  jobs: jobs.map((job) => ({ ...JOB, ...job })),
});
/** What is known after these looks. */
const after = (...looks: readonly JobSnapshot[]) => looks.reduce(updateKnown, new Map() as KnownLeases);
const SEEN = [{ id: 1, epoch: 3, leaseUntil: 't1' }];

describe('taking a lease over', () => {
  it('needs its full length unrenewed by the own clock, from the answer of the first look to the question of the last', () => {
    const first = look(1000, {});
    const known = after(first);
    const early = look(1010 + LEASE_MS - 1, {});
    expect(takeable(updateKnown(known, early), early, LEASE_MS)).toEqual([]);
    const late = look(1010 + LEASE_MS, {});
    expect(takeable(updateKnown(known, late), late, LEASE_MS)).toEqual(SEEN);
  });

  it('is not for a clock that jumped: run out by the database, and renewed a moment ago', () => {
    const looks = [
      look(1000, {}),
      look(1000 + LEASE_MS, { leaseUntil: 't2' }),
      look(2000 + LEASE_MS, { leaseUntil: 't2' }),
    ];
    expect(takeable(after(...looks), looks[2] as JobSnapshot, LEASE_MS)).toEqual([]);
  });

  it('begins anew with another epoch, and when the job was not there for a look', () => {
    const end = look(30_000, { epoch: 4 });
    expect(takeable(after(look(0, {}), end), end, LEASE_MS)).toEqual([]);
    const back = look(30_000, {});
    expect(takeable(after(look(0, {}), look(9000), back), back, LEASE_MS)).toEqual([]);
  });

  it('is not for a lease that the database still counts, nor for a job that nobody holds', () => {
    const held = look(30_000, { isExpired: false });
    expect(takeable(after(look(0, {}), held), held, LEASE_MS)).toEqual([]);
    const free = look(30_000, { leaseUntil: null, isReady: true });
    expect(after(free).size).toBe(0);
  });
});

describe('a holder', () => {
  it('may act until its lease less a margin, from before it was asked for', () => {
    expect(holdsUntil(500)).toBe(500 + LEASE_MS - MARGIN_MS);
    // Two lost renewals and a third that comes late.
    expect((LEASE_MS / 4) * 3).toBeLessThan(LEASE_MS - MARGIN_MS);
  });

  it('stops when the lease is over, or when it has not wound up after its deadline; else it looks again in time', () => {
    expect(judge({ now: 7000, holdsUntil: 7000, lateMs: -1 })).toBe('lease');
    expect(judge({ now: 6999, holdsUntil: 7000, lateMs: WIND_UP_MS })).toBe('overdue');
    expect(judge({ now: 6000, holdsUntil: 7000, lateMs: -60_000 })).toEqual({ againMs: 1000 });
    expect(judge({ now: 0, holdsUntil: 7000, lateMs: WIND_UP_MS - 5 })).toEqual({ againMs: 5 });
  });
});

describe('what becomes of a job whose run is over', () => {
  const RUN: Leaving = {
    returned: null,
    error: 'It slipped.',
    givenUp: null,
    isAbortWanted: false,
    lateMs: -1,
    attempts: 1,
  };
  const ended = (state: 'done' | 'failed' | 'aborted') => ({ ...RUN, returned: { state, result: 'So.' } });

  it('ends as it says', () => {
    for (const state of ['done', 'failed', 'aborted'] as const) {
      expect(afterRun(ended(state))).toEqual({ kind: 'end', end: { state, result: 'So.' } });
    }
  });

  it('has failed when it was only late that it aborted itself, and is aborted when somebody asked for it', () => {
    const late = { ...ended('aborted'), lateMs: 5 };
    expect(afterRun(late)).toEqual({
      kind: 'end',
      end: { state: 'failed', result: 'The deadline of the job passed. So.' },
    });
    expect(afterRun({ ...late, isAbortWanted: true })).toMatchObject({ end: { state: 'aborted' } });
    expect(afterRun({ ...ended('done'), lateMs: 5 })).toMatchObject({ end: { state: 'done' } });
  });

  it('is tried again a bounded number of times', () => {
    expect(afterRun(RUN)).toEqual({ kind: 'give-back', failure: 'It slipped.' });
    expect(afterRun({ ...RUN, attempts: ATTEMPTS_MAX })).toMatchObject({
      end: { state: 'failed', result: `The job failed ${ATTEMPTS_MAX} times: It slipped.` },
    });
  });

  it('is handed on by a process that stops, left alone by one that lost it; an end that it reached before counts', () => {
    expect(afterRun({ ...RUN, givenUp: 'stop' })).toEqual({ kind: 'give-back', failure: null });
    expect(afterRun({ ...ended('failed'), givenUp: 'stop' })).toEqual({ kind: 'give-back', failure: null });
    expect(afterRun({ ...ended('aborted'), givenUp: 'lease' })).toEqual({ kind: 'leave' });
    expect(afterRun({ ...RUN, attempts: ATTEMPTS_MAX, givenUp: 'lease' })).toEqual({ kind: 'leave' });
    expect(afterRun({ ...ended('done'), givenUp: 'stop' })).toMatchObject({ end: { state: 'done' } });
    expect(afterRun({ ...ended('done'), givenUp: 'overdue' })).toMatchObject({ end: { state: 'failed' } });
  });
});
