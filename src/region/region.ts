import type { Clock, Log, Random } from '../core/ports.ts';
import { isSecret } from '../core/secret.ts';
import type { Database } from '../store/database.ts';
import { beat } from '../store/health.ts';
import { findApiKey } from '../store/queries/api-keys.ts';
import { lastEventId, readEvents } from '../store/queries/events.ts';
import { gapAfter } from './nouns/status.ts';
import { createAgentPort, orThrow } from './agents.ts';
import { call, mayCall } from './call.ts';
import type { DatabaseHealth, Region } from './port.ts';
import type { Renderer } from './preview.ts';
import { createLeaseTask } from './tasks/leases.ts';
import { createPublishTask } from './tasks/publish.ts';
import { createPurgeTask, everyMinute } from './tasks/purge.ts';
import { type RunningTask, startTask } from './tasks/task.ts';
import type { Wakes } from './wakes.ts';

/** What a region is built from. `process`: unique name of this process; `node`: the host's; `startedAt` ISO 8601. */
export interface RegionPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly renderer: Renderer;
  readonly wakes: Wakes;
  readonly version: string;
  readonly process: string;
  readonly node: string;
  readonly startedAt: string;
  /** Proof of life of a task's loop, by its name. */
  readonly beatOf: (task: string) => () => void;
}

/** A region whose tasks can be run. */
export interface RegionNode extends Region {
  /** Starts publisher and purge; the result ends them. */
  startTasks(): () => Promise<void>;
}

/** A probe's answer is good for this long: many askers make one write. */
const HEALTH_MS = 500;
const PUBLISH_EVERY_MS = 5000;
/** The purge looks at its row this often when nothing wakes it. */
const PURGE_EVERY_MS = 120_000;
/** How late a name may go after its lease ran out: one cheap question each time. */
const LEASES_EVERY_MS = 2000;

/** Builds the region: use cases, agent channel, events, health, tasks. */
export function createRegion(ports: RegionPorts): RegionNode {
  const { db, clock, random, wakes } = ports;
  // Builds of one release compile the same way; were they told apart, an upgrade to another build would publish no more.
  const [compiler = ''] = ports.version.split('+');
  const publish = createPublishTask({ ...ports, services: ports.renderer.services, compiler });
  const running: RunningTask[] = [];
  const health = sharedProbe(clock, () => beat(db, ports, clock));
  const calls = { db, clock, random, renderer: ports.renderer, version: ports.version, health };
  return {
    version: ports.version,
    mayCall,
    call: (id, input, context) => call(calls, id, input, context),
    async authenticate(key) {
      const row = orThrow(await db.glance((tx) => findApiKey(tx, key.token)));
      const isRight = isSecret(key.secret, row?.secretSha256 ?? null);
      return row && isRight && row.consumer === key.consumer ? { user: row.user, role: row.role } : null;
    },
    agents: createAgentPort(db, () => {
      publish.demand();
      for (const task of running) task.wake();
    }),
    wake: wakes,
    events: {
      read: async (after, limit, kind) => orThrow(await db.glance((tx) => readEvents(tx, after, limit, kind))),
      gapAfter: async (after) => orThrow(await db.glance(async (tx) => ({ gap: await gapAfter(tx, after) }))).gap,
      latest: async () => orThrow(await db.glance((tx) => lastEventId(tx))),
    },
    health,
    startTasks: () => startTasks(ports, publish, running),
  };
}

function startTasks(
  ports: RegionPorts,
  publish: ReturnType<typeof createPublishTask>,
  running: RunningTask[],
): () => Promise<void> {
  const common = { clock: ports.clock, random: ports.random, log: ports.log };
  const publisher = startTask(publish, { ...common, everyMs: PUBLISH_EVERY_MS, beat: ports.beatOf('publish') });
  const purger = startTask(createPurgeTask(ports.db, ports.process), {
    ...common,
    everyMs: PURGE_EVERY_MS,
    beat: () => {},
  });
  const leases = startTask(createLeaseTask(ports.db, ports.clock), {
    ...common,
    everyMs: LEASES_EVERY_MS,
    beat: () => {},
  });
  running.push(publisher);
  const endWakes = ports.wakes.onWake(() => publisher.wake());
  const endMinutes = everyMinute(() => purger.wake());
  return async () => {
    endWakes();
    endMinutes();
    running.length = 0;
    await Promise.all([publisher.stop(), purger.stop(), leases.stop()]);
  };
}

/** One probe at a time, and none while the last answer is fresh. */
function sharedProbe(clock: Clock, probe: () => Promise<DatabaseHealth>): () => Promise<DatabaseHealth> {
  let last: { health: DatabaseHealth; at: number } | null = null;
  let pending: Promise<DatabaseHealth> | null = null;
  return () => {
    if (last && clock.monotonic() - last.at < HEALTH_MS) return Promise.resolve(last.health);
    pending ??= probe()
      .then((health) => {
        last = { health, at: clock.monotonic() };
        return health;
      })
      .finally(() => {
        pending = null;
      });
    return pending;
  };
}
