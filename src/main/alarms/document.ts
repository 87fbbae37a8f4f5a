import { METRICS } from '../../region/cluster/metrics/table.ts';

/** docs/for-operators/metrics.md. Pure. */
export function metricsDocument(): string {
  const rows = METRICS.map(({ name, type, labels, help }) => {
    const named = labels.length === 0 ? '' : labels.map((label) => `\`${label}\``).join(' ');
    return `| \`${name}\` | ${type} | ${named} | ${help} |`;
  });
  return `${[
    '# Metrics',
    '',
    '<!-- npm run alarms writes this page -->',
    '',
    '`GET /api/v1/metrics` gives Prometheus’ text format, OpenMetrics 1.0 if the call prefers it, and JSON for',
    '`Accept: application/json`. Every region node gives the same figures of the site; `regent_api_*` are of the region',
    'that answers, so scrape each region node. Times are Unix time in seconds. [Alarms](alarms.md) says how to scrape.',
    '',
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
    'Figures of daemons come beside them, as of the last probe of each service: `regent_SERVICE_NAME_UNIT` with the labels',
    '`node` and `service`, such as `regent_db_lag_bytes`, `regent_dhcp_subnet_leases`, `regent_dns_zones_behind`,',
    '`regent_ntp_offset_seconds`, `regent_lb_requests_total`. `regent service show NODE/SERVICE` prints those of one service.',
    'The figures of a node that is silent are left out.',
  ].join('\n')}\n`;
}
