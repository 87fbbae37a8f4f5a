import { existsSync, readdirSync, rmSync } from 'node:fs';
import { AppError } from '../../core/errors.ts';
import { execInHost, needInit } from '../exec.ts';
import type { Layout } from '../layout.ts';
import { needState } from '../state.ts';
import { type LabMachine, machinesHost, type Topology } from '../topology.ts';
import { until } from '../outer/wait.ts';
import { isMachineOn, machineFolder, SOURCE_INSIDE } from './places.ts';
import { changeParts, type PartArguments } from './parts.ts';
import { readParts, writeParts } from './prepare.ts';
import { askQmp } from './qmp.ts';
import { MACHINES_HOST } from './topology.ts';

const CHASSIS_MS = 20_000;
const SWITCH_MS = 20_000;
const SCREEN_MS = 10_000;

/** A machine and whether it is on, as the kernel knows it. */
export type MachineStatus = LabMachine & { readonly isOn: boolean };

/** The lab's machines with their state; none in a lab without. */
export function machineStates(layout: Layout, topology: Topology): MachineStatus[] {
  const machines = machinesHost(topology)?.machines ?? [];
  return machines.map((machine) => ({ ...machine, isOn: isMachineOn(layout, machine.name) }));
}

/** A machine of a lab. Throws AppError `lab_machine` when there is none of that name. */
export function machineOf(layout: Layout, name: string): LabMachine {
  const machines = machinesHost(needState(layout).topology)?.machines ?? [];
  const machine = machines.find((item) => item.name === name);
  if (machine) return machine;
  const remedy = machines.length > 0 ? `name one of ${machines.map((item) => item.name).join(', ')}.` : UP;
  throw new AppError('lab_machine', `The lab has no machine "${name}". What to do: ${remedy}`);
}

const UP = 'sudo scripts/up --machines';

/** Presses the power button, without the machine's BMC, and waits until it is so. `boot`: the device of this one start. */
export async function switchMachine(layout: Layout, name: string, to: 'on' | 'off', boot?: string): Promise<void> {
  machineOf(layout, name);
  if (boot !== undefined) await chassis(layout, name, ['set', 'boot', boot]);
  await chassis(layout, name, ['set', 'power', to === 'on' ? '1' : '0']);
  const wait = { what: `${name} to be ${to}`, remedy: `scripts/lab logs ${MACHINES_HOST} machine@${name}` };
  await until({ ...wait, timeoutMs: SWITCH_MS }, () => isMachineOn(layout, name) === (to === 'on'));
}

/**
 * Makes it as it came from the factory: off, its disks empty, its firmware's variables and its consoles gone. Its BMC stays as it is. `changes`: parts that
 * it has from now on. Throws AppError `usage` for parts that there are not.
 */
export async function renewMachine(layout: Layout, name: string, changes: PartArguments = {}): Promise<void> {
  const parts = changeParts(readParts(layout, name), changes);
  await switchMachine(layout, name, 'off', 'default');
  const folder = machineFolder(layout, name);
  for (const file of readdirSync(folder).filter((one) => /^(disk\d*\.raw|vars\.fd|console\.log(\.1)?)$/.test(one)))
    rmSync(`${folder}/${file}`, { force: true });
  writeParts(layout, machineOf(layout, name), parts);
}

async function chassis(layout: Layout, name: string, args: readonly string[]): Promise<void> {
  const argv = [`${SOURCE_INSIDE}/lab/machines/inside/chassis.sh`, name, '0x20', ...args];
  const result = await execInHost(needInit(layout, MACHINES_HOST), argv, { timeoutMs: CHASSIS_MS });
  if (result.code === 0) return;
  const why = result.isTimeout ? `not done within ${CHASSIS_MS / 1000} s` : result.stderr.trim();
  const remedy = `scripts/lab logs ${MACHINES_HOST} machine@${name}`;
  throw new AppError('lab_machine', `${name}: ${args.join(' ')}: ${why}. What to do: ${remedy}`);
}

/** Has the machine write what is on its screen to a PNG; returns its path. Throws AppError `lab_machine` for one that is off. */
export async function takeScreenshot(layout: Layout, name: string): Promise<string> {
  machineOf(layout, name);
  const folder = machineFolder(layout, name);
  if (!isMachineOn(layout, name) || !existsSync(`${folder}/qmp`))
    throw new AppError('lab_machine', `${name} is off. What to do: scripts/lab machine power ${name} on`);
  // A name without a folder is beside its disk: QEMU works there.
  const order = { execute: 'screendump', arguments: { filename: 'screen.png', format: 'png' } };
  await askQmp(`${folder}/qmp`, order, SCREEN_MS);
  return `${folder}/screen.png`;
}
