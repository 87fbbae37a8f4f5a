import { isRejected } from '../../../core/errors.ts';
import type { Random } from '../../../core/ports.ts';
import type { Database } from '../../../store/database.ts';
import { withEvents } from '../../../store/queries/events.ts';
import { findMachine } from '../../../store/queries/machines.ts';
import { lockMachineState, machinesWithoutRack, storeAgain } from '../../../store/queries/network/machine-states.ts';
import type { Tx } from '../../../store/tx.ts';
import { reached, type Task } from '../../tasks/task.ts';
import type { CasePorts } from '../../use-case.ts';
import { machineEvent } from './event.ts';
import { readTimeline } from './timeline/read.ts';

/** Machines of a round. */
const ROUND_MAX = 16;
/** A machine that breaks off again and again has another trouble: then its deadline ends its way. */
const AGAIN_MOST = 2;
const JITTER_MS = 500;
const ACTOR = 'system:lifecycle';
const DEADLINE = { deadlineMs: 8000 } as const;

/**
 * Starts a machine anew whose boot broke off since a rack of its VLAN died: the other one answers it then. It does so when the next step is late, so nothing is
 * done to a machine that goes on by itself. Runs on every region; whoever locks the row first does it.
 */
export function createAgainTask(db: Database, ports: CasePorts, random: Pick<Random, 'fraction'>): Task {
  return {
    name: 'machine-again',
    yieldMs: () => Math.floor(random.fraction() * JITTER_MS),
    async run() {
      const { found } = await reached(
        db.autocommitRead(async (tx) => ({ found: await machinesWithoutRack(tx, AGAIN_MOST, ROUND_MAX) }), DEADLINE),
      );
      let done = 0;
      for (const machineId of found)
        done += Number(await reached(db.repeatable((tx) => startAnew(tx, ports, machineId), DEADLINE)));
      return done === 0 ? null : `${done} machines were started anew: the rack that they booted from has died`;
    },
  };
}

async function startAnew(tx: Tx, ports: CasePorts, machineId: string): Promise<boolean> {
  const row = await lockMachineState(tx, machineId);
  const machine = row === null ? null : await findMachine(tx, { id: machineId });
  if (row === null || machine === null || row.jobId !== null || row.wanted !== null) return false;
  const timeline = await readTimeline(tx, ports, machine, {});
  if (isRejected(timeline) || timeline.next?.isLate !== true) return false;
  const cause = timeline.causes.find(({ code }) => code === 'pair-broken');
  if (cause === undefined) return false;
  return await withEvents(tx, ACTOR, async (writing) => {
    if (!(await storeAgain(writing, row, AGAIN_MOST))) return false;
    const text = `${cause.sentence} It is started anew.`;
    return !isRejected(
      await machineEvent(writing, { machineId, event: 'boot-lost', by: ACTOR, text, epoch: row.epoch }),
    );
  });
}
