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
  const on = powered === null ? '' : `It was switched on at ${powered}. `;
  if (hasSwitch && powered === null) return 'Its BMC did not report that it was switched on. See: regent job list.';
  if (booted === null && inventory === null) {
    const hand = hasSwitch ? '' : 'No BMC switches it: a person must switch it on. ';
    return `${on}${hand}No boot of it from the network was seen. Check its boot order, cable, VLAN and DHCP.`;
  }
  if (inventory === null && state === 'commissioning')
    return `${on}It requested its boot script at ${booted ?? ''}, and posted no inventory. Check its console, image and metadata.`;
  return `${on}Its inventory came at ${inventory ?? 'no time'}, and its scripts did not end. Check its console.`;
}
