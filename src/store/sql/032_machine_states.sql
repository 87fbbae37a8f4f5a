-- Where machines are in their lifecycle. No configuration: no history trigger, no part of the snapshot, no revision; a change of state is not taken back.

-- A machine without a row is new. `epoch`: raised by each change of state, so a late word about an earlier one is told from one about this. `before`: where it
-- goes back to after a test, a rescue or a repair. `minutes`: what the deadline gave. `job_id`: the job that switches it. `wanted`: an order for its BMC
-- that waits until another job is through with it, at most until `wanted_until`.
create table machine_states (
  machine_id text primary key,
  state text not null default 'new',
  since timestamptz not null default clock_timestamp(),
  epoch int not null default 0,
  before text,
  owner text,
  is_locked boolean not null default false,
  error text not null default '',
  message text not null default '',
  deadline timestamptz,
  minutes int,
  powered_at timestamptz,
  booted_at timestamptz,
  inventory_at timestamptz,
  commissioned_at timestamptz,
  job_id int,
  wanted jsonb,
  wanted_by text,
  wanted_until timestamptz,
  constraint machine_states_machine foreign key (machine_id) references machines (id) on delete cascade,
  constraint machine_states_owner foreign key (owner) references users (name) on delete set null,
  constraint machine_states_job foreign key (job_id) references jobs (id) on delete set null,
  constraint machine_states_state_known check (state in ('new', 'commissioning', 'failed-commissioning', 'missing', 'ready', 'reserved', 'deployed', 'retired',
    'broken', 'deploying', 'allocated', 'failed-deployment', 'releasing', 'failed-releasing', 'disk-erasing', 'failed-disk-erasing', 'rescue-mode',
    'entering-rescue-mode', 'failed-entering-rescue-mode', 'exiting-rescue-mode', 'failed-exiting-rescue-mode', 'testing', 'failed-testing')),
  constraint machine_states_epoch_counts check (epoch >= 0),
  constraint machine_states_texts_size check (length(error) <= 4000 and length(message) <= 4000),
  constraint machine_states_deadline_of_way check ((deadline is not null) = (minutes is not null)
    and (deadline is not null) = (state in ('commissioning', 'deploying', 'releasing', 'disk-erasing', 'entering-rescue-mode', 'exiting-rescue-mode', 'testing'))),
  constraint machine_states_wanted_is_whole check ((wanted is null) = (wanted_until is null) and (wanted is null) = (wanted_by is null)
    and (wanted is null or job_id is null))
);
create index machine_states_by_deadline on machine_states (deadline) where deadline is not null;
create index machine_states_by_job on machine_states (job_id) where job_id is not null;
create index machine_states_by_owner on machine_states (owner) where owner is not null;
create index machine_states_wanted on machine_states (wanted_until) where wanted is not null;

-- A state never follows from an older one: no code can undo it.
create function check_machine_goes_on() returns trigger language plpgsql as $$
begin
  if new.epoch < old.epoch or (new.state <> old.state and new.epoch = old.epoch) then
    perform refuse('machine_states_epoch_grows', format('machine %s: the epoch %s does not follow %s', old.machine_id, new.epoch, old.epoch));
  end if;
  return new;
end $$;
create trigger check_machine_goes_on before update on machine_states for each row execute function check_machine_goes_on();
