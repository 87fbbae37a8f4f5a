-- What surrounds every change: operation, history, events, audit, revision; and who may make one.

create table users (
  name text primary key,
  role text not null,
  version int not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint users_name_grammar check (name ~ '^[a-z][a-z0-9._-]{0,31}$'),
  constraint users_role_known check (role in ('admin', 'operator', 'user', 'auditor'))
);

create table api_keys (
  token text primary key,
  consumer text not null,
  user_name text not null,
  label text not null default '',
  secret_sha256 text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  constraint api_keys_user foreign key (user_name) references users (name) on delete cascade,
  constraint api_keys_consumer_grammar check (consumer ~ '^[A-Za-z0-9]{1,64}$'),
  constraint api_keys_token_grammar check (token ~ '^[A-Za-z0-9]{1,64}$'),
  constraint api_keys_label_grammar check (length(label) <= 200 and label !~ '[[:cntrl:]]'),
  constraint api_keys_secret_hashed check (secret_sha256 ~ '^[0-9a-f]{64}$')
);
create index api_keys_by_user on api_keys (user_name);

-- Apart from nodes, so that no history row ever holds it.
create table node_credentials (
  node_id text primary key references nodes (id) on delete cascade,
  secret_sha256 text not null,
  created_at timestamptz not null default now(),
  constraint node_credentials_hashed check (secret_sha256 ~ '^[0-9a-f]{64}$')
);

-- One row. An UPDATE of it, never a sequence: numbers are gapless and in commit order, and none comes twice after a crash.
create table counters (
  id int primary key default 1,
  event bigint not null default 0,
  revision bigint not null default 0,
  constraint counters_single check (id = 1)
);
insert into counters default values;

-- The answer to every mutating request, kept with its effect. `confirmed` grows when a replay commits: that commit proves
-- that the effect is as durable as itself.
create table idempotency (
  actor text not null,
  key text not null,
  digest text not null,
  operation text not null,
  status int,
  body json,
  revision bigint,
  confirmed int not null default 0,
  created_at timestamptz not null default now(),
  primary key (actor, key)
);
create index idempotency_by_age on idempotency (created_at);

create table events (
  id bigint primary key,
  kind text not null,
  subject text not null,
  data jsonb not null,
  actor text not null,
  revision bigint not null,
  at timestamptz not null default clock_timestamp()
);
create index events_by_age on events (at);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  origin text not null,
  action text not null,
  outcome text not null,
  operation text
);
create index audit_by_age on audit (at);
create index audit_by_actor on audit (actor, id);

-- A change is an operation that touched configuration; its id is the revision that it made.
create table changes (
  revision bigint primary key,
  operation text not null unique,
  actor text not null,
  origin text not null,
  summary text not null,
  reverts bigint,
  at timestamptz not null default clock_timestamp()
);
create index changes_by_age on changes (at);

create table history (
  id bigint generated always as identity primary key,
  operation text not null,
  table_name text not null,
  op text not null,
  row_key jsonb not null,
  old_row jsonb,
  new_row jsonb
);
create index history_by_operation on history (operation, id);
create index history_by_row on history (table_name, row_key, id);

-- Raises the row's version when anything else in it changes; `set version = version + 1` alone is kept (a part changed).
create function raise_version() returns trigger language plpgsql as $$
begin
  if to_jsonb(new) - '{version,updated_at}'::text[] is distinct from to_jsonb(old) - '{version,updated_at}'::text[] then
    new.version := old.version + 1;
    new.updated_at := now();
  end if;
  return new;
end $$;

-- Arguments: the columns of the row's key.
create function write_history() returns trigger language plpgsql as $$
declare
  operation text := nullif(current_setting('regent.operation', true), '');
  bookkeeping text[] := '{version,updated_at}';
  old_row jsonb := case when tg_op = 'INSERT' then null else to_jsonb(old) end;
  new_row jsonb := case when tg_op = 'DELETE' then null else to_jsonb(new) end;
  row_key jsonb;
begin
  if tg_op = 'UPDATE' and old_row - bookkeeping = new_row - bookkeeping then
    return null;
  end if;
  if operation is null then
    perform refuse('history_operation', format('%s changes only through the write helper, which keeps its history', tg_table_name));
  end if;
  select jsonb_object_agg(k, coalesce(new_row, old_row) -> k) into row_key from unnest(tg_argv) as k;
  insert into history (operation, table_name, op, row_key, old_row, new_row)
    values (operation, tg_table_name, lower(tg_op), row_key, old_row, new_row);
  return null;
end $$;

-- A machine's version covers its interfaces and their addresses.
create function touch_machine() returns trigger language plpgsql as $$
declare
  changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
begin
  if tg_table_name = 'interfaces' then
    update machines set version = version + 1, updated_at = now() where id = changed ->> 'machine_id';
  else
    update machines m set version = m.version + 1, updated_at = now() from interfaces i
      where i.id = (changed ->> 'interface_id')::int and m.id = i.machine_id;
  end if;
  return null;
end $$;
create trigger touch_machine after insert or update or delete on interfaces for each row execute function touch_machine();
create trigger touch_machine after insert or update or delete on interface_addresses for each row execute function touch_machine();

create trigger raise_version before update on settings for each row execute function raise_version();
create trigger raise_version before update on vlans for each row execute function raise_version();
create trigger raise_version before update on subnets for each row execute function raise_version();
create trigger raise_version before update on domains for each row execute function raise_version();
create trigger raise_version before update on records for each row execute function raise_version();
create trigger raise_version before update on machines for each row execute function raise_version();
create trigger raise_version before update on nodes for each row execute function raise_version();
create trigger raise_version before update on users for each row execute function raise_version();

create trigger write_history after insert or update or delete on settings for each row execute function write_history('name');
create trigger write_history after insert or update or delete on vlans for each row execute function write_history('id');
create trigger write_history after insert or update or delete on subnets for each row execute function write_history('id');
create trigger write_history after insert or update or delete on domains for each row execute function write_history('id');
create trigger write_history after insert or update or delete on records for each row execute function write_history('id');
create trigger write_history after insert or update or delete on machines for each row execute function write_history('id');
create trigger write_history after insert or update or delete on interfaces for each row execute function write_history('id');
create trigger write_history after insert or update or delete on interface_addresses for each row execute function write_history('id');
create trigger write_history after insert or update or delete on nodes for each row execute function write_history('id');
create trigger write_history after insert or update or delete on restarts for each row execute function write_history('node_id', 'service');

-- First statement of a write: claims the operation's key, or gives the answer that was stored under it. A rival with the
-- same key waits here until the first has ended.
create function begin_operation(who text, operation_key text, request text, operation_id text)
  returns table (stored_digest text, stored_status int, stored_body json, stored_revision bigint) language plpgsql as $$
begin
  insert into idempotency (actor, key, digest, operation) values (who, operation_key, request, operation_id)
    on conflict (actor, key) do nothing;
  if found then
    perform set_config('regent.operation', operation_id, true);
    return;
  end if;
  return query update idempotency set confirmed = confirmed + 1 where actor = who and key = operation_key
    returning digest, status, body, revision;
end $$;

-- Numbers and stores events; the lock on the counter row is held from here to COMMIT, so commits come in id order.
-- `emitted`: array of {kind, subject, data}. `is_change`: the revision grows by one.
create function emit_events(who text, emitted jsonb, is_change boolean) returns counters language plpgsql as $$
declare
  counter counters;
  added int := jsonb_array_length(emitted);
begin
  update counters set event = event + added, revision = revision + is_change::int returning * into counter;
  insert into events (id, kind, subject, data, actor, revision)
    select counter.event - added + n, e ->> 'kind', e ->> 'subject', e -> 'data', who, counter.revision
    from jsonb_array_elements(emitted) with ordinality as list (e, n);
  perform pg_notify('regent', json_build_object('event', counter.event, 'revision', counter.revision)::text);
  return counter;
end $$;

-- Last statement of a write. `facts`: {actor, key, operation, origin, summary, status, events, reverts}; `answer`: body.
create function finish_operation(facts jsonb, answer json) returns bigint language plpgsql as $$
declare
  is_change boolean := exists (select from history where operation = facts ->> 'operation');
  counter counters;
begin
  insert into audit (actor, origin, action, outcome, operation)
    values (facts ->> 'actor', facts ->> 'origin', facts ->> 'summary', 'done', facts ->> 'operation');
  counter := emit_events(facts ->> 'actor', facts -> 'events', is_change);
  if is_change then
    insert into changes (revision, operation, actor, origin, summary, reverts)
      values (counter.revision, facts ->> 'operation', facts ->> 'actor', facts ->> 'origin', facts ->> 'summary',
        (facts ->> 'reverts')::bigint);
  end if;
  update idempotency set status = (facts ->> 'status')::int, body = answer, revision = counter.revision
    where actor = facts ->> 'actor' and key = facts ->> 'key';
  return counter.revision;
end $$;
