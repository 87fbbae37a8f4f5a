import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import { run } from './command.ts';
import { ensureBase, type Progress, removeAbandonedBuilds, removeUnusedBases } from './base.ts';
import { cgroupStyle, freezeGroup } from './cgroup.ts';
import { execHost } from './exec.ts';
import { isForwarding, startForwarder } from './forward.ts';
import {
  clearHost,
  findNspawn,
  type HostPlace,
  killHost,
  prepareHostRoot,
  removeEmptyRunFolders,
  startHost,
  stopHost,
  waitForBoot,
} from './host.ts';
import { LAB_ROOT, type Layout, layoutOf, ownsNetns } from './layout.ts';
import { mountOverlay, removeTree, unmountBelow } from './mounts.ts';
import {
  addressClient,
  ensureNetns,
  ensureSwitch,
  netnsNames,
  plug,
  removeEmptyNetnsFolder,
  removeNetns,
} from './network.ts';
import { isRunning, signal } from './process.ts';
import { type LabState, needState, readState, writeState } from './state.ts';
import type { LabHost, Topology } from './topology.ts';

/** How a lab is brought up. `program`: path of the entry that `serveForward` is reached by. */
export interface UpOrder {
  readonly layout: Layout;
  readonly topology: Topology;
  readonly packagesFile: string;
  readonly program: string;
  readonly progress: Progress;
}

/** Brings every host and client of the topology up. What runs already is left alone, so a second call is quick and harmless. */
export async function up(order: UpOrder): Promise<LabState> {
  const { layout, topology, progress } = order;
  const before = readState(layout);
  // Hosts keep the base that their files were written over, whatever the package list has become since.
  const base = before && existsSync(before.base) ? before.base : await ensureBase(order.packagesFile, progress);
  let state: LabState = {
    version: 1,
    topology,
    base,
    hosts: before?.hosts ?? {},
    forwarders: before?.forwarders ?? [],
    seeded: before?.seeded ?? [],
  };
  writeState(layout, state);
  await ensureSwitch(layout, topology);
  const booting: HostPlace[] = [];
  for (const host of topology.hosts) {
    const place = { layout, topology, host };
    const known = state.hosts[host.name];
    if (known && isRunning(known)) continue;
    progress(`boot ${host.name}`);
    await killHost(place);
    await clearHost(place);
    await prepareHostRoot(place, base);
    state = { ...state, hosts: { ...state.hosts, [host.name]: await startHost(place) } };
    writeState(layout, state);
    booting.push(place);
  }
  await Promise.all(booting.map((place) => waitForBoot(place, needHost(state, place.host))));
  for (const client of topology.clients) await ensureClient(layout, base, topology, client.name);
  state = await ensureForwarders(order, state);
  return state;
}

function needHost(state: LabState, host: LabHost) {
  const id = state.hosts[host.name];
  if (!id) throw new AppError('lab_boot', `No process is recorded for ${host.name}.`);
  return id;
}

async function ensureClient(layout: Layout, base: string, topology: Topology, name: string): Promise<void> {
  const client = topology.clients.find((item) => item.name === name);
  if (!client) return;
  const member = `c.${name}`;
  await mountOverlay(base, layout.memberFolder(member));
  writeFileSync(
    `${layout.rootOf(member)}/etc/resolv.conf`,
    `nameserver ${client.resolver}\noptions timeout:2 attempts:2\n`,
  );
  await ensureNetns(layout.clientNetns(name));
  await plug(layout, member, layout.clientNetns(name), [client.nic]);
  await addressClient(layout, client);
}

async function ensureForwarders(order: UpOrder, before: LabState): Promise<LabState> {
  let state = before;
  for (const host of order.topology.hosts) {
    if (host.apiPort === undefined) continue;
    const known = state.forwarders.find((item) => item.host === host.name);
    if (known && isForwarding(known)) continue;
    const { program, layout } = order;
    // The address that people have noted stays when it is still free.
    const firstPort = known?.port ?? host.apiPort;
    const forwarder = await startForwarder(layout, { host: host.name, insidePort: host.apiPort, firstPort, program });
    state = { ...state, forwarders: [...state.forwarders.filter((item) => item.host !== host.name), forwarder] };
    writeState(layout, state);
  }
  return state;
}

/** How a lab is taken down. `purge`: files too. `keepBases`: the cache stays for the next one (tests). */
export interface DownOrder {
  readonly layout: Layout;
  readonly isPurge: boolean;
  readonly keepBases?: boolean;
  readonly progress: Progress;
}

/**
 * Takes a lab down, in whatever state it is: up, half up, killed in the middle, after a reboot, or not there at all. Everything is
 * found by the names that only this instance uses; a process is ended only when it is in one of its namespaces, is a container on
 * one of its roots, or is recorded with its start time.
 */
export async function down(order: DownOrder): Promise<void> {
  const { layout, progress } = order;
  const state = readState(layout);
  for (const forwarder of state?.forwarders ?? []) signal(forwarder, 'SIGKILL');
  const places = (state?.topology ?? leftovers(layout)).hosts.map((host) => ({
    layout,
    topology: state?.topology ?? leftovers(layout),
    host,
  }));
  await Promise.all(
    places.map(async (place) => {
      const running = findNspawn(layout, place.host.name)[0];
      if (running) progress(`stop ${place.host.name}`);
      if (running && !order.isPurge) await stopHost(place, running);
      else await killHost(place);
      await clearHost(place);
    }),
  );
  const members = memberNames(layout, state);
  for (const netns of netnsNames()) {
    if (ownsNetns(layout, netns, members)) await removeNetns(netns);
  }
  await unmountBelow(layout.folder);
  if (!order.isPurge) {
    if (state) writeState(layout, { ...state, hosts: {} });
    return;
  }
  progress('remove files');
  await removeTree(layout.folder);
  await removeAbandonedBuilds();
  removeEmptyRunFolders();
  await removeEmptyNetnsFolder();
  if (order.keepBases !== true) await removeUnusedBases(basesInUse());
  await run(['rmdir', '--ignore-fail-on-non-empty', LAB_ROOT], { timeoutMs: 10_000 });
  rmSync(layout.lockFile, { force: true });
}

/** Hosts and clients by their folders, for a lab whose state file is lost. NICs are unknown, but go with the switch. */
function leftovers(layout: Layout): Topology {
  const names = existsSync(`${layout.folder}/members`) ? readdirSync(`${layout.folder}/members`) : [];
  const hosts = names.filter((name) => !name.startsWith('c.')).map((name) => ({ name, nics: [] }));
  return { name: 'leftovers', networks: [], hosts, clients: [] };
}

function memberNames(layout: Layout, state: LabState | null): string[] {
  const folders = existsSync(`${layout.folder}/members`) ? readdirSync(`${layout.folder}/members`) : [];
  const known = [...(state?.topology.hosts ?? []), ...(state?.topology.clients ?? [])].map((item) => item.name);
  return [...new Set([...folders.map((name) => name.replace(/^c\./, '')), ...known])];
}

/** Bases that any lab of this machine lies on. */
function basesInUse(): ReadonlySet<string> {
  const instances = existsSync(LAB_ROOT)
    ? readdirSync(LAB_ROOT).filter((name) => existsSync(`${LAB_ROOT}/${name}/state.json`))
    : [];
  return new Set(instances.flatMap((name) => readState(layoutOf(name))?.base ?? []));
}

/** Cuts the power of one host. */
export async function kill(layout: Layout, host: string): Promise<void> {
  await killHost(placeOf(layout, host));
}

/** Powers one host off, orderly. */
export async function stop(layout: Layout, host: string): Promise<void> {
  const place = placeOf(layout, host);
  const running = findNspawn(layout, host)[0];
  if (running) await stopHost(place, running);
}

function placeOf(layout: Layout, name: string): HostPlace {
  const { topology } = needState(layout);
  const host = topology.hosts.find((item) => item.name === name);
  if (!host)
    throw new Error(
      `The lab has no host "${name}". What to do: name one of ${topology.hosts.map((item) => item.name).join(', ')}.`,
    );
  return { layout, topology, host };
}

/** SIGSTOP (or SIGCONT) to every process of a unit: it hangs as a daemon does that no longer answers. */
export async function setUnitPaused(layout: Layout, host: string, unit: string, isPaused: boolean): Promise<void> {
  const name = isPaused ? 'SIGSTOP' : 'SIGCONT';
  const result = await execHost(layout, host, ['systemctl', 'kill', '--kill-whom=all', `--signal=${name}`, unit], {
    timeoutMs: 10_000,
  });
  if (result.code !== 0) {
    const words = result.isTimeout ? 'systemctl did not answer within 10 s' : result.stderr.trim();
    throw new AppError(
      'lab_unit',
      `${name} to ${unit} in ${host}: ${words}. What to do: scripts/lab exec ${host} -- systemctl list-units`,
    );
  }
}

/** Stops, or continues, every process of a host at once, its init included: a machine that hangs. Commands in it then time out. */
export function setHostFrozen(layout: Layout, host: string, isFrozen: boolean): void {
  placeOf(layout, host);
  if (freezeGroup(cgroupStyle(), layout.cgroup(host), layout.machineName(host), isFrozen)) return;
  throw new AppError(
    'lab_host',
    `This machine has no freezer for ${host}. What to do: scripts/lab pause ${host} UNIT stops one unit.`,
  );
}
