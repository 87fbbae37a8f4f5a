import type { ClaimedJob, OpenJob } from '../../../store/queries/base/jobs/lease.ts';
import { type RunningTask, startTask, type Task } from '../task.ts';
import type { JobKind } from './kind.ts';
import { AT_ONCE, ATTEMPTS_MAX, LEASE_MS, WIND_UP_MS } from './limits.ts';
import { type ActiveRun, type RunPorts, startRun } from './run.ts';
import { updateKnown, type KnownLeases, takeable } from './takeover.ts';

/** What a runner needs. `kinds`: those that this process can run; jobs of others it leaves alone. */
export interface RunnerPorts extends RunPorts {
  readonly kinds: readonly JobKind[];
}

/** The process looks so often, besides when it is woken. So it knows the end of another's lease to this precision. */
const LOOK_EVERY_MS = 1000;

/**
 * Looks for jobs that are free, or whose holder is gone, and runs them. Every region has one; the row decides. Stopping hands its jobs on at
 * once.
 */
export function startJobRunner(ports: RunnerPorts): RunningTask {
  const { clock, random, log } = ports;
  const active = new Map<number, ActiveRun>();
  const task = startTask(createLookTask(ports, active), { clock, random, log, everyMs: LOOK_EVERY_MS, beat: () => {} });
  return {
    wake: () => task.wake(),
    stop: async () => {
      await task.stop();
      await Promise.all([...active.values()].map((run) => run.stop()));
      await ports.renewer.close();
    },
  };
}

/** One round: a look, news for what runs here, then claims. */
function createLookTask(ports: RunnerPorts, active: Map<number, ActiveRun>): Task {
  const { repository, clock } = ports;
  const kinds = new Map(ports.kinds.map((kind) => [kind.name, kind]));
  let known: KnownLeases = new Map();

  const start = (job: ClaimedJob, askedAt: number) => {
    const kind = kinds.get(job.kind);
    if (kind === undefined) return;
    const run = startRun(kind, job, askedAt, ports);
    active.set(job.id, run);
    void run.over.then(() => active.delete(job.id));
  };
  return {
    name: 'jobs',
    async run() {
      const askedAt = clock.monotonic();
      const jobs = await repository.look();
      const look = { askedAt, answeredAt: clock.monotonic(), jobs };
      known = updateKnown(known, look);
      for (const job of jobs) active.get(job.id)?.hear(job);
      const seen = takeable(known, look, LEASE_MS);
      const free = jobs.filter(({ id, isReady }) => isReady || seen.some((row) => row.id === id));
      if (free.some(isHopeless)) await repository.failHopeless(seen);
      const wanted = free.filter(({ id, kind }) => kinds.has(kind) && !active.has(id));
      const begun: number[] = [];
      while (begun.length < wanted.length && active.size < AT_ONCE) {
        const claimAskedAt = clock.monotonic();
        const job = await repository.claim({ kinds: [...kinds.keys()], seen, except: [...active.keys()] });
        if (job === null) break;
        start(job, claimAskedAt);
        begun.push(job.id);
      }
      return begun.length === 0 ? null : `took up job ${begun.join(', ')}`;
    },
  };
}

/** Nobody will go on with it; the row decides. */
function isHopeless({ lateMs, epoch, attempts }: OpenJob): boolean {
  return attempts >= ATTEMPTS_MAX || lateMs > (epoch === 0 ? 0 : WIND_UP_MS);
}
