import { AppError, isRejected, type Rejected, rejected } from '../../../core/errors.ts';
import { type Effect, type Standing, transition, type Transition } from '../../../model/machines/machine-lifecycle.ts';
import {
  isBad,
  isPassing,
  type MachineEvent,
  type MachineState,
  waitingFor,
} from '../../../model/machines/machine-states.ts';
import { purposeIn } from '../../../model/machines/machine-run.ts';
import { deleteParts, findMachine, type MachineRow } from '../../../store/queries/machines/machines.ts';
import { freeMachine, noteDeployed, readDeployment } from '../../../store/queries/machines/deployments.ts';
import {
  lockMachineState,
  type StateChange,
  type StateNote,
  type StateRow,
  storeMachineState,
} from '../../../store/queries/machines/machine-states.ts';
import { findOpenRun, resetRun, storeRun } from '../../../store/queries/machines/machine-tokens.ts';
import { readSettings } from '../../../store/snapshot.ts';
import type { WriteTx } from '../../../store/write.ts';
import { dropOrder, giveOrder } from './orders.ts';

/** An event of a machine. `by`: who says so, such as a user or `job 12`. `text`: why, for people. */
export interface Told {
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
 * Tells a machine's lifecycle what happened: the new state, its jobs and its history event are in this one transaction, or nothing is. Refused: there is
 * no such machine, it is another epoch's word, or the event does not fit the state.
 */
export async function machineEvent(tx: WriteTx, told: Told): Promise<MachineRow | Rejected> {
  const { machineId } = told;
  const row = await lockMachineState(tx, machineId);
  const machine = row === null ? null : await findMachine(tx, { id: machineId });
  if (row === null || machine === null) return rejected('not_found', `There is no machine ${machineId}.`);
  if (told.epoch !== undefined && told.epoch !== row.epoch) return overtaken(machine, row, told);
  const found = transition(row.state, told.event, standingOf(machine, row));
  if (isRejected(found)) return found;
  // Asked before the run ends with the state.
  const staysOn = isEndOfScripts(told.event) && ((await findOpenRun(tx, machineId))?.enableSsh ?? false);
  await storeTransition(tx, row, found, told);
  emit(tx, machine, found, told);
  const power = staysOn ? undefined : found.effects.find((effect) => effect.kind === 'power');
  if (power === undefined && found.to !== row.state) await dropOrder(tx, row, told.by);
  if (power !== undefined) {
    const { kind: _kind, ...order } = power;
    const given = await giveOrder(tx, machine, { row, by: told.by, order });
    if (given === 'by-hand') return await machineEvent(tx, { machineId, event: 'power-by-hand', by: told.by });
  }
  return (await findMachine(tx, { id: machineId })) ?? rejected('not_found', `There is no machine ${machineId}.`);
}

/** A machine is switched off by who ends its work early, also where its run was to leave it on. */
function isEndOfScripts(event: MachineEvent): boolean {
  return event === 'scripts-passed' || event === 'scripts-failed';
}

/** What the table of transitions asks about a machine. */
export function standingOf({ hostname }: Pick<MachineRow, 'hostname'>, row: StateRow): Standing {
  const { before, isLocked, commissionedAt } = row;
  return { name: hostname, before, isLocked, isCommissioned: commissionedAt !== null };
}

function overtaken({ hostname }: MachineRow, { epoch }: StateRow, told: Told): Rejected {
  return rejected(
    'conflict',
    `${told.event} is about epoch ${told.epoch} of ${hostname}, which is at epoch ${epoch}: it went on meanwhile.`,
  );
}

async function storeTransition(tx: WriteTx, row: StateRow, found: Transition, told: Told): Promise<void> {
  const { effects, to } = found;
  const isWay = effects.some((effect) => effect.kind === 'deadline' && effect.isSet);
  const minutes = isWay ? (told.minutes ?? (await readSettings(tx)).node_timeout) : null;
  const change = effects.reduce<StateChange>((sum, effect) => ({ ...sum, ...changeOf(effect, told) }), {});
  const next = to === row.state ? {} : { next: { state: to, minutes, ...textsOf(row.state, to, told) } };
  const message = messageOf(to, told);
  const isStored = await storeMachineState(tx, row, { ...change, ...(message === null ? {} : { message }), ...next });
  if (!isStored) throw new AppError('machine_state', `the state of ${row.machineId} changed while its row was locked`);
  if (to !== row.state) await storeRunOf(tx, row, to, told);
  else if (told.event === 'boot-lost') await resetRun(tx, row.machineId);
  if (to === 'deployed') await noteDeployed(tx, row.machineId);
  if (!effects.some(({ kind }) => kind === 'free')) return;
  await freeMachine(tx, row.machineId);
  for (const { fqdn, parent } of await deleteParts(tx, row.machineId))
    tx.emit({ kind: 'device.deleted', subject: fqdn, data: { parent } });
}

/** Its system has credentials as long as there is something to ask for. */
async function storeRunOf(tx: WriteTx, { machineId }: StateRow, to: MachineState, told: Told): Promise<void> {
  const isEphemeral = to === 'deployed' && ((await readDeployment(tx, machineId))?.isEphemeral ?? false);
  const purpose = purposeIn(to, isEphemeral);
  const { by, enableSsh = false, userData } = told;
  await storeRun(tx, machineId, purpose, { by, enableSsh, ...(userData === undefined ? {} : { userData }) });
}

/** What is to be read and done without another state; null: as before. */
function messageOf(state: MachineState, { event, text }: Told): string | null {
  if (event === 'power-by-hand') return byHand(state);
  return event === 'power-failed' ? (text ?? '') : null;
}

function textsOf(from: MachineState, to: MachineState, told: Told): { error: string | null; message: string } {
  const waits = waitingFor(to);
  // What its own system says of how it came up.
  const said = told.event === 'deployed' ? (told.text ?? '') : '';
  const message = waits === '' ? said : `It waits for ${waits}.`;
  const isBack = RETURNS.includes(told.event) && from !== 'disk-erasing';
  return { error: errorOf(to, told, isBack), message: told.event === 'power-by-hand' ? byHand(to) : message };
}

/** Events by which a machine comes back where it was. */
const RETURNS: readonly MachineEvent[] = ['scripts-passed', 'abort', 'power-done', 'power-by-hand'];

/** Why somebody has to look at it; null: as before, so a broken machine that was rescued still says why it is broken. */
function errorOf(to: MachineState, { event, by, text = '' }: Told, isBack: boolean): string | null {
  if (isBad(to)) return isBack ? null : text === '' ? `${event}, by ${by}.` : text;
  const isUnderWay = to === 'rescue-mode' || (isPassing(to) && to !== 'commissioning');
  return isUnderWay ? null : '';
}

function byHand(state: MachineState): string {
  const waits = waitingFor(state);
  if (waits !== '') return `No BMC switches it: a person must start it from the network. It waits for ${waits}.`;
  return `No BMC switches it: a person must ${state === 'deployed' ? 'start it from its disk' : 'switch it off'}.`;
}

function changeOf(effect: Effect, { by }: Told): StateChange {
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

const WAY: readonly StateNote[] = ['powered', 'booted', 'inventory', 'installed'];

function noteOf(what: Extract<Effect, { readonly kind: 'note' }>['what']): StateChange {
  if (what === 'begun') return { forget: WAY };
  return what === 'anew' ? { forget: [...WAY, 'commissioned'] } : { note: what };
}

/** Another state is `machine.state.<state>`; what else there is to tell has the name of its event. */
function emit(tx: WriteTx, machine: MachineRow, { to, effects }: Transition, { event, by, text }: Told): void {
  const { fqdn, state } = machine;
  const why = text === undefined || text === '' ? {} : { text };
  if (to !== state) {
    tx.emit({ kind: `machine.state.${to}`, subject: fqdn, data: { before: state, event, by, ...why } });
  } else if (effects.length > 0 || event === 'power-failed') {
    const kind = event === 'lock' || event === 'unlock' ? `machine.${event}ed` : `machine.${event}`;
    tx.emit({ kind, subject: fqdn, data: { state, by, ...why } });
  }
}
