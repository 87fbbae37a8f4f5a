import { type MachineState, waitingFor } from '../machine-states.ts';

/** What was seen of a machine in a passing state. Times as they are shown; null: not. `hasSwitch`: a BMC switches it. */
export interface BootObservations {
  readonly powered: string | null;
  readonly booted: string | null;
  readonly inventory: string | null;
  readonly hasSwitch: boolean;
}

/** Says of a machine whose deadline has passed what was seen, what was not, and what to check first. Pure. */
export function lateSentence(state: MachineState, minutes: number, seen: BootObservations): string {
  const late = `${waitingFor(state)} did not come within ${minutes} minutes.`;
  return `${late.charAt(0).toUpperCase()}${late.slice(1)} ${firstGap(state, seen)}`;
}

function firstGap(state: MachineState, { powered, booted, inventory, hasSwitch }: BootObservations): string {
  if (state === 'exiting-rescue-mode') return 'Check its BMC: regent machine power query.';
  const on = powered === null ? '' : `The machine was switched on at ${powered}. `;
  if (hasSwitch && powered === null)
    return 'Its BMC did not report that the machine was switched on. See: regent job list.';
  if (booted === null && inventory === null) {
    const hand = hasSwitch ? '' : 'The machine has no BMC: a person must switch it on. ';
    return `${on}${hand}No rack saw it boot from the network. Check its boot order, cable, VLAN and DHCP.`;
  }
  if (inventory === null && state === 'commissioning')
    return `${on}The machine requested its boot script at ${booted ?? ''}, but sent no inventory. Check its console, image and metadata.`;
  return `${on}Its inventory came at ${inventory ?? 'no time'}, but its scripts did not end. Check its console.`;
}
