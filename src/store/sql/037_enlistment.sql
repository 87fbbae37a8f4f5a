-- Machines that nobody knew and that booted from the network, and those that an operator wants left alone. No configuration: no history trigger, no part of
-- the snapshot, no revision.

-- A machine that is enlisted has a run of its own until its inventory came.
alter table machine_tokens drop constraint machine_tokens_purpose_known;
alter table machine_tokens add constraint machine_tokens_purpose_known
  check (purpose in ('enlisting', 'commissioning', 'testing', 'deploying', 'rescue'));

-- What a machine said of itself when it was enlisted. It waits for an operator as long as its state has never changed (`machine_states.epoch` is 0).
-- `node_id`: the rack that asked. `note`: what an operator should know before he accepts it.
create table machine_enlistments (
  machine_id text primary key,
  at timestamptz not null default clock_timestamp(),
  node_id text,
  mac text not null,
  architecture text not null,
  firmware text not null,
  uuid text,
  serial text,
  note text not null default '',
  constraint machine_enlistments_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_enlistments_node foreign key (node_id) references nodes (id) on delete set null,
  constraint machine_enlistments_mac_grammar check (mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$'),
  constraint machine_enlistments_architecture_known check (architecture in ('amd64', 'arm64')),
  constraint machine_enlistments_firmware_known check (firmware in ('bios', 'uefi')),
  constraint machine_enlistments_uuid_grammar check (uuid ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  constraint machine_enlistments_serial_size check (length(serial) between 1 and 64),
  constraint machine_enlistments_note_size check (length(note) <= 1000)
);
create index machine_enlistments_by_uuid on machine_enlistments (uuid) where uuid is not null;
create index machine_enlistments_by_node on machine_enlistments (node_id) where node_id is not null;
create index machine_inventories_by_uuid on machine_inventories (uuid) where uuid is not null;

-- The BMC of a machine by its own word. Nobody has confirmed it, and it has no password.
alter table machine_inventories add column suggested_bmc jsonb;

-- Network cards whose machines are left alone: they are not enlisted. `hostname`: what the machine was called.
create table ignored_machines (
  mac text primary key,
  hostname text not null,
  comment text not null default '',
  ignored_by text not null,
  ignored_at timestamptz not null default clock_timestamp(),
  constraint ignored_machines_mac_grammar check (mac ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){5}$'),
  constraint ignored_machines_texts_size check (length(hostname) <= 255 and length(comment) <= 200 and length(ignored_by) <= 64)
);

-- Are machines that nobody knows enlisted on this VLAN?
alter table vlans add column enlist_on boolean not null default true;
