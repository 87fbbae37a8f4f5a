-- What racks saw of machines that boot. No configuration: no history trigger, no part of the snapshot, no revision.

-- `machine_id` null: nobody knows the MAC, or nobody knows yet whose address it is; few such rows are kept. `at`: by the database's clock, whatever the
-- rack's says. `seen_key`: both racks of a pair tell of a lease; it is one step.
create table machine_steps (
  id bigint generated always as identity primary key,
  machine_id text,
  mac text,
  address inet,
  at timestamptz not null,
  node text not null,
  source text not null,
  what text not null,
  outcome text not null,
  facts jsonb not null default '{}',
  seen_key text,
  constraint machine_steps_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_steps_mac_grammar check (mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$'),
  constraint machine_steps_source_known check (source in ('dhcp', 'tftp', 'http', 'boot')),
  constraint machine_steps_what_known check (what in ('lease', 'loader', 'script', 'kernel', 'initrd', 'root', 'image', 'metadata')),
  constraint machine_steps_outcome_known check (outcome in ('done', 'failed')),
  constraint machine_steps_texts_size check (length(node) <= 64 and length(seen_key) <= 100),
  constraint machine_steps_facts_size check (jsonb_typeof(facts) = 'object' and octet_length(facts::text) <= 4096)
);
create index machine_steps_by_machine on machine_steps (machine_id, id) where machine_id is not null;
create unique index machine_steps_once on machine_steps (machine_id, seen_key) where seen_key is not null;
create index machine_steps_of_strangers on machine_steps (id) where machine_id is null;
create index machine_steps_by_time on machine_steps (at);

-- How far a rack's reports have come within one epoch of its agent, and by how much its clock is behind the database's, ms.
create table boot_step_series (
  node_id text primary key,
  epoch text not null,
  sequence bigint not null,
  offset_ms double precision not null,
  constraint boot_step_series_node foreign key (node_id) references nodes (id) on delete cascade
);

-- A machine's own events, in their order.
create index events_of_machines on events (subject, id) where kind like 'machine.%';
-- Orders to a machine's BMC.
create index commands_of_machines on commands ((args ->> 'machine'), id) where kind = 'power';
