import { METRICS, type MetricName } from '../../region/cluster/metrics/table.ts';

const SOURCE = { type: 'prometheus', uid: '${datasource}' } as const;

/** A panel: its title, what it draws, and how. `width` of 24. */
interface PanelPlan {
  readonly title: string;
  readonly kind: 'stat' | 'timeseries' | 'table';
  readonly width: number;
  readonly unit?: string;
  readonly draws: readonly { readonly expr: string; readonly legend?: string }[];
  readonly metrics: readonly MetricName[];
}

const HEIGHT = 7;

const PLANS: readonly PanelPlan[] = [
  stat('Nodes that may fail now', 'min(regent_losses_now)', ['regent_losses_now']),
  stat('Database takes writes', 'min(regent_database_up)', ['regent_database_up']),
  stat('Broken or unknown', 'sum(max by (state) (regent_findings{state=~"broken|unknown",muted="false"}))', [
    'regent_findings',
  ]),
  stat('Warnings', 'max(regent_findings{state="warning",muted="false"})', ['regent_findings']),
  stat('Muted', 'sum(max by (state) (regent_findings{muted="true"}))', ['regent_findings']),
  stat('Jobs without a region', 'max(regent_jobs_stuck)', ['regent_jobs_stuck']),
  {
    title: 'Findings that stand (1 warning, 2 unknown, 3 broken)',
    kind: 'table',
    width: 12,
    draws: [{ expr: 'max by (finding) (regent_finding_state) > 0' }],
    metrics: ['regent_finding_state'],
  },
  chart(
    'Age of findings',
    's',
    [['max by (finding) (regent_finding_age_seconds) > 0', '{{finding}}']],
    ['regent_finding_age_seconds'],
  ),
  chart(
    'Age of reports',
    's',
    [['max by (node) (regent_node_report_age_seconds)', '{{node}}']],
    ['regent_node_report_age_seconds'],
  ),
  chart(
    'Services that are not healthy',
    'none',
    [['count by (node) (min by (node, service) (regent_service_healthy) == 0)', '{{node}}']],
    ['regent_service_healthy'],
  ),
  chart(
    'Pools in use',
    'percentunit',
    [['max by (subnet) (regent_pool_leases) / max by (subnet) (regent_pool_addresses)', '{{subnet}}']],
    ['regent_pool_leases', 'regent_pool_addresses'],
  ),
  chart('Pairs of racks', 'none', [['min by (vlan) (regent_pair_whole)', '{{vlan}}']], ['regent_pair_whole']),
  chart('Machines by state', 'none', [['max by (state) (regent_machines)', '{{state}}']], ['regent_machines']),
  chart('Jobs', 'none', [['max by (state) (regent_jobs)', '{{state}}']], ['regent_jobs']),
  chart(
    'Write of the database',
    's',
    [['max(regent_database_write_seconds)', 'write']],
    ['regent_database_write_seconds'],
  ),
  chart(
    'Calls: 50 and 99 of a hundred',
    's',
    [0.5, 0.99].map((part) => [
      `histogram_quantile(${part}, sum by (le, surface) (rate(regent_api_request_duration_seconds_bucket[5m])))`,
      `${part * 100} % {{surface}}`,
    ]),
    ['regent_api_request_duration_seconds'],
  ),
  chart(
    'Calls per second',
    'reqps',
    [['sum by (surface, code) (rate(regent_api_requests_total[5m]))', '{{surface}} {{code}}']],
    ['regent_api_requests_total'],
  ),
  chart(
    'Certificates: days left',
    'd',
    [
      ['(min by (node) (regent_certificate_expiry_timestamp_seconds) - time()) / 86400', '{{node}}'],
      ['(min(regent_authority_expiry_timestamp_seconds) - time()) / 86400', 'authority'],
      ['(min(regent_site_certificate_expiry_timestamp_seconds) - time()) / 86400', 'site'],
    ],
    [
      'regent_certificate_expiry_timestamp_seconds',
      'regent_authority_expiry_timestamp_seconds',
      'regent_site_certificate_expiry_timestamp_seconds',
    ],
  ),
  chart(
    'Backups and drills: age',
    's',
    [
      ['time() - max(regent_backup_newest_timestamp_seconds)', 'newest backup'],
      ['time() - max(regent_backup_drill_timestamp_seconds)', 'restored for rehearsal'],
      ['time() - max by (hazard) (regent_drill_timestamp_seconds)', '{{hazard}}'],
    ],
    [
      'regent_backup_newest_timestamp_seconds',
      'regent_backup_drill_timestamp_seconds',
      'regent_drill_timestamp_seconds',
    ],
  ),
];

function stat(title: string, expr: string, metrics: readonly MetricName[]): PanelPlan {
  return { title, kind: 'stat', width: 4, draws: [{ expr }], metrics };
}

function chart(
  title: string,
  unit: string,
  draws: readonly (readonly string[])[],
  metrics: readonly MetricName[],
): PanelPlan {
  const shown = draws.map(([expr = '', legend = '']) => ({ expr, legend }));
  return { title, kind: 'timeseries', width: 12, unit, draws: shown, metrics };
}

/** deploy/grafana/regent.json: the dashboard, for import. Pure. */
export function dashboardText(): string {
  const unknown = PLANS.flatMap(({ metrics }) => metrics).find((name) => METRICS.every((one) => one.name !== name));
  if (unknown !== undefined) throw new Error(`the dashboard draws ${unknown}, which is not in the table`);
  let [x, y] = [0, 0];
  const panels = PLANS.map(({ title, kind, width, unit = 'none', draws }, index) => {
    if (x + width > 24) [x, y] = [0, y + HEIGHT];
    const gridPos = { h: HEIGHT, w: width, x, y };
    x += width;
    const targets = draws.map(({ expr, legend = '' }, at) => ({
      datasource: SOURCE,
      expr,
      legendFormat: legend,
      refId: String.fromCharCode(65 + at),
      ...(kind === 'table' ? { format: 'table', instant: true } : {}),
    }));
    const fieldConfig = { defaults: { unit }, overrides: [] };
    return { id: index + 1, type: kind, title, datasource: SOURCE, gridPos, fieldConfig, options: {}, targets };
  });
  const list = [{ name: 'datasource', type: 'datasource', query: 'prometheus', label: 'Prometheus' }];
  const dashboard = {
    uid: 'regent',
    title: 'Regent',
    tags: ['regent'],
    timezone: 'browser',
    schemaVersion: 39,
    version: 1,
    refresh: '30s',
    time: { from: 'now-6h', to: 'now' },
    templating: { list },
    panels,
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}
