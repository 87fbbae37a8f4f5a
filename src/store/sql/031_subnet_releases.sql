-- Networks that a node was told to serve no more by DHCP, until it reports that it has stopped: whoever serves them next waits for that. Written with the
-- publication that takes them away; no part of the configuration. `is_fenced`: the other rack of the pair served and owned it alone then.
create table subnet_releases (
  node_id text not null,
  service text not null,
  network cidr not null,
  generation bigint not null,
  is_fenced boolean not null default false,
  at timestamptz not null default now(),
  primary key (node_id, service, network),
  constraint subnet_releases_node foreign key (node_id) references nodes (id) on delete cascade
);
