import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServiceMetric } from '../../../src/contract/cluster/agent.ts';
import { API_PREFIX } from '../../../src/contract/routes.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { NODE_SECRET, startTestRegion, type TestRegion } from '../../kit/region.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
});
afterAll(() => site.close());

const LEASES: ServiceMetric[] = [
  { name: 'leases', unit: 'count', value: 12 },
  { name: 'subnet_leases', unit: 'count', value: 7, labels: { subnet: '10.0.0.0/24' } },
  { name: 'sent', unit: 'bytes', isTotal: true, value: 2048.5 },
];
const report = async (metrics: unknown) => {
  const body = anObservation('r1', {
    services: [{ ...aServiceReport('dhcp'), metrics } as never, aServiceReport('dns')],
  });
  const answer = await site.agentApi.inject({
    method: 'POST',
    url: '/agent/v1/observation',
    headers: { authorization: `Bearer node:r1:${NODE_SECRET}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
  return answer.statusCode;
};
const scrape = (accept: string | undefined, key = site.keys.auditor) =>
  site.api.inject({
    method: 'GET',
    url: `${API_PREFIX}/metrics`,
    headers: { authorization: `Bearer ${key}`, ...(accept === undefined ? {} : { accept }) },
  });
/** As Prometheus 3 asks. */
const PROMETHEUS = 'application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3,*/*;q=0.1';

describe('metrics of services', () => {
  it('come with a report and are shown with their service', async () => {
    expect(await report(LEASES)).toBe(204);
    expect((await site.call('GET', '/services/r1/dhcp')).body).toMatchObject({ service: 'dhcp', metrics: LEASES });
    expect((await site.call('GET', '/services/r1/dns')).body).toMatchObject({ service: 'dns', metrics: [] });
  });

  it('are Prometheus’ text for whoever does not ask for JSON', async () => {
    await report(LEASES);
    for (const accept of ['text/plain', '*/*', undefined]) {
      const answer = await scrape(accept);
      expect(answer.statusCode).toBe(200);
      expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
      const lines = answer.body.split('\n');
      expect(lines).toContain('# TYPE regent_dhcp_leases gauge');
      expect(lines).toContain('regent_dhcp_leases{node="r1",service="dhcp"} 12');
      expect(lines).toContain('regent_dhcp_subnet_leases{subnet="10.0.0.0/24",node="r1",service="dhcp"} 7');
      expect(lines).toContain('# TYPE regent_dhcp_sent_bytes_total counter');
      expect(lines).toContain('regent_dhcp_sent_bytes_total{node="r1",service="dhcp"} 2048.5');
      expect(lines).toContain('regent_build_info{version="1.0.0"} 1');
      // Each line is a comment, or a name, perhaps labels, and a number; each family stands together.
      const form = /^(?:#.*|[a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})? -?[\d.e+-]+|)$/;
      expect(lines.filter((line) => !form.test(line))).toEqual([]);
      const names = lines.flatMap((line) => /^([a-z_]+)[{ ]/.exec(line)?.[1] ?? []);
      const groups = names.filter((name, index) => name !== names[index - 1]);
      expect(new Set(groups).size).toBe(groups.length);
    }
  });

  it('are OpenMetrics for Prometheus, with figures of the site and of requests', async () => {
    await report(LEASES);
    const answer = await scrape(PROMETHEUS);
    expect(answer.headers['content-type']).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    const lines = answer.body.split('\n');
    expect(lines).toContain('# TYPE regent_dhcp_sent_bytes counter');
    expect(lines).toContain('# UNIT regent_dhcp_sent_bytes bytes');
    expect(lines).toContain('regent_dhcp_sent_bytes_total{node="r1",service="dhcp"} 2048.5');
    expect(lines).toContain('regent_database_up 1');
    expect(lines.some((line) => /^regent_finding_state\{finding="jobs"\} 0$/.test(line))).toBe(true);
    expect(lines.slice(-2)).toEqual(['# EOF', '']);
    const again = (await scrape(PROMETHEUS)).body;
    expect(again).toMatch(/^regent_api_request_duration_seconds_count\{region="r1",surface="v1",kind="read"\} [1-9]/m);
    expect(again).toMatch(/^regent_api_requests_total\{region="r1",surface="v1",code="2xx"\} [1-9]/m);
  });

  it('are JSON for others, and for watchers alone', async () => {
    await report(LEASES);
    const { body } = await site.call('GET', '/metrics');
    expect(body['families']).toContainEqual({
      name: 'regent_dhcp_leases',
      help: 'leases of the service dhcp, as its daemon says.',
      type: 'gauge',
      samples: [{ labels: { node: 'r1', service: 'dhcp' }, value: 12 }],
    });
    expect((await scrape(PROMETHEUS, site.keys.user)).statusCode).toBe(403);
    expect((await scrape(PROMETHEUS, 'a:b:c')).statusCode).toBe(401);
  });

  it('of another form are refused with their report', async () => {
    const bad = [
      [{ ...LEASES[0], name: 'Leases 1' }],
      [{ ...LEASES[0], unit: 'furlongs' }],
      [{ ...LEASES[0], value: 'many' }],
      [{ ...LEASES[0], labels: { 'a"b': 'x' } }],
      [{ ...LEASES[0], labels: { subnet: 'x'.repeat(200) } }],
      Array.from({ length: 300 }, () => LEASES[0]),
    ];
    for (const metrics of bad) expect(await report(metrics), JSON.stringify(metrics).slice(0, 80)).toBe(422);
    expect(await report(undefined)).toBe(204);
  });
});
