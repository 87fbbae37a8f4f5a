-- Region nodes as a cluster: what they share, who may join, which certificates are in force.

-- One row. `id` names the etcd cluster and never changes.
create table cluster (
  id text primary key,
  is_only boolean not null default true,
  vip inet,
  virtual_router int not null default 51,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint cluster_only_one unique (is_only),
  constraint cluster_is_only check (is_only),
  constraint cluster_id_grammar check (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  constraint cluster_virtual_router_range check (virtual_router between 1 and 255)
);
create trigger raise_version before update on cluster for each row execute function raise_version();
create trigger write_history after insert or update or delete on cluster
  for each row execute function write_history('id');

-- joining: let in and being set up; member: carries its part.
alter table nodes add column state text not null default 'member';
alter table nodes add constraint nodes_state_known check (state in ('joining', 'member'));
-- One region node joins at a time: etcd takes in one voter after the other.
create unique index nodes_one_region_joins on nodes ((true)) where is_region and state = 'joining';

-- A token lets one host in. It is bound to the key of the first host that shows it, which may show it again until it expires.
create table join_tokens (
  id text primary key,
  secret_sha256 text not null,
  is_region boolean not null,
  is_rack boolean not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by_key text,
  used_by_node text,
  revoked_at timestamptz,
  constraint join_tokens_id_grammar check (id ~ '^[a-z0-9]{12}$'),
  constraint join_tokens_secret_grammar check (secret_sha256 ~ '^[0-9a-f]{64}$'),
  constraint join_tokens_key_grammar check (used_by_key ~ '^[0-9a-f]{64}$'),
  constraint join_tokens_has_role check (is_region or is_rack),
  constraint join_tokens_lifetime check (expires_at <= created_at + interval '15 minutes'),
  constraint join_tokens_use_is_whole check ((used_at is null) = (used_by_key is null))
);

-- Every certificate that the cluster's authority has signed. A node's older ones stay good until they end or are revoked.
create table certificates (
  serial text primary key,
  node_id text not null,
  not_before timestamptz not null,
  not_after timestamptz not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  revoked_why text,
  constraint certificates_serial_grammar check (serial ~ '^[0-9a-f]{2,40}$'),
  constraint certificates_times check (not_after > not_before),
  constraint certificates_revocation_is_whole check ((revoked_at is null) = (revoked_why is null))
);
-- No reference to nodes: the revoked certificate of a node that is gone must stay known.
create index certificates_by_node on certificates (node_id);
create index certificates_by_end on certificates (not_after);
