-- A life of a finding of the doctor: from the first judgement that an invariant does not hold until it has held for a minute, or until somebody mutes it. At most
-- one stands for each invariant. `since`: when the invariant was broken first; a life after a mute has it of the life before. `announced_at`: its event is stored,
-- and targets of alarms get it.
create table doctor_findings (
  id bigint generated always as identity primary key,
  finding text not null,
  state text not null,
  detail text not null,
  since timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  is_muted boolean not null default false,
  announced_at timestamptz,
  ended_at timestamptz,
  end_reason text,
  constraint doctor_findings_finding check (finding ~ '^[a-z0-9-]{1,64}$'),
  constraint doctor_findings_state check (state in ('warning', 'unknown', 'broken')),
  constraint doctor_findings_detail check (length(detail) <= 4000),
  constraint doctor_findings_end check ((ended_at is null) = (end_reason is null) and end_reason in ('holds', 'muted'))
);
create unique index doctor_findings_standing on doctor_findings (finding) where ended_at is null;
create index doctor_findings_ended on doctor_findings (ended_at) where ended_at is not null;

-- Who wants no alarm of a finding, until when and why. `covers`: the worst state that it covers, and the nodes that the finding named; null: whatever comes,
-- because the finding did not stand when it was muted. No history trigger: a change is an event and an audit row.
create table finding_mutes (
  finding text primary key,
  until timestamptz not null,
  reason text not null,
  covers jsonb,
  muted_by text not null,
  muted_at timestamptz not null default now(),
  constraint finding_mutes_finding check (finding ~ '^[a-z0-9-]{1,64}$'),
  constraint finding_mutes_reason check (length(reason) between 1 and 500),
  constraint finding_mutes_covers check (jsonb_typeof(covers) = 'object' and length(covers::text) <= 32768)
);

-- One region at a time judges them.
insert into chores (name, every) values ('findings', '4 seconds');
