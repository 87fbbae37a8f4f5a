-- Addresses of interfaces that a node reported and no longer does: [{"name": …, "addresses": […], "since": ms}], for half a minute.
alter table node_observations add column lost jsonb not null default '[]';
