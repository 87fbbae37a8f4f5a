-- Jobs are exclusive per target. Agents take commands: one thing that a node is to do, once, and its result.
-- No configuration: no history trigger, no part of the snapshot, no revision.

-- What a job holds alone while it is unfinished: `cluster`, `machine:ID`, `bmc:ID`.
alter table jobs add column targets text[] not null default '{}' constraint jobs_targets_few check (cardinality(targets) <= 64);

create table job_targets (
  target text primary key,
  job_id int not null,
  constraint job_targets_job foreign key (job_id) references jobs (id) on delete cascade,
  constraint job_targets_grammar check (length(target) <= 100 and target ~ '^[a-z][a-z0-9-]*(:[A-Za-z0-9._-]+)?$')
);
create index job_targets_by_job on job_targets (job_id);

-- An exclusive job of before holds the cluster.
update jobs set targets = '{cluster}' where is_exclusive and ended_at is null;
insert into job_targets (target, job_id) select 'cluster', id from jobs where is_exclusive and ended_at is null;

-- `is_exclusive` is an earlier release's word for the target `cluster`. Both say the same in every row.
create function name_job_targets() returns trigger language plpgsql as $$
begin
  if new.is_exclusive and not 'cluster' = any (new.targets) then
    new.targets := new.targets || 'cluster'::text;
  end if;
  new.is_exclusive := 'cluster' = any (new.targets);
  return new;
end $$;
create trigger name_job_targets before insert on jobs for each row execute function name_job_targets();

-- A job takes its targets in one order, so that two jobs never wait for each other. What another one has, it does not get.
create function hold_job_targets() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into job_targets (target, job_id)
      select distinct wanted, new.id from unnest(new.targets) as wanted order by wanted on conflict do nothing;
  elsif new.ended_at is not null then
    delete from job_targets where job_id = new.id;
  end if;
  return null;
end $$;
create trigger hold_job_targets after insert or update of ended_at on jobs for each row execute function hold_job_targets();

-- No unfinished job is committed without each of its targets.
create function check_job_targets() returns trigger language plpgsql as $$
declare
  missing text;
begin
  select wanted into missing from jobs j, unnest(j.targets) as wanted
    where j.id = new.id and j.ended_at is null
      and not exists (select from job_targets t where t.target = wanted and t.job_id = j.id) limit 1;
  if missing is not null then
    perform refuse('job_targets_held', format('job %s does not hold its target %s: another job has it', new.id, missing));
  end if;
  return null;
end $$;
create constraint trigger check_job_targets after insert on jobs deferrable initially deferred
  for each row execute function check_job_targets();

create table commands (
  id int generated always as identity primary key,
  node_id text not null,
  kind text not null,
  -- No secrets: those are in `command_secrets`.
  args jsonb not null,
  -- May a claim that ran out be claimed again?
  is_repeatable boolean not null,
  -- How long a claim lasts.
  claim_seconds int not null,
  caller text not null,
  state text not null default 'waiting',
  -- Every claim raises it; a result is conditional on it.
  epoch int not null default 0,
  -- Of the request that claimed it: the same request again gets the same answer.
  claim_key text,
  claimed_at timestamptz,
  claim_until timestamptz,
  deadline timestamptz not null,
  result jsonb,
  -- How it ended, as a sentence.
  sentence text,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  constraint commands_node foreign key (node_id) references nodes (id) on delete cascade,
  constraint commands_kind_grammar check (length(kind) <= 64 and kind ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint commands_args_size check (octet_length(args::text) <= 65536),
  constraint commands_result_size check (octet_length(result::text) <= 131072),
  constraint commands_state_known check (state in ('waiting', 'claimed', 'done', 'failed', 'expired')),
  constraint commands_claimed_is_held check ((state = 'claimed') = (claim_until is not null) and (claim_key is null) = (claim_until is null)),
  constraint commands_end_is_whole check ((state in ('done', 'failed', 'expired')) = (ended_at is not null) and (ended_at is null) = (sentence is null)),
  constraint commands_done_has_result check (state <> 'done' or result is not null),
  constraint commands_counts check (epoch >= 0 and claim_seconds between 1 and 3600)
);
create index commands_open on commands (node_id, id) where ended_at is null;

-- Arguments that nobody may see but the agent that runs the command. They go when it ends.
create table command_secrets (
  command_id int primary key,
  secrets jsonb not null,
  constraint command_secrets_command foreign key (command_id) references commands (id) on delete cascade,
  constraint command_secrets_size check (octet_length(secrets::text) <= 16384)
);

create function check_command_goes_on() returns trigger language plpgsql as $$
begin
  if new.epoch < old.epoch then
    perform refuse('commands_epoch_grows', format('command %s: the epoch %s does not follow %s', old.id, new.epoch, old.epoch));
  end if;
  if old.ended_at is not null then
    perform refuse('commands_stay_ended', format('command %s has ended: %s', old.id, old.state));
  end if;
  if new.ended_at is not null then
    delete from command_secrets where command_id = new.id;
  end if;
  return new;
end $$;
create trigger check_command_goes_on before update on commands for each row execute function check_command_goes_on();
create constraint trigger check_durable after insert or update on commands deferrable initially deferred
  for each row execute function check_durable();
