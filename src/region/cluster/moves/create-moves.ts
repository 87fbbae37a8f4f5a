import type { Database } from '../../../store/database.ts';
import type { JobKind } from '../../base/jobs/kind.ts';
import type { Task } from '../../base/task.ts';
import type { CasePorts } from '../../base/use-case.ts';
import { createDrillJob } from '../drill-run/job.ts';
import type { DrillInstruments } from '../drill-run/port.ts';
import { createDrainJob, createUndrainJob } from './drain.ts';
import { readSiteSnapshot } from './site-snapshot.ts';
import type { MovePorts } from './move-run.ts';
import type { PatroniPort } from './patroni.ts';
import type { EtcdPort } from '../trust/port.ts';
import { createRemovalJob } from './removal.ts';
import { createReliefTask } from './relieve.ts';
import { createRestartJob } from './restart.ts';
import { createSwitchoverJob } from './hand-database.ts';

/** Planned moves of a cluster: the jobs that make them, drills of them too, and the task that relieves drained nodes. */
export type Moves = { readonly kinds: readonly JobKind[]; readonly relief: Task; readonly ports: MovePorts };

/** Makes the moves of a region. */
export function createMoves(
  db: Database,
  ports: CasePorts & {
    readonly patroni: PatroniPort;
    readonly etcd: EtcdPort | null;
    readonly node: string;
    readonly drills: DrillInstruments | null;
  },
): Moves {
  const readSnapshot = () => readSiteSnapshot(db, ports);
  const move: MovePorts = { patroni: ports.patroni, clock: ports.clock, readSnapshot, wait: pauseOf };
  const { random, node, version, drills: instruments } = ports;
  const drills = instruments === null ? [] : [createDrillJob({ ...move, instruments, random, node, version })];
  return {
    kinds: [
      createSwitchoverJob(move),
      createDrainJob(move),
      createUndrainJob(move),
      createRestartJob(move),
      createRemovalJob({ ...move, etcd: ports.etcd }),
      ...drills,
    ],
    relief: createReliefTask(db, readSnapshot),
    ports: move,
  };
}

/** Ends early if the signal is aborted; the caller checks it afterwards. */
export function pauseOf(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
