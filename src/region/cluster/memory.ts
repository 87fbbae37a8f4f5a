import type { Observation } from '../../contract/cluster/agent.ts';
import type { Doctor } from '../../contract/cluster/doctor.ts';
import { type Layout, parseLayout, type RegionMemory } from '../../contract/cluster/memory.ts';
import type { ClusterStatus } from '../../contract/cluster/status.ts';
import type { Clock } from '../../core/ports.ts';
import { isDatabaseExternal, mainAddress } from '../../model/cluster/cluster.ts';
import type { Database } from '../../store/database.ts';
import { allRows } from '../../store/page.ts';
import { listNodes } from '../../store/queries/cluster/nodes.ts';
import { readNamedAttachments } from '../../store/queries/cluster/rack-views.ts';
import { readRackNodes } from '../../store/queries/cluster/racks.ts';
import { readCluster } from '../../store/snapshot.ts';
import type { ServerState } from '../../store/pool/server-states.ts';
import type { Tx } from '../../store/tx.ts';
import { reached, type Task } from '../base/task.ts';
import type { DatabaseHealth, CallOutcome } from '../base/port.ts';
import { reportedRole } from '../../store/queries/cluster/roles.ts';
import { diagnose } from './doctor.ts';
import type { ReceivedReport } from '../base/seen.ts';
import { readServed } from './pairs/served.ts';
import { rememberedSite, rememberedVerdict } from './remembered.ts';
import type { ClusterSite } from './site.ts';
import { viewCluster } from './view.ts';

/** What the process around the region offers for it. None of it ever throws. */
export interface MemoryAccess {
  /** Requests the memory of another region (by its node's address); null if no valid answer comes within a second. */
  ask(address: string): Promise<RegionMemory | null>;
  /** The layout that outlives a restart: how it is read and written. */
  readonly layout: { read(): Promise<string | null>; write(text: string): Promise<void> };
}

/** What the memory is made with. `ask`: a call of the table, as root of this host. */
export interface MemoryPorts {
  readonly db: Database;
  readonly clock: Clock;
  readonly version: string;
  readonly node: string;
  readonly access: MemoryAccess;
  health(): Promise<DatabaseHealth>;
  authority(): { readonly notAfter: string } | null;
  /** Servers of an operator's own database, as they say now; null: the cluster runs its own. */
  servers(): Promise<readonly ServerState[] | null>;
  askDatabase(id: 'cluster.show' | 'cluster.doctor'): Promise<CallOutcome | null>;
}

/** What a region knows without its database: the last report of each node that came to it, and who belongs to the site. */
export interface ClusterMemory {
  /** Keeps a report, whether or not the database takes it. */
  remember(nodeId: string, report: Observation): void;
  /** The newest report of a node that came to this region, or to another one while the database was away; null: none. */
  latestReportOf(nodeId: string): ReceivedReport | null;
  /** What other regions may know of it. */
  recall(): Promise<RegionMemory>;
  /** For root on this host: from the database, else from what all regions remember. */
  cluster(): Promise<ClusterStatus>;
  doctor(): Promise<Doctor>;
  /** Reads the layout again at intervals. */
  readonly task: Task;
  /**
   * Requests the memories of the other regions: every five seconds, and in each round while the database is away,
   * because its rows are older then. If a region dies with the database, this one still has the reports it received.
   */
  readonly others: Task;
}

const REPORTS_MAX = 1000;
const DEADLINE_MS = 5000;
/** While the database is there: what a region remembers that dies with it is then no older than this, beside the 10 s between two reports. */
const WELL_EVERY_MS = 5000;
/** During a fault, a query waits no longer than this for the database. */
const DATABASE_MS = 2500;

/** Opens the memory. */
export function createMemory(ports: MemoryPorts): ClusterMemory {
  const { clock, access } = ports;
  const reports = new Map<string, RegionMemory['reports'][number]>();
  let layout: Layout | null = null;
  /**
   * The last answer of each other region. A region that no longer answers is queried again; its last answer still
   * counts.
   */
  const others = new Map<string, RegionMemory>();
  let queriedAt = -Infinity;

  const loadLayout = async () => {
    layout ??= parseLayout((await access.layout.read()) ?? '');
    return layout;
  };
  const recall = async (): Promise<RegionMemory> => ({
    node: ports.node,
    version: ports.version,
    isReady: (await ports.health()).isUp,
    layout: await loadLayout(),
    reports: [...reports.values()],
  });
  /** The names of those that did not answer. */
  const askOthers = async (): Promise<ReadonlySet<string>> => {
    queriedAt = clock.monotonic();
    const nodes = ((await loadLayout())?.nodes ?? []).filter((node) => node.isRegion && node.name !== ports.node);
    const names = new Set(nodes.map((node) => node.name));
    for (const name of others.keys()) if (!names.has(name)) others.delete(name);
    const pairs = await Promise.all(nodes.map(async ({ name, address }) => [name, await access.ask(address)] as const));
    for (const [name, answer] of pairs) if (answer !== null) others.set(name, answer);
    return new Set(pairs.flatMap(([name, answer]) => (answer === null ? [name] : [])));
  };
  const site = async (): Promise<ClusterSite> => {
    const own = await recall();
    const mute = await askOthers();
    return rememberedSite({
      now: clock.now(),
      version: ports.version,
      memories: [own, ...others.values()],
      mute,
      database: await ports.health(),
      authority: ports.authority(),
      servers: await ports.servers(),
    });
  };
  const fromDatabase = async (id: 'cluster.show' | 'cluster.doctor'): Promise<unknown> => {
    if (!(await ports.health()).isUp) return null;
    return (await soon(ports.askDatabase(id)))?.body ?? null;
  };

  return {
    latestReportOf: (nodeId) => newestOf(nodeId, reports.get(nodeId), [...others.values()]),
    remember(nodeId, report) {
      keepReport(reports, { nodeId, at: new Date(clock.now()).toISOString(), report });
    },
    recall,
    async cluster() {
      const answer = await fromDatabase('cluster.show');
      if (answer !== null) return answer as ClusterStatus;
      const seen = await site();
      return viewCluster(seen, rememberedVerdict(seen));
    },
    async doctor() {
      return ((await fromDatabase('cluster.doctor')) as Doctor | null) ?? diagnose(await site());
    },
    task: {
      name: 'layout',
      async run() {
        const read = await reached(ports.db.read(readLayout, { deadlineMs: DEADLINE_MS }));
        const text = JSON.stringify(read);
        if (text === JSON.stringify(await loadLayout())) return null;
        layout = read;
        await access.layout.write(text);
        return null;
      },
    },
    others: {
      name: 'memories of other regions',
      async run() {
        const isDue = clock.monotonic() - queriedAt >= WELL_EVERY_MS;
        if (isDue || !(await ports.health()).isUp) await askOthers();
        return null;
      },
    },
  };
}

type MemoryReport = RegionMemory['reports'][number];

/** The newest report is last; if there are too many, the oldest goes. */
function keepReport(reports: Map<string, MemoryReport>, row: MemoryReport): void {
  const first = firstsOf(row.report, reports.get(row.nodeId)?.first ?? {}, row.at);
  reports.delete(row.nodeId);
  reports.set(row.nodeId, { ...row, first });
  const [oldest] = reports.keys();
  if (reports.size > REPORTS_MAX && oldest !== undefined) reports.delete(oldest);
}

function newestOf(nodeId: string, own: MemoryReport | undefined, others: readonly RegionMemory[]): MemoryReport | null {
  const remembered = others.flatMap((memory) => memory.reports.filter((row) => row.nodeId === nodeId));
  return [...(own ? [own] : []), ...remembered].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0] ?? null;
}

/** Runs `work` and gives its answer, null when it takes longer than a caller waits while things are bad. */
async function soon<T>(work: Promise<T>): Promise<T | null> {
  const late = new Promise<null>((resolve) => {
    setTimeout(() => resolve(null), DATABASE_MS).unref();
  });
  return Promise.race([work, late]);
}

type Firsts = NonNullable<MemoryReport['first']>;

/** Since when a node reports its roles and its pause: a fact that it reported before keeps its time. */
function firstsOf(report: Observation, before: Firsts, at: string): Firsts {
  const { timeline, isHolder } = reportedRole(report);
  const isPaused = report.services.some(({ service, facts }) => service === 'db' && facts?.['isPaused'] === true);
  return {
    ...(timeline === null ? {} : { primary: before.primary ?? at }),
    ...(isHolder === true ? { vip: before.vip ?? at } : {}),
    ...(isPaused ? { paused: before.paused ?? at } : {}),
  };
}

async function readLayout(tx: Tx): Promise<Layout> {
  const nodes = await allRows((page) => listNodes(tx, page));
  const cluster = await readCluster(tx);
  const attachments = await readNamedAttachments(tx);
  const racks = await readRackNodes(tx);
  return {
    cluster: cluster && {
      id: cluster.id,
      vip: cluster.vip,
      virtualRouter: cluster.virtualRouter,
      ...(isDatabaseExternal(cluster) ? { isDatabaseExternal: true } : {}),
    },
    nodes: nodes.map((node) => ({
      id: node.id,
      name: node.name,
      isRegion: node.isRegion,
      isRack: node.isRack,
      state: node.state,
      isDrained: node.isDrained,
      ...(node.drainedAt === null ? {} : { drainedAt: node.drainedAt }),
      address: mainAddress(node),
    })),
    racks: racks.flatMap(({ nodeId, isMaster }) => {
      const node = nodes.find((one) => one.id === nodeId);
      const vlans = [
        ...new Set(
          attachments.filter((attachment) => attachment.nodeId === nodeId).map((attachment) => attachment.vlan),
        ),
      ];
      return node ? [{ name: node.name, isMaster, vlans }] : [];
    }),
    served: (await readServed(tx, attachments)).map((one) => ({ ...one, others: [...one.others] })),
  };
}
