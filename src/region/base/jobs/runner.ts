import type { ClaimedJob, OpenJob } from '../../../store/queries/base/jobs/lease.ts';
import { type RunningTask, startTask, type Task } from '../task.ts';
import type { JobKind } from './kind.ts';
import { AT_ONCE, ATTEMPTS_MAX, LEASE_MS, WIND_UP_MS } from './limits.ts';
import { type ActiveRun, type RunPorts, startRun } from './run.ts';
import { updateKnown, type KnownLeases, takeable } from './takeover.ts';

/** What a runner needs. `kinds`: those that this process can run; jobs of others it leaves alone. */
export type RunnerPorts = RunPorts & { readonly kinds: readonly JobKind[] };

/**
 * Besides wakes, the process reads the jobs this often. It knows the end of another process's lease to this precision.
 */
const POLL_EVERY_MS = 1000;

/**
 * Finds jobs that are free, or whose holder is gone, and runs them. Every region has one; the row decides. Stopping
 * hands its jobs on at once.
 */
export function startJobRunner(ports: RunnerPorts): RunningTask {
  const { clock, random, log } = ports;
  const active = new Map<number, ActiveRun>();
  const task = startTask(createClaimTask(ports, active), {
    clock,
    random,
    log,
    everyMs: POLL_EVERY_MS,
    beat: () => {},
  });
  return {
    wake: () => task.wake(),
    stop: async () => {
      await task.stop();
      await Promise.all([...active.values()].map((run) => run.stop()));
      await ports.renewer.close();
    },
  };
}

/** One round: it reads the open jobs, updates those that run here, then claims free ones. */
function createClaimTask(ports: RunnerPorts, active: Map<number, ActiveRun>): Task {
  const { repository, clock } = ports;
  const kinds = new Map(ports.kinds.map((kind) => [kind.name, kind]));
  let known: KnownLeases = new Map();

  const start = (job: ClaimedJob, requestedAt: number) => {
    const kind = kinds.get(job.kind);
    if (kind === undefined) return;
    const run = startRun(kind, job, requestedAt, ports);
    active.set(job.id, run);
    void run.over.then(() => active.delete(job.id));
  };
  return {
    name: 'jobs',
    async run() {
      const requestedAt = clock.monotonic();
      const jobs = await repository.listOpen();
      const snapshot = { requestedAt, answeredAt: clock.monotonic(), jobs };
      known = updateKnown(known, snapshot);
      for (const job of jobs) active.get(job.id)?.updateNews(job);
      const seen = takeable(known, snapshot, LEASE_MS);
      const free = jobs.filter(({ id, isReady }) => isReady || seen.some((row) => row.id === id));
      if (free.some(isHopeless)) await repository.failHopeless(seen);
      const wanted = free.filter(({ id, kind }) => kinds.has(kind) && !active.has(id));
      const startedIds: number[] = [];
      while (startedIds.length < wanted.length && active.size < AT_ONCE) {
        const claimRequestedAt = clock.monotonic();
        const job = await repository.claim({ kinds: [...kinds.keys()], seen, except: [...active.keys()] });
        if (job === null) break;
        start(job, claimRequestedAt);
        startedIds.push(job.id);
      }
      return startedIds.length === 0 ? null : `took up job ${startedIds.join(', ')}`;
    },
  };
}

/** Nobody will go on with it; the row decides. */
function isHopeless({ lateMs, epoch, attempts }: OpenJob): boolean {
  return attempts >= ATTEMPTS_MAX || lateMs > (epoch === 0 ? 0 : WIND_UP_MS);
}
