import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Agent, type AgentOptions, startAgent } from '../../src/agent/agent.ts';
import { openChannel, type RegionChannel } from '../../src/agent/channel/channel.ts';
import type { Observation } from '../../src/contract/cluster/agent.ts';
import type { SelfPorts } from '../../src/agent/self/self.ts';
import { durableText } from '../../src/host/own/durable-text.ts';
import { TIMING } from '../../src/reconcile/ports.ts';
import type { AnyService } from '../../src/services/kit/contract.ts';
import { FakeHost } from './fake-host.ts';
import { type FakeRegion, startFakeRegion } from './fake-region.ts';
import { FAKE_TEMPLATES, fakeDaemon, fakeService } from './fake-service.ts';
import { memoryLog, virtualTime } from './virtual-time.ts';

/** A real agent with a real channel and real files of its own, on a fake host, against a fake region. */
export interface AgentRig {
  readonly folder: string;
  readonly host: FakeHost;
  readonly region: FakeRegion;
  readonly log: ReturnType<typeof memoryLog>;
  start(options?: AgentRigOptions): Promise<Agent>;
  latest(): Observation | undefined;
  close(): Promise<void>;
}

/** `self`: the agent is that of a node in a cluster. `services`: others than the fake ones. */
export interface AgentRigOptions {
  readonly urls?: readonly string[];
  readonly self?: SelfPorts;
  readonly services?: readonly AnyService[];
  /** Another way to the regions, and the rack that this host is. */
  readonly channel?: RegionChannel;
  readonly rack?: AgentOptions['rack'];
  /** Between reports of which nothing is news; ms. */
  readonly reportMs?: number;
  /** Between two comparisons of unchanged files; ms. */
  readonly verifyMs?: number;
  readonly changes?: AgentOptions['changes'];
  readonly runners?: AgentOptions['runners'];
  /** Another node than the usual one. */
  readonly nodeId?: string;
}

export const NODE = 'node-1';

/** Opens a rig; times are short, so that nothing is waited for. */
export async function agentRig(): Promise<AgentRig> {
  const folder = await mkdtemp(join(tmpdir(), 'regent-agent-'));
  const region = await startFakeRegion(join(folder, 'region.sock'));
  const host = new FakeHost(virtualTime(), [fakeDaemon(), fakeDaemon('other')]);
  const log = memoryLog();
  const agents: Agent[] = [];
  const random = { fraction: () => 0.5, hex: (bytes: number) => '00'.repeat(bytes) };
  const clock = { now: () => Date.now(), monotonic: () => performance.now() };
  const wait = async (ms: number, signal?: AbortSignal) => {
    await delay(ms, undefined, signal ? { signal } : {}).catch(() => {});
  };
  return {
    folder,
    host,
    region,
    log,
    start: async (options = {}) => {
      const urls = options.urls ?? [`unix:${folder}/region.sock`];
      const agent = await startAgent({
        ports: { clock, random, log, wait, loop: () => Object.assign(() => {}, { end: () => {} }) },
        nodeId: options.nodeId ?? NODE,
        version: '0.0.0',
        host,
        channel:
          options.channel ??
          openChannel({ urls, credential: `node:${NODE}:secretsecretsecret`, rack: null, clock, random }),
        rack: options.rack ?? null,
        services: options.services ?? [fakeService(), fakeService('other')],
        ...(options.self ? { self: options.self } : {}),
        ...(options.runners ? { runners: options.runners } : {}),
        ...(options.changes ? { changes: options.changes } : {}),
        templates: FAKE_TEMPLATES,
        checkers: 2,
        timing: { ...TIMING, settleMs: 200, backOffFirstMs: 20, backOffMaxMs: 100, verifyMs: options.verifyMs ?? 200 },
        tickMs: 20,
        reportMs: options.reportMs ?? 200,
        text: (name) => durableText(join(folder, name)),
      });
      agents.push(agent);
      return agent;
    },
    latest: () => region.observations.at(-1),
    close: async () => {
      await Promise.all(agents.map((agent) => agent.stop()));
      await region.down();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
