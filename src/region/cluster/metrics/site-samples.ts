import { FINDING_STATES } from '../../../contract/cluster/finding.ts';
import type { Counts } from '../../../store/queries/cluster/counts.ts';
import type { SiteCounts } from '../../../store/queries/cluster/site-counts.ts';
import { isAlarming, judge } from '../doctor.ts';
import { lossesOf } from '../losses.ts';
import { pairsNow } from '../pairs/now.ts';
import { type ClusterSite, members, settled } from '../site.ts';
import { type MetricSample, sampleOf } from './table.ts';

const flag = (isSet: boolean): number => (isSet ? 1 : 0);
const seconds = (iso: string): number => Date.parse(iso) / 1000;

/** The figures of the site as a whole. Pure. */
export function siteSamples(site: ClusterSite, counts: Counts, more: SiteCounts): MetricSample[] {
  return [
    ...databaseSamples(site),
    ...nodeSamples(site),
    ...roleSamples(site),
    ...imageSamples(site),
    ...networkSamples(site),
    ...countSamples(counts, more),
    ...sampleIf('regent_jobs_stuck', site.stuckJobs?.length),
    ...certificateSamples(site),
    ...backupSamples(site),
    ...findingSamples(site),
  ];
}

function sampleIf(name: Parameters<typeof sampleOf>[0], value: number | null | undefined): MetricSample[] {
  return value == null || !Number.isFinite(value) ? [] : [sampleOf(name, {}, value)];
}

function databaseSamples(site: ClusterSite): MetricSample[] {
  const { isUp, latencyMs } = site.database;
  const losses = site.cluster === null ? null : lossesOf(site);
  return [
    sampleOf('regent_database_up', {}, flag(isUp)),
    ...sampleIf('regent_database_write_seconds', latencyMs === null ? null : latencyMs / 1000),
    ...sampleIf('regent_losses_now', losses?.now),
    ...sampleIf('regent_losses_promised', losses?.promised),
  ];
}

function nodeSamples(site: ClusterSite): MetricSample[] {
  return settled(site).flatMap(({ name: node, isFresh, isDrained, host }) => [
    sampleOf('regent_node_fresh', { node }, flag(isFresh)),
    sampleOf('regent_node_drained', { node }, flag(isDrained)),
    ...(isFresh ? (host?.disks ?? []) : [])
      .filter(({ sizeBytes }) => sizeBytes > 0)
      .map(({ path, sizeBytes, freeBytes }) =>
        sampleOf('regent_node_disk_used_ratio', { node, path }, 1 - freeBytes / sizeBytes),
      ),
  ]);
}

/** Who holds what only one node can have. A node without a fresh report has no sample. */
function roleSamples(site: ClusterSite): MetricSample[] {
  return members(site).flatMap(({ name: node, facts: { vip, db, dcs } }) => {
    const sample = (role: string, isHeld: boolean) => sampleOf('regent_role_held', { role, node }, flag(isHeld));
    return [
      ...(vip === null ? [] : [sample('vip', vip.isHolder === true)]),
      ...(db === null ? [] : [sample('primary', db.role === 'primary')]),
      ...(dcs === null ? [] : [sample('etcd-leader', dcs.isLeader === true)]),
    ];
  });
}

function imageSamples({ images = [] }: ClusterSite): MetricSample[] {
  return [...Map.groupBy(images, ({ name }) => name)].map(([image, rows]) => {
    const sizes = rows.flatMap(({ files }) => files.map(({ size }) => size));
    return sampleOf(
      'regent_image_bytes',
      { image },
      sizes.reduce((total, size) => total + size, 0),
    );
  });
}

function networkSamples(site: ClusterSite): MetricSample[] {
  const pairs = pairsNow(site).flatMap(({ primary, secondary, vlans, isWhole }) =>
    vlans.map(({ vlan }) =>
      sampleOf('regent_pair_whole', { vlan, primary, secondary: secondary ?? '' }, flag(isWhole && secondary !== null)),
    ),
  );
  const { gaps = [], pools = [] } = site.leases ?? {};
  const gapsOf = Map.groupBy(gaps, ({ node, other }) => JSON.stringify({ node, other }));
  const bySubnet = Map.groupBy(pools, ({ cidr }) => cidr);
  const sum = (figures: readonly number[]) => figures.reduce((total, figure) => total + figure, 0);
  return [
    ...pairs,
    ...[...gapsOf].map(([labels, rows]) => sampleOf('regent_pair_lease_gaps', JSON.parse(labels), rows.length)),
    ...[...bySubnet].flatMap(([subnet, rows]) => [
      sampleOf('regent_pool_addresses', { subnet }, sum(rows.map(({ size }) => size))),
      sampleOf('regent_pool_leases', { subnet }, sum(rows.map(({ used }) => used))),
    ]),
  ];
}

function countSamples(counts: Counts, { machines, jobs, drills, runs }: SiteCounts): MetricSample[] {
  const nouns = { domain: counts.domains, record: counts.records, vlan: counts.vlans, subnet: counts.subnets };
  return [
    ...machines.map(({ state, count }) => sampleOf('regent_machines', { state }, count)),
    ...runs.map(({ kind, seconds: length }) => sampleOf('regent_machine_run_seconds', { kind }, length)),
    ...Object.entries(nouns).map(([noun, count]) => sampleOf('regent_objects', { noun }, count)),
    sampleOf('regent_leases', {}, counts.leases),
    ...['waiting', 'running'].map((state) =>
      sampleOf('regent_jobs', { state }, jobs.find((row) => row.state === state)?.count ?? 0),
    ),
    ...drills.flatMap(({ hazard, startedAt, isPassed }) => [
      sampleOf('regent_drill_timestamp_seconds', { hazard }, seconds(startedAt)),
      sampleOf('regent_drill_passed', { hazard }, flag(isPassed)),
    ]),
  ];
}

function certificateSamples(site: ClusterSite): MetricSample[] {
  const nodes = site.nodes.flatMap(({ name: node, host }) => {
    const end = host?.certificate?.notAfter;
    return end === undefined ? [] : [sampleOf('regent_certificate_expiry_timestamp_seconds', { node }, seconds(end))];
  });
  return [
    ...nodes,
    ...sampleIf('regent_authority_expiry_timestamp_seconds', site.authority && seconds(site.authority.notAfter)),
    ...sampleIf('regent_site_certificate_expiry_timestamp_seconds', site.shown && site.shown.notAfter / 1000),
  ];
}

function backupSamples({ backups }: ClusterSite): MetricSample[] {
  if (backups?.target == null) return [];
  const { target, newestAt, drill } = backups;
  return [
    sampleOf('regent_backups', {}, target.count),
    ...sampleIf('regent_backup_newest_timestamp_seconds', newestAt === null ? null : newestAt / 1000),
    ...sampleIf('regent_backup_drill_timestamp_seconds', drill === null ? null : drill.at / 1000),
    ...sampleIf('regent_backup_drill_passed', drill === null ? null : flag(drill.isPassed)),
  ];
}

function findingSamples(site: ClusterSite): MetricSample[] {
  const invariants = judge(site);
  const levels = ['ok', ...FINDING_STATES];
  const count = (state: string, isMuted: boolean) =>
    invariants.filter((row) => row.state === state && isAlarming(row) !== isMuted).length;
  return [
    ...FINDING_STATES.flatMap((state) =>
      [false, true].map((isMuted) =>
        sampleOf('regent_findings', { state, muted: String(isMuted) }, count(state, isMuted)),
      ),
    ),
    ...invariants.flatMap((row) => {
      const labels = { finding: row.id };
      const age = row.since == null ? 0 : Math.max(0, site.now / 1000 - seconds(row.since));
      return [
        sampleOf('regent_finding_state', labels, levels.indexOf(row.state)),
        sampleOf('regent_finding_muted', labels, flag(row.mute?.isInForce === true)),
        sampleOf('regent_finding_age_seconds', labels, age),
      ];
    }),
  ];
}
