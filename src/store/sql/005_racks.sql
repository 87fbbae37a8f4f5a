-- Rack controllers: who registered, what an admin decided, where machines belong.

create table racks (
  uuid text primary key,
  name text not null,
  node_id text,
  state text not null,
  public_key text not null,
  -- Until then the rack's next registration may bring a new key (a rebuilt host).
  key_reset_until timestamptz,
  accepted_at timestamptz,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint racks_node foreign key (node_id) references nodes (id),
  constraint racks_node_unique unique (node_id),
  constraint racks_key_unique unique (public_key),
  constraint racks_uuid_grammar check (uuid ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
  constraint racks_name_grammar check (name ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' and name !~ '^[0-9]+$' and name <> 'master'),
  constraint racks_state_known check (state in ('waiting', 'accepted', 'rejected')),
  constraint racks_key_grammar check (public_key ~ '^[A-Za-z0-9_-]{43}$'),
  constraint racks_accepted_is_whole check (
    case state when 'accepted' then accepted_at is not null and node_id is not null else accepted_at is null end)
);
create index racks_by_name on racks (name);

create trigger raise_version before update on racks for each row execute function raise_version();
-- Who only waits is not configuration: strangers must not make changes of the site.
create trigger write_history_of_new after insert on racks
  for each row when (new.state <> 'waiting') execute function write_history('uuid');
create trigger write_history after update on racks
  for each row when (old.state <> 'waiting' or new.state <> 'waiting') execute function write_history('uuid');
create trigger write_history_of_old after delete on racks
  for each row when (old.state <> 'waiting') execute function write_history('uuid');

-- When and from where a rack asked last; an observation.
create table rack_calls (
  uuid text primary key,
  source text not null,
  at timestamptz not null default now(),
  constraint rack_calls_rack foreign key (uuid) references racks (uuid) on delete cascade
);
create index rack_calls_by_source on rack_calls (source);

-- Signed calls of the last minutes: the same one never counts twice, at whatever region it arrives.
create table rack_nonces (
  public_key text not null,
  nonce text not null,
  at timestamptz not null default now(),
  primary key (public_key, nonce)
);
create index rack_nonces_by_age on rack_nonces (at);

-- Null: the master, whoever it is.
alter table machines add column rack_id text;
alter table machines add constraint machines_rack foreign key (rack_id) references racks (uuid);
create index machines_by_rack on machines (rack_id);
