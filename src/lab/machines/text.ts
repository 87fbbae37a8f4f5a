import type { Layout } from '../layout.ts';
import { bareAddress, type LabFirmware } from '../topology.ts';
import type { MachineStatus } from './machines.ts';
import { accessFile } from './prepare.ts';

const FIRMWARE: Readonly<Record<LabFirmware, string>> = { bios: 'BIOS', uefi: 'UEFI' };

/** A machine in one line. */
export function machineLine({ name, isOn, firmware, mac, network, bmc }: MachineStatus): string {
  const state = isOn ? 'on ' : 'off';
  const access = `BMC ${bareAddress(bmc.address)} (${bmc.type}, user ${bmc.user})`;
  return `  machine ${name.padEnd(5)} ${state}  ${FIRMWARE[firmware]}  ${mac}  ${network}  ${access}`;
}

/** The command that creates a machine in the product. The password comes from a file of root's and stands in no command line. */
export function createLines(layout: Layout, { name, mac, network, bmc }: MachineStatus): string[] {
  const access = accessFile(layout, name);
  return [
    `sudo cat ${access} | bin/regent bmc create ${name}-bmc --power-type ${bmc.type} --parameters -`,
    `bin/regent machine create ${name} --mac ${mac} --vlan ${network} --bmc ${name}-bmc`,
  ];
}

/** All machines, for people. */
export function machinesText(layout: Layout, machines: readonly MachineStatus[]): string {
  if (machines.length === 0) return 'The lab has no machines. What to do: sudo scripts/up --machines\n';
  const creates = machines.flatMap((machine) => createLines(layout, machine).map((line) => `  ${line}`));
  return [...machines.map(machineLine), '', 'These commands create them in the product:', ...creates, ''].join('\n');
}

/** All machines, for programs. Without a password: it is in the file. */
export function machinesJson(layout: Layout, machines: readonly MachineStatus[]): string {
  const rows = machines.map((machine) => ({
    ...machine,
    bmc: { ...machine.bmc, accessFile: accessFile(layout, machine.name) },
    create: createLines(layout, machine),
  }));
  return `${JSON.stringify(rows, null, 2)}\n`;
}
