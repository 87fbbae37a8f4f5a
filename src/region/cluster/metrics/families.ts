import type { ServiceMetric } from '../../../contract/cluster/agent.ts';
import type { MetricFamily } from '../../../contract/cluster/service.ts';
import { kindOf } from '../../../core/node-identity.ts';
import { isStale, type TrackedNode, trackServices } from '../../base/tracking.ts';
import { type MetricSample, sampleOf } from './table.ts';

const SUFFIXES: Readonly<Record<ServiceMetric['unit'], string>> = {
  count: '',
  bytes: '_bytes',
  seconds: '_seconds',
  ratio: '_ratio',
};

/** What is known of nodes and their services in numbers. `now` in ms. */
interface MetricSources {
  readonly nodes: readonly TrackedNode[];
  readonly kinds: readonly string[];
  readonly version: string;
  readonly now: number;
}

/**
 * Numbers of nodes and services as the region sees them, and of the daemons as of their last probe. The daemons' numbers of a silent node are left out,
 * because they are old. Pure.
 */
export function nodeSamples({ nodes, kinds, version, now }: MetricSources): MetricSample[] {
  return [
    sampleOf('regent_build_info', { version }, 1),
    ...nodes.flatMap((node) => ageOf(node, now)),
    ...trackServices(nodes, kinds, now).flatMap(({ node, service, state, isWanted, isCurrent }) =>
      isWanted ? stateOf({ node, service }, state === 'healthy', isCurrent) : [],
    ),
    ...nodes.filter((node) => !isStale(node, now)).flatMap(ownOf),
  ];
}

/** Samples as families, in the order of their names. Pure. */
export function metricFamilies(samples: readonly MetricSample[]): MetricFamily[] {
  const families = Map.groupBy(samples, ({ name }) => name);
  return [...families.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, [first, ...rest]]) => familyOf(name, first as MetricSample, rest));
}

function familyOf(name: string, first: MetricSample, rest: readonly MetricSample[]): MetricFamily {
  const { help, type } = first;
  const samples = [first, ...rest].map(({ labels, value, suffix }) => ({
    ...(suffix === undefined ? {} : { suffix }),
    labels: { ...labels },
    value,
  }));
  return { name, help, type, samples };
}

function ageOf({ name, report }: TrackedNode, now: number): MetricSample[] {
  if (report === null) return [];
  const value = Math.max(0, now - Date.parse(report.at)) / 1000;
  return [sampleOf('regent_node_report_age_seconds', { node: name }, value)];
}

function stateOf(labels: MetricSample['labels'], isHealthy: boolean, isCurrent: boolean): MetricSample[] {
  return [
    sampleOf('regent_service_healthy', labels, isHealthy ? 1 : 0),
    sampleOf('regent_service_current', labels, isCurrent ? 1 : 0),
  ];
}

/** The numbers that the daemons of a node reported. */
function ownOf({ name: node, report }: TrackedNode): MetricSample[] {
  return (report?.services ?? []).flatMap(({ service, metrics = [] }) =>
    metrics.map(({ name, unit, isTotal, value, labels }) => ({
      name: `regent_${kindOf(service).replaceAll('-', '_')}_${name}${SUFFIXES[unit]}${isTotal ? '_total' : ''}`,
      help: `${name.replaceAll('_', ' ')} of the service ${kindOf(service)}, as its daemon says.`,
      type: isTotal ? ('counter' as const) : ('gauge' as const),
      // Whose number it is stands last: no label of a report can say otherwise.
      labels: { ...labels, node, service },
      value,
    })),
  );
}
