import type { Machine } from '../machine.ts';
import { masterOf } from './topology.ts';

/** Firmware boots from cards, whatever its system puts on them. */
export function bootCards(interfaces: Machine['interfaces']): Machine['interfaces'] {
  return interfaces.filter(({ kind }) => kind === 'physical');
}

/** The VLANs that a machine may boot on: those of its cards. A port is on the VLAN of its bond or bridge. Null: nobody knows where one is. Pure. */
export function bootVlans(interfaces: Machine['interfaces']): (number | null)[] {
  const vlanOf = (name: string, vlanId: number | null): number | null => {
    const master = vlanId === null ? masterOf(interfaces, name) : null;
    return master === null ? vlanId : vlanOf(master.name, master.vlanId);
  };
  return bootCards(interfaces).map(({ name, vlanId }) => vlanOf(name, vlanId));
}
