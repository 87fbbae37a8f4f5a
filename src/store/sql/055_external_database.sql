-- The database of the cluster is an operator's own: no node runs Patroni, PostgreSQL or the keeper. It is settled when the cluster begins.
alter table cluster add column external_database boolean not null default false;
