import { sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** Counts beside those of the status. `drills`: the newest stored round of each hazard; moments ISO 8601. */
export interface SiteCounts {
  readonly machines: readonly { readonly state: string; readonly count: number }[];
  /** That have not ended. */
  readonly jobs: readonly { readonly state: string; readonly count: number }[];
  readonly drills: readonly { readonly hazard: string; readonly startedAt: string; readonly isPassed: boolean }[];
  /** How long runs of machines took that ended within a day: their median. */
  readonly runs: readonly { readonly kind: string; readonly seconds: number }[];
}

/** Counts machines and jobs by state, reads the newest round of each drill, and how long runs took. */
export async function readSiteCounts(tx: Tx): Promise<SiteCounts> {
  const machines = await tx.all(sql<SiteCounts['machines'][number]>`
    select coalesce(s.state, 'new') as state, count(*)::int as count from machines m left join machine_states s on s.machine_id = m.id
    where not m.is_device group by 1 order by 1`);
  const jobs = await tx.all(sql<SiteCounts['jobs'][number]>`
    select state, count(*)::int as count from jobs where ended_at is null group by state order by state`);
  const drills = await tx.all(sql<SiteCounts['drills'][number]>`
    select distinct on (hazard) hazard, started_at as "startedAt", passed as "isPassed" from drill_rounds order by hazard, id desc`);
  const runs = await tx.all(sql<SiteCounts['runs'][number]>`
    select kind, percentile_cont(0.5) within group (order by seconds)::float8 as seconds from machine_run_times
    where ended_at between now() - interval '1 day' and now() and seconds >= 0 group by kind order by kind`);
  return { machines, jobs, drills, runs };
}
