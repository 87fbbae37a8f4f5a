import { switchPort } from '../layout.ts';
import type { Topology } from '../topology.ts';
import { faultText, type NetworkFault, parseFault } from './fault-text.ts';

/** The table in the switch namespace that holds the faults: it is the only record of them. */
export const FAULT_TABLE = 'regent-lab';

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
      case 'block':
      case 'still':
        return item.host === host ? [] : [item];
      case 'halfopen':
        return item.sides.includes(host) ? [] : [item];
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
 * The whole text for `nft -f`, which takes it at once or not at all: it replaces the table with the faults, or removes it if there are none. A frame is
 * marked with its sender where it comes into the switch, and judged where it leaves it, so that what the router carries from one
 * network to another is judged too. Carriers stay as they are.
 */
export function faultRules(topology: Topology, faults: readonly NetworkFault[]): string {
  const reset = [`table bridge ${FAULT_TABLE} {}`, `delete table bridge ${FAULT_TABLE}`];
  if (faults.length === 0) return `${reset.join('\n')}\n`;
  const rules = faults.map((item) => rulesOf(topology, item));
  const marks = topology.hosts.map(
    (host) => `iifname ${set(portsOf(topology, host.name))} meta mark set ${markOf(topology, host.name)}`,
  );
  return [
    ...reset,
    `table bridge ${FAULT_TABLE} {`,
    ...(faults.some((item) => item.kind === 'halfopen') ? [FRESH] : []),
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
      // Beside the missing carrier: a cable that is plugged in again by a boot carries nothing before it is pulled out again.
      const ports = set(portsOf(topology, item.host, item.network));
      return { in: [`iifname ${ports} ${end}`], out: [`oifname ${ports} ${end}`] };
    }
    case 'loss': {
      const ports = set(portsOf(topology, item.host));
      // nft refuses a comparison that is always true.
      const some = item.percent < 100 ? `numgen random mod 10000 < ${Math.round(item.percent * 100)} ` : '';
      return { in: [`iifname ${ports} ${some}${end}`], out: [`oifname ${ports} ${some}${end}`] };
    }
    case 'still': {
      const directions = [
        `iifname ${set(portsOf(topology, item.host))}`,
        `oifname ${set(portsOf(topology, item.host))}`,
      ];
      const [first, last] = directions.map((direction) => STILL.map((what) => `${direction} ${what} ${end}`));
      return { in: first ?? [], out: last ?? [] };
    }
    case 'oneway':
      return { in: [], out: [between(item.from, item.to)] };
    case 'block':
      return { in: [], out: [`meta mark ${markOf(topology, item.host)} tcp dport ${item.port} ${end}`] };
    case 'halfopen':
      return {
        in: [],
        out: item.sides.flatMap((from, index) => halfOpen(topology, [from, item.sides[1 - index] ?? from], end)),
      };
    case 'partition':
      return { in: [], out: pairs(item.sides).map(([from, to]) => between(from, to)) };
  }
}

/**
 * What the kernel answers by itself: ARP, ICMP, a TCP connection that begins. The rest waits in the sockets of the
 * frozen processes.
 */
const STILL = ['ether type != ip', 'ip protocol icmp', 'tcp flags & (syn | rst) != 0'];

/** TCP connections that began since the table is there. */
const FRESH = '  set fresh { type ipv4_addr . inet_service . ipv4_addr . inet_service; flags dynamic; size 65536; }';

/** A connection that begins is remembered; of others between these two nothing passes. */
function halfOpen(topology: Topology, [from, to]: readonly [string, string], end: string): string[] {
  const match = `meta mark ${markOf(topology, from)} oifname ${set(portsOf(topology, to))}`;
  const [there, back] = ['ip saddr . tcp sport . ip daddr . tcp dport', 'ip daddr . tcp dport . ip saddr . tcp sport'];
  return [
    `${match} tcp flags & (syn | ack) == syn add @fresh { ${there} }`,
    `${match} ${there} != @fresh ${back} != @fresh ${end}`,
  ];
}

/** Every sender with every receiver of another side. */
function pairs(sides: readonly (readonly string[])[]): [string, string][] {
  return sides.flatMap((side) =>
    sides
      .filter((other) => other !== side)
      .flatMap((other) => side.flatMap((from) => other.map((to): [string, string] => [from, to]))),
  );
}

const markOf = (topology: Topology, host: string): number => topology.hosts.findIndex((item) => item.name === host) + 1;

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

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
