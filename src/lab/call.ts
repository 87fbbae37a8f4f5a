import { parseArgs } from 'node:util';
import { AppError } from '../core/errors.ts';
import { readState } from './state.ts';
import type { Layout } from './layout.ts';
import { clusterOf, MIXED, SINGLE } from './topologies.ts';
import type { PartArguments } from './machines/parts.ts';
import { withMachines } from './machines/topology.ts';
import { machinesHost, type Topology } from './topology.ts';

const DEFAULT_TIMEOUT_S = 60;

/** What `scripts/lab help` prints. */
export const USAGE = `scripts/lab VERB: whole Debian 13 hosts on this machine. REGENT_LAB names the instance (default: lab).

  up [--single | --mixed | --regions N --racks M] [--machines]
                                 boot the hosts of a topology; what runs is left alone. Without an option: the topology
                                 that is there, else 3 regions and 2 racks; --mixed: 3 regions, one a rack too;
                                 --machines: the host m with four virtual machines, which are off
  down [--purge [--saved]]       stop them; --purge removes their files too, --saved what tests keep at rest, after the last lab
  status [-o json]               what runs, addresses, and every fault that is in force
  exec [--timeout S] HOST -- …   run a command in a host (default deadline ${DEFAULT_TIMEOUT_S} s, 0: a day)
  logs HOST [UNIT]               the host's journal
  client [--timeout S] VLAN -- … run a command as a client of that network with a fixed address
  client VLAN --dhcp [-- …]      a machine of its own there, with a real DHCP client: prints its lease, or runs a command;
         [--mac M] [--hostname N] without --mac it is always the same machine
  kill | stop | start HOST       cut the power; power off; boot
  machine list [-o json]         the virtual machines: firmware, MAC, network, BMC, state, and the commands that create them
  machine power NAME on|off|status [--boot pxe|disk]
  machine power NAME new         as from the factory, with other parts if they are named, which it keeps:
         [--card C] [--cards N] [--controller C] [--disks N] [--memory MB] [--cpus N]
                                 virtio, e1000e, igb, vmxnet3; 1 to 4; virtio, ahci, nvme, megasas; 1 to 4; 256 to 4096; 1 to 4
                                 its power button; new: off, with an empty disk; --boot: the device of this one start
  machine console NAME [--follow]     what it has written to its serial console since it was switched on
  machine screenshot NAME [FILE] its screen as a PNG
  base [--machines]              build the root file system, and that of m; print their folders
  product ARCHIVE                install a release in every host, set them up, make .regent/context.json

Faults; each may be given twice, and outlasts a kill and a start of the host:
  cut HOST [NET]                 pull its cables, or the one to a network
  partition 'A,B|C,D'            hosts of different sides do not reach each other
  oneway A B                     what A sends does not reach B
  loss HOST PERCENT              lose that much of what it sends and of what it is sent
  block HOST PORT                lose what it sends to this TCP port of any other
  still HOST                     nothing of it passes but datagrams and what connections from before carry, as if it stood still
  halfopen A B                   connections that the two have with each other carry nothing more; new ones work
  pause | resume HOST [UNIT]     SIGSTOP or SIGCONT to a unit; without one the whole host hangs, its init too
  fill | empty HOST PATH         a bounded file system of the host to its last block, and back
  heal [HOST]                    take every fault of a host away, or of all
`;

/** The options of `up`, `down` and `machine`. */
export interface LabOptions {
  readonly single?: boolean;
  readonly mixed?: boolean;
  readonly regions?: number;
  readonly racks?: number;
  readonly machines?: boolean;
  readonly purge?: boolean;
  readonly keepBase?: boolean;
  readonly saved?: boolean;
  readonly follow?: boolean;
  readonly boot?: string;
  readonly parts?: PartArguments;
}

/** A parsed command line of scripts/lab. `command`: the arguments after `--`. */
export interface LabCall {
  readonly verb: string;
  readonly args: readonly string[];
  readonly command: readonly string[];
  readonly options: LabOptions;
  readonly dhcp: { readonly isWanted: boolean; readonly mac?: string; readonly hostname?: string };
  readonly output: string;
  readonly timeoutMs: number;
}

/** A mistake in the command line, with the usage. */
export function usage(problem: string): AppError {
  return new AppError('usage', `${problem}\n\n${USAGE}`);
}

/** Reads a command line. Throws AppError `usage`, or parseArgs' own error. */
export function parseCall(argv: readonly string[]): LabCall {
  const { before, command } = splitArguments(argv);
  const { values, positionals } = parseArgs({
    args: before,
    allowPositionals: true,
    options: {
      single: { type: 'boolean' },
      mixed: { type: 'boolean' },
      regions: { type: 'string' },
      racks: { type: 'string' },
      machines: { type: 'boolean' },
      follow: { type: 'boolean' },
      boot: { type: 'string' },
      card: { type: 'string' },
      controller: { type: 'string' },
      disks: { type: 'string' },
      memory: { type: 'string' },
      cards: { type: 'string' },
      cpus: { type: 'string' },
      purge: { type: 'boolean' },
      'keep-base': { type: 'boolean' },
      saved: { type: 'boolean' },
      output: { type: 'string', short: 'o' },
      timeout: { type: 'string' },
      dhcp: { type: 'boolean' },
      mac: { type: 'string' },
      hostname: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  // With any verb: a user who asks for help does not want the verb to run.
  const [verb = '', ...args] = values.help ? ['help'] : positionals;
  const timeout = Number(values.timeout ?? DEFAULT_TIMEOUT_S);
  if (!Number.isFinite(timeout) || timeout < 0) throw usage(`--timeout ${values.timeout} is not a number of seconds.`);
  if (values.dhcp !== true && (values.mac ?? values.hostname) !== undefined)
    throw usage('--mac and --hostname need --dhcp.');
  return {
    verb,
    args,
    command,
    options: {
      ...(values.single ? { single: true } : {}),
      ...(values.mixed ? { mixed: true } : {}),
      ...(values.regions === undefined ? {} : { regions: Number(values.regions) }),
      ...(values.racks === undefined ? {} : { racks: Number(values.racks) }),
      ...(values.machines ? { machines: true } : {}),
      ...(values.follow ? { follow: true } : {}),
      ...(values.boot === undefined ? {} : { boot: values.boot }),
      ...partsOf(values),
      ...(values.purge ? { purge: true } : {}),
      ...(values['keep-base'] ? { keepBase: true } : {}),
      ...(values.saved ? { saved: true } : {}),
    },
    dhcp: {
      isWanted: values.dhcp === true,
      ...(values.mac === undefined ? {} : { mac: values.mac }),
      ...(values.hostname === undefined ? {} : { hostname: values.hostname }),
    },
    output: values.output ?? 'text',
    timeoutMs: timeout === 0 ? 86_400_000 : timeout * 1000,
  };
}

function partsOf({ card, cards, controller, disks, memory, cpus }: PartArguments): Pick<LabOptions, 'parts'> {
  const named = Object.entries({ card, cards, controller, disks, memory, cpus }).filter(
    ([, value]) => value !== undefined,
  );
  return named.length === 0 ? {} : { parts: Object.fromEntries(named) };
}

/** Arguments after `--`, and those before it. */
function splitArguments(argv: readonly string[]): { before: string[]; command: string[] } {
  const at = argv.indexOf('--');
  return at < 0 ? { before: [...argv], command: [] } : { before: argv.slice(0, at), command: argv.slice(at + 1) };
}

/** An argument that must be there. Throws AppError `usage`. */
export function needArgument(call: LabCall, index: number, name: string): string {
  const value = call.args[index];
  if (value === undefined) throw usage(`${call.verb}: ${name} is missing.`);
  return value;
}

/** What `up` is to bring up: as requested, else what is there, else the cluster. A lab that has machines keeps them. */
export function topologyOf(call: LabCall, layout: Layout): Topology {
  const there = readState(layout)?.topology ?? null;
  const topology = hostsOf(call, there);
  const hasMachines = there !== null && machinesHost(there) !== null;
  return call.options.machines || hasMachines ? withMachines(topology) : topology;
}

function hostsOf({ options }: LabCall, before: Topology | null): Topology {
  const { single, mixed, regions, racks } = options;
  if ([single, mixed, regions ?? racks].filter((item) => item !== undefined).length > 1)
    throw usage('up: one of --single, --mixed, --regions N --racks M.');
  if (single) return SINGLE;
  if (mixed) return MIXED;
  const isSized = regions !== undefined || racks !== undefined;
  const there = isSized ? null : before;
  return there ?? clusterOf({ regions: regions ?? 3, racks: racks ?? 2 });
}
