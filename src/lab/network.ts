import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import { must, run } from './command.ts';
import { type Layout, switchPort } from './layout.ts';
import { unmountBelow } from './mounts.ts';
import { signal } from './process.ts';
import type { LabClient, LabNic, Topology } from './topology.ts';

const NETNS_FOLDER = '/run/netns';
const TIMEOUT_MS = 10_000;

const ip = (args: readonly string[]): Promise<string> => must(['ip', ...args], { timeoutMs: TIMEOUT_MS });

/** Does the namespace exist? A name without its mount (left by a kill or a reboot) does not count. */
async function hasNetns(name: string): Promise<boolean> {
  if (!existsSync(`${NETNS_FOLDER}/${name}`)) return false;
  const result = await run(['ip', '-n', name, 'link', 'show', 'lo'], { timeoutMs: TIMEOUT_MS });
  return result.code === 0;
}

/** Makes a network namespace with its loopback up. Harmless when it is there. */
export async function ensureNetns(name: string): Promise<void> {
  if (!(await hasNetns(name))) {
    rmSync(`${NETNS_FOLDER}/${name}`, { force: true });
    await ip(['netns', 'add', name]);
  }
  await ip(['-n', name, 'link', 'set', 'lo', 'up']);
}

/** Makes the switch namespace and one bridge per network. Nothing is created in the machine's own namespace. */
export async function ensureSwitch(layout: Layout, topology: Topology): Promise<void> {
  await ensureNetns(layout.switchNetns);
  for (const network of topology.networks) {
    const bridge = `br-${network.name}`;
    if (!(await hasLink(layout.switchNetns, bridge)))
      await ip([
        '-n',
        layout.switchNetns,
        'link',
        'add',
        bridge,
        'type',
        'bridge',
        'stp_state',
        '0',
        'forward_delay',
        '0',
      ]);
    // Without one of its own a bridge has the lowest of its ports': the router's changes as hosts come and go, and clients ask the old one for seconds.
    const address = hardwareAddress('switch', bridge);
    await ip(['-n', layout.switchNetns, 'link', 'set', bridge, 'address', address, 'up']);
    // The router: an address on each bridge, and forwarding only in this namespace.
    if (network.router) await ip(['-n', layout.switchNetns, 'addr', 'replace', network.router, 'dev', bridge]);
  }
  if (topology.networks.some((network) => network.router)) {
    const enter = ['nsenter', `--net=${NETNS_FOLDER}/${layout.switchNetns}`, '--'];
    await must([...enter, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'], { timeoutMs: TIMEOUT_MS });
  }
}

async function hasLink(netns: string, device: string): Promise<boolean> {
  return (await run(['ip', '-n', netns, 'link', 'show', device], { timeoutMs: TIMEOUT_MS })).code === 0;
}

/** Plugs the NICs of a host or client into the switch. The device inside is down and without an address. */
export async function plug(layout: Layout, member: string, netns: string, nics: readonly LabNic[]): Promise<void> {
  for (const [index, nic] of nics.entries()) {
    const port = switchPort(member, index);
    if (await hasLink(layout.switchNetns, port)) continue;
    const sw = layout.switchNetns;
    const inside = ['name', nic.device, 'address', hardwareAddress(member, nic.device), 'netns', netns];
    await ip(['-n', sw, 'link', 'add', port, 'type', 'veth', 'peer', ...inside]);
    await ip(['-n', sw, 'link', 'set', port, 'master', `br-${nic.network}`, 'up']);
  }
}

/** A NIC's own address, the same after every boot as a real one's, so that neighbours need not learn it again. */
export function hardwareAddress(member: string, device: string): string {
  const bytes = createHash('sha256').update(`${member} ${device}`).digest().subarray(0, 5);
  // 02: locally administered, one station (IEEE 802).
  return ['02', ...Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/** Takes the NICs out. Explicitly at the switch, because a namespace is only deleted some time after its last process. */
export async function unplug(layout: Layout, member: string, nics: readonly LabNic[]): Promise<void> {
  for (const index of nics.keys())
    await run(['ip', '-n', layout.switchNetns, 'link', 'del', switchPort(member, index)], { timeoutMs: TIMEOUT_MS });
}

/** Where a DHCP client is plugged in. `mac`: six bytes with colons, lower case. */
type DhcpPlug = { readonly netns: string; readonly network: string; readonly mac: string };

/** One cable from a namespace's eth0 into a network. Throws AppError `lab_client` when a client with this MAC is plugged in already. */
export async function plugDhcpClient(layout: Layout, { netns, network, mac }: DhcpPlug): Promise<void> {
  const port = dhcpPort(mac);
  if (await hasLink(layout.switchNetns, port))
    throw new AppError(
      'lab_client',
      `A client with the MAC ${mac} runs already. What to do: end it, or give another MAC.`,
    );
  const inside = ['name', 'eth0', 'address', mac, 'netns', netns];
  await ip(['-n', layout.switchNetns, 'link', 'add', port, 'type', 'veth', 'peer', ...inside]);
  await ip(['-n', layout.switchNetns, 'link', 'set', port, 'master', `br-${network}`, 'up']);
  await ip(['-n', netns, 'link', 'set', 'eth0', 'up']);
}

/** Takes a DHCP client's cable out. Harmless when there is none. */
export async function unplugDhcpClient(layout: Layout, mac: string): Promise<void> {
  await run(['ip', '-n', layout.switchNetns, 'link', 'del', dhcpPort(mac)], { timeoutMs: TIMEOUT_MS });
}

/** Name of its far end in the switch namespace: within the kernel's 15 characters. */
function dhcpPort(mac: string): string {
  return `d-${mac.replaceAll(':', '')}`;
}

/** Carrier of these ports of the switch off or on, as pulling a cable does. A port that is not there is no harm. */
export async function setPorts(layout: Layout, ports: readonly string[], to: 'up' | 'down'): Promise<void> {
  if (ports.length === 0) return;
  // One process, so that they go as nearly together as a switch's do; a port that is not there does not hold up the rest.
  const argv = ['ip', '-n', layout.switchNetns, '-force', '-batch', '-'];
  await run(argv, { timeoutMs: TIMEOUT_MS, input: ports.map((port) => `link set ${port} ${to}\n`).join('') });
}

/** Address and route of a client; it has no configuration of its own. */
export async function addressClient(layout: Layout, client: LabClient): Promise<void> {
  const netns = layout.clientNetns(client.name);
  await ip(['-n', netns, 'addr', 'replace', client.nic.address, 'dev', client.nic.device]);
  await ip(['-n', netns, 'link', 'set', client.nic.device, 'up']);
  await ip(['-n', netns, 'route', 'replace', 'default', 'via', client.gateway]);
}

/** Deletes a namespace after ending every process in it. Harmless when there is none. */
export async function removeNetns(name: string): Promise<void> {
  if (!existsSync(`${NETNS_FOLDER}/${name}`)) return;
  endProcessesIn(name);
  await run(['ip', 'netns', 'del', name], { timeoutMs: TIMEOUT_MS });
  rmSync(`${NETNS_FOLDER}/${name}`, { force: true });
}

/** Takes /run/netns away (iproute2 makes it a mount of itself) when no namespace of anybody is in it. */
export async function removeEmptyNetnsFolder(): Promise<void> {
  if (!existsSync(NETNS_FOLDER) || readdirSync(NETNS_FOLDER).length > 0) return;
  await unmountBelow(NETNS_FOLDER);
  await run(['rmdir', '--ignore-fail-on-non-empty', NETNS_FOLDER], { timeoutMs: TIMEOUT_MS });
}

/** Names of all namespaces of the machine. */
export const netnsNames = (): string[] => (existsSync(NETNS_FOLDER) ? readdirSync(NETNS_FOLDER) : []);

/** SIGKILL to every process whose network is this namespace: all of a host's, whoever started them. */
export function endProcessesIn(netns: string): void {
  let wanted: string;
  try {
    wanted = `net:[${statSync(`${NETNS_FOLDER}/${netns}`).ino}]`;
  } catch {
    return;
  }
  // A mere file, left when the mount is gone, has an inode of the wrong file system: no process has it as its network.
  if (readlinkSync('/proc/self/ns/net') === wanted) return;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (readlinkSync(`/proc/${name}/ns/net`) !== wanted) continue;
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      signal({ pid: Number(name), start: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' }, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
}
