import type { ServiceDesired, ServiceObservation, ServiceState } from '../../contract/cluster/agent.ts';
import type { Finding } from '../../contract/base/common.ts';
import type { Service, TrackedState } from '../../contract/cluster/service.ts';
import { findingOf } from '../../contract/base/wire/finding.ts';
import { keyOf, kindOf } from '../../core/node-identity.ts';

/** A node that has not reported for longer than this is stale, ms. Agents report at least every 10 s. */
const STALE_MS = 30_000;

/** Nobody waits for a node that has not reported for so long, ms: agents report at least every 10 s. */
const AWAY_MS = 20_000;

/** How long a node may take over what is published before that is a problem, ms. */
export const SETTLE_MS = 15_000;

/**
 * Stands for a service in findings that the agent has of itself. Every service of its node depends on it and shows
 * them.
 */
export const AGENT = 'agent';

/** What the region knows of one node. Times are ISO 8601. `published` null: nothing was published for it yet. */
export interface TrackedNode {
  readonly id: string;
  readonly name: string;
  /** It was let in and does not carry its part yet: nobody counts on it. */
  readonly isJoining?: boolean;
  readonly published: {
    readonly generation: number;
    readonly at: string;
    /** Time of the first publication that is not in force on the node yet; null when all are. */
    readonly behindSince: string | null;
    /** Which services are wanted (`desired` not null) and which restart is requested; not their configuration. */
    readonly services: Readonly<Record<string, ServiceDesired>>;
  } | null;
  /** The last full report. */
  readonly report: {
    readonly generation: number;
    readonly at: string;
    readonly versions: Readonly<Record<string, string>>;
    readonly services: readonly ServiceObservation[];
  } | null;
  readonly findings: readonly (Finding & { readonly service: string })[];
  /** The other region nodes say that it is gone, though its last report is not old yet. */
  readonly isGone?: boolean;
}

/** Has the node been silent for too long at `now` (ms), or is it gone? A node that never reported is not stale but pending. */
export function isStale(node: Pick<TrackedNode, 'report' | 'isGone'>, now: number): boolean {
  return node.report !== null && (node.isGone === true || now - Date.parse(node.report.at) > STALE_MS);
}

/** Is the node one that nobody need wait for: gone, or silent for twice the time between two reports? One that never reported is still to come. */
export function isAway(node: Pick<TrackedNode, 'report' | 'isGone'>, now: number): boolean {
  return isStale(node, now) || (node.report !== null && now - Date.parse(node.report.at) > AWAY_MS);
}

/**
 * Is the node just taking over what was published? Under steady change it always is, and nothing is wrong. A node that has not
 * everything of an earlier publication in force is not settling but new or ill.
 */
export function isSettling(node: Pick<TrackedNode, 'published' | 'report' | 'isGone'>, now: number): boolean {
  const since = node.published?.behindSince;
  const reported = node.report?.services ?? [];
  if (since == null || isStale(node, now) || reported.length === 0) return false;
  return reported.every((service) => service.applied !== null) && now - Date.parse(since) <= SETTLE_MS;
}

/** Every managed service of every node: what it is to be, what it is, why and since when. Pure; `now` in ms. */
export function trackServices(nodes: readonly TrackedNode[], services: readonly string[], now: number): Service[] {
  return nodes.flatMap((node) => servicesOn(node, services).map((service) => trackService(node, service, now)));
}

/** All kinds in their order, each followed by its instances on the node: those that are published, and those that are still there. */
function servicesOn(node: TrackedNode, services: readonly string[]): string[] {
  const named = [
    ...Object.keys(node.published?.services ?? {}),
    ...(node.report?.services ?? []).map((row) => row.service),
  ];
  const instances = [...new Set(named)].filter((identity) => keyOf(identity) !== null).sort();
  return services.flatMap((kind) => [kind, ...instances.filter((identity) => kindOf(identity) === kind)]);
}

function trackService(node: TrackedNode, service: string, now: number): Service {
  const part = node.published?.services[service];
  const report = node.report?.services.find((row) => row.service === service);
  const wanted = node.published?.generation ?? 0;
  const isCurrent = report !== undefined && wanted > 0 && report.wanted >= wanted && report.applied === report.wanted;
  const verdict = judge({ node, service, now, wanted, report });
  return {
    node: node.name,
    service,
    ...verdict,
    isWanted: part !== undefined && part.desired !== null,
    wanted,
    applied: report?.applied ?? null,
    isCurrent,
    reportedAt: node.report?.at ?? null,
    lastState: report?.state ?? null,
    version: node.report?.versions[kindOf(service)] ?? null,
    lastAction: report?.lastAction ?? null,
    restart: part?.restart ? { nonce: part.restart, isDone: report?.restartDone === part.restart } : null,
    findings: node.findings
      .filter((finding) => finding.service === service || finding.service === AGENT)
      .map(findingOf),
  };
}

interface Case {
  readonly node: TrackedNode;
  readonly service: string;
  readonly now: number;
  readonly wanted: number;
  readonly report: ServiceObservation | undefined;
}

type ServiceVerdict = { readonly state: TrackedState; readonly since: string | null; readonly why: string };

/** States that say that the node tried what is published and failed: they stand, whatever is in force. */
const FAILED: readonly ServiceState[] = [
  'unhealthy',
  'render_failed',
  'rejected',
  'check_failed',
  'install_failed',
  'rolled_back',
];

function judge({ node, service, now, wanted, report }: Case): ServiceVerdict {
  if (!node.report) {
    const since = node.published?.at ?? null;
    return { state: 'pending', since, why: `The agent of ${node.name} has never reported.` };
  }
  if (isStale(node, now)) {
    const last = report
      ? `Its last report of ${service}: ${report.state}. ${report.why}`
      : `It never reported ${service}.`;
    return { state: 'stale', since: node.report.at, why: `${node.name} is silent. ${last}`.trim() };
  }
  if (wanted === 0) return { state: 'pending', since: null, why: 'Nothing was published for the node yet.' };
  if (!report)
    return { state: 'pending', since: node.published?.at ?? null, why: `The agent has not reported ${service} yet.` };
  const own = { state: report.state, since: report.since, why: report.why };
  if (report.wanted >= wanted || FAILED.includes(report.state)) return own;
  return {
    state: 'pending',
    since: node.published?.at ?? null,
    why: `Generation ${wanted} is published; the agent still works with ${report.wanted}.`,
  };
}

/** The generation that all services of a node have in force; null when one of them has none. */
export function appliedOf(services: readonly Pick<Service, 'applied'>[]): number | null {
  const all = services.map((row) => row.applied);
  const known = all.filter((generation) => generation !== null);
  return known.length === all.length && known.length > 0 ? Math.min(...known) : null;
}
