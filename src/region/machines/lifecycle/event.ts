import { AppError, isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import type { Effect, LifecycleContext, Transition } from '../../../model/machines/machine-lifecycle.ts';
import { transition } from '../../../model/machines/machine-lifecycle.ts';
import type { MachineEvent, MachineState } from '../../../model/machines/machine-states.ts';
import { isBad, isPassing, waitingFor } from '../../../model/machines/machine-states.ts';
import { purposeIn } from '../../../model/machines/machine-run.ts';
import { deleteParts, findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import { freeMachine, noteDeployed, readDeployment } from '../../../store/queries/machines/deployments.ts';
import type { StateChange, StateNote, StateRow } from '../../../store/queries/machines/machine-states.ts';
import { lockMachineState, storeMachineState } from '../../../store/queries/machines/machine-states.ts';
import { findOpenRun, resetRun, storeRun } from '../../../store/queries/machines/machine-tokens.ts';
import { readSettings } from '../../../store/snapshot.ts';
import type { WriteTx } from '../../../store/write.ts';
import { dropOrder, giveOrder } from './orders.ts';

/** An event of a machine. `by`: who reports it, such as a user or `job 12`. `text`: why, for people. */
export interface LifecycleEvent {
  readonly machineId: string;
  readonly event: MachineEvent;
  readonly by: string;
  readonly text?: string;
  /** The machine's epoch that the event is about; left out: whatever it is now. */
  readonly epoch?: number;
  /** The run that begins lets its owner and who began it in, and its system stays on. */
  readonly enableSsh?: boolean;
  /** So long the state that begins may take; left out: as the setting says. */
  readonly minutes?: number;
  /** What the user of a machine that is deployed gives its system. */
  readonly userData?: Uint8Array;
}

/**
 * Gives an event to a machine's lifecycle: the new state, its jobs and its history event are in this one transaction, or nothing is. Refused: there is
 * no such machine, the event is of another epoch, or it does not fit the state.
 */
export async function machineEvent(tx: WriteTx, report: LifecycleEvent): Promise<MachineRow | Rejected> {
  const { machineId } = report;
  const row = await lockMachineState(tx, machineId);
  const machine = row === null ? null : await findMachine(tx, { id: machineId });
  if (row === null || machine === null) return rejected('not_found', `There is no machine ${machineId}.`);
  if (report.epoch !== undefined && report.epoch !== row.epoch) return overtaken(machine, row, report);
  const found = transition(row.state, report.event, standingOf(machine, row));
  if (isRejected(found)) return found;
  // Read before the run ends with the state.
  const staysOn = isEndOfScripts(report.event) && ((await findOpenRun(tx, machineId))?.enableSsh ?? false);
  await storeTransition(tx, row, found, report);
  emit(tx, machine, found, report);
  const power = staysOn ? undefined : found.effects.find((effect) => effect.kind === 'power');
  if (power === undefined && found.to !== row.state) await dropOrder(tx, row, report.by);
  if (power !== undefined) {
    const { kind: _kind, ...order } = power;
    const given = await giveOrder(tx, machine, { row, by: report.by, order });
    if (given === 'by-hand') return await machineEvent(tx, { machineId, event: 'power-by-hand', by: report.by });
  }
  return (await findMachine(tx, { id: machineId })) ?? rejected('not_found', `There is no machine ${machineId}.`);
}

/** A machine is switched off by who ends its work early, also if its run was to leave it on. */
const isEndOfScripts = (event: MachineEvent): boolean => event === 'scripts-passed' || event === 'scripts-failed';

/** What the table of transitions needs of a machine. */
export function standingOf({ hostname }: Pick<MachineRow, 'hostname'>, row: StateRow): LifecycleContext {
  const { before, isLocked, commissionedAt } = row;
  return { name: hostname, before, isLocked, isCommissioned: commissionedAt !== null };
}

function overtaken({ hostname }: MachineRow, { epoch }: StateRow, report: LifecycleEvent): Rejected {
  return rejected(
    'conflict',
    `${report.event} is about epoch ${report.epoch} of ${hostname}, which has moved on to epoch ${epoch}.`,
  );
}

async function storeTransition(tx: WriteTx, row: StateRow, found: Transition, report: LifecycleEvent): Promise<void> {
  const { effects, to } = found;
  const hasDeadline = effects.some((effect) => effect.kind === 'deadline' && effect.isSet);
  const minutes = hasDeadline ? (report.minutes ?? (await readSettings(tx)).node_timeout) : null;
  const change = effects.reduce<StateChange>((sum, effect) => ({ ...sum, ...changeOf(effect, report) }), {});
  const next = to === row.state ? {} : { next: { state: to, minutes, ...textsOf(row.state, to, report) } };
  const message = messageOf(to, report);
  const isStored = await storeMachineState(tx, row, { ...change, ...(message === null ? {} : { message }), ...next });
  if (!isStored) throw new AppError('machine_state', `the state of ${row.machineId} changed while its row was locked`);
  if (to !== row.state) await storeRunOf(tx, row, to, report);
  else if (report.event === 'boot-lost') await resetRun(tx, row.machineId);
  if (to === 'deployed') await noteDeployed(tx, row.machineId);
  if (!effects.some(({ kind }) => kind === 'free')) return;
  await freeMachine(tx, row.machineId);
  for (const { fqdn, parent } of await deleteParts(tx, row.machineId))
    tx.emit({ kind: 'device.deleted', subject: fqdn, data: { parent } });
}

/** Its system has credentials as long as there is something to fetch. */
async function storeRunOf(
  tx: WriteTx,
  { machineId }: StateRow,
  to: MachineState,
  report: LifecycleEvent,
): Promise<void> {
  const isEphemeral = to === 'deployed' && ((await readDeployment(tx, machineId))?.isEphemeral ?? false);
  const purpose = purposeIn(to, isEphemeral);
  const { by, enableSsh = false, userData } = report;
  await storeRun(tx, machineId, purpose, { by, enableSsh, ...(userData === undefined ? {} : { userData }) });
}

/** What is to be read and done without another state; null: as before. */
function messageOf(state: MachineState, { event, text }: LifecycleEvent): string | null {
  if (event === 'power-by-hand') return byHand(state);
  return event === 'power-failed' ? (text ?? '') : null;
}

function textsOf(
  from: MachineState,
  to: MachineState,
  report: LifecycleEvent,
): { error: string | null; message: string } {
  const waits = waitingFor(to);
  // How its own system reports its start.
  const systemReport = report.event === 'deployed' ? (report.text ?? '') : '';
  const message = waits === '' ? systemReport : `The machine waits for ${waits}.`;
  const isBack = RETURNS.includes(report.event) && from !== 'disk-erasing';
  return { error: errorOf(to, report, isBack), message: report.event === 'power-by-hand' ? byHand(to) : message };
}

/** Events by which a machine comes back where it was. */
const RETURNS: readonly MachineEvent[] = ['scripts-passed', 'abort', 'power-done', 'power-by-hand'];

/** Why somebody has to attend to it; null: as before, so a broken machine that was rescued still says why it is broken. */
function errorOf(to: MachineState, { event, by, text = '' }: LifecycleEvent, isBack: boolean): string | null {
  if (isBad(to)) return isBack ? null : text === '' ? `${event}, by ${by}.` : text;
  const isInProgress = to === 'rescue-mode' || (isPassing(to) && to !== 'commissioning');
  return isInProgress ? null : '';
}

function byHand(state: MachineState): string {
  const waits = waitingFor(state);
  if (waits !== '')
    return `The machine has no BMC that switches it, so a person must start it from the network. The machine waits for ${waits}.`;
  return `The machine has no BMC that switches it, so a person must ${state === 'deployed' ? 'start it from its disk' : 'switch it off'}.`;
}

function changeOf(effect: Effect, { by }: LifecycleEvent): StateChange {
  switch (effect.kind) {
    case 'own':
      return { owner: effect.by === 'caller' ? by : null };
    case 'lock':
      return { isLocked: effect.isLocked };
    case 'remember':
      return { before: effect.state };
    case 'note':
      return noteOf(effect.what);
    case 'power':
    case 'deadline':
    case 'free':
      return {};
  }
}

const PROGRESS_NOTES: readonly StateNote[] = ['powered', 'booted', 'inventory', 'installed'];

function noteOf(what: Extract<Effect, { readonly kind: 'note' }>['what']): StateChange {
  if (what === 'started') return { forget: PROGRESS_NOTES };
  return what === 'recommissioned' ? { forget: [...PROGRESS_NOTES, 'commissioned'] } : { note: what };
}

/** Another state is `machine.state.<state>`; every other event has its own name. */
function emit(
  tx: WriteTx,
  machine: MachineRow,
  { to, effects }: Transition,
  { event, by, text }: LifecycleEvent,
): void {
  const { fqdn, state } = machine;
  const why = text === undefined || text === '' ? {} : { text };
  if (to !== state) {
    tx.emit({ kind: `machine.state.${to}`, subject: fqdn, data: { before: state, event, by, ...why } });
  } else if (effects.length > 0 || event === 'power-failed') {
    const kind = event === 'lock' || event === 'unlock' ? `machine.${event}ed` : `machine.${event}`;
    tx.emit({ kind, subject: fqdn, data: { state, by, ...why } });
  }
}
