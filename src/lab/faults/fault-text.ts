import { AppError } from '../../core/errors.ts';
import type { Topology } from '../topology.ts';

/** Something that is wrong with the lab's network, made on purpose. */
export type NetworkFault =
  /** Cables of a host pulled at the switch: all, or the one to a network. */
  | { readonly kind: 'cut'; readonly host: string; readonly network?: string }
  /** Hosts of different sides do not reach each other; a host on no side reaches all. */
  | { readonly kind: 'partition'; readonly sides: readonly (readonly string[])[] }
  /** What `from` sends does not reach `to`; the other direction works. */
  | { readonly kind: 'oneway'; readonly from: string; readonly to: string }
  /** This part of what a host sends, and of what it is sent, is lost: an answer comes back with (1 - p)². */
  | { readonly kind: 'loss'; readonly host: string; readonly percent: number }
  /** What a host sends to a TCP port of any other is lost. */
  | { readonly kind: 'block'; readonly host: string; readonly port: number }
  /** Only datagrams and data of established TCP connections reach the host. They wait in its kernel, as in the adapter of a machine that stands still. */
  | { readonly kind: 'still'; readonly host: string }
  /** TCP connections that two hosts have with each other carry nothing more, not even a reset; new ones work. */
  | { readonly kind: 'halfopen'; readonly sides: readonly [string, string] };

/** A fault in one line, as the verb that makes it: it stands as the comment of its rules and in the status. */
export function faultText(fault: NetworkFault): string {
  switch (fault.kind) {
    case 'cut':
      return `cut ${fault.host}${fault.network === undefined ? '' : ` ${fault.network}`}`;
    case 'partition':
      return `partition ${fault.sides.map((side) => side.join(',')).join('|')}`;
    case 'oneway':
      return `oneway ${fault.from} ${fault.to}`;
    case 'loss':
      return `loss ${fault.host} ${fault.percent}`;
    case 'block':
      return `block ${fault.host} ${fault.port}`;
    case 'still':
      return `still ${fault.host}`;
    case 'halfopen':
      return `halfopen ${fault.sides.join(' ')}`;
  }
}

/**
 * A fault from the arguments of its verb. Throws AppError `lab_fault` for hosts and networks that the topology does not have, for sides
 * that are empty or overlap, and for what is no per cent.
 */
export function parseFault(topology: Topology, args: readonly string[]): NetworkFault {
  const [verb = '', first = '', second = '', ...rest] = args;
  if (rest.length > 0 || (verb === 'still' && second !== ''))
    throw fault(`${args.join(' ')}: there are too many arguments`, 'scripts/lab help');
  switch (verb) {
    case 'cut':
      return second === ''
        ? { kind: 'cut', host: needHost(topology, first) }
        : { kind: 'cut', host: needHost(topology, first), network: needNetwork(topology, first, second) };
    case 'partition':
      return { kind: 'partition', sides: parseSides(topology, first) };
    case 'oneway': {
      const [from, to] = needTwo(topology, verb, first, second);
      return { kind: 'oneway', from, to };
    }
    case 'halfopen':
      return { kind: 'halfopen', sides: needTwo(topology, verb, first, second) };
    case 'block':
      return { kind: 'block', host: needHost(topology, first), port: parsePort(second) };
    case 'still':
      return { kind: 'still', host: needHost(topology, first) };
    case 'loss':
      return { kind: 'loss', host: needHost(topology, first), percent: parsePercent(second) };
    default:
      throw fault(`"${args.join(' ')}" is not a network fault`, 'scripts/lab help');
  }
}

function parseSides(topology: Topology, text: string): string[][] {
  const sides = text.split('|').map((side) => side.split(',').map((name) => needHost(topology, name)));
  const names = sides.flat();
  if (sides.length < 2)
    throw fault(`partition ${text} has one side`, "write A,B|C,D, in quotes: the shell knows '|' too");
  if (new Set(names).size < names.length) throw fault(`partition ${text} names a host twice`, 'name each once');
  return sides;
}

function parsePercent(text: string): number {
  const percent = Number(text);
  if (/^\d{1,3}(\.\d{1,2})?$/.test(text) && percent <= 100) return percent;
  throw fault(`"${text}" is not a percentage`, 'give 0 to 100, with at most two decimals; 0 takes the loss away');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port < 65_536) return port;
  throw fault(`"${text}" is not a TCP port`, 'give 1 to 65535');
}

function needTwo(topology: Topology, verb: string, first: string, second: string): [string, string] {
  const [from, to] = [needHost(topology, first), needHost(topology, second)];
  if (from === to) throw fault(`${verb} ${from} ${to}: a host always hears itself`, 'name two hosts');
  return [from, to];
}

function needHost(topology: Topology, name: string): string {
  const names = topology.hosts.map((host) => host.name);
  if (names.includes(name)) return name;
  throw fault(`The lab has no host "${name}"`, `name one of ${names.join(', ')}`);
}

function needNetwork(topology: Topology, host: string, network: string): string {
  const own = topology.hosts.find((item) => item.name === host)?.nics.map((nic) => nic.network) ?? [];
  if (own.includes(network)) return network;
  throw fault(`${host} has no cable to "${network}"`, `name one of ${own.join(', ')}`);
}

function fault(what: string, remedy: string): AppError {
  return new AppError('lab_fault', `${what}. What to do: ${remedy}.`);
}
