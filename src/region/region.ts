import type { Clock, Log, Random } from '../core/ports.ts';
import { accept, isRejected } from '../core/errors.ts';
import { releaseOf } from '../store/queries/cluster/compiler-gate.ts';
import type { Database } from '../store/database.ts';
import type { ServerState } from '../store/pool/server-states.ts';
import { beat } from '../store/health.ts';
import { lastEventId, readEvents } from '../store/queries/base/events.ts';
import type { AskName } from './names/ask-name.ts';
import { eventFor, gapAfter } from './cluster/status.ts';
import { createAgentPort } from './agents.ts';
import { call, callTogether, mayCall } from './call.ts';
import type { Region } from './port.ts';
import type { Renderer } from './base/preview.ts';
import { createAskAgent } from './base/commands/ask-agent.ts';
import { createCommandTask, createCommandWaiter } from './base/commands/wait.ts';
import { openJobRepository } from './base/jobs/job-repository.ts';
import type { JobKind } from './base/jobs/kind.ts';
import type { Renewer } from './base/jobs/renewal.ts';
import { startJobRunner } from './base/jobs/runner.ts';
import { createSeriesTask } from './cluster/series/task.ts';
import { createFindingTask } from './cluster/findings/task.ts';
import type { DrillInstruments } from './cluster/drill-run/port.ts';
import { type Backups, createBackups } from './cluster/backups/create-backups.ts';
import { nameEvents } from './base/history.ts';
import { createUpgradeJob } from './site/upgrade/job.ts';
import { createMoves, type Moves } from './cluster/moves/create-moves.ts';
import type { PatroniPort } from './cluster/moves/patroni.ts';
import { type ClusterMemory, createMemory, type MemoryAccess } from './cluster/memory.ts';
import { machineEvent } from './machines/lifecycle/event.ts';
import { createAgainTask } from './machines/lifecycle/again.ts';
import { createLifecycleTask } from './machines/lifecycle/task.ts';
import { createPowerJob } from './machines/power/job.ts';
import { createPowerCheckTask } from './machines/power/power-checks.ts';
import { createEnlist } from './machines/enlistment/enlist.ts';
import { createMetadata } from './machines/metadata/metadata.ts';
import type { ReadKeys } from './people/key-port.ts';
import type { ApplyMachineEvent } from './machines/metadata/port.ts';
import type { MachineFiles } from './machines/scripts/scripts.ts';
import { createImageKeeper, type ImageKeeper, NO_IMAGES } from './images/keeper.ts';
import type { ImageAccess } from './images/port.ts';
import { createFeatureTask } from './base/features.ts';
import { createLatencies } from './base/latencies.ts';
import { createLeaseTask } from './networks/leases.ts';
import { createSealTask } from './base/seal.ts';
import { createOwnRestartTask } from './cluster/own-restart.ts';
import type { SendAlarm } from './site/alarms/port.ts';
import { createAlarmTask } from './site/alarms/task.ts';
import { createPublishTask } from './site/publish.ts';
import { createPurgeTask } from './base/purge.ts';
import { shared } from './base/shared.ts';
import { type RunningTask, startTask, type Task } from './base/task.ts';
import { createAccounts } from './people/accounts/accounts.ts';
import type { PasswordHasher } from './people/accounts/port.ts';
import type { CertificateAuthority, EtcdPort } from './cluster/trust/port.ts';
import { createInnerTrustTask } from './cluster/trust/inner-trust.ts';
import { createPairTrustTask } from './cluster/trust/pair-trust.ts';
import { createOwnCertificateTask } from './cluster/trust/renewal.ts';
import { createRevocations, type Revocations } from './cluster/trust/revocations.ts';
import { createStrayTask } from './cluster/trust/strays.ts';
import { sealerOf } from './base/sealer.ts';
import { createSiteCertificateTask } from './cluster/site-certificate/task.ts';
import { createTrust } from './cluster/trust/trust.ts';
import type { CasePorts } from './base/use-case.ts';
import type { Script } from '../model/machines/scripts/script.ts';
import type { Wakes } from './base/wakes.ts';
import type { DatabaseHealth } from './base/port.ts';

/** What a region is built from. `process`: unique name of this process; `node`: the host's; `startedAt` ISO 8601. */
export interface RegionPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly renderer: Renderer;
  readonly wakes: Wakes;
  readonly ca: CertificateAuthority;
  readonly passwords: PasswordHasher;
  readonly version: string;
  readonly process: string;
  readonly node: string;
  readonly startedAt: string;
  /** Proof of life of a task's loop, by its name. */
  readonly beatOf: (task: string) => () => void;
  /** See `CasePorts.authority`. */
  authority(): { readonly notAfter: string } | null;
  /** Left out: there is no etcd of this cluster here. */
  readonly etcd?: EtcdPort;
  /** Left out: there is no Patroni of this cluster here, so nothing is moved. */
  readonly patroni?: PatroniPort;
  /** Clock, probes and database copies for drills; absent: this process plays none. */
  readonly drills?: DrillInstruments;
  readonly askName: AskName;
  readonly readKeys: ReadKeys;
  /** Sends messages about findings to outside. */
  readonly sendAlarm: SendAlarm;
  /** Queries the servers of an operator's own database; null: there is none. */
  askServers(): Promise<readonly ServerState[] | null>;
  /** `DATABASE_URL`, for region nodes that join; null: this host reaches the cluster's own database. Holds passwords. */
  readonly databaseUrl: string | null;
  /** Ends this process in order, so that its manager restarts it; absent: nobody can request that. */
  readonly endForRestart?: () => void;
  /** Kinds of jobs that this process can run, and who keeps their leases; left out: it runs none. */
  readonly jobs?: { readonly kinds: readonly JobKind[]; readonly renewer: Renewer };
  /** Scripts of the release, and what goes to machines with them. */
  readonly machineScripts: { readonly builtIn: readonly Script[]; readonly files: MachineFiles };
  /** Receives the reports of machines, in place of their lifecycle. */
  readonly reportMachine?: ApplyMachineEvent;
  /** Access to other regions' memories and to the stored layout. */
  readonly memory: MemoryAccess;
  /** Where images lie, and access to those of other regions; absent: this region stores none. */
  readonly images?: ImageAccess;
}

/** A region whose tasks can be run. */
export interface RegionNode extends Region {
  /** Reads what must be known before anybody is served. */
  prepare(): Promise<void>;
  /** Starts all tasks of a region; the result ends them. */
  startTasks(): () => Promise<void>;
}

/** A probe's answer is good for this long: many askers (each region's proxy asks once a second) make one write. */
const HEALTH_MS = 800;
/** The same for the question what an operator's servers are. */
const SERVERS_MS = 2000;
/** A snapshot of etcd's store is some 100 kB, and what it is read for changes when a node joins. */
const LEARNERS_MS = 60_000;
const PUBLISH_EVERY_MS = 5000;
/** The purge reads its row this often. */
const PURGE_EVERY_MS = 60_000;
/** How late a name may go after its lease ran out: one cheap question each time. */
const LEASES_EVERY_MS = 2000;
/** How late the end of a command is noticed whose time has come. */
const COMMANDS_EVERY_MS = 1000;
/** How late a power check of machines starts, and how late its end is noticed if the wake was lost. */
const POWER_CHECKS_EVERY_MS = 5000;
/** How late a deadline of a machine is seen, and what was to wake it. */
const LIFECYCLE_EVERY_MS = 2000;
const AGAIN_EVERY_MS = 3000;
/** How late a feature is turned on after the upgrade of the last region node; once all are on, nothing is read. */
const FEATURES_EVERY_MS = 5000;
/** How late a revocation counts here when its wake was lost. */
const REVOCATIONS_EVERY_MS = 1500;
/** Two rounds pass until the member of a forgotten node goes. */
const STRAYS_EVERY_MS = 5000;
/** How late a certificate is written down that was signed without the database. */
const OWN_CERTIFICATE_EVERY_MS = 20_000;
/** How late daemons of region nodes refuse a revoked certificate when the wake was lost. */
const INNER_TRUST_EVERY_MS = 15_000;
/** How late the site's certificate has the names of the site. */
const SITE_CERTIFICATE_EVERY_MS = 15_000;
/** How old the layout of the site may be that is used while the database is away. */
const LAYOUT_EVERY_MS = 15_000;
/** How old what the other regions remember may be when the database comes back. */
const OTHERS_EVERY_MS = 2000;
/** How late a drained node is relieved of the database that a failover gave it. */
const RELIEF_EVERY_MS = 5000;
/** How late a backup or a drill that is due is ordered. */
const BACKUPS_EVERY_MS = 15_000;
/** How late a request to restart this process is noticed. */
const OWN_RESTART_EVERY_MS = 2000;
/** How late a finding is noticed; the row in the database lets one region judge. */
const FINDINGS_EVERY_MS = 5000;
/** How late samples for charts are stored, within their five minutes. */
const SERIES_EVERY_MS = 10_000;
/** How late a message about a finding leaves. */
const ALARMS_EVERY_MS = 2000;
const NO_INPUT = { params: {}, query: {}, body: undefined };
/** Root of this host, proven by its socket: it could read the database itself. */
const HOST_CALL = {
  caller: { user: 'root', role: 'admin' },
  origin: 'host',
  idempotencyKey: '',
  ifMatch: null,
} as const;

/** Builds the region: use cases, agent channel, events, health, tasks. */
export function createRegion(ports: RegionPorts): RegionNode {
  const { db, clock, wakes } = ports;
  // Builds of one release count as one compiler; otherwise an upgrade to another build would stop publishing.
  const compiler = releaseOf(ports.version);
  const publish = createPublishTask({ ...ports, services: ports.renderer.services, compiler });
  const running: RunningTask[] = [];
  const health = shared(clock, HEALTH_MS, () => beat(db, ports, clock));
  const revocations = createRevocations(db);
  const { etcd } = ports;
  const latencies = createLatencies();
  const calls = {
    ...ports,
    health,
    askAgent: createAskAgent(db, wakes),
    servers: shared(clock, SERVERS_MS, () => ports.askServers()),
    storedLearners: shared(clock, LEARNERS_MS, async () => etcd?.storedLearners().catch(() => null)),
    latestReportOf: (nodeId: string) => memory.latestReportOf(nodeId),
    slowFacts: { last: null },
    latencies,
    builtInScripts: ports.machineScripts.builtIn,
  } satisfies CasePorts & Pick<RegionPorts, 'db'>;
  const moves = movesOf(ports, calls);
  const backups = moves === null ? null : createBackups(db, calls);
  const memory = createMemory({
    ...ports,
    access: ports.memory,
    health,
    servers: calls.servers,
    askDatabase: async (id) => {
      const answer = await call(calls, id, NO_INPUT, HOST_CALL);
      return isRejected(answer) ? null : answer;
    },
  });
  const report = ports.reportMachine ?? machineEvent;
  const images = ports.images ? createImageKeeper({ ...ports, access: ports.images }) : null;
  const agents = createAgentPort(db, () => {
    publish.demand();
    for (const task of running) task.wake();
  });
  return {
    version: ports.version,
    node: ports.node,
    mayCall,
    call: (id, input, context) => call(calls, id, input, context),
    callTogether: (planned, context) => callTogether(calls, planned, context),
    ...createAccounts(ports),
    agents: {
      ...agents,
      enlist: createEnlist({ ...ports, applyEvent: report }),
      observe: (nodeId, report) => {
        memory.remember(nodeId, report);
        return agents.observe(nodeId, report);
      },
    },
    host: memory,
    images: images?.port ?? NO_IMAGES,
    trust: createTrust(ports, revocations),
    metadata: createMetadata({ ...ports, sealer: sealerOf(ports), applyEvent: report, ...ports.machineScripts }),
    wake: wakes,
    noteRequest: (request) => latencies.note(request),
    events: eventsOf(db),
    health,
    isHeld: () => db.isHeld(),
    // If the database is away again, the task reads the list later; until then clients with a certificate get 503.
    prepare: async () => void (await revocations.task.run().catch(() => null)),
    startTasks: () =>
      startTasks(ports, { publish, revocations, memory, health, moves, backups, images, calls }, running),
  };
}

function eventsOf(db: RegionPorts['db']): RegionNode['events'] {
  return {
    read: async (after, limit, caller, kind) =>
      accept(
        await db.autocommitRead(async (tx) => {
          const events = await readEvents(tx, after, limit, { kind, reader: caller.user });
          return {
            events: await nameEvents(
              tx,
              events.map((event) => eventFor(caller, event)),
            ),
          };
        }),
      ).events,
    gapAfter: async (after) => accept(await db.autocommitRead(async (tx) => ({ gap: await gapAfter(tx, after) }))).gap,
    latest: async () => accept(await db.autocommitRead((tx) => lastEventId(tx))),
  };
}

function movesOf(ports: RegionPorts, calls: CasePorts): Moves | null {
  const { db, patroni, node } = ports;
  const ways = { etcd: ports.etcd ?? null, drills: ports.drills ?? null };
  return patroni ? createMoves(db, { ...calls, ...ways, patroni, node }) : null;
}

/** What has a task, beside what is made only from the ports. */
interface Started {
  readonly publish: ReturnType<typeof createPublishTask>;
  readonly health: () => Promise<DatabaseHealth>;
  readonly revocations: Revocations;
  readonly memory: ClusterMemory;
  readonly moves: Moves | null;
  readonly backups: Backups | null;
  readonly calls: CasePorts;
  readonly images: ImageKeeper | null;
}

function startTasks(
  ports: RegionPorts,
  { publish, revocations, memory, health, moves, backups, images, calls }: Started,
  running: RunningTask[],
): () => Promise<void> {
  const common = { clock: ports.clock, random: ports.random, log: ports.log };
  const tasks: RunningTask[] = [];
  const start = (task: Task, everyMs: number, beat: () => void = () => {}) => {
    const started = startTask(task, { ...common, everyMs, beat });
    tasks.push(started);
    return started;
  };
  const publisher = start(publish, PUBLISH_EVERY_MS, ports.beatOf('publish'));
  start(createPurgeTask(ports.db, ports.process), PURGE_EVERY_MS);
  start(createLeaseTask(ports.db, ports.clock), LEASES_EVERY_MS);
  start(createFeatureTask(ports.db, health), FEATURES_EVERY_MS);
  start(createSealTask(ports.db), FEATURES_EVERY_MS);
  start(createCommandTask(ports.db), COMMANDS_EVERY_MS);
  const revoker = start(revocations.task, REVOCATIONS_EVERY_MS);
  start(memory.others, OTHERS_EVERY_MS);
  start(memory.task, LAYOUT_EVERY_MS);
  if (ports.etcd) start(createStrayTask(ports.db, ports.etcd), STRAYS_EVERY_MS);
  start(createOwnCertificateTask(ports.db, ports.ca), OWN_CERTIFICATE_EVERY_MS);
  const inner = start(createInnerTrustTask(ports), INNER_TRUST_EVERY_MS);
  const pairTrust = start(createPairTrustTask(ports), INNER_TRUST_EVERY_MS);
  start(createSiteCertificateTask(ports), SITE_CERTIFICATE_EVERY_MS);
  const upgrades = moves ? [createUpgradeJob({ ...moves.ports, askAgent: calls.askAgent })] : [];
  const kinds = [...kindsOf(ports, moves), ...(backups ? [backups.kind] : []), ...upgrades];
  const powerChecks = start(createPowerCheckTask(ports), POWER_CHECKS_EVERY_MS);
  const lifecycle = start(createLifecycleTask(ports.db, ports.random), LIFECYCLE_EVERY_MS);
  start(createAgainTask(ports.db, calls, ports.random), AGAIN_EVERY_MS);
  if (moves) start(moves.relief, RELIEF_EVERY_MS);
  if (backups) start(backups.schedule, BACKUPS_EVERY_MS);
  start(createFindingTask(ports.db, calls, ports.process), FINDINGS_EVERY_MS);
  start(createAlarmTask(ports.db, calls), ALARMS_EVERY_MS);
  start(createSeriesTask(ports.db, calls, ports.process), SERIES_EVERY_MS);
  if (ports.endForRestart) start(createOwnRestartTask(ports.db, ports.node, ports.endForRestart), OWN_RESTART_EVERY_MS);
  const jobs =
    ports.jobs &&
    startJobRunner({ ...common, ...ports.jobs, kinds, repository: openJobRepository(ports.db, ports.process) });
  const endImages = images?.start();
  running.push(publisher);
  const endWakes = ports.wakes.onWake(() => {
    for (const task of [publisher, revoker, inner, pairTrust, powerChecks, lifecycle]) task.wake();
    jobs?.wake();
  });
  return async () => {
    endWakes();
    running.length = 0;
    await Promise.all([...tasks.map((task) => task.stop()), jobs?.stop(), endImages?.()]);
  };
}

/** The jobs that this process can run. */
function kindsOf(ports: RegionPorts, moves: Moves | null): readonly JobKind[] {
  const power = createPowerJob({ ...ports, waiter: createCommandWaiter(ports.db, ports.wakes) });
  return [...(ports.jobs?.kinds ?? []), ...(moves?.kinds ?? []), power];
}
