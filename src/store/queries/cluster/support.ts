import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../../tx.ts';

/** Tables of the statistics: the largest ones. */
const TABLES_MAX = 60;

/** Statistics of the database for a support bundle, by their names: sizes, activity, replication, archive, settings. No row of any object, no query's text. */
export async function readSupportStatistics(tx: Tx): Promise<Record<string, unknown>> {
  const rows = (statement: RawBuilder<unknown>) => tx.all(statement);
  return {
    server: await rows(sql`
      select version(), pg_is_in_recovery() as "isInRecovery", pg_postmaster_start_time() as "startedAt",
        (select timeline_id from pg_control_checkpoint()) as timeline, pg_current_wal_lsn()::text as lsn,
        current_setting('server_version_num') as "versionNumber", clock_timestamp() as now`),
    databases: await rows(sql`
      select d.datname as name, pg_database_size(d.oid)::float8 as bytes, s.numbackends, s.xact_commit::float8 as commits,
        s.xact_rollback::float8 as rollbacks, s.deadlocks::float8 as deadlocks, s.temp_bytes::float8 as "tempBytes",
        s.blks_hit::float8 as hits, s.blks_read::float8 as reads, age(d.datfrozenxid)::float8 as "xidAge"
      from pg_database d join pg_stat_database s on s.datid = d.oid
      where d.datname = current_database() order by 1`),
    tables: await rows(sql`
      select relname as name, pg_total_relation_size(relid)::float8 as bytes, n_live_tup::float8 as live,
        n_dead_tup::float8 as dead, seq_scan::float8 as scans, last_autovacuum as "vacuumedAt", last_autoanalyze as "analyzedAt"
      from pg_stat_user_tables order by 2 desc, 1 limit ${TABLES_MAX}`),
    replication: await rows(sql`
      select application_name as name, client_addr::text as address, state, sync_state as "syncState", sent_lsn::text as sent,
        replay_lsn::text as replayed, pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::float8 as "lagBytes",
        extract(epoch from replay_lag)::float8 as "lagSeconds"
      from pg_stat_replication order by 1`),
    slots: await rows(sql`
      select slot_name as name, slot_type as kind, active, wal_status as "walStatus", restart_lsn::text as "restartLsn"
      from pg_replication_slots order by 1`),
    archiver: await rows(sql`
      select archived_count::float8 as archived, last_archived_wal as "lastArchived", last_archived_time as "archivedAt",
        failed_count::float8 as failed, last_failed_wal as "lastFailed", last_failed_time as "failedAt" from pg_stat_archiver`),
    sessions: await rows(sql`
      select usename as "user", application_name as name, state, wait_event_type as "waitKind", wait_event as wait, count(*)::int,
        max(extract(epoch from clock_timestamp() - xact_start))::float8 as "oldestSeconds"
      from pg_stat_activity where datname = current_database() group by 1, 2, 3, 4, 5 order by 6 desc, 1, 2, 3, 4, 5 limit 100`),
    settings: await rows(sql`
      select name, setting, unit, source from pg_settings
      where source not in ('default', 'client') and name !~ '(conninfo|command|password|key|passphrase)' order by name`),
    published: await rows(sql`
      select n.name, d.generation::float8, d.digest, d.revision::float8, d.compiler, d.published_at as "publishedAt"
      from desired d join nodes n on n.id = d.node_id order by n.name collate "C"`),
    observed: await rows(sql`
      select n.name, o.service, o.state, o.since, o.reported_at as "reportedAt", o.body -> 'wanted' as wanted,
        o.body -> 'wantedDigest' as "wantedDigest", o.body -> 'applied' as applied, o.body -> 'appliedDigest' as "appliedDigest"
      from observations o join nodes n on n.id = o.node_id order by n.name collate "C", o.service collate "C"`),
    migrations: await rows(sql`select * from migrations order by number`),
  };
}
