-- How the disks of machines are to be laid out (src/model/storage/storage.ts): what a deployment takes that names no layout. No configuration: no history trigger,
-- no part of the snapshot, no revision. A machine without a row has the usual layout.
create table machine_storage (
  machine_id text primary key,
  storage jsonb not null,
  changed_at timestamptz not null default clock_timestamp(),
  constraint machine_storage_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_storage_shape check (jsonb_typeof(storage) = 'object' and length(storage::text) <= 65000)
);
