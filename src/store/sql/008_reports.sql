-- What agents did and what their hosts are, as they report it; who holds what of the cluster.

-- Certificate, disks and roles of the host; null while its agent has not told.
alter table node_observations add column host jsonb;

-- Reloads, restarts and the like. Agents tell their last ones again and again: the key says which is which.
create table service_actions (
  node_id text not null references nodes (id) on delete cascade,
  service text not null,
  at timestamptz not null,
  kind text not null,
  why text not null,
  trigger text not null,
  primary key (node_id, service, at, kind)
);
create index service_actions_by_time on service_actions (at);

-- Who was seen last as the database's primary and as holder of the floating address. `mark` only grows: the primary's timeline.
create table cluster_roles (
  role text primary key,
  node text not null,
  mark bigint not null default 0,
  since timestamptz not null default now(),
  constraint cluster_roles_known check (role in ('primary', 'vip'))
);
