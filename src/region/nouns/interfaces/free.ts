import { type Rejected, rejected } from '../../../core/errors.ts';
import type { MachineRow } from '../../../store/queries/machines.ts';

/** Refuses another network for a machine that is being deployed: its system gets what was planned when that began. */
export function checkInterfacesFree({ fqdn, state }: Pick<MachineRow, 'fqdn' | 'state'>): Rejected | null {
  if (state !== 'deploying') return null;
  return rejected(
    'conflict',
    `${fqdn} is being deployed. Rule: the interfaces of a machine change before that or afterwards.`,
  );
}
