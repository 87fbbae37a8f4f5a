import { AppError, isRejected, type Rejected, sentenceOf } from '../../../core/errors.ts';
import type { Random } from '../../../core/ports.ts';
import { type MachineEvent } from '../../../model/machines/machine-states.ts';
import { lateSentence } from '../../../model/machines/timeline/late.ts';
import type { Database } from '../../../store/database.ts';
import { withEvents } from '../../../store/queries/base/events.ts';
import { findJob, type JobRow } from '../../../store/queries/base/jobs/row.ts';
import { findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import type { StateRow } from '../../../store/queries/machines/machine-states.ts';
import { dueMachineStates, lockMachineState, storeStateJob } from '../../../store/queries/machines/machine-states.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import { reached, type Task } from '../../base/task.ts';
import { machineEvent } from './event.ts';
import { addOrderJob, switchOf } from './orders.ts';

/** Machines of a round. */
const ROUND_MAX = 64;
/** Regions run it at different moments, so that they seldom want the same row. */
const JITTER_MS = 250;
const DEADLINE = { deadlineMs: 8000 } as const;
const ACTOR = 'system:lifecycle';

/**
 * Goes on with machines of which something is due: the deadline of their state has passed, the job that switches them has ended, or the BMC is free for the
 * order that waits. All of it is in rows, so no death of a region loses any of it. Runs on every region; whoever locks a row first does it.
 */
export function createLifecycleTask(db: Database, random: Pick<Random, 'fraction'>): Task {
  return {
    name: 'machine-lifecycle',
    yieldMs: () => Math.floor(random.fraction() * JITTER_MS),
    async run() {
      const { due } = await reached(
        db.autocommitRead(async (tx) => ({ due: await dueMachineStates(tx, ROUND_MAX) }), DEADLINE),
      );
      let done = 0;
      const faults: unknown[] = [];
      // A machine that cannot go on holds no other one up.
      for (const machineId of due)
        done += await reached(db.repeatable(async (tx) => Number(await goOn(tx, machineId)), DEADLINE)).catch(
          (error: unknown) => {
            faults.push(error);
            return 0;
          },
        );
      if (faults.length > 0)
        throw new AppError('machine_lifecycle', `a machine does not go on: ${sentenceOf(faults[0])}`, {
          cause: faults[0],
        });
      return done === 0 ? null : `${done} machines went on`;
    },
  };
}

/** Does what is due of one machine, if it still is. */
async function goOn(tx: Tx, machineId: string): Promise<boolean> {
  const row = await lockMachineState(tx, machineId);
  const machine = row === null ? null : await findMachine(tx, { id: machineId });
  if (row === null || machine === null) return false;
  return await withEvents(tx, ACTOR, (writing) => doDue(writing, machine, row));
}

async function doDue(tx: WriteTx, machine: MachineRow, row: StateRow): Promise<boolean> {
  const job = row.jobId === null ? null : await findJob(tx, row.jobId);
  if (job !== null && job.endedAt !== null) {
    await storeStateJob(tx, machine.id, null);
    const event = job.state === 'done' ? 'power-done' : 'power-failed';
    return await applyDueEvent(tx, machine, {
      event,
      by: `job ${job.id}`,
      text: job.state === 'done' ? '' : textOf(job),
    });
  }
  if (row.isLate) {
    const hasSwitch = (await switchOf(tx, machine)) !== null;
    const { poweredAt: powered, bootedAt: booted, inventoryAt: inventory } = row;
    const text = lateSentence(row.state, row.minutes ?? 0, { powered, booted, inventory, hasSwitch });
    return await applyDueEvent(tx, machine, { event: 'deadline-passed', by: ACTOR, text });
  }
  return row.wanted === null ? false : await giveWanted(tx, machine, row);
}

/** Gives an order that waits, if its BMC is free by now. */
async function giveWanted(
  tx: WriteTx,
  machine: MachineRow,
  { wanted, wantedBy, isWantedLate }: StateRow,
): Promise<boolean> {
  const bmc = await switchOf(tx, machine);
  if (bmc === null || wanted === null) {
    await storeStateJob(tx, machine.id, null);
    return await applyDueEvent(tx, machine, { event: 'power-by-hand', by: ACTOR, text: '' });
  }
  if (await addOrderJob(tx, machine, { bmc, order: wanted, by: wantedBy ?? ACTOR })) return true;
  if (!isWantedLate) return false;
  await storeStateJob(tx, machine.id, null);
  const text = `Other jobs held the BMC ${bmc.name} for too long, so the machine was not switched ${wanted.verb}.`;
  return await applyDueEvent(tx, machine, { event: 'power-failed', by: ACTOR, text });
}

function textOf({ id, state, result }: JobRow): string {
  return `Job ${id}, which had to switch the machine, ${state === 'failed' ? 'failed' : 'was ended'}: ${result ?? ''}`;
}

type DueEvent = { readonly event: MachineEvent; readonly by: string; readonly text: string };

/** What does not fit any more is over with it. */
async function applyDueEvent(tx: WriteTx, { id }: MachineRow, due: DueEvent): Promise<boolean> {
  const result: MachineRow | Rejected = await machineEvent(tx, { machineId: id, ...due });
  return !isRejected(result);
}
