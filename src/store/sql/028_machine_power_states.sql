-- What is known of BMCs and of machines' power. No configuration: no history trigger, no part of the snapshot, no revision.

-- `learned`: what orders found out (cipher suite, certificate). `epoch`: of the newest order; an agent refuses older ones. It follows the clock, so that a
-- BMC that is told of again, or a database of yesterday, does not begin below what agents have seen.
create table bmc_power (
  bmc_id int primary key,
  learned jsonb not null default '{}',
  epoch bigint not null default 0,
  constraint bmc_power_bmc foreign key (bmc_id) references bmcs (id) on delete cascade,
  constraint bmc_power_learned_grammar check (jsonb_typeof(learned) = 'object' and octet_length(learned::text) <= 65536),
  constraint bmc_power_epoch_counts check (epoch >= 0)
);

-- Which node reaches which BMC. `ms`: of the last answer. `worked_at`: the last order that came about this way.
create table bmc_reach (
  bmc_id int not null,
  node_id text not null,
  at timestamptz not null,
  is_reachable boolean not null,
  ms real,
  why text not null,
  worked_at timestamptz,
  primary key (bmc_id, node_id),
  constraint bmc_reach_bmc foreign key (bmc_id) references bmcs (id) on delete cascade,
  constraint bmc_reach_node foreign key (node_id) references nodes (id) on delete cascade
);
create index bmc_reach_by_node on bmc_reach (node_id);

-- A machine's power as it was seen last. `why`, `remedy`: of the state `error`, else empty. `look_at`: when it is looked at again.
create table machine_power (
  machine_id text primary key,
  state text not null default 'unknown',
  at timestamptz,
  node_id text,
  why text not null default '',
  remedy text not null default '',
  failures int not null default 0,
  look_at timestamptz not null default now(),
  constraint machine_power_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_power_node foreign key (node_id) references nodes (id) on delete set null,
  constraint machine_power_state_known check (state in ('on', 'off', 'unknown', 'error')),
  constraint machine_power_failures_count check (failures >= 0)
);
create index machine_power_due on machine_power (look_at);
create index machine_power_by_node on machine_power (node_id);

-- The look that a node is at: one at a time. Its row goes when what was seen is taken note of.
create table power_looks (
  node_id text primary key,
  command_id int not null,
  constraint power_looks_node foreign key (node_id) references nodes (id) on delete cascade,
  constraint power_looks_command foreign key (command_id) references commands (id) on delete cascade
);
create index power_looks_by_command on power_looks (command_id);

-- Another BMC behind the same name: what was learned of the one before is not true of it.
create function forget_bmc_power() returns trigger language plpgsql as $$
begin
  update bmc_power set learned = '{}' where bmc_id = new.id;
  delete from bmc_reach where bmc_id = new.id;
  return null;
end $$;
create trigger forget_bmc_power after update on bmcs for each row
  when (old.power_type <> new.power_type or old.parameters <> new.parameters or old.secret_number <> new.secret_number)
  execute function forget_bmc_power();

-- Another switch: nobody has seen the machine through it.
create function forget_machine_power() returns trigger language plpgsql as $$
begin
  delete from machine_power where machine_id = new.id;
  return null;
end $$;
create trigger forget_machine_power after update on machines for each row
  when (old.bmc_id is distinct from new.bmc_id or old.power_parameters <> new.power_parameters)
  execute function forget_machine_power();
