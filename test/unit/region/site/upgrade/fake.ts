import type { UpgradeAnswer, UpgradeNode, UpgradeOrder } from '../../../../../src/contract/site/upgrade-order.ts';
import type { AskAgent } from '../../../../../src/region/base/commands/ask-agent.ts';
import { createUpgradeJob } from '../../../../../src/region/site/upgrade/job.ts';
import { type Disturbance, type FakeCluster, fakeCluster, portsOf, runJob } from '../../cluster/moves/fake.ts';

export const OLD = '0.4.0+aaaaaaaaaa';
export const NEW = '0.4.1+bbbbbbbbbb';
export const SHA = 'c'.repeat(64);
export const ARCHIVE = {
  image: 'd'.repeat(64),
  version: NEW,
  architecture: 'amd64',
  size: 7,
  sha256: SHA,
  signature: 's',
};

/** A cluster whose agents do what an upgrade orders, each task in two looks. */
export interface FakeFleet {
  readonly cluster: FakeCluster;
  /** What is installed, by node. */
  readonly versions: Record<string, string>;
  /** Every start of a task, as `NODE TASK`. */
  readonly starts: string[];
  /** Nodes that refuse a task (its beginning), with the sentence. */
  readonly refusals: Record<string, { readonly task: string; readonly sentence: string }>;
  /** Nodes that do not answer. */
  readonly off: Set<string>;
  readonly packages: Record<string, string[]>;
  /** Drained nodes at the time of each installation. */
  readonly drainedAt: string[];
  /** What each node has noted of its tasks. */
  readonly notes: Map<string, UpgradeAnswer>;
}

export function fakeFleet(): FakeFleet {
  const cluster = fakeCluster();
  const versions: Record<string, string> = { r1: OLD, r2: OLD, r3: OLD, k1: OLD };
  const fleet: FakeFleet = {
    cluster,
    versions,
    starts: [],
    refusals: {},
    off: new Set(),
    packages: {},
    drainedAt: [],
    notes: new Map(),
  };
  show(fleet);
  return fleet;
}

/** Reports of nodes follow what is installed. */
function show({ cluster, versions }: FakeFleet): void {
  for (const [name, version] of Object.entries(versions))
    cluster.nodes[name] = {
      ...cluster.nodes[name],
      version,
      ...(name.startsWith('r') ? { region: { isReady: true, version } } : {}),
    };
}

function asker(fleet: FakeFleet): AskAgent {
  const states = fleet.notes;
  const answer = (node: string, task: string): UpgradeAnswer => {
    const key = `${node} ${task}`;
    const known = states.get(key);
    if (known === undefined) {
      fleet.starts.push(key);
      const running: UpgradeAnswer = { state: 'running', sentence: 'starts', version: '', changes: [] };
      states.set(key, running);
      return running;
    }
    if (known.state !== 'running') return known;
    const refusal = fleet.refusals[node];
    const isRefused = refusal !== undefined && task.startsWith(refusal.task);
    if (!isRefused) install(fleet, node, task);
    const ended: UpgradeAnswer = isRefused
      ? { state: 'failed', sentence: refusal.sentence, version: '', changes: [] }
      : {
          state: 'done',
          sentence: 'done',
          version: fleet.versions[node] ?? '',
          changes: [...(fleet.packages[node] ?? [])],
        };
    states.set(key, ended);
    return ended;
  };
  return (async ({ node, args }) => {
    if (fleet.off.has(node.name)) return { kind: 'none', why: 'The agent did not answer within 8 s.' };
    const { task } = args as { task: string };
    return { kind: 'done', result: answer(node.name, task) };
  }) as AskAgent;
}

function install(fleet: FakeFleet, node: string, task: string): void {
  const [verb, what = ''] = task.split(':');
  if (verb === 'install') fleet.versions[node] = NEW;
  if (verb === 'back') fleet.versions[node] = what.replaceAll('_', '+');
  if (verb === 'install' || verb === 'back' || verb === 'packages')
    fleet.drainedAt.push(`${node}: ${[...fleet.cluster.drained].join(' ')}`);
  show(fleet);
}

const node = (name: string): UpgradeNode => ({ name, id: `n-${name}`, isRegion: name.startsWith('r'), from: OLD });

/** An order for all nodes, standbys first; with changes. */
export function orderFor(changes: Partial<UpgradeOrder> = {}): UpgradeOrder {
  return {
    kind: 'release',
    direction: 'forward',
    isCheckOnly: false,
    archive: ARCHIVE,
    nodes: ['r2', 'r3', 'r1', 'k1'].map(node),
    canary: null,
    pauseAfter: null,
    done: [],
    broken: [],
    ...changes,
  };
}

/** Runs the job as a region would. */
export function upgrade(fleet: FakeFleet, order: UpgradeOrder, how: Disturbance = {}) {
  const kind = createUpgradeJob({ ...portsOf(fleet.cluster), askAgent: asker(fleet) });
  return runJob(fleet.cluster, kind, order, how);
}
