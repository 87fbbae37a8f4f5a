import { filledDisks } from './faults/fill.ts';
import { isHostFrozen, pausedUnits } from './faults/hang.ts';
import { networkFaults } from './faults/network.ts';
import { faultText } from './faults/fault-text.ts';
import { isForwarding, UI_FORWARDER, VIP_FORWARDER } from './outer/forward.ts';
import type { Layout } from './layout.ts';
import { type MachineStatus, machineStates } from './machines/machines.ts';
import { machineLine } from './machines/text.ts';
import { netnsNames } from './network.ts';
import { isRunning } from './process.ts';
import { type LabState, readState } from './state.ts';
import { addressOf, type LabHost } from './topology.ts';

/** What a lab is doing now. */
export interface LabStatus {
  readonly instance: string;
  /** What the lab consists of, as text; empty without a lab. */
  readonly topology: string;
  /** Every host runs. */
  readonly isUp: boolean;
  readonly folder: string;
  readonly hosts: readonly HostStatus[];
  readonly clients: readonly {
    readonly name: string;
    readonly address: string;
    readonly resolvers: readonly string[];
  }[];
  readonly machines: readonly MachineStatus[];
  /** Where the cluster's API is reached from the outer machine, whoever serves it; else the first host's. */
  readonly url: string | null;
  /** Where the web UI is reached from the outer machine; null: it is not offered. */
  readonly ui: string | null;
}

interface HostStatus {
  readonly name: string;
  readonly isRunning: boolean;
  readonly addresses: Readonly<Record<string, string>>;
  /** Where the host's API is reached from the outer machine; null when it is not offered. */
  readonly url: string | null;
}

/** Reads the state and checks which of its processes run. */
export function labStatus(layout: Layout): LabStatus {
  const state = readState(layout);
  const urlOf = (name: string) => {
    const forwarder = state?.forwarders.find((item) => item.host === name);
    return forwarder && isForwarding(forwarder) ? `http://127.0.0.1:${forwarder.port}` : null;
  };
  const hosts = (state?.topology.hosts ?? []).map(
    (host): HostStatus => ({
      name: host.name,
      isRunning: state !== null && runs(state, host),
      addresses: Object.fromEntries(host.nics.map((nic) => [nic.network, addressOf(nic)])),
      url: urlOf(host.name),
    }),
  );
  const clients = (state?.topology.clients ?? []).map((item) => ({
    name: item.name,
    address: addressOf(item.nic),
    resolvers: item.resolvers,
  }));
  return {
    instance: layout.instance,
    topology: state?.topology.name ?? '',
    isUp: hosts.length > 0 && hosts.every((host) => host.isRunning),
    folder: layout.folder,
    hosts,
    clients,
    machines: state === null ? [] : machineStates(layout, state.topology),
    ui: urlOf(UI_FORWARDER)?.replace('http:', 'https:').concat('/ui/') ?? null,
    url: urlOf(VIP_FORWARDER) ?? hosts.find((host) => host.url !== null)?.url ?? null,
  };
}

function runs(state: LabState, host: LabHost): boolean {
  const id = state.hosts[host.name];
  return id !== undefined && isRunning(id);
}

/**
 * Everything that is wrong in the lab on purpose, each as the verb that made it, read from the kernel and from the file systems: also
 * what a killed command left. Empty: a healthy lab, as far as the lab goes.
 */
export async function labFaults(layout: Layout): Promise<string[]> {
  const state = readState(layout);
  if (!state) return [];
  const { hosts } = state.topology;
  const network = netnsNames().includes(layout.switchNetns) ? await networkFaults(layout) : [];
  return [
    ...network.map(faultText),
    ...hosts.flatMap((host) => (isHostFrozen(layout, host.name) ? [`pause ${host.name}`] : [])),
    ...hosts.flatMap((host) => pausedUnits(layout, host.name).map((unit) => `pause ${host.name} ${unit}`)),
    ...hosts.flatMap((host) => filledDisks(layout, host).map((path) => `fill ${host.name} ${path}`)),
  ];
}

/** The same for people. */
export function statusText(status: LabStatus, faults: readonly string[]): string {
  if (status.hosts.length === 0) return `lab "${status.instance}": nothing is there; start it with: sudo scripts/up\n`;
  const hosts = status.hosts.map((host) => {
    const addresses = Object.entries(host.addresses).map(([network, address]) => `${address} (${network})`.trim());
    const api = host.url ? `  API ${host.url}` : '';
    return `  host ${host.name.padEnd(8)} ${host.isRunning ? 'running' : 'STOPPED'}  ${addresses.join('  ')}${api}`;
  });
  const clients = status.clients.map(
    (item) => `  client ${item.name.padEnd(6)} ${item.address}  resolvers ${item.resolvers.join(' ')}`,
  );
  const machines = status.machines.map(machineLine);
  const isOwn = status.hosts.every((host) => host.url === null);
  const api = status.url && isOwn ? [`  API         ${status.url} (the cluster's address)`] : [];
  const wrong = faults.map((fault) => `  FAULT       ${fault}`);
  return [`lab "${status.instance}": ${status.topology}`, ...hosts, ...clients, ...machines, ...api, ...wrong, ''].join(
    '\n',
  );
}
