import { Check } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { METRICS_MAX, ServiceMetric } from '../../../src/contract/cluster/agent.ts';
import type { ExecResult } from '../../../src/core/host-values.ts';
import { askHealth } from '../../../src/reconcile/health.ts';
import type { EnginePorts } from '../../../src/reconcile/ports.ts';
import type { DbDesired } from '../../../src/services/db/desired.ts';
import { metricsDb } from '../../../src/services/db/metrics.ts';
import type { DhcpDesired } from '../../../src/services/dhcp/desired.ts';
import { probeDhcp } from '../../../src/services/dhcp/daemon.ts';
import { metricsDhcp } from '../../../src/services/dhcp/metrics.ts';
import { OWN_PLACES } from '../../../src/services/dhcp/places.ts';
import type { DnsDesired } from '../../../src/services/dns/desired.ts';
import { metricsDns } from '../../../src/services/dns/metrics.ts';
import type { AnyService, Metric } from '../../../src/services/kit/contract.ts';
import { metricsLb } from '../../../src/services/lb/metrics.ts';
import { metricsProxy } from '../../../src/services/proxy/metrics.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { answer, notAsked, SILENT, webAnswer } from '../../kit/exec-result.ts';
import { desiredOf, serviceNamed } from '../../kit/goldens.ts';

const flat = (metrics: readonly Metric[]) =>
  Object.fromEntries(
    metrics.map(({ name, labels, value }) => [[name, ...Object.values(labels ?? {})].join(' '), value]),
  );

describe('metrics of Kea', () => {
  const subnet = (id: number, cidr: string) => ({ id, cidr }) as DhcpDesired['networks'][number]['subnets'][number];
  const desired = {
    networks: [
      { subnets: [subnet(1, '10.0.1.0/24'), subnet(2, '10.0.2.0/24')] },
      { subnets: [subnet(7, '10.0.7.0/24')] },
    ],
  } as unknown as DhcpDesired;
  const columns = [
    'subnet-id',
    'total-addresses',
    'cumulative-assigned-addresses',
    'assigned-addresses',
    'declined-addresses',
  ];
  const counted = (...rows: readonly unknown[]) =>
    answer(JSON.stringify({ result: 0, text: '', arguments: { 'result-set': { columns, rows } } }));
  const before = Array.from({ length: 4 }, () => answer('{}'));

  it('are its leases and pools, in sum and by subnet', () => {
    const metrics = metricsDhcp(
      [...before, counted([1, 100, 900, 25, 1], [2, 10, 12, 9, 0], [7, 0, 0, 0, 0], [9, 5, 5, 5, 5])],
      desired,
    );
    expect(flat(metrics)).toEqual({
      leases: 34,
      leases_declined: 1,
      pool_addresses: 110,
      'subnet_leases 10.0.2.0/24': 9,
      'subnet_pool_addresses 10.0.2.0/24': 10,
      'subnet_leases 10.0.1.0/24': 25,
      'subnet_pool_addresses 10.0.1.0/24': 100,
      'subnet_leases 10.0.7.0/24': 0,
      'subnet_pool_addresses 10.0.7.0/24': 0,
    });
  });

  it('stand behind the leases that are to end, and before the pair’s state', () => {
    const endedLeases = [
      { address: '10.0.1.5', mac: null, keptFor: null, before: 1 },
    ] as unknown as DhcpDesired['endedLeases'];
    const ending = { ...desired, endedLeases, pair: {} } as unknown as DhcpDesired;
    const questions = probeDhcp(OWN_PLACES, ending).map((item) => ('request' in item ? item.request : ''));
    const place = questions.findIndex((text) => text.includes('stat-lease4-get'));
    expect(place).toBe(questions.length - 2);
    const answers = questions.map((_, index) => (index === place ? counted([1, 100, 3, 3, 0]) : answer('{}')));
    expect(flat(metricsDhcp(answers, ending))).toMatchObject({ leases: 3 });
  });

  it('of very many subnets are those of the fullest, and the sums of all', () => {
    const subnets = Array.from({ length: 300 }, (_, n) => subnet(n + 1, `10.${Math.floor(n / 250)}.${n % 250}.0/24`));
    const rows = subnets.map(({ id }) => [id, 1000, 0, id, 0]);
    const metrics = metricsDhcp([...before, counted(...rows)], { networks: [{ subnets }] } as unknown as DhcpDesired);
    expect(metrics.length).toBeLessThanOrEqual(METRICS_MAX);
    expect(metrics[0]).toMatchObject({ name: 'leases', value: (300 * 301) / 2 });
    expect(flat(metrics)).toMatchObject({ 'subnet_leases 10.1.49.0/24': 300 });
    expect(flat(metrics)['subnet_leases 10.0.0.0/24']).toBeUndefined();
  });

  it.each([
    ['a Kea of an earlier configuration', answer('{"result":2,"text":"not supported"}')],
    ['no answer', SILENT],
    ['rows that are none', answer('{"result":0,"arguments":{"result-set":{"columns":[],"rows":[1,null,["x"]]}}}')],
  ])('are none, or no subnet’s, of %s', (_, given) => {
    expect(metricsDhcp([...before, given], desired).filter(({ value }) => value !== 0)).toEqual([]);
  });
});

describe('metrics of named', () => {
  const soa = (serial: number) =>
    answer(`status: NOERROR
a.test. 30 IN SOA ns. host. ${serial} 1 2 3 4
when: 1
`);
  it('are its zones, and how many copies are behind', () => {
    expect(flat(metricsDns([], { zones: [1, 2, 3] } as unknown as DnsDesired))).toEqual({ zones: 3 });
    const published = [5, 5, 0xffff_ffff].map((serial, n) => ({ name: `z${n}.test`, serial }));
    const desired = { zones: [], copies: { count: 40, published } } as unknown as DnsDesired;
    const behind = (...answers: ExecResult[]) => flat(metricsDns(answers, desired))['zones_behind'];
    expect(flat(metricsDns([], desired))).toEqual({ zones: 40, zones_behind: 3 });
    expect(behind(soa(5), soa(4), soa(1))).toBe(1);
  });
});

describe('metrics of Squid', () => {
  const page = (status: number, text: string) => answer(`HTTP/1.1 ${status} X\r\nVia: x\r\n\r\n${text}`);
  const store = page(
    200,
    'Store Directory Statistics:\nMaximum Swap Size      : 4096 KB\nCurrent Store Swap Size: 2049.50 KB\n',
  );
  const counters =
    'sample_time = 1.5 (x)\nclient_http.requests = 12\nclient_http.hits = 3\nclient_http.errors = 0\nclient_http.kbytes_out = 20\nclient_http.hit_kbytes_out = 8\nserver.http.kbytes_in = 9\n';

  it('are requests, hits, bytes and the cache', () => {
    const all = {
      requests: 12,
      hits: 3,
      errors: 0,
      sent: 20 * 1024,
      sent_from_cache: 8 * 1024,
      fetched: 9 * 1024,
      cache_used: 2049 * 1024,
      cache_size: 4096 * 1024,
    };
    expect(flat(metricsProxy([store, SILENT, page(200, counters)]))).toEqual(all);
    expect(flat(metricsProxy([store, SILENT, page(403, counters)]))).toEqual({
      cache_used: all.cache_used,
      cache_size: all.cache_size,
    });
    expect(metricsProxy([notAsked('refused')])).toEqual([]);
  });
});

describe('metrics of haproxy', () => {
  it('are connections, requests and the sessions of each server', () => {
    const text = [
      'Name: HAProxy',
      'Maxconn: 2000',
      'CurrConns: 7',
      'CumConns: 90',
      'CumReq: 120',
      '',
      '# pxname,svname,qcur,qmax,scur,smax,',
      'ready,r1,0,0,4,9,',
      'ready,r2,0,0,,9,',
      'database,r1,0,0,2,9,',
      '',
    ].join('\n');
    expect(metricsLb([answer(text)])).toEqual([
      { name: 'connections', unit: 'count', value: 7 },
      { name: 'connections_limit', unit: 'count', value: 2000 },
      { name: 'connections', unit: 'count', isTotal: true, value: 90 },
      { name: 'requests', unit: 'count', isTotal: true, value: 120 },
      { name: 'sessions', unit: 'count', value: 4, labels: { backend: 'ready', server: 'r1' } },
      { name: 'sessions', unit: 'count', value: 2, labels: { backend: 'database', server: 'r1' } },
    ]);
    expect(metricsLb([SILENT])).toEqual([]);
    expect(metricsLb([answer('nonsense')])).toEqual([]);
  });
});

describe('metrics of PostgreSQL', () => {
  const desired = { ...desiredOf('db', 'cluster'), name: 'r2' } as unknown as DbDesired;
  const asked = (own: object, members: readonly object[]) => [
    webAnswer('', 200),
    webAnswer(own, 200),
    webAnswer({ members }),
  ];
  it('are its role, and a standby’s lag', () => {
    const standby = {
      state: 'running',
      role: 'replica',
      timeline: 3,
      replication_state: 'streaming',
      sync_standby: true,
    };
    const members = [{ name: 'r2', role: 'sync_standby', state: 'streaming', timeline: 3, lag: 4096 }];
    expect(flat(metricsDb(asked(standby, members), desired))).toEqual({
      is_primary: 0,
      is_streaming: 1,
      is_synchronous: 1,
      lag: 4096,
      timeline: 3,
    });
    const primary = { state: 'running', role: 'primary', timeline: 3 };
    expect(flat(metricsDb(asked(primary, [{ ...members[0], role: 'leader' }]), desired))).toEqual({
      is_primary: 1,
      timeline: 3,
    });
    expect(metricsDb([SILENT], desired)).toEqual([]);
  });
});

describe('every service’s metrics', () => {
  const cases: Readonly<Record<string, string>> = { dhcp: 'rack', http: 'rack', tgt: 'pair' };
  const wanted = ['dns', 'lb', 'db', 'ntp', 'proxy', 'dhcp', 'http', 'tgt', 'backup'].map(
    (name) => [name, serviceNamed(name), desiredOf(name, cases[name] ?? 'cluster')] as const,
  );
  const hostile = [
    '',
    '{',
    'null',
    '[]',
    '{"result":0}',
    'HTTP/1.1 200 OK\r\n\r\n{"members":[{}]}',
    '# pxname,\nNaN,x',
    '\u0000',
  ];
  const portsOf = (result: ExecResult) =>
    ({
      host: {
        exec: async () => result,
        units: { state: async () => ({ load: 'loaded', active: 'active', sub: 'running', mainPid: 1, restarts: 0 }) },
      },
    }) as unknown as EnginePorts;

  it('are of each service that has any, in this test', () => {
    const names = SERVICES.filter((service) => 'metrics' in service).map(({ name }) => name);
    expect(names.sort()).toEqual(wanted.map(([name]) => name).sort());
    expect(wanted.filter(([, , desired]) => desired === null)).toEqual([]);
  });

  it.each(wanted)(
    'of %s are of the wire’s form and harm no health, whatever the daemon says',
    async (_, service: AnyService, desired) => {
      for (const text of hostile) {
        const { metrics = [] } = await askHealth(portsOf(answer(text)), service, desired);
        for (const metric of metrics)
          expect(Check(ServiceMetric, metric), `${text}: ${JSON.stringify(metric)}`).toBe(true);
      }
    },
  );

  it('that throw, or are no numbers, are left out', async () => {
    const [, service, desired] = wanted[0] ?? [];
    const health = { isHealthy: true, detail: 'well' };
    const told = async (metrics: AnyService['metrics']) =>
      askHealth(
        portsOf(answer('')),
        { ...(service as AnyService), parseProbe: () => health, ...(metrics ? { metrics } : {}) },
        desired,
      );
    expect(
      await told(() => {
        throw new Error('unreadable');
      }),
    ).toMatchObject({ ...health, metrics: [] });
    const some = (value: number): Metric => ({ name: 'a', unit: 'count', value });
    expect((await told(() => [some(Number.NaN), some(1), some(Number.POSITIVE_INFINITY)])).metrics).toEqual([some(1)]);
    expect((await told(() => Array.from({ length: 900 }, () => some(1)))).metrics).toHaveLength(METRICS_MAX);
  });
});
