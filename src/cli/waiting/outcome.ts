import { errorTexts } from '../../contract/base/wire/finding.ts';
import type { Status } from '../../contract/site/status.ts';
import { ProblemError } from '../../contract/base/wire/transport.ts';
import { AppError } from '../../core/errors.ts';
import type { Call } from '../command-spec.ts';
import { RegionRefusedError } from '../region.ts';

/** States of a service that is well. */
const SETTLED = new Set(['healthy', 'absent']);

/** How a wait ended. `faults` is empty if everything is as requested; otherwise each fault is a sentence. */
export type WaitOutcome = { readonly sentence: string; readonly faults: readonly string[] };

/**
 * What is still missing until every present node has applied `revision` and is healthy; empty: nothing. `revision` is the configuration's revision at
 * or after the change. If no node is present, it waits for all. A subnet that goes to other racks waits until the old ones have let it go.
 */
export function missingOf(status: Status, revision: number): string[] {
  if (status.published < revision) return [`revision ${revision} is not compiled yet (at ${status.published})`];
  const isAlone = status.nodes.every((node) => node.isAway);
  const away = new Set(isAlone ? [] : status.nodes.filter((node) => node.isAway).map((node) => node.name));
  const nodes = status.nodes
    .filter((node) => !away.has(node.name) && (!node.isCurrent || node.isStale))
    .map((node) =>
      node.isStale
        ? `${node.name} does not report`
        : `${node.name} has generation ${node.applied ?? 'none'} of ${node.wanted}`,
    );
  const services = status.services
    .filter((service) => !away.has(service.node) && !SETTLED.has(service.state))
    .map((service) => `${service.service} on ${service.node} is ${service.state}`);
  const moving = status.findings.flatMap(({ code, sentence }) =>
    code === 'subnet_waits' ? [sentence.replace(/\.$/, '')] : [],
  );
  return [...nodes, ...services, ...new Set(moving)];
}

/** Nodes that a progress line names. */
const NAMED_MOST = 3;

/** The same as `missingOf` in one short line: `3 of 5 nodes, waiting for k1: dns, dhcp`. */
export function waitingLine(status: Status, revision: number): string {
  const [first] = missingOf(status, revision);
  if (status.published < revision || first === undefined) return first === undefined ? '' : `Waiting: ${first}`;
  const isAlone = status.nodes.every((node) => node.isAway);
  const awaited = status.nodes.filter((node) => isAlone || !node.isAway);
  const lacking = awaited.flatMap((node) => {
    if (node.isStale) return [`${node.name}, which does not report`];
    const services = status.services
      .filter((service) => service.node === node.name && !SETTLED.has(service.state))
      .map(({ service }) => service);
    if (services.length > 0) return [`${node.name}: ${services.join(', ')}`];
    return node.isCurrent ? [] : [node.name];
  });
  // Every node is well, but a subnet waits for its old racks.
  if (lacking.length === 0) return `Waiting: ${first}`;
  const more = lacking.length > NAMED_MOST ? `; and ${lacking.length - NAMED_MOST} more` : '';
  const done = awaited.length - lacking.length;
  return `${done} of ${awaited.length} nodes, waiting for ${lacking.slice(0, NAMED_MOST).join('; ')}${more}`;
}

/** A failing service's own description, for the message at the deadline. */
export function reasonsOf(status: Status): string[] {
  return status.services
    .filter((service) => !SETTLED.has(service.state) && service.why !== '')
    .map((service) => `${service.service} on ${service.node}: ${service.why}`);
}

/** What to report once nothing is missing. A finding with an error is a fault, whoever caused it, because the result differs from the request. */
export function outcomeOf(status: Status): WaitOutcome {
  const away = status.nodes.filter((node) => node.isAway);
  const there = status.nodes.length - away.length;
  const applied = `Applied on ${there} of ${status.nodes.length} nodes`;
  const absent = away.map(
    (node) => `${node.name} ${silence(node.reportedAt, status.time)}; it gets the change when it is back.`,
  );
  const held = errorTexts(status.findings);
  if (absent.length + held.length === 0) return { sentence: `${applied}; all services are healthy.`, faults: [] };
  const names = away.map((node) => node.name).join(', ');
  const but = [
    ...(away.length === 0 ? [] : [`${names} ${away.length === 1 ? 'is' : 'are'} away`]),
    ...(held.length === 0 ? [] : ['not everything is as requested']),
  ];
  return { sentence: `${applied}, but ${but.join(', and ')}.`, faults: [...absent, ...held] };
}

function silence(reportedAt: string | null, now: string): string {
  if (reportedAt === null) return 'has never reported';
  return `has not reported for ${Math.max(0, Math.round((Date.parse(now) - Date.parse(reportedAt)) / 1000))} s`;
}

/** Runs a query within `leftMs`; null if no region answers. The caller then repeats the query. */
export async function queryRegion<T>(
  { io }: Call,
  leftMs: number,
  query: (signal: AbortSignal) => Promise<T>,
): Promise<T | null> {
  const signal = AbortSignal.any([io.interrupted, AbortSignal.timeout(Math.max(1, Math.ceil(leftMs)))]);
  try {
    return await query(signal);
  } catch (error) {
    if (io.interrupted.aborted) throw error;
    const isAway =
      error instanceof RegionRefusedError ||
      (error instanceof AppError && error.code === 'unreachable') ||
      (error instanceof ProblemError && error.problem.code === 'unavailable');
    if (isAway) return null;
    throw error;
  }
}
