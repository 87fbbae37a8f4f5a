import { isForwarding } from './forward.ts';
import type { Layout } from './layout.ts';
import { isRunning } from './process.ts';
import { readState } from './state.ts';
import { addressOf } from './topology.ts';

/** What a lab is doing now. */
export interface LabStatus {
  readonly instance: string;
  /** Every host runs. */
  readonly isUp: boolean;
  readonly folder: string;
  readonly hosts: readonly HostStatus[];
  readonly clients: readonly { readonly name: string; readonly address: string; readonly resolver: string }[];
}

interface HostStatus {
  readonly name: string;
  readonly isRunning: boolean;
  readonly addresses: Readonly<Record<string, string>>;
  /** Where the host's API is reached from the outer machine; null when it is not offered. */
  readonly url: string | null;
}

/** Reads the state and looks which of its processes run. */
export function labStatus(layout: Layout): LabStatus {
  const state = readState(layout);
  const hosts = (state?.topology.hosts ?? []).map((host): HostStatus => {
    const id = state?.hosts[host.name];
    const forwarder = state?.forwarders.find((item) => item.host === host.name);
    return {
      name: host.name,
      isRunning: id !== undefined && isRunning(id),
      addresses: Object.fromEntries(host.nics.map((nic) => [nic.network, addressOf(nic)])),
      url: forwarder && isForwarding(forwarder) ? `http://127.0.0.1:${forwarder.port}` : null,
    };
  });
  const clients = (state?.topology.clients ?? []).map((item) => ({
    name: item.name,
    address: addressOf(item.nic),
    resolver: item.resolver,
  }));
  const isUp = hosts.length > 0 && hosts.every((host) => host.isRunning);
  return { instance: layout.instance, isUp, folder: layout.folder, hosts, clients };
}

/** The same for people. */
export function statusText(status: LabStatus): string {
  if (status.hosts.length === 0) return `lab "${status.instance}": nothing is there; start it with: sudo scripts/up\n`;
  const hosts = status.hosts.map((host) => {
    const addresses = Object.entries(host.addresses).map(([network, address]) => `${address} (${network})`);
    const api = host.url ? `  API ${host.url}` : '';
    return `  host ${host.name.padEnd(8)} ${host.isRunning ? 'running' : 'STOPPED'}  ${addresses.join('  ')}${api}`;
  });
  const clients = status.clients.map(
    (item) => `  client ${item.name.padEnd(6)} ${item.address}  resolver ${item.resolver}`,
  );
  return [`lab "${status.instance}"`, ...hosts, ...clients, ''].join('\n');
}
