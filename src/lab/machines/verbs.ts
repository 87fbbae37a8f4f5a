import { copyFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type LabCall, usage, needArgument } from '../call.ts';
import type { Layout } from '../layout.ts';
import { isMachineOn } from './places.ts';
import { machineOf, machineStates, renewMachine, switchMachine, takeScreenshot } from './machines.ts';
import { needState } from '../state.ts';
import { readConsole } from './console.ts';
import { machinesJson, machinesText } from './text.ts';

/** Where a verb's output goes, and what ends one that goes on. */
export type VerbPort = { readonly out: (text: string) => void; readonly ending: AbortSignal };

const POWERS = ['on', 'off', 'status', 'new'];
const BOOTS = ['pxe', 'disk'];

/** `scripts/lab machine …`. Throws AppError `usage` for an argument that it does not know. */
export async function machineVerb(layout: Layout, call: LabCall, port: VerbPort): Promise<void> {
  const what = needArgument(call, 0, 'list, power, console or screenshot');
  if (what === 'list') {
    const machines = machineStates(layout, needState(layout).topology);
    port.out(call.output === 'json' ? machinesJson(layout, machines) : machinesText(layout, machines));
    return;
  }
  const name = machineOf(layout, needArgument(call, 1, 'NAME')).name;
  if (what === 'power') await power(layout, call, port);
  else if (what === 'console') {
    await readConsole(layout, name, port.out, call.options.follow ? port.ending : undefined);
  } else if (what === 'screenshot') {
    const target = resolve(call.args[2] ?? `${name}.png`);
    copyFileSync(await takeScreenshot(layout, name), target);
    port.out(`${target}\n`);
  } else throw usage(`machine: there is no "${what}".`);
}

async function power(layout: Layout, call: LabCall, { out }: VerbPort): Promise<void> {
  const name = needArgument(call, 1, 'NAME');
  const to = needArgument(call, 2, POWERS.join(', '));
  const { boot, parts } = call.options;
  if (!POWERS.includes(to)) throw usage(`machine power: "${to}" is none of ${POWERS.join(', ')}.`);
  if (boot !== undefined && (to !== 'on' || !BOOTS.includes(boot)))
    throw usage(`machine power: --boot ${boot} is not one of ${BOOTS.join(', ')}, with on.`);
  if (parts !== undefined && to !== 'new')
    throw usage(`machine power: --${Object.keys(parts)[0]} is for a new machine: machine power ${name} new.`);
  if (to === 'on' || to === 'off') await switchMachine(layout, name, to, boot);
  if (to === 'new') await renewMachine(layout, name, parts);
  out(`${name} is ${isMachineOn(layout, name) ? 'on' : 'off'}\n`);
}
