-- The certificate that browsers see, the same on all region nodes: one of the cluster's authority, which is always there, and an operator's own, which goes
-- before it. Keys are sealed (core/seal.ts) for the column that they stand in. No history trigger: a change is an event and an audit row, and nobody takes a
-- key back by a rollback. `digest`: SHA-256 of the certificate's text, by which nodes know what they have.
create table site_certificate (
  id boolean primary key default true,
  cluster_certificate text,
  cluster_key text,
  cluster_digest text,
  own_certificate text,
  own_key text,
  own_digest text,
  version int not null default 1,
  changed_at timestamptz not null default now(),
  constraint site_certificate_single check (id),
  constraint site_certificate_cluster_whole check (num_nonnulls(cluster_certificate, cluster_key, cluster_digest) in (0, 3)),
  constraint site_certificate_own_whole check (num_nonnulls(own_certificate, own_key, own_digest) in (0, 3))
);
