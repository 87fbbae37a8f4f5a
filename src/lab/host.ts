import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename } from 'node:path';
import { AppError } from '../core/errors.ts';
import { cgroupStyle, freezeGroup, LOW_WEIGHT, lowerWeight, makeGroups, removeGroups } from './outer/cgroup.ts';
import { run } from './command.ts';
import { execInHost } from './exec.ts';
import { disksOf, ensureDisks } from './outer/disks.ts';
import { layerUnder } from './outer/saved.ts';
import { type Layout, switchPort } from './layout.ts';
import { machineBinds, prepareMachines } from './machines/prepare.ts';
import { isMounted, mountOverlay, unmountBelow } from './mounts.ts';
import { ensureNetns, plug, removeNetns, setPorts, unplug } from './network.ts';
import { allProcesses, containerInit, endTree, identify, isRunning, type ProcessId, signal } from './process.ts';
import { hostsFile, type LabHost, type LabNic, routeOf, type Topology } from './topology.ts';
import { until } from './outer/wait.ts';

/** Where hosts have the folder that they share, as virtual machines have one with their machine. */
export const SHARED_INSIDE = '/mnt/lab';

/** 3 s on a machine that has nothing else to do; minutes where two slow processors carry four other hosts that are busy. */
const BOOT_TIMEOUT_MS = 300_000;
/** Each poll is two processes in the host, which boots on the same processors. */
const BOOT_POLL_MS = 400;
const STOP_TIMEOUT_MS = 30_000;
const NSPAWN_RUN = '/run/systemd/nspawn';

/** What a host of a lab needs to be acted on. */
export type HostPlace = { readonly layout: Layout; readonly topology: Topology; readonly host: LabHost };

/** Mounts the host's root and writes what makes it this host: name, addresses, other hosts. Its own files stay from the last time. */
export async function prepareHostRoot(place: HostPlace, base: string): Promise<void> {
  const { layout, topology, host } = place;
  await mountOverlay([...layerUnder(layout, host.name), base], layout.memberFolder(host.name));
  await ensureDisks(layout, host, base);
  mkdirSync(layout.shared, { recursive: true, mode: 0o700 });
  const etc = `${layout.rootOf(host.name)}/etc`;
  writeFileSync(`${etc}/hostname`, `${host.name}\n`);
  writeFileSync(`${etc}/hosts`, hostsFile(topology));
  if (!existsSync(`${etc}/resolv.conf`)) writeFileSync(`${etc}/resolv.conf`, '# The lab has no upstream resolver.\n');
  mkdirSync(`${etc}/systemd/network`, { recursive: true });
  if (host.machines) return prepareMachines(layout, host);
  for (const nic of host.nics)
    writeFileSync(`${etc}/systemd/network/10-${nic.device}.network`, networkFile(place, nic));
}

/** systemd-networkd's file for one NIC; the first one has the route to the other networks. */
function networkFile({ topology, host }: HostPlace, nic: LabNic): string {
  const route = nic === host.nics[0] ? routeOf(topology, host) : null;
  const routeLines = route === null ? [] : ['[Route]', `Destination=${route.cidr}`, `Gateway=${route.gateway}`, ''];
  const head = ['[Match]', `Name=${nic.device}`, '', '[Network]', `Address=${nic.address}`, 'IPv6AcceptRA=no', ''];
  return [...head, ...routeLines].join('\n');
}

/**
 * Boots a host whose root is prepared: namespace, NICs, container. Returns its nspawn process as soon as it exists; `waitForBoot`
 * waits for the rest.
 */
export async function startHost(place: HostPlace): Promise<ProcessId> {
  const { layout, host } = place;
  const netns = layout.hostNetns(host.name);
  await ensureNetns(netns);
  await plug(layout, host.name, netns, host.nics);
  const child = spawnContainer(place);
  if (child === null)
    throw new AppError('lab_boot', `systemd-nspawn of ${host.name} ended at once. What to do: ${consoleRemedy(place)}`);
  return child;
}

function spawnContainer(place: HostPlace): ProcessId | null {
  const { layout, host } = place;
  const style = cgroupStyle();
  const machine = layout.machineName(host.name);
  const nspawn = [
    'systemd-nspawn --quiet --boot --register=no --keep-unit --link-journal=no --console=read-only'.split(' '),
    '--resolv-conf=off --timezone=off --capability=CAP_NET_ADMIN,CAP_NET_RAW,CAP_SYS_NICE'.split(' '),
    [`--directory=${layout.rootOf(host.name)}`, `--machine=${machine}`, `--hostname=${host.name}`],
    [`--network-namespace-path=/run/netns/${layout.hostNetns(host.name)}`],
    [`--bind=${layout.shared}:${SHARED_INSIDE}`],
    disksOf(layout, host).flatMap(({ mount, path }) => (isMounted(mount) ? [`--bind=${mount}:${path}`] : [])),
    machineBinds(layout, host),
  ].flat();
  // Own group first: without one, all hosts would meet in the group "payload" of the caller's.
  const scope = [
    'systemd-run',
    '--quiet',
    '--scope',
    '--collect',
    `--unit=${machine}`,
    '--property=Delegate=yes',
    ...(host.machines ? [`--property=CPUWeight=${LOW_WEIGHT}`] : []),
    '--',
  ];
  const argv = style.kind === 'systemd' ? [...scope, ...nspawn] : nspawn;
  const groups = makeGroups(style, layout.cgroup(host.name), realtimeAmong(place));
  if (host.machines) lowerWeight(style, layout.cgroup(host.name));
  const script = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 1; shift; done; shift; exec "$@"';
  const log = openSync(`${layout.memberFolder(host.name)}/console.log`, 'w', 0o600);
  const child = spawn('sh', ['-c', script, 'sh', ...groups, '--', ...argv], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: '/',
    // Without the variable /proc/sys/net is read-only inside and no network can be set up.
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', SYSTEMD_NSPAWN_API_VFS_WRITABLE: 'network' },
  });
  closeSync(log);
  child.unref();
  return child.pid === undefined ? null : identify(child.pid);
}

/** Real time is for region nodes: a rack has nothing that asks for it, and must not take it away from one by being there first. */
function realtimeAmong({ topology, host }: HostPlace): number {
  const isRegion = (item: LabHost) => item.roles?.includes('region') ?? false;
  return isRegion(host) ? topology.hosts.filter(isRegion).length : 0;
}

/** Waits until systemd inside has started everything; failed units are not this function's business. */
export async function waitForBoot(place: HostPlace, nspawn: ProcessId): Promise<void> {
  await until(
    {
      what: `${place.host.name} to boot`,
      remedy: consoleRemedy(place),
      timeoutMs: BOOT_TIMEOUT_MS,
      everyMs: BOOT_POLL_MS,
    },
    async () => {
      if (!isRunning(nspawn))
        throw new AppError(
          'lab_boot',
          `${place.host.name} did not boot:\n${consoleTail(place)}\nWhat to do: ${consoleRemedy(place)}`,
        );
      const init = containerInit(nspawn.pid);
      if (!init) return false;
      const result = await execInHost(init, ['systemctl', 'is-system-running'], { timeoutMs: 5_000 });
      return /^(running|degraded)$/.test(result.stdout.trim());
    },
  );
}

function consoleTail(place: HostPlace): string {
  try {
    return readFileSync(`${place.layout.memberFolder(place.host.name)}/console.log`, 'utf8')
      .trim()
      .split('\n')
      .slice(-10)
      .join('\n');
  } catch {
    return '';
  }
}

function consoleRemedy(place: HostPlace): string {
  return `read ${place.layout.memberFolder(place.host.name)}/console.log; then scripts/down and up again.`;
}

/** The host's nspawn processes by their arguments: also those that no state file knows of. */
export function findNspawn(layout: Layout, host: string): ProcessId[] {
  const wanted = `--directory=${layout.rootOf(host)}`;
  return allProcesses().filter(
    (item) => basename(item.argv[0] ?? '') === 'systemd-nspawn' && item.argv.includes(wanted),
  );
}

/** Power off, orderly: systemd inside ends its units. What does not end in time is killed; returns whether it ended by itself. */
export async function stopHost(place: HostPlace, nspawn: ProcessId, timeoutMs = STOP_TIMEOUT_MS): Promise<boolean> {
  const init = containerInit(nspawn.pid);
  if (init) await execInHost(init, ['systemctl', '--no-block', 'poweroff'], { timeoutMs: 5_000 });
  try {
    await until({ what: '', remedy: '', timeoutMs: init ? timeoutMs : 0 }, () => !isRunning(nspawn));
  } catch {
    // Killed below.
  }
  const isOrderly = !isRunning(nspawn);
  await killHost(place);
  return isOrderly;
}

/** As if the power were cut: cables first, then SIGKILL to init and container. Nothing inside gets to say goodbye. */
export async function killHost(place: HostPlace): Promise<void> {
  const { layout, host } = place;
  const ports = host.nics.map((_, index) => switchPort(host.name, index));
  await setPorts(layout, ports, 'down');
  const running = findNspawn(layout, host.name);
  // An init ends after all processes of its host: the kernel holds it until then.
  const inits = running.flatMap((nspawn) => containerInit(nspawn.pid) ?? []);
  for (const init of inits) signal(init, 'SIGKILL');
  for (const nspawn of running) endTree(nspawn.pid);
  // A frozen process dies only when it is thawed.
  freezeGroup(cgroupStyle(), layout.cgroup(host.name), layout.machineName(host.name), false);
  await until(
    {
      what: `the processes of ${host.name} to end`,
      remedy: 'find processes in state D with: ps aux',
      timeoutMs: STOP_TIMEOUT_MS,
    },
    () => [...running, ...inits].every((item) => !isRunning(item)),
  );
}

/** Removes what a host that no longer runs left in the kernel and in /run: NICs, namespace, mounts, groups. Its files stay. */
export async function clearHost(place: HostPlace): Promise<void> {
  const { layout, host } = place;
  await unplug(layout, host.name, host.nics);
  await removeNetns(layout.hostNetns(host.name));
  await clearContainerTraces(layout.machineName(host.name), layout.rootOf(host.name));
  await unmountBelow(layout.memberFolder(host.name));
  const style = cgroupStyle();
  await until(
    {
      what: `the groups of ${host.name} to be empty`,
      remedy: 'find processes in state D with: ps aux',
      timeoutMs: STOP_TIMEOUT_MS,
    },
    () => removeGroups(style, layout.cgroup(host.name)),
  );
  // A scope of a killed container may linger as failed and keep its name.
  if (style.kind === 'systemd')
    await run(['systemctl', 'reset-failed', `${layout.machineName(host.name)}.scope`], { timeoutMs: 10_000 });
}

/** What nspawn leaves in /run/systemd/nspawn when it is killed: a folder by the machine's name, a lock by its root's inode. */
async function clearContainerTraces(machine: string, root: string): Promise<void> {
  for (const kind of ['propagate', 'unix-export']) {
    const folder = `${NSPAWN_RUN}/${kind}/${machine}`;
    await unmountBelow(folder);
    rmSync(folder, { recursive: true, force: true });
  }
  if (!existsSync(root)) return;
  const { dev, ino } = statSync(root);
  rmSync(`${NSPAWN_RUN}/locks/inode-${dev}:${ino}`, { force: true });
}

/** Removes the folders that nspawn made in /run, if nothing of anybody is in them. */
export function removeEmptyRunFolders(): void {
  for (const folder of [...['propagate', 'unix-export', 'locks'].map((name) => `${NSPAWN_RUN}/${name}`), NSPAWN_RUN]) {
    try {
      rmdirSync(folder);
    } catch {
      // Not empty or not there.
    }
  }
}
