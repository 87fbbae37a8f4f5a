import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AppError } from '../core/errors.ts';
import { ensureBase, type Progress } from '../lab/base.ts';
import { type LabCall, parseCall, topologyOf, USAGE, usage, needArgument } from '../lab/call.ts';
import type { CommandResult } from '../lab/command.ts';
import { askForLease, type DhcpClientOrder, execDhcpClient, leaseText } from '../lab/dhcp/client.ts';
import { execClient, execHost } from '../lab/exec.ts';
import { emptyDisks, fillDisk } from '../lab/faults/fill.ts';
import { heal, pauseUnit, resumeUnits, setHostFrozen } from '../lab/faults/hang.ts';
import { addFault } from '../lab/faults/network.ts';
import { parseFault } from '../lab/faults/fault-text.ts';
import { serveForward } from '../lab/outer/forward.ts';
import { machineVerb } from '../lab/machines/verbs.ts';
import { down, kill, placeOf, stop, up } from '../lab/lab.ts';
import { layoutOf } from '../lab/layout.ts';
import { contextFileOf } from '../lab/product/context.ts';
import type { ProductOrder } from '../lab/product/order.ts';
import { installProduct, productHints, productText } from '../lab/product/product.ts';
import { needState } from '../lab/state.ts';
import { labFaults, labStatus, statusText } from '../lab/status.ts';
import type { Topology } from '../lab/topology.ts';
import { systemRandom } from './process.ts';

const CHECKOUT = join(import.meta.dirname, '..', '..');
const PACKAGES_FILE = join(CHECKOUT, 'scripts', 'packages.txt');

function progressFrom(start: number): Progress {
  return (text) => process.stderr.write(`[${String(Math.round((Date.now() - start) / 1000)).padStart(4)} s] ${text}\n`);
}

async function runAttached(call: LabCall, where: 'host' | 'client'): Promise<number> {
  const layout = instanceLayout();
  if (call.command.length === 0) throw usage(`${call.verb}: the command after -- is missing.`);
  const options = { timeoutMs: call.timeoutMs, isAttached: true };
  const name = needArgument(call, 0, where === 'host' ? 'HOST' : 'VLAN');
  return codeOf(call, await (where === 'host' ? execHost : execClient)(layout, name, call.command, options));
}

/** A DHCP client with a command, or without one: then its lease is the answer. */
async function runDhcpClient(call: LabCall): Promise<number> {
  const { isWanted: _, ...nic } = call.dhcp;
  const ending = new AbortController();
  // A terminal's Ctrl-C is the command's matter; a request to end ends the client, and then we tidy up as always.
  process
    .on('SIGINT', () => undefined)
    .on('SIGTERM', () => ending.abort())
    .on('SIGHUP', () => ending.abort());
  const order: DhcpClientOrder = {
    layout: instanceLayout(),
    network: needArgument(call, 0, 'VLAN'),
    signal: ending.signal,
    ...nic,
  };
  if (call.command.length > 0)
    return codeOf(call, await execDhcpClient(order, call.command, { timeoutMs: call.timeoutMs, isAttached: true }));
  const lease = await askForLease(order, call.timeoutMs);
  process.stdout.write(call.output === 'json' ? `${JSON.stringify(lease, null, 2)}\n` : leaseText(lease));
  return 0;
}

/** Given when somebody asks the program to end. */
function endingSignal(): AbortSignal {
  const ending = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(name, () => ending.abort());
  return ending.signal;
}

function codeOf(call: LabCall, result: CommandResult): number {
  if (!result.isTimeout) return result.code ?? 1;
  process.stderr.write(
    `lab: the command did not end within ${call.timeoutMs / 1000} s and was killed; --timeout S allows more\n`,
  );
  return 124;
}

const instanceLayout = () => layoutOf(process.env['REGENT_LAB'] || 'lab');

async function bringUp(topology: Topology, progress: Progress, only?: string): Promise<void> {
  await up({
    layout: instanceLayout(),
    topology,
    packagesFile: PACKAGES_FILE,
    program: import.meta.filename,
    progress,
    ...(only === undefined ? {} : { only }),
  });
}

/** Verbs that change what there is. Null: it is none of them. */
async function change(call: LabCall, progress: Progress): Promise<number | null> {
  const layout = instanceLayout();
  const { options } = call;
  switch (call.verb) {
    case 'up':
      await bringUp(topologyOf(call, layout), progress);
      process.stderr.write(statusText(labStatus(layout), await labFaults(layout)));
      return 0;
    case 'down':
      await down({
        layout,
        isPurge: options.purge === true,
        keepBases: options.keepBase === true,
        dropsSaved: options.saved === true,
        progress,
      });
      return 0;
    case 'kill':
      await kill(layout, needArgument(call, 0, 'HOST'));
      return 0;
    case 'stop':
      await stop(layout, needArgument(call, 0, 'HOST'));
      return 0;
    case 'start': {
      const { topology, host } = placeOf(layout, needArgument(call, 0, 'HOST'));
      await bringUp(topology, progress, host.name);
      return 0;
    }
    case 'product': {
      const order: ProductOrder = {
        layout,
        archive: resolve(needArgument(call, 0, 'ARCHIVE')),
        random: systemRandom(),
        contextFile: contextFileOf(CHECKOUT),
        progress,
      };
      process.stdout.write(productText(order, await installProduct(order)));
      process.stderr.write(['More to try:', ...productHints(layout), ''].join('\n'));
      return 0;
    }
    default:
      return null;
  }
}

/** Verbs that make a fault, or take one away. Null: it is none of them. */
async function harm(call: LabCall): Promise<number | null> {
  const layout = instanceLayout();
  const hostOf = () => placeOf(layout, needArgument(call, 0, 'HOST')).host;
  switch (call.verb) {
    case 'cut':
    case 'partition':
    case 'oneway':
    case 'loss':
    case 'block':
    case 'still':
    case 'halfopen':
      needArgument(call, 0, call.verb === 'partition' ? "'A,B|C,D'" : 'HOST');
      await addFault(layout, parseFault(needState(layout).topology, [call.verb, ...call.args]));
      return 0;
    case 'heal':
      await heal(layout, call.args[0]);
      return 0;
    case 'pause':
      if (call.args[1] === undefined) setHostFrozen(layout, hostOf().name, true);
      else await pauseUnit(layout, hostOf().name, call.args[1]);
      return 0;
    case 'resume':
      if (call.args[1] === undefined) setHostFrozen(layout, hostOf().name, false);
      resumeUnits(layout, hostOf().name, call.args[1]);
      return 0;
    case 'fill':
      await fillDisk(layout, hostOf(), needArgument(call, 1, 'PATH'));
      return 0;
    case 'empty':
      emptyDisks(layout, hostOf(), needArgument(call, 1, 'PATH'));
      return 0;
    default:
      return null;
  }
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === 'forward') {
    serveForward(argv[1] ?? '', Number(argv[2]));
    return -1;
  }
  const call = parseCall(argv);
  const progress = progressFrom(Number(process.env['REGENT_STARTED']) * 1000 || Date.now());
  switch (call.verb) {
    case 'help':
      process.stdout.write(USAGE);
      return 0;
    case 'status': {
      const status = labStatus(instanceLayout());
      const faults = await labFaults(instanceLayout());
      const json = () => `${JSON.stringify({ ...status, faults }, null, 2)}\n`;
      process.stdout.write(call.output === 'json' ? json() : statusText(status, faults));
      return status.isUp ? 0 : 1;
    }
    case 'exec':
      return runAttached(call, 'host');
    case 'client':
      return call.dhcp.isWanted ? runDhcpClient(call) : runAttached(call, 'client');
    case 'machine':
      await machineVerb(instanceLayout(), call, { out: (text) => process.stdout.write(text), ending: endingSignal() });
      return 0;
    case 'logs': {
      const unit = call.args[1];
      const command = ['journalctl', '--no-pager', '--lines=1000', ...(unit === undefined ? [] : [`--unit=${unit}`])];
      return runAttached({ ...call, command }, 'host');
    }
    case 'base':
      if (!existsSync(PACKAGES_FILE))
        throw new AppError('lab_base', `${PACKAGES_FILE} is missing. What to do: take a complete checkout.`);
      process.stdout.write(`${await ensureBase(PACKAGES_FILE, progress)}\n`);
      if (call.options.machines) process.stdout.write(`${await ensureBase(PACKAGES_FILE, progress, 'machines')}\n`);
      return 0;
    default: {
      const code = (await change(call, progress)) ?? (await harm(call));
      if (code !== null) return code;
      throw usage(call.verb === '' ? 'A verb is missing.' : `There is no verb "${call.verb}".`);
    }
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    if (code >= 0) process.exit(code);
  },
  (error: unknown) => {
    const isOurs =
      error instanceof AppError ||
      (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
    const text = error instanceof Error ? (isOurs ? error.message : (error.stack ?? error.message)) : String(error);
    process.stderr.write(`lab: ${text}\n`);
    process.exit(error instanceof AppError && error.code !== 'usage' ? 1 : 2);
  },
);
