import type { SeriesDefinition } from '../../../contract/cluster/series.ts';
import { METRICS, type MetricDefinition } from '../metrics/table.ts';

/** Figures of daemons that charts have, beside those of the table of metrics. Their names are those of their metrics. */
const DAEMON_SERIES = [
  { name: 'regent_backup_archive_late_seconds', help: 'How late the archive of the database is.' },
  { name: 'regent_backup_archive_waiting', help: 'Segments of the database that wait for the archive.' },
  { name: 'regent_db_lag_bytes', help: 'How far the standby is behind the primary.' },
  { name: 'regent_dhcp_leases', help: 'Leases that the DHCP server has.' },
  { name: 'regent_dns_zones_behind', help: 'Zones of the rack that are not as published.' },
  { name: 'regent_http_connections', help: 'Connections of the web server.' },
  { name: 'regent_lb_connections', help: 'Connections of the load balancer.' },
  { name: 'regent_ntp_apart_seconds', help: 'Distance of the clock from the region node that differs most.' },
  { name: 'regent_ntp_offset_seconds', help: 'Distance of the clock from its source.' },
  { name: 'regent_proxy_cache_used_bytes', help: 'Used part of the cache of the proxy.' },
] as const;

/** Quantiles of a histogram that charts have. */
export const QUANTILES = [0.5, 0.95] as const;

/** The name of a quantile of a histogram: `_p95` before its unit. Pure. */
export const quantileName = (metric: string, quantile: number): string =>
  metric.replace(/_seconds$/, `_p${Math.round(quantile * 100)}_seconds`);

/** The name of the rate of a counter. Pure. */
export const rateName = (metric: string): string => metric.replace(/_total$/, '_per_second');

/** Labels by which the figures of requests are summed up: of all else there would be too many series. */
export const REQUEST_LABELS = { duration: ['region', 'surface'], requests: ['region', 'code'] } as const;

function unitOf(name: string): SeriesDefinition['unit'] {
  if (name.endsWith('_per_second')) return 'per second';
  return (['seconds', 'bytes', 'ratio'] as const).find((unit) => name.endsWith(`_${unit}`)) ?? 'count';
}

function seriesOf({ name, type, labels, help }: MetricDefinition): SeriesDefinition[] {
  if (type === 'histogram')
    return QUANTILES.map((quantile) => ({
      name: quantileName(name, quantile),
      unit: unitOf(name),
      labels: [...REQUEST_LABELS.duration],
      help: `${help} ${Math.round(quantile * 100)} of 100 took at most this.`,
    }));
  if (type === 'counter') {
    const rate = rateName(name);
    return [{ name: rate, unit: unitOf(rate), labels: [...REQUEST_LABELS.requests], help }];
  }
  return [{ name, unit: unitOf(name), labels: [...labels], help }];
}

/** Every series, in the order of their names: from the table of metrics, and figures of daemons. */
export const SERIES: readonly SeriesDefinition[] = [
  ...(METRICS as readonly MetricDefinition[]).filter(({ isSeries }) => isSeries).flatMap(seriesOf),
  ...DAEMON_SERIES.map(({ name, help }) => ({ name, unit: unitOf(name), labels: ['node', 'service'], help })),
].toSorted((one, other) => (one.name < other.name ? -1 : 1));

/** The series that says where another one ends. */
export const LIMITS: Readonly<Record<string, string>> = { regent_pool_leases: 'regent_pool_addresses' };
