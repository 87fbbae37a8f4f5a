import { AppError } from '../../core/errors.ts';
import { switchPort } from '../layout.ts';
import type { Topology } from '../topology.ts';

/** Something that is wrong with the lab's network, made on purpose. */
export type NetworkFault =
  /** Cables of a host pulled at the switch: all, or the one to a network. */
  | { readonly kind: 'cut'; readonly host: string; readonly network?: string }
  /** Hosts of different sides do not hear each other; who is on no side hears all. */
  | { readonly kind: 'partition'; readonly sides: readonly (readonly string[])[] }
  /** What `from` sends does not reach `to`; the way back works. */
  | { readonly kind: 'oneway'; readonly from: string; readonly to: string }
  /** This part of what a host sends, and of what it is sent, is lost: an answer comes back with (1 - p)². */
  | { readonly kind: 'loss'; readonly host: string; readonly percent: number };

/** The table in the switch namespace that holds the faults: it is the only record of them. */
export const FAULT_TABLE = 'regent-lab';

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
  }
}

/**
 * A fault from the words of its verb. Throws AppError `lab_fault` for hosts and networks that the topology does not have, for sides
 * that are empty or overlap, and for what is no per cent.
 */
export function parseFault(topology: Topology, words: readonly string[]): NetworkFault {
  const [verb = '', first = '', second = '', ...rest] = words;
  if (rest.length > 0) throw fault(`${words.join(' ')}: there are words too many`, 'scripts/lab help');
  switch (verb) {
    case 'cut':
      return second === ''
        ? { kind: 'cut', host: needHost(topology, first) }
        : { kind: 'cut', host: needHost(topology, first), network: needNetwork(topology, first, second) };
    case 'partition':
      return { kind: 'partition', sides: parseSides(topology, first) };
    case 'oneway': {
      const [from, to] = [needHost(topology, first), needHost(topology, second)];
      if (from === to) throw fault(`oneway ${from} ${to}: a host always hears itself`, 'name two hosts');
      return { kind: 'oneway', from, to };
    }
    case 'loss':
      return { kind: 'loss', host: needHost(topology, first), percent: parsePercent(second) };
    default:
      throw fault(`"${words.join(' ')}" is no fault of the network`, 'scripts/lab help');
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
  throw fault(`"${text}" is no percentage`, 'give 0 to 100, with at most two decimals; 0 takes the loss away');
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

/** The faults with one more; the same again changes nothing, and a host has one loss, the last one named. */
export function withFault(faults: readonly NetworkFault[], added: NetworkFault): NetworkFault[] {
  const others = faults.filter(
    (item) =>
      faultText(item) !== faultText(added) &&
      !(added.kind === 'loss' && item.kind === 'loss' && item.host === added.host),
  );
  return added.kind === 'loss' && added.percent === 0 ? others : [...others, added];
}

/** The faults without this host: it leaves its side of a partition, and a partition of one side is none. */
export function withoutHost(faults: readonly NetworkFault[], host: string): NetworkFault[] {
  return faults.flatMap((item): NetworkFault[] => {
    switch (item.kind) {
      case 'cut':
      case 'loss':
        return item.host === host ? [] : [item];
      case 'oneway':
        return item.from === host || item.to === host ? [] : [item];
      case 'partition': {
        const sides = item.sides.map((side) => side.filter((name) => name !== host)).filter((side) => side.length > 0);
        return sides.length < 2 ? [] : [{ kind: 'partition', sides }];
      }
    }
  });
}

/** Ports of the switch that a fault pulls out, with their host: `[host, port]`. */
export function cutPorts(topology: Topology, faults: readonly NetworkFault[]): string[] {
  return faults.flatMap((item) => (item.kind === 'cut' ? portsOf(topology, item.host, item.network) : []));
}

function portsOf(topology: Topology, host: string, network?: string): string[] {
  const nics = topology.hosts.find((item) => item.name === host)?.nics ?? [];
  return nics.flatMap((nic, index) =>
    network === undefined || nic.network === network ? [switchPort(host, index)] : [],
  );
}

/**
 * The whole text for `nft -f`, which takes it at once or not at all: the table anew with the faults, or gone without any. A frame is
 * marked with its sender where it comes into the switch, and judged where it leaves it, so that what the router carries from one
 * network to another is judged too. Carriers stay as they are.
 */
export function faultRules(topology: Topology, faults: readonly NetworkFault[]): string {
  const anew = [`table bridge ${FAULT_TABLE} {}`, `delete table bridge ${FAULT_TABLE}`];
  if (faults.length === 0) return `${anew.join('\n')}\n`;
  const rules = faults.map((item) => rulesOf(topology, item));
  const marks = topology.hosts.map(
    (host) => `iifname ${set(portsOf(topology, host.name))} meta mark set ${markOf(topology, host.name)}`,
  );
  return [
    ...anew,
    `table bridge ${FAULT_TABLE} {`,
    '  chain in {',
    '    type filter hook prerouting priority -300; policy accept;',
    ...[...marks, ...rules.flatMap((item) => item.in)].map((line) => `    ${line}`),
    '  }',
    '  chain out {',
    '    type filter hook postrouting priority 300; policy accept;',
    ...rules.flatMap((item) => item.out).map((line) => `    ${line}`),
    '  }',
    '}',
    '',
  ].join('\n');
}

function rulesOf(topology: Topology, item: NetworkFault): { in: string[]; out: string[] } {
  const end = `drop comment "${faultText(item)}"`;
  const between = (from: string, to: string) =>
    `meta mark ${markOf(topology, from)} oifname ${set(portsOf(topology, to))} ${end}`;
  switch (item.kind) {
    case 'cut': {
      // Beside the missing carrier: a cable that is plugged in anew by a boot carries nothing before it is pulled out again.
      const ports = set(portsOf(topology, item.host, item.network));
      return { in: [`iifname ${ports} ${end}`], out: [`oifname ${ports} ${end}`] };
    }
    case 'loss': {
      const ports = set(portsOf(topology, item.host));
      const some = `numgen random mod 10000 < ${Math.round(item.percent * 100)}`;
      return { in: [`iifname ${ports} ${some} ${end}`], out: [`oifname ${ports} ${some} ${end}`] };
    }
    case 'oneway':
      return { in: [], out: [between(item.from, item.to)] };
    case 'partition':
      return { in: [], out: pairs(item.sides).map(([from, to]) => between(from, to)) };
  }
}

/** Every sender with every receiver of another side. */
function pairs(sides: readonly (readonly string[])[]): [string, string][] {
  return sides.flatMap((side) =>
    sides
      .filter((other) => other !== side)
      .flatMap((other) => side.flatMap((from) => other.map((to): [string, string] => [from, to]))),
  );
}

function markOf(topology: Topology, host: string): number {
  return topology.hosts.findIndex((item) => item.name === host) + 1;
}

function set(ports: readonly string[]): string {
  return `{ ${ports.map((port) => `"${port}"`).join(', ')} }`;
}

/** The faults that a table holds, from what `nft -j list table` prints. */
export function faultsIn(topology: Topology, json: string): NetworkFault[] {
  const items: unknown = JSON.parse(json);
  const list = isRecord(items) && Array.isArray(items['nftables']) ? (items['nftables'] as unknown[]) : [];
  const comments = list.flatMap((item) => {
    const rule = isRecord(item) ? item['rule'] : undefined;
    return isRecord(rule) && typeof rule['comment'] === 'string' ? [rule['comment']] : [];
  });
  return [...new Set(comments)].map((text) => parseFault(topology, text.split(' ')));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
