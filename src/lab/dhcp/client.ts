import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { CLEAN_ENVIRONMENT, type CommandOptions, type CommandResult, run } from '../command.ts';
import type { Layout } from '../layout.ts';
import {
  endProcessesIn,
  ensureNetns,
  hardwareAddress,
  netnsNames,
  plugDhcpClient,
  removeNetns,
  unplugDhcpClient,
} from '../network.ts';
import { identify, isRunning, type ProcessId } from '../process.ts';
import { needState } from '../state.ts';

const PROGRAM = join(import.meta.dirname, 'client.sh');
const EVENT_SCRIPT = join(import.meta.dirname, 'event.sh');
/** Where the event script lies for udhcpc, inside the client's root. */
const EVENT_INSIDE = '/usr/local/sbin/lab-dhcp-event';
/** What the program ends with when nobody gave a lease. */
const NO_LEASE = 75;

/** A machine on a network that has no address of its own but asks for one. */
export interface DhcpClientOrder {
  readonly layout: Layout;
  readonly network: string;
  /** The NIC's MAC. Left out: the same one each time in this lab and network. */
  readonly mac?: string;
  /** The name that it sends to the server (option 12). */
  readonly hostname?: string;
  /** Aborting it ends the client and its command, which then count as killed. */
  readonly signal?: AbortSignal;
}

/** What a DHCP server gave a client. */
export interface DhcpLease {
  readonly mac: string;
  /** ADDRESS/PREFIX. */
  readonly address: string;
  readonly gateway: string | null;
  readonly resolvers: readonly string[];
  readonly domain: string | null;
  readonly search: readonly string[];
  readonly timeServers: readonly string[];
  readonly hostname: string | null;
  readonly server: string | null;
  readonly seconds: number;
}

/**
 * Runs a command on a machine of its own that gets address, route and resolver by a real DHCP client, which goes on renewing as long
 * as the command runs. The machine is a network namespace with one cable into the network's bridge; it goes with the command, also
 * when that is killed. The lease is not given back, as by a machine whose power is cut. `timeoutMs` is for both together.
 * Throws AppError `lab_client` (no such network, a bad MAC or name, the MAC is in use), `lab_no_lease` (nobody gave one).
 */
export async function execDhcpClient(
  order: DhcpClientOrder,
  argv: readonly string[],
  options: CommandOptions,
): Promise<CommandResult> {
  const { layout, network, hostname = '' } = order;
  const mac = macOfOrder(order);
  const root = clientRoot(order);
  await removeEndedDhcpClients(layout);
  const netns = netnsOf(layout, mac);
  copyFileSync(EVENT_SCRIPT, `${root}${EVENT_INSIDE}`);
  chmodSync(`${root}${EVENT_INSIDE}`, 0o755);
  const end = () => endProcessesIn(netns);
  order.signal?.addEventListener('abort', end);
  let isPlugged = false;
  try {
    await ensureNetns(netns);
    await plugDhcpClient(layout, { netns, network, mac });
    isPlugged = true;
    // Processes of its own, so that the renewing client ends with the command; mounts, so that it has its own resolver.
    const isolate = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--propagation', 'private', '--'];
    const enter = ['setpriv', '--pdeathsig', 'KILL', '--', 'nsenter', `--net=/run/netns/${netns}`, '--', ...isolate];
    const result = await run([...enter, 'sh', PROGRAM, root, EVENT_INSIDE, hostname, ...argv], {
      ...options,
      env: { ...CLEAN_ENVIRONMENT, ...options.env },
    });
    if (result.code === NO_LEASE && result.stdout === '') throw noLease(order, result.stderr);
    return result;
  } finally {
    order.signal?.removeEventListener('abort', end);
    // A MAC that was in use is somebody else's cable.
    if (isPlugged) await unplugDhcpClient(layout, mac);
    await removeNetns(netns);
  }
}

/** Requests a lease and returns it. The client is gone afterwards; its lease is not. Throws as `execDhcpClient`. */
export async function askForLease(order: DhcpClientOrder, timeoutMs = 30_000): Promise<DhcpLease> {
  const result = await execDhcpClient(order, ['cat', '/run/lease'], { timeoutMs });
  if (result.code !== 0)
    throw new AppError(
      'lab_client',
      `The DHCP client on ${order.network} failed: ${result.stderr.trim() || 'no output'}`,
    );
  return parseLease(result.stdout, macOfOrder(order));
}

/** A lease from the NAME=VALUE lines of the event script. Throws AppError `lab_client` when there is no address in it. */
export function parseLease(text: string, mac: string): DhcpLease {
  const values = new Map(
    text.split('\n').map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );
  const readList = (name: string) => (values.get(name) ?? '').split(' ').filter((item) => item !== '');
  const ip = values.get('ip');
  if (ip === undefined) throw new AppError('lab_client', `No address in the DHCP client's output: ${text.trim()}`);
  return {
    mac,
    address: `${ip}/${values.get('mask') ?? '32'}`,
    gateway: readList('router')[0] ?? null,
    resolvers: readList('dns'),
    domain: values.get('domain') ?? null,
    search: readList('search'),
    timeServers: readList('ntpsrv'),
    hostname: values.get('hostname') ?? null,
    server: values.get('serverid') ?? null,
    seconds: Number(values.get('lease') ?? 0),
  };
}

/** A lease for people. */
export function leaseText(lease: DhcpLease): string {
  const line = (name: string, value: string | readonly string[] | null) =>
    value === null || value.length === 0
      ? []
      : [`${name.padEnd(10)} ${typeof value === 'string' ? value : value.join(' ')}`];
  return [
    ...line('address', lease.address),
    ...line('gateway', lease.gateway),
    ...line('resolver', lease.resolvers),
    ...line('domain', lease.domain),
    ...line('search', lease.search),
    ...line('time', lease.timeServers),
    ...line('host name', lease.hostname),
    ...line('lease', `${lease.seconds} s from ${lease.server ?? 'an unnamed server'}, for ${lease.mac}`),
    '',
  ].join('\n');
}

function macOfOrder(order: DhcpClientOrder): string {
  const mac = (order.mac ?? hardwareAddress(`${order.layout.instance} dhcp`, order.network)).toLowerCase();
  // The lowest bit of the first byte marks a group, which no NIC can be (IEEE 802).
  if (!/^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(mac))
    throw new AppError(
      'lab_client',
      `"${order.mac}" is not the MAC of a NIC. What to do: six bytes as 52:54:00:00:00:01.`,
    );
  if (order.hostname !== undefined && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(order.hostname))
    throw new AppError(
      'lab_client',
      `"${order.hostname}" is not a host name. What to do: letters, digits and "-", 63 at most.`,
    );
  return mac;
}

function clientRoot(order: DhcpClientOrder): string {
  const clients = needState(order.layout).topology.clients;
  const client = clients.find((item) => item.nic.network === order.network);
  if (client) return order.layout.rootOf(`c.${client.name}`);
  const known = clients.map((item) => item.nic.network).join(', ');
  throw new AppError('lab_client', `The lab has no client on "${order.network}". What to do: name one of ${known}.`);
}

function noLease(order: DhcpClientOrder, output: string): AppError {
  return new AppError(
    'lab_no_lease',
    `No DHCP server gave a lease on ${order.network} within 8 s:\n${output.trim()}\nWhat to do: bin/regent vlan show ${order.network} (DHCP on?), bin/regent service show dhcp, scripts/lab logs r1 kea-dhcp4-server.`,
  );
}

/** `rg-<instance>-d.<MAC>-<pid>-<start>-<when>`: its process is in the name, so that what a kill left is known as such. */
function netnsOf(layout: Layout, mac: string): string {
  const self = identify(process.pid);
  return `${layout.dhcpNetnsPrefix}${mac.replaceAll(':', '')}-${process.pid}-${self?.start ?? '0'}-${process.hrtime.bigint()}`;
}

/** Removes clients whose process was killed before it could. */
async function removeEndedDhcpClients(layout: Layout): Promise<void> {
  for (const name of netnsNames()) {
    if (!name.startsWith(layout.dhcpNetnsPrefix)) continue;
    const [mac = '', pid = '', start = ''] = name.slice(layout.dhcpNetnsPrefix.length).split('-');
    const owner: ProcessId = { pid: Number(pid), start };
    if (isRunning(owner)) continue;
    await unplugDhcpClient(layout, mac);
    await removeNetns(name);
  }
}
