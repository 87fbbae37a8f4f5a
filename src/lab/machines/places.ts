import type { Layout } from '../layout.ts';
import { allProcesses } from '../process.ts';
import { MACHINES_HOST } from './topology.ts';

/** Where the machines' host has what belongs to its machines, one folder each. */
export const MACHINES_INSIDE = '/var/lib/lab-machines';
/** Paths in the host of this checkout's `src` and of its Node; both are read-only. */
export const SOURCE_INSIDE = '/opt/lab/src';
export const NODE_INSIDE = '/opt/lab/node';

/** The same folders on the outer machine. Beside the host's root and bound into it, so they outlast a kill and a `down`. */
export function machinesFolder(layout: Layout): string {
  return `${layout.memberFolder(MACHINES_HOST)}/machines`;
}

/** The folder of one machine: its disk, its firmware's variables, its console, the access to its BMC. */
export function machineFolder(layout: Layout, name: string): string {
  return `${machinesFolder(layout)}/${name}`;
}

/** The name that a machine's QEMU has in its arguments: no other lab's has it. */
export function qemuName(layout: Layout, machine: string): string {
  return `${layout.machineName(MACHINES_HOST)}.${machine}`;
}

/** Is a machine on, as the kernel knows it: does its QEMU run, or what starts the next one after a reset? */
export function isMachineOn(layout: Layout, machine: string): boolean {
  const wanted = qemuName(layout, machine);
  const isIt = ({ argv }: { readonly argv: readonly string[] }) =>
    argv.some((arg) => arg.includes('qemu-system') || arg.endsWith('/machine.sh')) &&
    argv[argv.indexOf('-name') + 1] === wanted;
  return allProcesses().some(isIt);
}
