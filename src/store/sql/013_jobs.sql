-- Work that outlives a request: it belongs to the region process that holds its lease, and its epoch tells one holder's word from another's.
-- No configuration: no history trigger, no part of the snapshot, no revision.
create table jobs (
  id int generated always as identity primary key,
  kind text not null,
  target text not null,
  payload jsonb not null,
  is_exclusive boolean not null,
  caller text not null,
  state text not null default 'waiting',
  -- Every claim raises it; whatever a holder writes is conditional on it.
  epoch int not null default 0,
  lease_holder text,
  lease_until timestamptz,
  -- Claims that were not given back in good order.
  attempts int not null default 0,
  not_before timestamptz not null default clock_timestamp(),
  deadline timestamptz not null,
  abort_by text,
  progress text not null default '',
  checkpoint jsonb,
  result text,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  constraint jobs_kind_grammar check (length(kind) <= 64 and kind ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint jobs_target_size check (length(target) <= 200),
  constraint jobs_payload_size check (octet_length(payload::text) <= 65536),
  constraint jobs_checkpoint_size check (octet_length(checkpoint::text) <= 262144),
  constraint jobs_state_known check (state in ('waiting', 'running', 'done', 'failed', 'aborted')),
  constraint jobs_running_is_held check ((state = 'running') = (lease_holder is not null) and (lease_holder is null) = (lease_until is null)),
  constraint jobs_end_is_whole check ((state in ('done', 'failed', 'aborted')) = (ended_at is not null) and (ended_at is null) = (result is null)),
  constraint jobs_counts check (epoch >= 0 and attempts between 0 and epoch)
);
-- What moves the database, the floating address or regions: one at a time.
create unique index jobs_one_exclusive on jobs ((true)) where is_exclusive and ended_at is null;
create index jobs_open on jobs (id) where ended_at is null;
create index jobs_by_kind on jobs (kind, id);

-- An epoch never goes back, and what has ended stays as it ended: no code can undo either.
create function check_job_goes_on() returns trigger language plpgsql as $$
begin
  if new.epoch < old.epoch then
    perform refuse('jobs_epoch_grows', format('job %s: the epoch %s does not follow %s', old.id, new.epoch, old.epoch));
  end if;
  if old.ended_at is not null then
    perform refuse('jobs_stay_ended', format('job %s has ended: %s', old.id, old.state));
  end if;
  return new;
end $$;
create trigger check_job_goes_on before update on jobs for each row execute function check_job_goes_on();
create constraint trigger check_durable after insert or update on jobs deferrable initially deferred
  for each row execute function check_durable();

-- Its work was handed on by an operator: it goes on running everything, and takes nothing upon itself that another can do.
alter table nodes add column is_drained boolean not null default false;

-- Which features a region process knows. A process of an earlier release says nothing: it knows none.
alter table heartbeats add column features text[] not null default '{}';

-- What the cluster does since every region node knows it. A row is never taken back: a process that does not know a name here must not work.
create table features (
  name text primary key constraint features_name_format check (name ~ '^[a-z][a-z0-9-]{0,39}$'),
  enabled_at timestamptz not null default now()
);
