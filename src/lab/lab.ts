import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { AppError } from '../core/errors.ts';
import { PORTS } from '../core/node-ports.ts';
import { run } from './command.ts';
import { ensureBase, type Progress, removeAbandonedBuilds, removeUnusedBases } from './base.ts';
import { pullCutCables } from './faults/network.ts';
import { type ForwardTarget, isForwarding, startForwarder, UI_FORWARDER, VIP_FORWARDER } from './outer/forward.ts';
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
import { removeSaved, savedBases } from './outer/saved.ts';
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
import { type LabState, needState, portsOfOthers, readState, writeState } from './state.ts';
import { API_PORT, bareAddress, type LabClient, machinesHost, type Topology } from './topology.ts';

/** How a lab is brought up. `program`: path of the entry that `serveForward` is reached by. `only`: one host, the others stay as they are. */
export interface UpOrder {
  readonly layout: Layout;
  readonly topology: Topology;
  readonly packagesFile: string;
  readonly program: string;
  readonly progress: Progress;
  readonly only?: string;
}

/**
 * Brings every host and client of the topology up, all at once. What runs already is left alone, so a second call is quick and
 * harmless; a topology may grow, but what is there stays as it is. Throws AppError `lab_topology` otherwise.
 */
export async function up(order: UpOrder): Promise<LabState> {
  const { layout, topology, progress } = order;
  const before = readState(layout);
  checkGrowth(layout, before, topology);
  // Hosts keep the base that their files were written over, whatever the package list has become since.
  const base = before && existsSync(before.base) ? before.base : await ensureBase(order.packagesFile, progress);
  const machinesBase = await machinesBaseOf(order, before);
  let state: LabState = {
    version: 1,
    topology,
    base,
    ...(machinesBase === null ? {} : { machinesBase }),
    hosts: before?.hosts ?? {},
    forwarders: before?.forwarders ?? [],
    seeded: before?.seeded ?? [],
  };
  writeState(layout, state);
  await ensureSwitch(layout, topology);
  const places = topology.hosts.flatMap((host): HostPlace[] => {
    const known = state.hosts[host.name];
    const isWanted = order.only === undefined || order.only === host.name;
    return !isWanted || (known && isRunning(known)) ? [] : [{ layout, topology, host }];
  });
  const booted = await Promise.all(
    places.map(async (place) => {
      progress(`boot ${place.host.name}`);
      await killHost(place);
      await clearHost(place);
      await prepareHostRoot(place, place.host.machines ? (machinesBase ?? base) : base);
      const nspawn = await startHost(place);
      state = { ...state, hosts: { ...state.hosts, [place.host.name]: nspawn } };
      writeState(layout, state);
      return { place, nspawn };
    }),
  );
  await pullCutCables(layout);
  await Promise.all([
    ...booted.map(({ place, nspawn }) => waitForBoot(place, nspawn)),
    ...topology.clients.map((client) => ensureClient(layout, base, client)),
  ]);
  return ensureForwarders(order, state);
}

/** The base of the machines' host, if there is one: the one that it has already, or a new one. */
async function machinesBaseOf({ topology, packagesFile, progress }: UpOrder, before: LabState | null) {
  if (machinesHost(topology) === null) return null;
  const known = before?.machinesBase;
  return known !== undefined && existsSync(known) ? known : await ensureBase(packagesFile, progress, 'machines');
}

/** A lab's hosts and clients keep their cables for life: files in them know their addresses. */
function checkGrowth(layout: Layout, before: LabState | null, topology: Topology): void {
  const cablesOf = ({ hosts, clients }: Topology) =>
    [...hosts, ...clients].map((item) => JSON.stringify([item.name, 'nic' in item ? item.nic : item.nics]));
  const wanted = new Set(cablesOf(topology));
  if (!before || cablesOf(before.topology).every((item) => wanted.has(item))) return;
  throw new AppError(
    'lab_topology',
    `The lab "${layout.instance}" exists as "${before.topology.name}" and cannot change to "${topology.name}". What to do: sudo scripts/down --purge first, or take another name with REGENT_LAB.`,
  );
}

async function ensureClient(layout: Layout, base: string, client: LabClient): Promise<void> {
  const member = `c.${client.name}`;
  await mountOverlay([base], layout.memberFolder(member));
  writeFileSync(
    `${layout.rootOf(member)}/etc/resolv.conf`,
    [...client.resolvers.map((address) => `nameserver ${address}`), 'options timeout:2 attempts:2', ''].join('\n'),
  );
  await ensureNetns(layout.clientNetns(client.name));
  await plug(layout, member, layout.clientNetns(client.name), [client.nic]);
  await addressClient(layout, client);
}

async function ensureForwarders(order: UpOrder, before: LabState): Promise<LabState> {
  const { topology, layout, program } = order;
  let state = before;
  const targets: ForwardTarget[] = topology.hosts.flatMap((host) =>
    host.apiPort === undefined
      ? []
      : [{ name: host.name, netns: layout.hostNetns(host.name), address: '127.0.0.1', port: host.apiPort }],
  );
  // From the site's router, which no fault of a host takes away.
  const vip = topology.vip === undefined ? null : bareAddress(topology.vip);
  if (vip) {
    const netns = layout.switchNetns;
    targets.push(
      { name: VIP_FORWARDER, netns, address: vip, port: API_PORT },
      { name: UI_FORWARDER, netns, address: vip, port: PORTS.https },
    );
  }
  for (const target of targets) {
    const known = state.forwarders.find((item) => item.host === target.name);
    if (known && isForwarding(known)) continue;
    // The address that people have noted stays when it is still free; what another lab's people have noted is left alone.
    const ports = known ? { firstPort: known.port } : { firstPort: target.port, except: portsOfOthers(layout) };
    const forwarder = await startForwarder({ target, ...ports, program });
    state = { ...state, forwarders: [...state.forwarders.filter((item) => item.host !== target.name), forwarder] };
    writeState(layout, state);
  }
  return state;
}

/** How a lab is taken down. `purge`: files too. `keepBases`: the cache stays for the next one (tests). `dropsSaved`: saved labs go with the last lab. */
export interface DownOrder {
  readonly layout: Layout;
  readonly isPurge: boolean;
  readonly keepBases?: boolean;
  readonly dropsSaved?: boolean;
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
  if (order.keepBases !== true) {
    if (order.dropsSaved === true && instanceNames().length === 0) await removeSaved();
    await removeUnusedBases(basesInUse());
  }
  await run(['rmdir', '--ignore-fail-on-non-empty', LAB_ROOT], { timeoutMs: 10_000 });
  for (const file of layout.lockFiles) rmSync(file, { force: true });
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

/** Bases that any lab of this machine lies on, also one at rest. */
function basesInUse(): ReadonlySet<string> {
  const basesOf = (state: LabState | null) => (state === null ? [] : [state.base, state.machinesBase ?? []].flat());
  return new Set([...instanceNames().flatMap((name) => basesOf(readState(layoutOf(name)))), ...savedBases()]);
}

function instanceNames(): string[] {
  if (!existsSync(LAB_ROOT)) return [];
  return readdirSync(LAB_ROOT).filter((name) => existsSync(`${LAB_ROOT}/${name}/state.json`));
}

/** Cuts the power of one host. */
export async function kill(layout: Layout, host: string): Promise<void> {
  await killHost(placeOf(layout, host));
}

/** Powers one host off, orderly; returns whether it ended by itself in time. */
export async function stop(layout: Layout, host: string, timeoutMs?: number): Promise<boolean> {
  const place = placeOf(layout, host);
  const running = findNspawn(layout, host)[0];
  return running ? await stopHost(place, running, timeoutMs) : true;
}

/** A host of a lab. Throws AppError `lab_host` when there is none of that name. */
export function placeOf(layout: Layout, name: string): HostPlace {
  const { topology } = needState(layout);
  const host = topology.hosts.find((item) => item.name === name);
  if (!host)
    throw new AppError(
      'lab_host',
      `The lab has no host "${name}". What to do: name one of ${topology.hosts.map((item) => item.name).join(', ')}.`,
    );
  return { layout, topology, host };
}
