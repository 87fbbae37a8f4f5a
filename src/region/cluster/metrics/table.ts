import type { MetricFamily } from '../../../contract/cluster/service.ts';

/** One figure with what it is about. */
export interface MetricSample {
  readonly name: string;
  readonly help: string;
  readonly type: MetricFamily['type'];
  readonly suffix?: '_bucket' | '_count' | '_sum';
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of the site. Its name ends with its unit, and with `_total` if it only grows. */
export interface MetricDefinition {
  readonly name: `regent_${string}`;
  readonly type: MetricFamily['type'];
  readonly labels: readonly string[];
  readonly help: string;
  /** Charts have it (series/table.ts). */
  readonly isSeries?: true;
}

/**
 * Every metric that the region itself gives, in the order of the document. docs/for-operators/metrics.md, the rules and the dashboard in deploy/ are made from
 * it. Figures of daemons come beside them under the names of their services.
 */
export const METRICS = [
  {
    name: 'regent_build_info',
    type: 'gauge',
    labels: ['version'],
    help: 'The release of the region that answers; the value is 1.',
  },
  {
    name: 'regent_database_up',
    type: 'gauge',
    labels: [],
    help: 'Did a write succeed just now: 1, else 0.',
    isSeries: true,
  },
  {
    name: 'regent_database_write_seconds',
    type: 'gauge',
    labels: [],
    help: 'Seconds that the write took.',
    isSeries: true,
  },
  {
    name: 'regent_losses_now',
    type: 'gauge',
    labels: [],
    help: 'Region nodes that may fail now without an outage.',
    isSeries: true,
  },
  {
    name: 'regent_losses_promised',
    type: 'gauge',
    labels: [],
    help: 'Region nodes that may fail when all is well.',
    isSeries: true,
  },
  {
    name: 'regent_node_report_age_seconds',
    type: 'gauge',
    labels: ['node'],
    help: 'Seconds since the last report of the node.',
  },
  {
    name: 'regent_node_fresh',
    type: 'gauge',
    labels: ['node'],
    help: 'Does the node report, and do others reach it: 1, else 0.',
    isSeries: true,
  },
  {
    name: 'regent_node_drained',
    type: 'gauge',
    labels: ['node'],
    help: 'Is the node drained by an operator: 1, else 0.',
  },
  {
    name: 'regent_node_disk_used_ratio',
    type: 'gauge',
    labels: ['node', 'path'],
    help: 'Used part of the file system, of a node that reports.',
    isSeries: true,
  },
  {
    name: 'regent_role_held',
    type: 'gauge',
    labels: ['role', 'node'],
    help: 'Does the region node hold the role (vip, primary, etcd-leader) by its own report: 1, else 0.',
    isSeries: true,
  },
  {
    name: 'regent_service_healthy',
    type: 'gauge',
    labels: ['node', 'service'],
    help: 'Is the service healthy on a node that is to run it: 1, else 0.',
  },
  {
    name: 'regent_service_current',
    type: 'gauge',
    labels: ['node', 'service'],
    help: 'Has the node in force what is published for the service: 1, else 0.',
  },
  {
    name: 'regent_pair_whole',
    type: 'gauge',
    labels: ['vlan', 'primary', 'secondary'],
    help: 'Can either rack go on without the other: 1, else 0. A VLAN with one rack is 0.',
  },
  {
    name: 'regent_pair_lease_gaps',
    type: 'gauge',
    labels: ['node', 'other'],
    help: 'Leases that the node has and its partner lacks or has for another client.',
    isSeries: true,
  },
  {
    name: 'regent_pool_addresses',
    type: 'gauge',
    labels: ['subnet'],
    help: 'Dynamic addresses of the subnet.',
    isSeries: true,
  },
  {
    name: 'regent_pool_leases',
    type: 'gauge',
    labels: ['subnet'],
    help: 'Dynamic addresses with a lease now, declined ones too.',
    isSeries: true,
  },
  { name: 'regent_machines', type: 'gauge', labels: ['state'], help: 'Machines by their state.', isSeries: true },
  {
    name: 'regent_machine_run_seconds',
    type: 'gauge',
    labels: ['kind'],
    help: 'Median of the last day: from the start to the end of commissioning, to the running system of deploying.',
    isSeries: true,
  },
  {
    name: 'regent_image_bytes',
    type: 'gauge',
    labels: ['image'],
    help: 'Size of the files of all images of the name.',
    isSeries: true,
  },
  { name: 'regent_objects', type: 'gauge', labels: ['noun'], help: 'Objects of the configuration.', isSeries: true },
  { name: 'regent_leases', type: 'gauge', labels: [], help: 'Addresses with a lease in force.', isSeries: true },
  { name: 'regent_jobs', type: 'gauge', labels: ['state'], help: 'Jobs that have not ended.', isSeries: true },
  { name: 'regent_jobs_stuck', type: 'gauge', labels: [], help: 'Jobs at which no region works.', isSeries: true },
  {
    name: 'regent_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    labels: ['node'],
    help: 'When the certificate of the node ends, Unix time.',
  },
  {
    name: 'regent_authority_expiry_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the authority of the cluster ends, Unix time.',
  },
  {
    name: 'regent_site_certificate_expiry_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the certificate that browsers see ends, Unix time.',
  },
  { name: 'regent_backups', type: 'gauge', labels: [], help: 'Backups in the store.', isSeries: true },
  {
    name: 'regent_backup_newest_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When the newest backup was made, Unix time.',
  },
  {
    name: 'regent_backup_drill_timestamp_seconds',
    type: 'gauge',
    labels: [],
    help: 'When a backup was restored for rehearsal last, Unix time.',
  },
  {
    name: 'regent_backup_drill_passed',
    type: 'gauge',
    labels: [],
    help: 'Did every check of that rehearsal hold: 1, else 0.',
  },
  {
    name: 'regent_drill_timestamp_seconds',
    type: 'gauge',
    labels: ['hazard'],
    help: 'When the newest stored round of the drill began, Unix time.',
  },
  { name: 'regent_drill_passed', type: 'gauge', labels: ['hazard'], help: 'Did that round pass: 1, else 0.' },
  {
    name: 'regent_findings',
    type: 'gauge',
    labels: ['state', 'muted'],
    help: 'Findings of the doctor that stand.',
    isSeries: true,
  },
  {
    name: 'regent_finding_state',
    type: 'gauge',
    labels: ['finding'],
    help: 'How an invariant of the doctor stands: 0 holds, 1 warning, 2 unknown, 3 broken.',
  },
  { name: 'regent_finding_muted', type: 'gauge', labels: ['finding'], help: 'Is the finding muted now: 1, else 0.' },
  {
    name: 'regent_finding_age_seconds',
    type: 'gauge',
    labels: ['finding'],
    help: 'Seconds since the finding was found first; 0: the invariant holds.',
  },
  {
    name: 'regent_api_request_duration_seconds',
    type: 'histogram',
    labels: ['region', 'surface', 'kind'],
    help: 'How long the region took for requests, streams left out.',
    isSeries: true,
  },
  {
    name: 'regent_api_requests_total',
    type: 'counter',
    labels: ['region', 'surface', 'code'],
    help: 'Requests by the class of their answer, streams left out.',
    isSeries: true,
  },
] as const satisfies readonly MetricDefinition[];

/** The name of a metric of the table. */
export type MetricName = (typeof METRICS)[number]['name'];

/** A sample of a metric of the table. */
export function sampleOf(
  name: MetricName,
  labels: MetricSample['labels'],
  value: number,
  suffix?: MetricSample['suffix'],
): MetricSample {
  const definition = METRICS.find((one) => one.name === name);
  if (definition === undefined) throw new Error(`there is no metric ${name}`);
  const { help, type } = definition;
  return { name, help, type, labels, value, ...(suffix === undefined ? {} : { suffix }) };
}
