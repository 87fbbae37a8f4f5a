import type { Observation, ServiceMetric, ServiceObservation } from '../contract/cluster/agent.ts';
import { LABEL_MAX, METRICS_MAX } from '../contract/cluster/agent.ts';
import type { HostFacts } from '../core/host-values.ts';
import type { ServiceReport } from '../reconcile/values.ts';
import type { Metric } from '../services/kit/contract.ts';
import type { Findings } from './findings.ts';

/** What a daemon may say of itself in one report, characters of JSON. */
const SERVICE_FACTS_LIMIT = 16 * 1024;

const UNKNOWN_FACTS: HostFacts = {
  hostname: '',
  os: { id: '', version: '' },
  isContainer: false,
  interfaces: [],
  versions: {},
};

/** Facts within the wire's limits; before they were read the report says so by an empty host name. */
export function wireFacts(facts: HostFacts | null): Observation['facts'] {
  const { hostname, os, isContainer, interfaces, versions } = facts ?? UNKNOWN_FACTS;
  return {
    hostname: hostname.slice(0, 255),
    os: { ...os },
    isContainer,
    interfaces: interfaces.slice(0, 4096).map((nic) => ({ ...nic, addresses: nic.addresses.slice(0, 256) })),
    versions: { ...versions },
  };
}

/** A service's report within the wire's limits: figures that are too many are left out, and a finding says so. */
export function wireReport(
  { facts, actions, held, metrics, ...report }: ServiceReport,
  findings: Findings,
): ServiceObservation {
  const code = `${report.service}_facts`;
  const lists = {
    ...(actions === undefined ? {} : { actions: [...actions] }),
    ...(held === undefined ? {} : { held: [...held] }),
    ...(metrics === undefined ? {} : { metrics: metrics.slice(0, METRICS_MAX).map(wireMetric) }),
  };
  const whole = { ...report, ...lists };
  const size = facts === undefined ? 0 : JSON.stringify(facts).length;
  if (facts === undefined || size <= SERVICE_FACTS_LIMIT) {
    findings.clear(code);
    return facts === undefined ? whole : { ...whole, facts: { ...facts } };
  }
  findings.raise(
    code,
    `The facts of ${report.service} are left out of the reports, because they have ${size} characters. Rule: at most ${SERVICE_FACTS_LIMIT}.`,
  );
  return whole;
}

function wireMetric({ name, unit, isTotal, value, labels }: Metric): ServiceMetric {
  const cut = Object.entries(labels ?? {}).map(([key, text]) => [key, text.slice(0, LABEL_MAX)] as const);
  return {
    name,
    unit,
    value,
    ...(isTotal ? { isTotal } : {}),
    ...(cut.length === 0 ? {} : { labels: Object.fromEntries(cut) }),
  };
}
