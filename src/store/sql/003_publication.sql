-- The pipeline's rows: what each node is to be, what it says that it is, and the bookkeeping of tasks.

-- Who may do what only one version at a time may: `compiler` names the version whose compile results count.
create table gates (
  name text primary key,
  value text not null,
  since timestamptz not null default now()
);

-- The head per node. `revision` is the snapshot of the publication, `compiled_revision` the newest snapshot that was
-- compiled for the node: an older one may not publish any more, even when the newer changed nothing.
create table desired (
  node_id text primary key references nodes (id) on delete cascade,
  generation bigint not null,
  digest text not null,
  revision bigint not null,
  compiled_revision bigint not null,
  body json not null,
  -- The body without the services' own data: which are wanted, which restart was asked for. Status reads it often.
  outline json not null,
  compiler text not null,
  process text not null,
  published_at timestamptz not null default now(),
  constraint desired_generation_range check (generation between 1 and 4503599627370496)
);

create table publications (
  node_id text not null references nodes (id) on delete cascade,
  generation bigint not null,
  digest text not null,
  revision bigint not null,
  after_revision bigint not null,
  body json not null,
  compiler text not null,
  process text not null,
  published_at timestamptz not null default now(),
  primary key (node_id, generation)
);

-- Content-addressed counters, such as a zone's serial: the number grows with the content and never goes back.
create table versions (
  service text not null,
  key text not null,
  digest text not null,
  version bigint not null,
  updated_at timestamptz not null default now(),
  primary key (service, key),
  constraint versions_range check (version between 0 and 4294967295)
);

create function check_version_grows() returns trigger language plpgsql as $$
begin
  if new.version < old.version or (new.version = old.version and new.digest <> old.digest) then
    perform refuse('versions_grow', format('%s %s: %s does not follow %s', new.service, new.key, new.version, old.version));
  end if;
  return new;
end $$;
create trigger check_version_grows before update on versions for each row execute function check_version_grows();

-- What the agent says that it holds: a restored database learns from it which numbers are taken.
create table held (
  node_id text primary key references nodes (id) on delete cascade,
  generation bigint not null,
  digest text not null,
  reported_at timestamptz not null default now(),
  constraint held_generation_range check (generation between 0 and 9007199254740991)
);

create table node_observations (
  node_id text primary key references nodes (id) on delete cascade,
  generation bigint not null,
  digest text not null,
  agent_version text not null,
  agent_since timestamptz not null,
  stale_since timestamptz,
  facts jsonb not null,
  findings jsonb not null default '[]',
  reported_at timestamptz not null default now()
);

create table observations (
  node_id text not null references nodes (id) on delete cascade,
  service text not null,
  state text not null,
  since timestamptz not null,
  body jsonb not null,
  reported_at timestamptz not null default now(),
  primary key (node_id, service)
);

-- Result of the last compile and lint, per node and service; no row: nothing to say.
create table findings (
  node_id text not null references nodes (id) on delete cascade,
  service text not null,
  revision bigint not null,
  findings jsonb not null,
  since timestamptz not null default now(),
  primary key (node_id, service)
);

-- The probe of health is a write to the process's own row.
create table heartbeats (
  process text primary key,
  node text not null,
  version text not null,
  started_at timestamptz not null,
  at timestamptz not null default now()
);

-- Periodic chores: the row, not the waker, decides whether one is due.
create table chores (
  name text primary key,
  every interval not null,
  last_ran timestamptz not null default '-infinity',
  last_process text not null default '',
  last_result jsonb not null default '{}'
);
insert into chores (name, every) values ('purge', '1 hour');
