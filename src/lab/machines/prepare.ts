import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import type { Layout } from '../layout.ts';
import { bareAddress, type LabHost, type LabMachine } from '../topology.ts';
import { type BmcLogin, type Files, ipmiFiles, networkFiles } from './config.ts';
import { machineFolder, machinesFolder, MACHINES_INSIDE, NODE_INSIDE, qemuName, SOURCE_INSIDE } from './places.ts';
import { type LabParts, USUAL_PARTS } from './parts.ts';
import { DISK_GB, qemuArgs } from './qemu.ts';

/** This checkout's `src`. */
const SOURCE = join(import.meta.dirname, '..', '..');
const UNITS = ['machine@.service', 'ipmi@.service', 'redfish@.service'];

/** What the host's container has of the outer machine: arguments of systemd-nspawn. None for a host without machines. */
export function machineBinds(layout: Layout, host: LabHost): string[] {
  if (!host.machines) return [];
  return [
    '--bind=/dev/net/tun',
    `--bind=${machinesFolder(layout)}:${MACHINES_INSIDE}`,
    `--bind-ro=${SOURCE}:${SOURCE_INSIDE}`,
    `--bind-ro=${process.execPath}:${NODE_INSIDE}`,
  ];
}

/** Writes what makes a host the machines' one, and a folder for each of them. What a machine has written itself stays. Throws AppError `lab_machine`. */
export function prepareMachines(layout: Layout, host: LabHost): void {
  if (!existsSync('/dev/net/tun'))
    throw new AppError('lab_machine', 'Machines need /dev/net/tun, which is not there. What to do: modprobe tun');
  const etc = `${layout.rootOf(host.name)}/etc`;
  writeAll(`${etc}/systemd/network`, networkFiles(host));
  const wants = `${etc}/systemd/system/multi-user.target.wants`;
  mkdirSync(wants, { recursive: true });
  for (const unit of UNITS) copyFileSync(join(import.meta.dirname, 'inside', unit), `${etc}/systemd/system/${unit}`);
  mkdirSync(machinesFolder(layout), { recursive: true, mode: 0o700 });
  for (const machine of host.machines ?? []) {
    prepareMachine(layout, machine);
    const wanted = `${wants}/${machine.bmc.type}@${machine.name}.service`;
    if (!existsSync(wanted)) symlinkSync(`../${machine.bmc.type}@.service`, wanted);
  }
}

function prepareMachine(layout: Layout, machine: LabMachine): void {
  const folder = machineFolder(layout, machine.name);
  writeAll(folder, { 'disk.size': `${DISK_GB}G\n` });
  writeParts(layout, machine, readParts(layout, machine.name));
  mkdirSync(`${folder}/bmc/state`, { recursive: true, mode: 0o700 });
  const access = ensureLogin(layout, machine);
  if (machine.bmc.type === 'ipmi') writeAll(`${folder}/bmc`, ipmiFiles(machine, access));
}

/** What the machine is built of; the usual parts if nobody chose others. */
export function readParts(layout: Layout, machine: string): LabParts {
  const file = `${machineFolder(layout, machine)}/parts.json`;
  if (!existsSync(file)) return USUAL_PARTS;
  // A lab of an earlier checkout may not have all of them.
  const parts: Partial<LabParts> = JSON.parse(readFileSync(file, 'utf8'));
  return { ...USUAL_PARTS, ...parts };
}

/** Builds the machine of these parts from its next start on. */
export function writeParts(layout: Layout, machine: LabMachine, parts: LabParts): void {
  const args = qemuArgs(machine, qemuName(layout, machine.name), parts);
  writeAll(machineFolder(layout, machine.name), {
    'parts.json': `${JSON.stringify(parts)}\n`,
    'qemu.args': `${args.join('\n')}\n`,
  });
}

/**
 * File with a BMC's address, user and password, readable only by root; `regent bmc create --parameters` takes it as it
 * is.
 */
export function accessFile(layout: Layout, machine: string): string {
  return `${machineFolder(layout, machine)}/bmc/access.json`;
}

/** How the machine's BMC lets somebody in. Throws when the lab was never up with it. */
export function readLogin(layout: Layout, machine: string): BmcLogin {
  const access: BmcLogin = JSON.parse(readFileSync(accessFile(layout, machine), 'utf8'));
  return access;
}

/** A password of its own for each BMC of each lab, as long as the BMC is there. IPMI takes 20 characters at most. */
function ensureLogin(layout: Layout, { name, bmc }: LabMachine): BmcLogin {
  const file = accessFile(layout, name);
  if (existsSync(file)) return readLogin(layout, name);
  const password = randomBytes(12).toString('base64url');
  const access = { power_address: bareAddress(bmc.address), power_user: bmc.user, power_pass: password };
  writeFileSync(`${file}.new`, `${JSON.stringify(access, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return access;
}

function writeAll(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) writeFileSync(`${folder}/${name}`, content);
}
