import type { Machine } from '../../contract/machines/machine.ts';
import { type Rejected, rejected } from '../../core/errors.ts';
import { isBad, isPassing } from '../../model/machines/machine-states.ts';
import type { MachineRow } from '../../store/queries/machines/machines.ts';
import type { MachineStateShown } from '../../store/queries/machines/machine-states.ts';

type StateMember =
  | 'state'
  | 'stateSince'
  | 'owner'
  | 'locked'
  | 'error'
  | 'message'
  | 'deadline'
  | 'job'
  | 'busy'
  | 'deployment';

/** What of a machine's lifecycle an answer shows. */
export function viewState(row: MachineStateShown & Pick<MachineRow, 'enlistNote'>): Pick<Machine, StateMember> {
  const { state, stateSince, owner, isLocked, deadline, jobId, isOrderWaiting, deployment } = row;
  const busy = isPassing(state) || jobId !== null || isOrderWaiting;
  return {
    state,
    stateSince,
    owner,
    locked: isLocked,
    error: errorOf(row),
    message: messageOf(row),
    deadline,
    job: jobId,
    busy,
    ...(deployment === null ? {} : { deployment }),
  };
}

/** Why somebody has to attend to it, if so. */
export const errorOf = ({ state, error }: Pick<MachineRow, 'state' | 'error'>): string => (isBad(state) ? error : '');

/** What the machine waits for, or for whom. */
export function messageOf(row: Pick<MachineRow, 'state' | 'message' | 'isOrderWaiting' | 'enlistNote'>): string {
  const { state, message, isOrderWaiting } = row;
  const waits = isOrderWaiting
    ? `Another job holds the BMC of the machine, which is switched after that job. ${message}`.trim()
    : message;
  return state === 'new' && waits === '' ? enlistedText(row) : waits;
}

/** What an operator is to do with a machine that came by itself. */
function enlistedText({ enlistNote }: Pick<MachineRow, 'enlistNote'>): string {
  if (enlistNote === null) return '';
  return `The machine was enlisted: commission or ignore the machine. ${enlistNote}`.trim();
}

/** The refusal of what may not be done to a locked machine; null: it is not locked. */
export function lockedRefusal({ fqdn, hostname, isLocked }: MachineRow, what: string): Rejected | null {
  if (!isLocked) return null;
  return rejected(
    'conflict',
    `${fqdn} is locked. Rule: ${what} once it is unlocked: regent machine unlock ${hostname}.`,
  );
}
