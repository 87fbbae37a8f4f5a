import type { ServiceMetric } from '../../contract/cluster/agent.ts';
import type { MetricFamily } from '../../contract/cluster/service.ts';
import { kindOf } from '../../core/node-identity.ts';
import { readSeenNodes } from '../base/seen.ts';
import { isStale, type TrackedNode, trackServices } from '../base/tracking.ts';
import { reading } from '../base/use-case.ts';

const SUFFIXES: Readonly<Record<ServiceMetric['unit'], string>> = {
  count: '',
  bytes: '_bytes',
  seconds: '_seconds',
  ratio: '_ratio',
};

interface Sample {
  readonly name: string;
  readonly help: string;
  readonly type: MetricFamily['type'];
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** What a region knows in numbers. `now` in ms. */
interface MetricSources {
  readonly nodes: readonly TrackedNode[];
  readonly kinds: readonly string[];
  readonly version: string;
  readonly now: number;
}

/**
 * Every number of the site: of nodes and services as the region sees them, and of the daemons as of their last probe.
 * The daemons' numbers of a silent node are left out, because they are old. Pure.
 */
export function metricFamilies({ nodes, kinds, version, now }: MetricSources): MetricFamily[] {
  const samples: Sample[] = [
    {
      name: 'regent_build_info',
      help: 'The release of the region that answers; the value is 1.',
      type: 'gauge',
      labels: { version },
      value: 1,
    },
    ...nodes.flatMap((node) => ageOf(node, now)),
    ...trackServices(nodes, kinds, now).flatMap(({ node, service, state, isWanted, isCurrent }) =>
      isWanted ? stateOf({ node, service }, state === 'healthy', isCurrent) : [],
    ),
    ...nodes.filter((node) => !isStale(node, now)).flatMap(ownOf),
  ];
  const families = Map.groupBy(samples, ({ name }) => name);
  return [...families.entries()]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, [first, ...rest]]) => familyOf(name, first as Sample, rest));
}

function familyOf(name: string, first: Sample, rest: readonly Sample[]): MetricFamily {
  const { help, type } = first;
  return { name, help, type, samples: [first, ...rest].map(({ labels, value }) => ({ labels: { ...labels }, value })) };
}

function ageOf({ name, report }: TrackedNode, now: number): Sample[] {
  if (report === null) return [];
  const value = Math.max(0, now - Date.parse(report.at)) / 1000;
  const help = 'Seconds since the last report of the node.';
  return [{ name: 'regent_node_report_age_seconds', help, type: 'gauge', labels: { node: name }, value }];
}

function stateOf(labels: Sample['labels'], isHealthy: boolean, isCurrent: boolean): Sample[] {
  const flag = (name: string, help: string, isSet: boolean): Sample => ({
    name: `regent_service_${name}`,
    help,
    type: 'gauge',
    labels,
    value: isSet ? 1 : 0,
  });
  return [
    flag('healthy', 'Is the service healthy on a node that is to run it: 1, else 0.', isHealthy),
    flag('current', 'Has the node in force what is published for the service: 1, else 0.', isCurrent),
  ];
}

/** The numbers that the daemons of a node reported. */
function ownOf({ name: node, report }: TrackedNode): Sample[] {
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

export const metricCases = {
  'metric.list': reading('metric.list', async (tx, _input, context) => {
    const nodes = await readSeenNodes(tx, context);
    const kinds = context.renderer.services.map((service) => service.name);
    const now = context.clock.now();
    return { body: { families: metricFamilies({ nodes, kinds, version: context.version, now }) } };
  }),
};
