-- Nodes that are taken out for good, and the places that are kept for their successors.

-- leaving: it stops what it runs, because it is taken out.
alter table nodes drop constraint nodes_state_known;
alter table nodes add constraint nodes_state_known check (state in ('joining', 'member', 'leaving'));

-- A place is the name and the roles of a node that was lost. `node_id`: of the rack whose row waits for its new host; null: no row waits.
create table node_places (
  name text primary key,
  is_region boolean not null,
  is_rack boolean not null,
  node_id text,
  opened_at timestamptz not null default now(),
  opened_by text not null,
  constraint node_places_node foreign key (node_id) references nodes (id) on delete cascade,
  constraint node_places_name_grammar check (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' and name !~ '^[0-9]+$'),
  constraint node_places_has_role check (is_region or is_rack)
);

-- The place that the host takes, by name; null: a token for a new node.
alter table join_tokens add column place text;
