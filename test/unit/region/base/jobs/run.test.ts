import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../../../src/core/errors.ts';
import { type JobRepository, LOST } from '../../../../../src/region/base/jobs/job-repository.ts';
import type { JobEnd, JobKind, JobRun } from '../../../../../src/region/base/jobs/kind.ts';
import { LEASE_MS, MARGIN_MS, SETTLE_MS, WIND_UP_MS } from '../../../../../src/region/base/jobs/limits.ts';
import { createRenewer } from '../../../../../src/region/base/jobs/renewal.ts';
import { startRun } from '../../../../../src/region/base/jobs/run.ts';
import type { ClaimedJob, HeldJob, Renewed } from '../../../../../src/store/queries/base/jobs/lease.ts';
import { evenRandom, memoryLog } from '../../../../kit/virtual-time.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const JOB: ClaimedJob = {
  id: 7,
  kind: 'walk',
  target: 'r1',
  payload: { n: 1 },
  targets: [],
  caller: 'ada',
  state: 'running',
  epoch: 2,
  leaseHolder: 'a',
  leaseUntil: '',
  attempts: 1,
  notBefore: '',
  deadline: '',
  abortBy: null,
  progress: '',
  checkpoint: { step: 4 },
  result: null,
  createdAt: '',
  updatedAt: '',
  endedAt: null,
  lateMs: -600_000,
};

type Renewal = (held: readonly HeldJob[]) => Promise<readonly Renewed[]>;
const renewed: Renewal = async (held) => held.map((one) => ({ ...one, isAbortWanted: false, lateMs: -600_000 }));

/** `frozen`: how long the process has been frozen; the clock went on, no timer did. */
interface Options {
  readonly renew?: Renewal;
  readonly job?: Partial<ClaimedJob>;
  readonly frozen?: { ms: number };
}

/** Runs a job with a repository that is recorded, under fake time. */
function start(run: (job: JobRun) => Promise<JobEnd>, options: Options = {}) {
  const clock = { now: () => Date.now(), monotonic: () => performance.now() + (options.frozen?.ms ?? 0) };
  const log = memoryLog();
  const written: unknown[] = [];
  const repository: JobRepository = {
    listOpen: async () => [],
    claim: async () => null,
    failHopeless: async () => 0,
    save: async (held, { progress }) => void written.push(['save', held.epoch, progress]),
    end: async (held, end) => void written.push(['end', held.epoch, end]),
    giveBack: async ({ isOrderly, pauseMs }) => written.push(['back', isOrderly, pauseMs]) > 0,
  };
  const renew = vi.fn(options.renew ?? renewed);
  const renewer = createRenewer({ renew, clock, log });
  const kind: JobKind = { name: 'walk', parse: (payload) => payload, run };
  const ports = { repository, renewer, clock, random: evenRandom, log };
  return { active: startRun(kind, { ...JOB, ...options.job }, clock.monotonic(), ports), written, renew, log };
}

/** A run that goes on until its signal ends it. */
const endless = (job: JobRun) =>
  new Promise<never>((_, reject) => {
    job.signal.addEventListener('abort', () => reject(job.signal.reason as Error));
  });

describe('a run of a job', () => {
  it('gets what was saved, saves under its epoch and ends', async () => {
    const { active, written } = start(async (job) => {
      await job.save(`from ${JSON.stringify(job.checkpoint)}`, { step: 5 });
      return { state: 'done', result: 'All.' };
    });
    await active.over;
    expect(written).toEqual([
      ['save', 2, 'from {"step":4}'],
      ['end', 2, { state: 'done', result: 'All.' }],
    ]);
  });

  it('lasts as long as it is renewed, a quarter of the lease apart', async () => {
    const { active, renew } = start(endless);
    await vi.advanceTimersByTimeAsync(LEASE_MS * 5);
    expect(renew.mock.calls.length).toBeGreaterThanOrEqual(18);
    expect(renew.mock.calls.length).toBeLessThanOrEqual(20);
    void active.stop();
    await active.over;
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(renew.mock.calls.length).toBeLessThanOrEqual(20);
  });

  it('ends by its own clock when the database stays away, before the lease does, and writes nothing', async () => {
    let signal: AbortSignal | undefined;
    const away = () => Promise.reject(new AppError('database_unavailable', 'away'));
    const { active, written } = start((job) => ((signal = job.signal), endless(job)), { renew: away });
    await vi.advanceTimersByTimeAsync(LEASE_MS - MARGIN_MS - 1);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(signal?.aborted).toBe(true);
    await active.over;
    expect(written).toEqual([]);
  });

  it('leaves its job to the other when it was frozen in a query for longer than its lease, and the query fails first', async () => {
    const frozen = { ms: 0 };
    const query = Promise.withResolvers<never>();
    const { active, written, log } = start(() => query.promise, { frozen });
    frozen.ms = LEASE_MS;
    query.reject(new AppError('database_unavailable', 'Query read timeout'));
    await active.over;
    expect(written).toEqual([]);
    expect(log.lines.map(({ message }) => message)).toEqual(['job started', 'job given up']);
  });

  it('counts a renewal from before it was asked for, however late the answer', async () => {
    let asked = 0;
    const slow: Renewal = async (held) => {
      asked += 1;
      await new Promise((done) => setTimeout(done, 3000));
      if (asked > 1) throw new AppError('database_unavailable', 'away');
      return renewed(held);
    };
    let job: JobRun | undefined;
    start((run) => ((job = run), endless(run)), { renew: slow });
    // Asked for at a quarter; answered 3 s later.
    await vi.advanceTimersByTimeAsync(LEASE_MS / 4 + LEASE_MS - MARGIN_MS - 1);
    expect(() => job?.mustHold()).not.toThrow();
    await vi.advanceTimersByTimeAsync(1);
    expect(() => job?.mustHold()).toThrow(/given up/);
  });

  it('is never renewed once it ran out, though the database is back and the run has not left off', async () => {
    let isAway = true;
    const asked: number[] = [];
    const { log } = start(() => new Promise<never>(() => {}), {
      renew: async (held) => {
        asked.push(held.length);
        if (isAway) throw new AppError('database_unavailable', 'away');
        return renewed(held);
      },
    });
    await vi.advanceTimersByTimeAsync(LEASE_MS - MARGIN_MS + 1);
    expect(log.lines).toContainEqual(expect.objectContaining({ message: 'job given up' }));
    isAway = false;
    asked.length = 0;
    await vi.advanceTimersByTimeAsync(SETTLE_MS * 2);
    expect(asked).toEqual([]);
  });

  it('is given up at once when the row says that it is another’s', async () => {
    const { active, written } = start(endless, { renew: async () => [] });
    await vi.advanceTimersByTimeAsync(LEASE_MS / 4);
    await active.over;
    expect(written).toEqual([]);
  });

  it('refuses to act after a freeze, before any timer has fired', () => {
    let job: JobRun | undefined;
    start((run) => ((job = run), endless(run)));
    expect(() => job?.mustHold()).not.toThrow();
    vi.setSystemTime(Date.now() + LEASE_MS);
    const frozen = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + LEASE_MS);
    expect(() => job?.mustHold()).toThrow(/given up/);
    frozen.mockRestore();
  });

  it('leaves off after a save that was refused, and nothing is written any more', async () => {
    const { active, written } = start(async () => {
      throw new AppError(LOST, 'another epoch');
    });
    await active.over;
    expect(written).toEqual([]);
  });

  it('hears of a wish to end at a renewal and by a look, and of its deadline by its clock', async () => {
    const wish: Renewal = async (held) => held.map((one) => ({ ...one, isAbortWanted: true, lateMs: -600_000 }));
    let job: JobRun | undefined;
    start((run) => ((job = run), endless(run)), { renew: wish });
    expect(job?.isAbortWanted()).toBe(false);
    await vi.advanceTimersByTimeAsync(LEASE_MS / 4);
    expect(job?.isAbortWanted()).toBe(true);
    const looked = start((run) => ((job = run), endless(run)));
    looked.active.updateNews({ isAbortWanted: true, lateMs: -1 });
    expect(job?.isAbortWanted()).toBe(true);
    const late: Renewal = async (held) => held.map((one) => ({ ...one, isAbortWanted: false, lateMs: 1 }));
    start((run) => ((job = run), endless(run)), { renew: late, job: { lateMs: -500 } });
    expect(job?.isAbortWanted()).toBe(false);
    await vi.advanceTimersByTimeAsync(501);
    expect(job?.isAbortWanted()).toBe(true);
  });

  it('has failed when it did not wind up after its deadline', async () => {
    const begun = Date.now();
    const late: Renewal = async (held) =>
      held.map((one) => ({ ...one, isAbortWanted: false, lateMs: Date.now() - begun }));
    const { active, written } = start(endless, { renew: late, job: { lateMs: -1 } });
    await vi.advanceTimersByTimeAsync(WIND_UP_MS + 10);
    await active.over;
    const result = 'The deadline of the job passed, and the job did not end in time.';
    expect(written).toEqual([['end', 2, { state: 'failed', result }]]);
  });

  it('that throws is given back with a growing pause', async () => {
    const slip = async () => {
      throw new Error('It slipped.');
    };
    const pauses = [];
    for (const attempts of [1, 2, 9]) {
      const { active, written } = start(slip, { job: { attempts } });
      await active.over;
      pauses.push(written);
    }
    expect(pauses).toEqual([[['back', false, 750]], [['back', false, 1500]], [['back', false, 22_500]]]);
  });

  it('is given back in good order at a stop; one that does not leave off keeps its lease until it runs out', async () => {
    const tidy = start(endless);
    const stopped = tidy.active.stop();
    await vi.advanceTimersByTimeAsync(1);
    await stopped;
    expect(tidy.written).toEqual([['back', true, 0]]);
    const stubborn = start(() => new Promise<never>(() => {}));
    const left = stubborn.active.stop();
    await vi.advanceTimersByTimeAsync(SETTLE_MS);
    await left;
    expect(stubborn.written).toEqual([]);
    expect(stubborn.log.lines).toContainEqual(
      expect.objectContaining({ message: 'run was given up but does not stop' }),
    );
    const asked = stubborn.renew.mock.calls.length;
    await vi.advanceTimersByTimeAsync(LEASE_MS);
    expect(stubborn.renew.mock.calls.length).toBe(asked);
  });
});
