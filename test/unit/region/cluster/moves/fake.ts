import type { Service } from '../../../../../src/contract/cluster/service.ts';
import type { RestartRequest } from '../../../../../src/model/cluster/node.ts';
import type { JobEnd, JobKind, JobRun } from '../../../../../src/region/base/jobs/kind.ts';
import type { SiteSnapshot, MovePorts } from '../../../../../src/region/cluster/moves/move-run.ts';
import type { VlanServerState } from '../../../../../src/region/networks/dhcp/servers.ts';
import type { PatroniAnswer, PatroniState } from '../../../../../src/region/cluster/moves/patroni.ts';
import { NO_SEALER } from '../../../../../src/store/queries/base/sealing.ts';
import type { Tx } from '../../../../../src/store/tx.ts';
import { aSite, type NodeChanges } from '../fixture.ts';

/** What a fake cluster of r1 to r3 is, and does when it is told to move. Anything may be changed by a test at any time. */
export interface FakeCluster {
  leader: string | null;
  holder: string;
  isPaused: boolean;
  readonly drained: Set<string>;
  readonly nodes: Record<string, NodeChanges>;
  /** Who a switchover is answered by; the move itself happens for `done`, and for `doubtful` too. */
  answer: PatroniAnswer['kind'];
  /** Names of synchronous standbys; the leader is none, whoever is in here. */
  synchronous: string[];
  revision: number;
  compiled: number;
  readonly requests: RestartRequest[];
  readonly agents: Record<string, string>;
  readonly processes: Record<string, string>;
  /** What was done to it, in order. */
  readonly actions: string[];
  /** Events that were told. */
  readonly events: FakeEvent[];
  /** Generations: what is published for all nodes, and what is in force there. */
  generation: { published: number; applied: number };
  /** Called at every look: what goes on by itself. */
  tick: () => void;
  vlans: VlanServerState[];
  /** Nodes that are told to leave, nodes whose rows are gone, and members of etcd. */
  readonly leaving: Set<string>;
  readonly gone: Set<string>;
  voters: string[];
  /** Services that do not come back from a restart, as `r2/dns`. */
  readonly broken: Set<string>;
}

const SERVICES = ['db', 'dcs', 'dns', 'lb', 'vip'];

/** A cluster in which all is well: r1 leads the database and holds the address. Moves happen at once. */
export function fakeCluster(): FakeCluster {
  const cluster: FakeCluster = {
    leader: 'r1',
    holder: 'r1',
    isPaused: false,
    drained: new Set(),
    nodes: {},
    answer: 'done',
    synchronous: ['r1', 'r2', 'r3'],
    revision: 1,
    compiled: 1,
    requests: [],
    agents: { r1: 'a1', r2: 'a2', r3: 'a3' },
    processes: { r1: 'r1:1', r2: 'r2:1', r3: 'r3:1' },
    actions: [],
    events: [],
    generation: { published: 1, applied: 1 },
    broken: new Set(),
    vlans: [],
    leaving: new Set(),
    gone: new Set(),
    voters: ['r1', 'r2', 'r3'],
    tick: () => {
      cluster.compiled = cluster.revision;
      if (cluster.drained.has(cluster.holder))
        cluster.holder = ['r1', 'r2', 'r3'].find((name) => !cluster.drained.has(name)) ?? cluster.holder;
    },
  };
  return cluster;
}

function siteOf(cluster: FakeCluster) {
  const names = ['r1', 'r2', 'r3'];
  const members = names.map((name) => ({
    name,
    role: name === cluster.leader ? ('primary' as const) : ('standby' as const),
    state: name === cluster.leader ? 'running' : 'streaming',
    timeline: 7,
    lagBytes: 0,
    isSynchronous: name !== cluster.leader && cluster.synchronous.includes(name),
  }));
  const nodes = Object.fromEntries(
    names.map((name) => {
      const isLeader = name === cluster.leader;
      const db = { role: isLeader ? ('primary' as const) : ('standby' as const), isStreaming: !isLeader, members };
      const own: NodeChanges = {
        isDrained: cluster.drained.has(name),
        vip: { isHolder: cluster.holder === name },
        db,
        dcs: { members: cluster.voters.map((voter) => ({ name: voter, id: `a${voter}`, isLearner: false })) },
        ...(cluster.leaving.has(name) ? { state: 'leaving' as const } : {}),
        ...cluster.nodes[name],
      };
      return [name, own];
    }),
  );
  const site = aSite({ nodes: { ...nodes, k1: { isDrained: cluster.drained.has('k1'), ...cluster.nodes['k1'] } } });
  const since = (name: string) => cluster.agents[name] ?? '';
  return {
    ...site,
    nodes: site.nodes
      .filter(({ name }) => !cluster.gone.has(name))
      .map((node) => ({ ...node, agent: node.agent && { ...node.agent, since: since(node.name) } })),
  };
}

/** What a look at it sees. */
export function lookOf(cluster: FakeCluster): SiteSnapshot {
  const site = siteOf(cluster);
  const names = ['r1', 'r2', 'r3'];
  return {
    site,
    nodes: [...names, 'k1'].map((name, index) => ({ id: `n-${name}`, name, addresses: [`10.77.0.1${index + 1}`] })),
    compiled: new Map(names.map((name) => [name, cluster.compiled])),
    revision: cluster.revision,
    vlans: cluster.vlans,
    services: names.flatMap((node) => SERVICES.map((service) => serviceOf(cluster, node, service))),
    requests: [...cluster.requests],
    processes: names.map((node) => ({ node, process: cluster.processes[node] ?? '' })),
  };
}

function serviceOf(cluster: FakeCluster, node: string, service: string): Service {
  const wish = cluster.requests.find((row) => row.nodeId === `n-${node}` && row.service === service);
  const isBroken = cluster.broken.has(`${node}/${service}`);
  const { published, applied } = cluster.generation;
  const isStopping = cluster.leaving.has(node) && service !== 'dcs';
  const own = isStopping && !isBroken ? 'absent' : isBroken ? 'unhealthy' : 'healthy';
  return {
    node,
    service,
    state: applied < published && !isBroken ? 'pending' : own,
    since: null,
    why: isBroken ? 'it does not answer' : '',
    isWanted: !isStopping,
    wanted: published,
    applied,
    isCurrent: applied === published,
    reportedAt: null,
    lastState: own,
    version: null,
    lastAction: null,
    restart: wish ? { nonce: wish.nonce, isDone: true } : null,
    findings: [],
  };
}

/** Ports of moves over a fake cluster; time passes by waiting alone. */
export function portsOf(cluster: FakeCluster): MovePorts {
  let now = 0;
  return {
    clock: { now: () => now, monotonic: () => now },
    wait: async (ms) => void (now += ms),
    readSnapshot: async () => {
      cluster.tick();
      return lookOf(cluster);
    },
    patroni: {
      cluster: async () => stateOf(cluster),
      switchover: async (address, { leader, candidate }) => {
        cluster.actions.push(`switchover ${leader} to ${candidate ?? 'any'} at ${address}`);
        if (cluster.leader !== leader) return { kind: 'refused', why: 'leader name does not match (412)' };
        // Patroni takes any synchronous standby.
        const heir = candidate ?? cluster.synchronous.find((name) => name !== leader) ?? leader;
        if (cluster.answer !== 'refused') cluster.leader = heir;
        return { kind: cluster.answer, why: 'so it is' };
      },
    },
  };
}

function stateOf({ leader, isPaused, synchronous }: FakeCluster): PatroniState {
  const role = (name: string) => (name === leader ? 'leader' : synchronous.includes(name) ? 'sync_standby' : 'replica');
  const members = ['r1', 'r2', 'r3'].map((name) => ({
    name,
    role: role(name),
    state: name === leader ? 'running' : 'streaming',
    lagBytes: 0,
  }));
  return { leader, isPaused, members };
}

/** How a run is disturbed: `abortAt`, `dieAt`: the progress (its beginning) at which an operator ends it, or its region dies. */
export interface Disturbance {
  readonly checkpoint?: unknown;
  readonly abortAt?: string;
  readonly dieAt?: string;
}

/** Runs a job as a region would; gives its end, what it said, and what the next region would find saved. */
export async function runJob<P>(cluster: FakeCluster, kind: JobKind<P>, payload: unknown, how: Disturbance = {}) {
  const said: string[] = [];
  let saved: unknown = how.checkpoint ?? null;
  let isAborted = false;
  const dead = new AbortController();
  const run: JobRun<P> = {
    id: 7,
    target: '',
    payload: kind.parse(JSON.parse(JSON.stringify(payload))),
    caller: 'ada',
    epoch: 1,
    checkpoint: saved,
    signal: dead.signal,
    isAbortWanted: () => isAborted,
    mustHold: () => dead.signal.throwIfAborted(),
    save: async (progress, checkpoint, change) => {
      dead.signal.throwIfAborted();
      said.push(progress);
      saved = JSON.parse(JSON.stringify(checkpoint ?? null));
      if (change) await change(fakeTx(cluster));
      if (how.abortAt !== undefined && progress.startsWith(how.abortAt)) isAborted = true;
      if (how.dieAt !== undefined && progress.startsWith(how.dieAt)) dead.abort(new Error('the region died'));
    },
  };
  let end: JobEnd | null = null;
  try {
    end = await kind.run(run);
  } catch (error) {
    if (!dead.signal.aborted) throw error;
  }
  return { end, said, saved };
}

interface FakeEvent {
  readonly kind: string;
  readonly subject: string;
  readonly data?: unknown;
}

/** Understands what moves write: the mark of a node, and wishes to restart. */
function fakeTx(cluster: FakeCluster): Tx & { emit: (event: FakeEvent) => void } {
  const done = async () => {
    cluster.revision += 1;
    return 1;
  };
  return {
    all: async () => [],
    one: async <R>() => ({ id: 'n', name: '', version: 1, addresses: [], isRegion: true, isRack: false }) as R,
    run: done,
    sealer: NO_SEALER,
    emit: ({ kind, subject, data }) => {
      cluster.events.push({ kind, subject, data });
      cluster.actions.push(`${kind} ${subject}`);
      if (kind === 'node.drained') cluster.drained.add(subject);
      if (kind === 'node.undrained') cluster.drained.delete(subject);
      if (kind === 'node.leaving') cluster.leaving.add(subject);
      if (kind === 'node.stays') {
        cluster.leaving.delete(subject);
        cluster.drained.delete(subject);
      }
      if (kind !== 'service.restart_requested') return;
      const [node = '', service = ''] = subject.split('/');
      cluster.requests.push({ nodeId: `n-${node}`, service, nonce: 'job-7' });
      if (service === 'agent') cluster.agents[node] += '+';
      if (service === 'regiond') cluster.processes[node] += '+';
    },
  };
}
