import { describe, expect, it } from 'vitest';
import { createLatencies } from '../../../../../src/region/base/latencies.ts';
import { METRICS, sampleOf } from '../../../../../src/region/cluster/metrics/table.ts';
import { chartSamples, requestCounts, requestSamples } from '../../../../../src/region/cluster/series/samples.ts';
import { LIMITS, SERIES } from '../../../../../src/region/cluster/series/table.ts';

const names = SERIES.map(({ name }) => name);

describe('the table of series', () => {
  it('has each name once, and follows the table of metrics', () => {
    expect(new Set(names).size).toBe(names.length);
    const gauges = METRICS.filter((metric) => metric.type === 'gauge' && 'isSeries' in metric);
    expect(gauges.length).toBeGreaterThan(15);
    for (const { name, help, labels } of gauges)
      expect(SERIES).toContainEqual(expect.objectContaining({ name, help, labels: [...labels] }));
    expect([...Object.keys(LIMITS), ...Object.values(LIMITS)].filter((name) => !names.includes(name))).toEqual([]);
  });

  it('has the unit of each', () => {
    const unitOf = (name: string) => SERIES.find((one) => one.name === name)?.unit;

    expect(unitOf('regent_db_lag_bytes')).toBe('bytes');
    expect(unitOf('regent_api_request_duration_p95_seconds')).toBe('seconds');
    expect(unitOf('regent_api_requests_per_second')).toBe('per second');
    expect(unitOf('regent_node_disk_used_ratio')).toBe('ratio');
    expect(unitOf('regent_leases')).toBe('count');
  });
});

describe('samples of the site', () => {
  it('are those of the table that are numbers', () => {
    const lag = { name: 'regent_db_lag_bytes', help: '', type: 'gauge' as const, labels: { node: 'r2' }, value: 7 };
    const samples = [
      sampleOf('regent_leases', {}, 50),
      sampleOf('regent_losses_now', {}, Number.NaN),
      sampleOf('regent_build_info', { version: '1' }, 1),
      sampleOf('regent_api_requests_total', { region: 'r1', surface: 'v1', code: '2xx' }, 9),
      lag,
    ];

    expect(chartSamples(samples)).toEqual([
      { name: 'regent_leases', labels: {}, value: 50 },
      { name: 'regent_db_lag_bytes', labels: { node: 'r2' }, value: 7 },
    ]);
  });
});

describe('samples of requests', () => {
  const note = (latencies: ReturnType<typeof createLatencies>, seconds: number, status = 200, isRead = true) =>
    latencies.note({ surface: 'v1', isRead, status, seconds });

  it('are of the time between two moments only', () => {
    const latencies = createLatencies();
    for (let call = 0; call < 50; call += 1) note(latencies, 4);
    const before = requestCounts(latencies, 100);
    for (let call = 0; call < 90; call += 1) note(latencies, 0.004, 200, call % 2 === 0);
    for (let call = 0; call < 30; call += 1) note(latencies, 0.09, 503);

    const samples = requestSamples(before, requestCounts(latencies, 400), 'r1');

    const labels = { region: 'r1', surface: 'v1' };
    expect(samples).toEqual([
      { name: 'regent_api_request_duration_p50_seconds', labels, value: expect.closeTo(0.00333, 4) },
      { name: 'regent_api_request_duration_p95_seconds', labels, value: expect.closeTo(0.09, 2) },
      { name: 'regent_api_requests_per_second', labels: { region: 'r1', code: '2xx' }, value: 0.3 },
      { name: 'regent_api_requests_per_second', labels: { region: 'r1', code: '5xx' }, value: 0.1 },
    ]);
    for (const { name, labels: own } of samples)
      expect(Object.keys(own)).toEqual(SERIES.find((one) => one.name === name)?.labels);
  });

  it('have no latency without a request', () => {
    const latencies = createLatencies();
    note(latencies, 0.01);
    const before = requestCounts(latencies, 100);

    expect(requestSamples(before, requestCounts(latencies, 400), 'r1')).toEqual([
      { name: 'regent_api_requests_per_second', labels: { region: 'r1', code: '2xx' }, value: 0 },
    ]);
    expect(requestSamples(before, before, 'r1')).toEqual([]);
  });
});
