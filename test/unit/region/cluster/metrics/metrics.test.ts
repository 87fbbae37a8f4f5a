import { describe, expect, it } from 'vitest';
import { prometheusText } from '../../../../../src/contract/cluster/prometheus.ts';
import { metricFamilies, nodeSamples } from '../../../../../src/region/cluster/metrics/families.ts';
import type { TrackedNode } from '../../../../../src/region/base/tracking.ts';

const NOW = Date.parse('2026-03-01T10:00:00Z');
const ago = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();
const part = { desired: {}, restart: null };
type Reported = NonNullable<TrackedNode['report']>['services'][number];
const observed = (service: string, changes: Partial<Reported> = {}): Reported => ({
  service,
  wanted: 3,
  wantedDigest: 'd',
  applied: 3,
  appliedDigest: 'd',
  state: 'healthy',
  since: ago(60),
  why: '',
  lastAction: null,
  restartDone: null,
  ...changes,
});
const node = (name: string, at: number, services: readonly Reported[]): TrackedNode => ({
  id: name,
  name,
  published: {
    generation: 3,
    at: ago(60),
    behindSince: null,
    services: Object.fromEntries(services.map(({ service }) => [service, part])),
  },
  report: { generation: 3, at: ago(at), versions: {}, services },
  findings: [],
});
const familiesOf = (...nodes: TrackedNode[]) =>
  metricFamilies(nodeSamples({ nodes, kinds: ['dhcp', 'lb'], version: '1.2.3', now: NOW }));
const LEASES = { name: 'leases', unit: 'count', value: 12 } as const;
const SENT = { name: 'sent', unit: 'bytes', isTotal: true, value: 2048 } as const;

describe('metrics of the site', () => {
  it('are named by service and unit, and say whose they are', () => {
    const k1 = node('k1', 4, [
      observed('dhcp', { metrics: [LEASES] }),
      observed('dhcp@k1_k2', { metrics: [{ ...LEASES, value: 3, labels: { subnet: '10.0.0.0/24' } }] }),
      observed('lb', { state: 'unhealthy', applied: 2, metrics: [SENT] }),
    ]);
    const families = familiesOf(k1);
    expect(families.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'regent_build_info gauge',
      'regent_dhcp_leases gauge',
      'regent_lb_sent_bytes_total counter',
      'regent_node_report_age_seconds gauge',
      'regent_service_current gauge',
      'regent_service_healthy gauge',
    ]);
    expect(families[1]?.samples).toEqual([
      { labels: { node: 'k1', service: 'dhcp' }, value: 12 },
      { labels: { subnet: '10.0.0.0/24', node: 'k1', service: 'dhcp@k1_k2' }, value: 3 },
    ]);
    expect(families[3]?.samples).toEqual([{ labels: { node: 'k1' }, value: 4 }]);
    expect(families[4]?.samples.map(({ value }) => value)).toEqual([1, 1, 0]);
    expect(families[5]?.samples.map(({ value }) => value)).toEqual([1, 1, 0]);
  });

  it('of a silent node are its silence alone: its daemons’ numbers are of another time', () => {
    const families = familiesOf(node('k1', 100, [observed('dhcp', { metrics: [LEASES] })]), node('k2', 1, []));
    expect(families.map(({ name }) => name)).not.toContain('regent_dhcp_leases');
    const age = families.find(({ name }) => name === 'regent_node_report_age_seconds');
    expect(age?.samples).toEqual([
      { labels: { node: 'k1' }, value: 100 },
      { labels: { node: 'k2' }, value: 1 },
    ]);
    expect(families.find(({ name }) => name === 'regent_service_healthy')?.samples).toEqual([
      { labels: { node: 'k1', service: 'dhcp' }, value: 0 },
    ]);
  });

  it('cannot be another node’s by a label of a report', () => {
    const labels = { node: 'r1', service: 'dns' };
    const families = familiesOf(node('k1', 1, [observed('dhcp', { metrics: [{ ...LEASES, labels }] })]));
    expect(families[1]?.samples[0]?.labels).toEqual({ node: 'k1', service: 'dhcp' });
  });
});

describe('Prometheus’ text', () => {
  it('has help, type and samples of each family, and escapes what it must', () => {
    const text = prometheusText([
      {
        name: 'regent_a',
        help: 'One \\ and\ntwo.',
        type: 'gauge',
        samples: [
          { labels: {}, value: 1 },
          { labels: { node: 'k"1', what: 'a\\b\nc' }, value: 0.25 },
        ],
      },
      { name: 'regent_b_total', help: 'B.', type: 'counter', samples: [{ labels: { node: 'k1' }, value: 1e21 }] },
    ]);
    expect(text).toBe(
      [
        '# HELP regent_a One \\\\ and\\ntwo.',
        '# TYPE regent_a gauge',
        'regent_a 1',
        'regent_a{node="k\\"1",what="a\\\\b\\nc"} 0.25',
        '# HELP regent_b_total B.',
        '# TYPE regent_b_total counter',
        'regent_b_total{node="k1"} 1e+21',
        '',
      ].join('\n'),
    );
  });
});
