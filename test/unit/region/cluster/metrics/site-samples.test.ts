import { describe, expect, it } from 'vitest';
import {
  metricsType,
  OPENMETRICS_TYPE,
  openMetricsText,
  PROMETHEUS_TYPE,
} from '../../../../../src/contract/cluster/prometheus.ts';
import { createLatencies } from '../../../../../src/region/base/latencies.ts';
import { metricFamilies } from '../../../../../src/region/cluster/metrics/families.ts';
import { latencySamples } from '../../../../../src/region/cluster/metrics/latency-samples.ts';
import { siteSamples } from '../../../../../src/region/cluster/metrics/site-samples.ts';
import { METRICS, type MetricSample } from '../../../../../src/region/cluster/metrics/table.ts';
import { aSite, BACKUPS, days, POOL } from '../fixture.ts';

const COUNTS = { domains: 2, records: 9, machines: 4, vlans: 1, subnets: 1, leases: 50, racksWaiting: 0 };
const MORE = {
  machines: [{ state: 'ready', count: 4 }],
  jobs: [{ state: 'running', count: 2 }],
  drills: [{ hazard: 'host-kill-primary', startedAt: days(-1), isPassed: false }],
  runs: [{ kind: 'deploying', seconds: 410 }],
};
const SITE = aSite({ site: { backups: BACKUPS } });
const valueOf = (samples: readonly MetricSample[], name: string, labels: Readonly<Record<string, string>> = {}) =>
  samples.find((one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text))
    ?.value;

describe('figures of the site', () => {
  it('are what status and doctor know', () => {
    const samples = siteSamples(SITE, COUNTS, MORE);
    const found = (name: string, labels?: Readonly<Record<string, string>>) => valueOf(samples, name, labels);

    expect(found('regent_database_write_seconds')).toBe(0.002);
    expect([found('regent_losses_now'), found('regent_losses_promised')]).toEqual([1, 1]);
    expect(found('regent_node_fresh', { node: 'k1' })).toBe(1);
    expect(found('regent_pool_addresses', { subnet: '10.10.10.0/24' })).toBe(100);
    expect(found('regent_pool_leases', { subnet: '10.10.10.0/24' })).toBe(50);
    expect(found('regent_pair_whole', { vlan: 'fabric-1/vlan10' })).toBe(0);
    expect(found('regent_machines', { state: 'ready' })).toBe(4);
    expect([found('regent_jobs', { state: 'running' }), found('regent_jobs', { state: 'waiting' })]).toEqual([2, 0]);
    expect(found('regent_backup_newest_timestamp_seconds')).toBe(BACKUPS.newestAt / 1000);
    expect(found('regent_drill_passed', { hazard: 'host-kill-primary' })).toBe(0);
    expect(found('regent_finding_state', { finding: 'agents' })).toBe(0);
  });

  it('have who holds what, how full disks are, sizes of images and times of runs', () => {
    const disks = [{ path: '/', sizeBytes: 1000, freeBytes: 250 }];
    const away = { silentFor: 300, report: 'silent' as const, host: { disks } };
    const samples = siteSamples(aSite({ nodes: { r1: { host: { disks } }, r3: away } }), COUNTS, MORE);
    const found = (name: string, labels?: Readonly<Record<string, string>>) => valueOf(samples, name, labels);

    for (const role of ['vip', 'primary', 'etcd-leader'])
      expect(
        ['r1', 'r2', 'r3'].map((node) => found('regent_role_held', { role, node })),
        role,
      ).toEqual([1, 0, undefined]);
    expect(found('regent_node_disk_used_ratio', { node: 'r1', path: '/' })).toBe(0.75);
    expect(found('regent_node_disk_used_ratio', { node: 'r3' }), 'it is silent').toBeUndefined();
    expect(found('regent_image_bytes')).toBeGreaterThan(0);
    expect(found('regent_machine_run_seconds', { kind: 'deploying' })).toBe(410);
  });

  it('have the state, the mute and the age of a finding', () => {
    const away = aSite({ nodes: { r3: { silentFor: 300, report: 'silent' } } });
    const mute = { id: 'agents', until: days(1), reason: 'r', covers: null, by: 'ada', at: days(-1) };
    const site = { ...away, notes: new Map([['agents', { since: days(-2), mute }]]) };
    const samples = siteSamples(site, COUNTS, MORE);
    const labels = { finding: 'agents' };

    expect(valueOf(samples, 'regent_finding_state', labels)).toBe(3);
    expect(valueOf(samples, 'regent_finding_muted', labels)).toBe(1);
    expect(valueOf(samples, 'regent_finding_age_seconds', labels)).toBe(2 * 86_400);
    expect(valueOf(samples, 'regent_findings', { state: 'broken', muted: 'true' })).toBe(1);
  });

  it('add up several ranges of a subnet', () => {
    const pools = [POOL, { ...POOL, first: '10.10.10.10', last: '10.10.10.19', size: 10, used: 10 }];
    const samples = siteSamples(aSite({ site: { leases: { pairs: [], gaps: [], pools } } }), COUNTS, MORE);
    expect(valueOf(samples, 'regent_pool_addresses')).toBe(110);
  });

  it('are nothing where nothing is known: no figure is made up', () => {
    const { leases: _leases, shown: _shown, ...rest } = aSite();
    const names = new Set(siteSamples({ ...rest, authority: null }, COUNTS, MORE).map(({ name }) => name));
    for (const name of ['pool_leases', 'backups', 'authority_expiry_timestamp_seconds', 'backup_drill_passed'])
      expect(names).not.toContain(`regent_${name}`);
  });

  it('have the labels that the table says', () => {
    const latencies = createLatencies();
    latencies.note({ surface: 'v1', isRead: true, status: 200, seconds: 0.1 });
    for (const { name, labels } of [...siteSamples(SITE, COUNTS, MORE), ...latencySamples(latencies, 'r1')]) {
      const wanted = METRICS.find((one) => one.name === name)?.labels;
      expect(
        Object.keys(labels).filter((label) => label !== 'le'),
        name,
      ).toEqual(wanted);
    }
  });
});

describe('how long requests took', () => {
  const latencies = createLatencies();
  latencies.note({ surface: 'v1', isRead: true, status: 200, seconds: 0.02 });
  latencies.note({ surface: 'v1', isRead: true, status: 404, seconds: 0.3 });
  latencies.note({ surface: 'v1', isRead: false, status: 503, seconds: 30 });
  const samples = latencySamples(latencies, 'r1');
  const bucket = (le: string, kind: string) =>
    samples.find(({ labels }) => labels['le'] === le && labels['kind'] === kind)?.value;

  it('is a histogram whose buckets count all below', () => {
    expect(['0.01', '0.025', '0.25', '0.5', '+Inf'].map((le) => bucket(le, 'read'))).toEqual([0, 1, 1, 2, 2]);
    expect([bucket('10.0', 'write'), bucket('+Inf', 'write')]).toEqual([0, 1]);
    expect(samples.filter(({ suffix }) => suffix === '_sum').map(({ value }) => value)).toEqual([0.32, 30]);
  });

  it('is OpenMetrics with units, counters and an end', () => {
    const lines = openMetricsText(metricFamilies(samples)).split('\n');
    expect(lines).toContain('# TYPE regent_api_requests counter');
    expect(lines).toContain('regent_api_requests_total{region="r1",surface="v1",code="4xx"} 1');
    expect(lines).toContain('# UNIT regent_api_request_duration_seconds seconds');
    expect(lines).toContain('regent_api_request_duration_seconds_count{region="r1",surface="v1",kind="read"} 2');
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
  });
});

it.each([
  ['application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1', OPENMETRICS_TYPE],
  ['application/openmetrics-text;version=1.0.0', OPENMETRICS_TYPE],
  ['text/plain, application/openmetrics-text;q=0.5', PROMETHEUS_TYPE],
  ['application/openmetrics-text;q=0', PROMETHEUS_TYPE],
  ['*/*', PROMETHEUS_TYPE],
  ['', PROMETHEUS_TYPE],
])('who accepts %s gets what it prefers', (accept, type) => {
  expect(metricsType(accept)).toBe(type);
});

it('every metric is named as Prometheus wants it', () => {
  for (const { name, type, help } of METRICS) {
    expect(name).toMatch(/^regent_[a-z_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(help).toMatch(/^[A-Z].*\.$/);
  }
  expect(new Set(METRICS.map(({ name }) => name)).size).toBe(METRICS.length);
});
