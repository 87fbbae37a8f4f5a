-- What machines are told by the metadata service, and what they tell. No configuration: no history trigger, no part of the snapshot, no revision.

-- One row for each time that a machine begins to be commissioned, tested, deployed or rescued: a run. Its credentials are good while the row is open. They are
-- made when the machine first asks for them, and go with the end. `secret_sha256`: knows the secret when it is shown; `secret_sealed`: gives it
-- again, to who has the cluster's authority. `boots_network`: the machine has not asked to boot its disk.
create table machine_tokens (
  id int generated always as identity primary key,
  machine_id text not null,
  purpose text not null,
  begun_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  consumer_key text,
  token_key text,
  secret_sha256 text,
  secret_sealed text,
  user_data bytea,
  boots_network boolean not null default true,
  constraint machine_tokens_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_tokens_purpose_known check (purpose in ('commissioning', 'testing', 'deploying', 'rescue')),
  constraint machine_tokens_key_unique unique (token_key),
  constraint machine_tokens_key_grammar check (consumer_key ~ '^[A-Za-z0-9]{16,64}$' and token_key ~ '^[A-Za-z0-9]{16,64}$'),
  constraint machine_tokens_secret_grammar check (secret_sha256 ~ '^[0-9a-f]{64}$' and length(secret_sealed) <= 1024),
  constraint machine_tokens_secret_is_whole check ((secret_sha256 is null) = (token_key is null) and (secret_sealed is null) = (token_key is null)
    and (consumer_key is null) = (token_key is null)),
  constraint machine_tokens_end_forgets check (ended_at is null or (token_key is null and user_data is null)),
  constraint machine_tokens_user_data_size check (octet_length(user_data) <= 1048576)
);
-- A machine is in one run at a time.
create unique index machine_tokens_open on machine_tokens (machine_id) where ended_at is null;
create index machine_tokens_by_machine on machine_tokens (machine_id, id);
create index machine_tokens_by_end on machine_tokens (ended_at) where ended_at is not null;

-- The hardware of a machine, as it told last. `problems`: what of it was left out or cut, and why. `source`: the address that it came from.
create table machine_inventories (
  machine_id text primary key,
  at timestamptz not null default clock_timestamp(),
  source text not null default '',
  inventory jsonb not null,
  problems jsonb not null default '[]',
  constraint machine_inventories_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_inventories_size check (jsonb_typeof(inventory) = 'object' and octet_length(inventory::text) <= 4194304),
  constraint machine_inventories_problems_size check (jsonb_typeof(problems) = 'array' and octet_length(problems::text) <= 65536)
);

-- What a script of a run gave. `run`: of machine_tokens.
create table machine_script_results (
  id int generated always as identity primary key,
  machine_id text not null,
  run int not null,
  purpose text not null,
  script text not null,
  state text not null,
  exit_status int,
  started_at timestamptz,
  ended_at timestamptz,
  at timestamptz not null default clock_timestamp(),
  constraint machine_script_results_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_script_results_once unique (machine_id, run, script),
  constraint machine_script_results_script_grammar check (script ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'),
  constraint machine_script_results_state_known check (state in ('pending', 'running', 'passed', 'failed', 'timed-out')),
  constraint machine_script_results_exit_range check (exit_status between -2147483648 and 2147483647)
);
create index machine_script_results_by_time on machine_script_results (at);

-- Its outputs, as bytes. `bytes`: how many there were; what is over the bound is counted and not kept.
create table machine_script_outputs (
  result_id int not null,
  kind text not null,
  content bytea not null,
  bytes bigint not null,
  primary key (result_id, kind),
  constraint machine_script_outputs_result foreign key (result_id) references machine_script_results (id) on delete cascade,
  constraint machine_script_outputs_kind_known check (kind in ('output', 'stdout', 'stderr', 'result')),
  constraint machine_script_outputs_size check (octet_length(content) <= 262144 and bytes >= octet_length(content))
);
