-- Since when Patroni is told to move nothing: its dynamic configuration has no time, so the first word of it is kept. No row: it is not paused.
create table cluster_pause (
  is_only boolean primary key default true,
  node text not null,
  since timestamptz not null default now(),
  constraint cluster_pause_one check (is_only)
);
