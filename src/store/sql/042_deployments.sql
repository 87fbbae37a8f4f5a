-- Deployments: machines that somebody has, what is written on their disks, and how they are given back. No configuration: no history trigger, no part of the
-- snapshot, no revision. (The addresses that a deployment gives are interfaces' own, which are.)

-- When the disks of a machine that is deployed were written: it boots from them then. A later start of its way forgets it.
alter table machine_states add column installed_at timestamptz;
create constraint trigger raise_observed_installed after update on machine_states deferrable initially deferred
  for each row when (old.installed_at is distinct from new.installed_at) execute function raise_observed();

-- A machine whose disks are erased has a run of its own. What a user gives his machine with a deployment is bounded as before.
alter table machine_tokens drop constraint machine_tokens_purpose_known;
alter table machine_tokens add constraint machine_tokens_purpose_known
  check (purpose in ('enlisting', 'commissioning', 'testing', 'deploying', 'rescue', 'erasing'));

-- What a machine is deployed with, from its begin until the machine is released. `image`: the digest; `storage`: how its disks are laid out, as it was asked for;
-- `erase`: how they are erased when it is released, null: it is not under way. `is_ephemeral`: its system runs in memory, so it boots from the network each time.
create table machine_deployments (
  machine_id text primary key,
  image text,
  image_name text not null default '',
  storage jsonb not null default '{}',
  is_ephemeral boolean not null default false,
  erase jsonb,
  begun_by text not null default '',
  begun_at timestamptz not null default clock_timestamp(),
  deployed_at timestamptz,
  constraint machine_deployments_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_deployments_image_grammar check (image ~ '^[0-9a-f]{64}$'),
  constraint machine_deployments_storage_size check (length(storage::text) <= 65536),
  constraint machine_deployments_erase_size check (length(erase::text) <= 256)
);
create constraint trigger raise_observed_deployment after insert or update or delete on machine_deployments deferrable initially deferred
  for each row execute function raise_observed();

-- Addresses that a deployment gave: they go when its machine is released.
create table deployed_addresses (
  address_id int primary key,
  machine_id text not null,
  constraint deployed_addresses_address foreign key (address_id) references interface_addresses (id) on delete cascade,
  constraint deployed_addresses_machine foreign key (machine_id) references machines (id) on delete cascade
);
create index deployed_addresses_by_machine on deployed_addresses (machine_id);
