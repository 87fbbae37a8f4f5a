import { AppError } from '../../core/errors.ts';
import { addressOf, API_PORT, type LabClient, type Topology } from '../../lab/topology.ts';
import type { DhcpProberConfig, ProberConfig } from '../probes/config.ts';
import { type Prober, type ProberRecord, startDhcpProber, startProber } from '../probes/start-prober.ts';
import { STEADY_ANSWERS } from '../../judge/recording.ts';
import { kindOf } from '../../judge/rules.ts';
import type { Lane, SharedAddress } from '../../judge/timeline.ts';
import { type RealClients, startRealClients } from './machines/real-clients.ts';
import type { Probed, Probes } from './round.ts';
import { CLIENT, READ_PATH, type Environment } from './environment.ts';

const BEAT_MS = 50;
const DHCP_EVERY_MS = 1_000;
/** With a population there is room for a finer measure. */
const DHCP_OFTEN_MS = 250;
const PROXY_EVERY_MS = 250;
const MAAS_EVERY_MS = 250;
const PROXY_PORT = 8000;
const STOP_MS = 12_000;
/**
 * A region holds a read for 15 s while the database moves: who asks once and gives up after 1 s counts its own impatience as failures. The outage of
 * the lane is by answers, so this does not change it.
 */
const READ_MS = 5_000;
const READY_MS = 60_000;
const ORIGIN_PORT = 8081;
const ZONE = 'regent.internal';

/** Probes as clients of the lab: of the API, the resolvers and the proxy on the management network, and machines on each VLAN. */
export async function startLabProbes(environment: Environment, ledger: string): Promise<Probes> {
  const vlans = environment.topology.networks.filter(({ served }) => served !== undefined).map(({ name }) => name);
  const started: Prober[] = [];
  const machines = new Map<string, Prober>();
  const real: RealClients[] = [];
  const kill = () => started.forEach((prober) => prober.kill());
  const keep = async (starting: Promise<Prober>) => void started.push(await starting);
  const results = await Promise.allSettled([
    keep(startProber(environment.layout.clientNetns(CLIENT), apiConfig(environment, ledger))),
    // Resolvers and proxy serve machines on VLANs: others are slowed down, or refused.
    ...vlans
      .slice(0, 1)
      .map((vlan) => keep(startProber(environment.layout.clientNetns(vlan), machineConfig(environment, vlan)))),
    ...vlans.map(async (vlan, index) => {
      const netns = environment.layout.clientNetns(vlan);
      const prober = await startDhcpProber(netns, dhcpConfig(environment, vlan, index));
      started.push(prober);
      machines.set(vlan, prober);
    }),
    ...vlans.map(async (vlan, index) => {
      const count = realOn(environment, vlans.length, index);
      if (count > 0) real.push(await startRealClients(environment, vlan, count));
    }),
  ]);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) {
    kill();
    await Promise.allSettled(real.map((clients) => clients.stop()));
    throw failed.reason;
  }
  let stopping: Promise<Probed> | null = null;
  return {
    ready: () => waitUntilAnswered(environment, started),
    burst: () => machines.forEach((prober) => prober.burst()),
    stop: () => (stopping ??= stopAll(started, machines, real).finally(kill)),
  };
}

/** The clients of one VLAN, of all that are wanted. */
function realOn({ population }: Environment, vlans: number, index: number): number {
  const all = population?.real ?? 0;
  return Math.floor(all / vlans) + (index < all % vlans ? 1 : 0);
}

async function stopAll(
  probers: readonly Prober[],
  machines: ReadonlyMap<string, Prober>,
  real: readonly RealClients[],
): Promise<Probed> {
  const seen = await Promise.all(real.map((clients) => clients.stop()));
  const records = await Promise.all(probers.map((prober) => prober.stop()));
  const all = <T>(pick: (record: (typeof records)[number]) => readonly T[]) => records.flatMap(pick);
  return {
    lanes: [...all(({ lanes }) => lanes).map(markBurst), ...seen.map(({ lane }) => lane)],
    sharedAddresses: [...machines].flatMap(([network, prober]) => sharedOn(network, prober.record(), seen)),
    acknowledged: all((record) => record.ledger.acknowledged),
    ambiguous: all((record) => record.ledger.ambiguous),
    refused: all((record) => record.ledger.refused),
  };
}

const markBurst = (lane: Lane): Lane => (kindOf(lane.probe) === 'arrive' ? { ...lane, isBurst: true } : lane);

/** What the prober received; and what both a machine of its own and a real client had at the end. */
function sharedOn(
  network: string,
  { shared, held }: ProberRecord,
  real: readonly Awaited<ReturnType<RealClients['stop']>>[],
): SharedAddress[] {
  const both = real
    .filter(({ lane }) => lane.probe === `real ${network}`)
    .flatMap(({ addresses, lane }) =>
      addresses
        .filter(([address]) => held.includes(address))
        .map(([address, second]) => ({ at: lane.samples.at(-1)?.endedAt ?? 0, address, first: 'a probe', second })),
    );
  return [...shared, ...both].map((item) => ({ ...item, network }));
}

/** As many good answers of each lane as its recording needs: on a busy machine a new lease takes seconds. */
async function waitUntilAnswered(environment: Environment, probers: readonly Prober[]): Promise<void> {
  const end = environment.now() + READY_MS;
  for (;;) {
    const silent = probers.flatMap((prober) => {
      const failure = prober.failure();
      if (failure) throw failure;
      const { lanes } = prober.record();
      if (lanes.length === 0) return ['all'];
      // Probes that ask in bursts have not started yet.
      const steadyLanes = lanes.map(markBurst).filter(({ isBurst }) => !isBurst);
      return steadyLanes
        .filter(({ samples }) => samples.filter(({ why }) => why === undefined).length < STEADY_ANSWERS)
        .map(({ probe }) => probe);
    });
    if (silent.length === 0) return;
    if (environment.now() > end)
      throw new AppError(
        'drill',
        `Fewer than ${STEADY_ANSWERS} good answers within ${READY_MS / 1000} s, before any fault: ${silent.join(', ')}`,
      );
    await environment.wait(100);
  }
}

function apiConfig({ vip, apiKey, beatMs = BEAT_MS, asksMaas = false }: Environment, ledger: string): ProberConfig {
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
    ...(asksMaas && {
      maas: { file: `drill-${ledger}`, everyMs: Math.max(MAAS_EVERY_MS, beatMs), timeoutMs: READ_MS },
    }),
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

/** Machines that no earlier round had: their numbers go with the clock, and each VLAN has its own two thousand of a second. */
function dhcpConfig(environment: Environment, vlan: string, index: number): DhcpProberConfig {
  const firstMachine = (Math.floor(environment.now() / 1000) % 4_000) * 4_000 + (index % 2) * 2_000 + 1;
  const { population } = environment;
  const everyMs = population === undefined ? DHCP_EVERY_MS : DHCP_OFTEN_MS;
  return { vlan, everyMs, timeoutMs: 900, stopMs: STOP_MS, firstMachine, ...(population && { population }) };
}
