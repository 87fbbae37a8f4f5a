-- A question to the primary: why a standby cannot go on, as a sentence; no row if it can.
-- lsn: how far it has replayed; timeline: that of the WAL that it received last, empty if it received none.
with now as (select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) as timeline),
  -- Each timeline before this one, and where it was left.
  history as (
    select split_part(line, E'\t', 1) as timeline, split_part(line, E'\t', 2) as fork
    from now, regexp_split_to_table(
      convert_from(pg_read_binary_file('pg_wal/' || timeline || '.history', 0, 1048576, true), 'UTF8'), E'\n') line),
  kept as (select min(substr(file, 9)) as first from pg_ls_dir('pg_wal', true, false) file where file ~ '^[0-9A-F]{24}$')
select case
  when substr(pg_walfile_name(:'lsn'), 9) < kept.first then 'the primary no longer has the WAL that is needed here'
  when :'timeline' <> ''
    and :'timeline' <> ('x' || now.timeline)::bit(32)::int::text
    and coalesce((select :'lsn'::pg_lsn > fork::pg_lsn from history where history.timeline = :'timeline'), true)
    then 'it has what the primary''s timeline does not have'
  end
from now, kept;
