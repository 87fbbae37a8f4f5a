import type { MachinePower } from '../../../contract/machines/machine-power.ts';
import { isRejected } from '../../../core/errors.ts';
import type { Effect } from '../../../model/machines/machine-lifecycle.ts';
import { driverOf } from '../../../power/registry.ts';
import { type DeclaredRow, findDeclared } from '../../../store/declared/rows.ts';
import { addJob } from '../../../store/queries/base/jobs/add.ts';
import { abortJob } from '../../../store/queries/base/jobs/end.ts';
import type { MachineRow } from '../../../store/queries/machines/machines.ts';
import { type StateRow, storeStateJob, storeWantedOrder } from '../../../store/queries/machines/machine-states.ts';
import type { Tx } from '../../../store/tx.ts';
import type { WriteTx } from '../../../store/write.ts';
import { jobSeconds } from '../power/ask.ts';
import { type Order, POWER_JOB, stepsOf } from '../power/order.ts';

/** So long an order waits for other jobs that hold the BMC, seconds. */
const PATIENCE_S = 600;

type PowerEffect = Omit<Extract<Effect, { readonly kind: 'power' }>, 'kind'>;

/**
 * Has a machine switched: a job in this transaction, or, while another job holds the machine or its BMC, an order that waits for it. `by-hand`: no BMC can
 * switch it.
 */
export async function giveOrder(
  tx: WriteTx,
  machine: MachineRow,
  { row, by, order }: { readonly row: StateRow; readonly by: string; readonly order: PowerEffect },
): Promise<'given' | 'by-hand'> {
  await dropOrder(tx, row, by);
  const bmc = await switchOf(tx, machine);
  if (bmc === null) return 'by-hand';
  const wanted = orderFor(bmc, order);
  const isAdded = await addOrderJob(tx, machine, { bmc, order: wanted, by });
  if (!isAdded) await storeWantedOrder(tx, machine.id, { order: wanted, by, seconds: PATIENCE_S });
  return 'given';
}

/** Earlier orders to the BMC do not count any more: a job that still runs is ended. */
export async function dropOrder(tx: WriteTx, { machineId, jobId, wanted }: StateRow, by: string): Promise<void> {
  // Refused: it has ended by itself.
  if (jobId !== null) await abortJob(tx, jobId, by);
  if (jobId !== null || wanted !== null) await storeStateJob(tx, machineId, null);
}

/** The BMC that can switch a machine; null: a person switches it. */
export async function switchOf(tx: Tx, { bmcId }: Pick<MachineRow, 'bmcId'>): Promise<DeclaredRow<'bmc'> | null> {
  const bmc = bmcId === null ? null : await findDeclared(tx, 'bmc', { id: bmcId });
  return bmc !== null && driverOf(bmc.powerType).isQueryable ? bmc : null;
}

/** Adds the job of an order, and ties it to the machine. False: another job holds the machine or its BMC. */
export async function addOrderJob(
  tx: WriteTx,
  machine: MachineRow,
  { bmc, order, by }: { readonly bmc: DeclaredRow<'bmc'>; readonly order: MachinePower; readonly by: string },
): Promise<boolean> {
  const payload: Order = { machineId: machine.id, bmcId: bmc.id, order };
  const job = await addJob(tx, {
    kind: POWER_JOB,
    target: machine.fqdn,
    payload,
    deadlineSeconds: jobSeconds(stepsOf(order), { ...bmc.parameters, ...machine.powerParameters }),
    targets: [`machine:${machine.id}`, `bmc:${bmc.id}`],
    caller: by,
  });
  if (isRejected(job)) return false;
  await storeStateJob(tx, machine.id, job.id);
  return true;
}

/** A BMC that cannot choose what a machine boots from leaves it to the firmware. An order is sure to end: it asks no operating system. */
function orderFor({ powerType }: DeclaredRow<'bmc'>, { verb, boot }: PowerEffect): MachinePower {
  const canBoot = boot !== undefined && driverOf(powerType).canSetBoot;
  return { verb, stopMode: 'hard', ...(canBoot ? { boot } : {}) };
}
