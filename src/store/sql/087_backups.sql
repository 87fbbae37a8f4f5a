-- Where backups go: at most one target. Secrets are sealed (core/seal.ts) for the column that they stand in. `escrow` is sealed by the recovery key, not by
-- the authority: it holds the authority's key and what else a restored site needs beside its database. No history trigger: nobody takes a key back by a
-- rollback; a change is an event and an audit row.
create table backup_target (
  id boolean primary key default true,
  kind text not null,
  store jsonb not null,
  store_secret text not null,
  recovery_key text not null,
  fingerprint text not null,
  escrow text not null,
  retain_full int not null,
  queue_mb int not null,
  -- 0: never by itself. Hours.
  full_every int not null,
  incremental_every int not null,
  drill_every int not null,
  -- Set once the store is made and every region node sees it; null: not yet.
  prepared_at timestamptz,
  version int not null default 1,
  changed_at timestamptz not null default now(),
  constraint backup_target_single check (id),
  constraint backup_target_kind check (kind in ('folder', 'sftp', 's3')),
  constraint backup_target_store check (jsonb_typeof(store) = 'object' and length(store::text) <= 32768),
  constraint backup_target_secret check (length(store_secret) <= 32768 and length(recovery_key) <= 1024 and length(escrow) <= 65536),
  constraint backup_target_fingerprint check (fingerprint ~ '^[0-9a-f]{16}$'),
  constraint backup_target_retain_full check (retain_full between 1 and 1000),
  constraint backup_target_queue_mb check (queue_mb between 16 and 1000000),
  constraint backup_target_hours check (full_every between 0 and 8760 and incremental_every between 0 and 8760 and drill_every between 0 and 8760)
);

-- What the store lists, as of the last task. `verified_at`: every file of the store had its checksum then.
create table backups (
  label text primary key,
  type text not null,
  started_at timestamptz not null,
  stopped_at timestamptz not null,
  bytes bigint not null,
  stored_bytes bigint not null,
  wal_start text not null,
  wal_stop text not null,
  is_damaged boolean not null,
  node text,
  release text,
  verified_at timestamptz,
  seen_at timestamptz not null default now(),
  constraint backups_label_grammar check (label ~ '^[0-9]{8}-[0-9]{6}F(_[0-9]{8}-[0-9]{6}[DI])?$'),
  constraint backups_type check (type in ('full', 'diff', 'incr'))
);

-- Restores for rehearsal, newest 200 (the application deletes the rest).
create table backup_drills (
  id bigint generated always as identity primary key,
  label text not null,
  node text not null,
  at timestamptz not null default now(),
  is_passed boolean not null,
  report jsonb not null,
  constraint backup_drills_report check (jsonb_typeof(report) = 'object' and length(report::text) <= 65536)
);
