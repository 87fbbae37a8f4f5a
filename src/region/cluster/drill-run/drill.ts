import type { DrillOrder, DrillProgress } from '../../../contract/cluster/drill-order.ts';
import type { Cast } from '../../../judge/timeline.ts';
import type { JobRun } from '../../base/jobs/kind.ts';
import { type Move, stopIfUnwanted } from '../moves/move-run.ts';
import type { Harmless } from './harmless.ts';
import type { DrillPorts } from './port.ts';

/** A drill that is being played. `at`: what its checkpoint says. */
export interface Drill {
  readonly run: JobRun<DrillOrder>;
  readonly ports: DrillPorts;
  readonly move: Move;
  readonly hazard: Harmless;
  readonly cast: Cast;
  readonly at: { progress: DrillProgress };
  /** How many nodes could be lost before. */
  readonly losses: number;
  /** Emits the progress of the drill while it waits. */
  readonly reportProgress?: () => Promise<void>;
}

const STEP_MS = 250;

/** Waits, unless an operator wants the end or the lease is lost. */
export async function pause({ run, ports, move, reportProgress }: Drill, ms: number): Promise<void> {
  const end = ports.clock.monotonic() + ms;
  for (;;) {
    run.signal.throwIfAborted();
    stopIfUnwanted(move, 'in the middle of the drill');
    const left = end - ports.clock.monotonic();
    if (left <= 0) return;
    await reportProgress?.();
    await ports.wait(Math.min(left, STEP_MS), run.signal);
  }
}
