import { AppError } from '../../core/errors.ts';
import { addressOf, API_PORT, type LabClient, type Topology } from '../../lab/topology.ts';
import type { DhcpProberConfig, ProberConfig } from '../probes/config.ts';
import { type Prober, startDhcpProber, startProber } from '../probes/start-prober.ts';
import type { Probed, Probes } from './round.ts';
import { CLIENT, READ_PATH, type Environment } from './environment.ts';

const BEAT_MS = 50;
const DHCP_EVERY_MS = 1_000;
const PROXY_EVERY_MS = 250;
const PROXY_PORT = 8000;
const STOP_MS = 12_000;
/**
 * A region holds a read for 15 s while the database moves: who asks once and gives up after 1 s counts its own impatience as failures. The outage of
 * the lane is by answers, so this does not change it.
 */
const READ_MS = 5_000;
const READY_MS = 30_000;
const ORIGIN_PORT = 8081;
const ZONE = 'regent.internal';

/** Probes as clients of the lab: of the API, the resolvers and the proxy on the management network, and machines on each VLAN. */
export async function startLabProbes(environment: Environment, ledger: string): Promise<Probes> {
  const vlans = environment.topology.networks.filter(({ served }) => served !== undefined).map(({ name }) => name);
  const started: Prober[] = [];
  const kill = () => started.forEach((prober) => prober.kill());
  const keep = async (starting: Promise<Prober>) => void started.push(await starting);
  const results = await Promise.allSettled([
    keep(startProber(environment.layout.clientNetns(CLIENT), apiConfig(environment, ledger))),
    // Resolvers and proxy serve machines on VLANs: others are asked to slow down, or refused.
    ...vlans
      .slice(0, 1)
      .map((vlan) => keep(startProber(environment.layout.clientNetns(vlan), machineConfig(environment, vlan)))),
    ...vlans.map((vlan, index) =>
      keep(startDhcpProber(environment.layout.clientNetns(vlan), dhcpConfig(environment, vlan, index))),
    ),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    kill();
    throw failed.reason;
  }
  let stopping: Promise<Probed> | null = null;
  return {
    ready: () => waitUntilAnswered(environment, started),
    stop: () => (stopping ??= stopAll(started).finally(kill)),
  };
}

async function stopAll(probers: readonly Prober[]): Promise<Probed> {
  const records = await Promise.all(probers.map((prober) => prober.stop()));
  const all = <T>(pick: (record: (typeof records)[number]) => readonly T[]) => records.flatMap(pick);
  return {
    lanes: all(({ lanes }) => lanes),
    acknowledged: all((record) => record.ledger.acknowledged),
    ambiguous: all((record) => record.ledger.ambiguous),
    refused: all((record) => record.ledger.refused),
  };
}

async function waitUntilAnswered(environment: Environment, probers: readonly Prober[]): Promise<void> {
  const end = environment.now() + READY_MS;
  for (;;) {
    const silent = probers.flatMap((prober) => {
      const failure = prober.failure();
      if (failure) throw failure;
      const { lanes } = prober.record();
      if (lanes.length === 0) return ['all'];
      return lanes.filter(({ samples }) => samples.every(({ why }) => why !== undefined)).map(({ probe }) => probe);
    });
    if (silent.length === 0) return;
    if (environment.now() > end)
      throw new AppError('drill', `No good answer within ${READY_MS / 1000} s, before any fault: ${silent.join(', ')}`);
    await environment.wait(100);
  }
}

function apiConfig({ vip, apiKey, beatMs = BEAT_MS }: Environment, ledger: string): ProberConfig {
  return {
    everyMs: beatMs,
    stopMs: STOP_MS,
    api: { host: vip, port: API_PORT, apiKey },
    write: {
      method: 'POST',
      path: '/api/v1/drills/ledger',
      body: `{"run":"${ledger}","number":{number}}`,
      firstNumber: 1,
      timeoutMs: 2_000,
      deadlineMs: 60_000,
    },
    read: { path: READ_PATH, timeoutMs: READ_MS },
    vip: { host: vip, port: API_PORT, timeoutMs: 300 },
  };
}

function machineConfig({ topology, vip, beatMs = BEAT_MS }: Environment, vlan: string): ProberConfig {
  const client = clientOf(topology, vlan);
  const nameOf = (address: string) =>
    topology.hosts.find(({ nics }) => nics.some((nic) => addressOf(nic) === address))?.name ?? address;
  const servers = client.resolvers.slice(0, 2).map((address) => ({ host: nameOf(address), address }));
  return {
    everyMs: beatMs,
    stopMs: STOP_MS,
    dns: { name: ZONE, type: 'SOA', timeoutMs: 300, servers, lookup: servers },
    proxy: {
      host: vip,
      port: PROXY_PORT,
      origin: addressOf(client.nic),
      originPort: ORIGIN_PORT,
      everyMs: Math.max(PROXY_EVERY_MS, beatMs),
      timeoutMs: 1_000,
    },
  };
}

function clientOf({ clients }: Topology, network: string): LabClient {
  const client = clients.find(({ name }) => name === network);
  if (client === undefined) throw new AppError('drill', `The lab has no client on ${network}`);
  return client;
}

/** Machines that no earlier round had: their numbers go with the clock, and each VLAN has its own two hundred of a second. */
function dhcpConfig(environment: Environment, vlan: string, index: number): DhcpProberConfig {
  const firstMachine = (Math.floor(environment.now() / 1000) % 40_000) * 400 + (index % 2) * 200 + 1;
  return { vlan, everyMs: DHCP_EVERY_MS, timeoutMs: 900, stopMs: STOP_MS, firstMachine };
}
