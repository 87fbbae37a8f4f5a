import type { MachineTimeline } from '../../../contract/machines/machine-timeline.ts';
import { formatCount } from '../../../core/count-text.ts';
import { isRejected } from '../../../core/errors.ts';
import { orRefusal } from '../../base/or-refusal.ts';
import type { Random } from '../../../core/ports.ts';
import { STUCK_MIN_S, isStuck } from '../../../model/machines/timeline/stage.ts';
import type { Database } from '../../../store/database.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import { withEvents } from '../../../store/queries/base/events.ts';
import {
  lockMachineState,
  machinesWithoutRack,
  silentMachines,
  storeAgain,
} from '../../../store/queries/machines/machine-states.ts';
import type { Tx } from '../../../store/tx.ts';
import type { SeenPorts } from '../../base/seen.ts';
import { reached, type Task } from '../../base/task.ts';
import { machineEvent } from './event.ts';
import { switchOf } from './orders.ts';
import { readTimeline } from '../timeline/read.ts';

/** Machines of a round. */
const ROUND_MAX = 16;
/** So often in one run. A machine that stops again has another fault: then its deadline ends the run. */
const MOST = { withoutRack: 2, still: 1 } as const;
const JITTER_MS = 500;
const ACTOR = 'system:lifecycle';
const DEADLINE = { deadlineMs: 8000 } as const;

/**
 * Restarts a machine whose start was interrupted: the rack that it booted from died, and the other one answers it then; or its loader or kernel stands still,
 * as those of servers do now and then. It does so when the next step is late, so nothing is done to a machine that goes on by itself; and before the machine's
 * own system has reported, so nothing is being written to a disk. Runs on every region; whoever locks the row first does it.
 */
export function createAgainTask(db: Database, ports: SeenPorts, random: Pick<Random, 'fraction'>): Task {
  return {
    name: 'machine-again',
    yieldMs: () => Math.floor(random.fraction() * JITTER_MS),
    async run() {
      const { found } = await reached(
        db.autocommitRead(async (tx) => ({ found: await findInterrupted(tx) }), DEADLINE),
      );
      let done = 0;
      for (const machineId of found)
        done += Number(await reached(db.repeatable((tx) => restartMachine(tx, ports, machineId), DEADLINE)));
      return done === 0 ? null : `${formatCount(done, 'machine')} restarted: the rack died, or the start hung`;
    },
  };
}

async function findInterrupted(tx: Tx): Promise<ReadonlySet<string>> {
  const withoutRack = await machinesWithoutRack(tx, MOST.withoutRack, ROUND_MAX);
  const silent = { most: MOST.still, seconds: STUCK_MIN_S, limit: ROUND_MAX };
  return new Set([...withoutRack, ...(await silentMachines(tx, silent))]);
}

async function restartMachine(tx: Tx, ports: SeenPorts, machineId: string): Promise<boolean> {
  const row = await lockMachineState(tx, machineId);
  const machine = row === null ? null : await findMachine(tx, { id: machineId });
  if (row === null || machine === null || row.jobId !== null || row.wanted !== null) return false;
  const timeline = await orRefusal(() => readTimeline(tx, ports, machine, {}));
  const reason = isRejected(timeline) ? null : await reasonOf(tx, machine, timeline);
  if (reason === null) return false;
  return await withEvents(tx, ACTOR, async (writing) => {
    if (!(await storeAgain(writing, row, reason.most))) return false;
    return !isRejected(
      await machineEvent(writing, { machineId, event: 'boot-lost', by: ACTOR, text: reason.text, epoch: row.epoch }),
    );
  });
}

/** What another start helps against. */
const STILL: ReadonlySet<string> = new Set(['kernel-unfetched', 'initrd-unfetched', 'system-mute']);

interface RestartReason {
  readonly text: string;
  /** So often in one run, including restarts for other reasons. */
  readonly most: number;
}

async function reasonOf(
  tx: Tx,
  machine: MachineRow,
  { next, causes, now }: MachineTimeline,
): Promise<RestartReason | null> {
  if (next?.isLate !== true) return null;
  const broken = causes.find(({ code }) => code === 'pair-broken');
  if (broken !== undefined) return { text: `${broken.sentence} It is restarted.`, most: MOST.withoutRack };
  const still = causes.find(({ code }) => STILL.has(code));
  if (still === undefined || !isStuck({ stage: next.stage, since: Date.parse(next.since) }, Date.parse(now)))
    return null;
  // A machine without a BMC is checked by the person who switches it.
  if ((await switchOf(tx, machine)) === null) return null;
  return { text: `${still.sentence} It is restarted once.`, most: MOST.still };
}
