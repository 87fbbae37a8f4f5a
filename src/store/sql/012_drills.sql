-- Drills: the numbered writes that a drill sends like any client, and the rounds that were judged. Neither is configuration: no history
-- trigger, no part of the snapshot, no revision.

create table drill_ledger (
  run uuid not null,
  number int not null,
  written_at timestamptz not null default clock_timestamp(),
  primary key (run, number),
  constraint drill_ledger_number_range check (number >= 1)
);
create index drill_ledger_by_age on drill_ledger (written_at);

create table drill_rounds (
  id int generated always as identity primary key,
  run uuid not null,
  hazard text not null,
  round int not null,
  seed bigint not null,
  started_at timestamptz not null,
  passed boolean not null,
  version text not null,
  stored_at timestamptz not null default now(),
  verdict jsonb not null,
  timeline jsonb not null,
  constraint drill_rounds_once unique (run, hazard, round),
  constraint drill_rounds_hazard_grammar check (length(hazard) <= 64 and hazard ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint drill_rounds_round_range check (round >= 0),
  constraint drill_rounds_seed_range check (seed between 0 and 9007199254740991),
  constraint drill_rounds_verdict_size check (octet_length(verdict::text) <= 262144),
  constraint drill_rounds_timeline_size check (octet_length(timeline::text) <= 2097152)
);
create index drill_rounds_by_hazard on drill_rounds (hazard, id);

-- Last statement of a quiet write: one that changes no configuration, is no event and comes many times a second. Its effect and its answer
-- remain, nothing else. The counter row, where all other writes queue until COMMIT, is only read; nobody is woken; the answer's row says who
-- and when for as long as it is kept, so nothing is audited beside it.
create function settle_operation(who text, operation_key text, code int, answer json) returns bigint language plpgsql as $$
declare
  told bigint;
begin
  if exists (select from history h join idempotency i on i.operation = h.operation where i.actor = who and i.key = operation_key) then
    raise exception 'a quiet write changed configuration';
  end if;
  update idempotency set status = code, body = answer, revision = (select c.revision from counters c)
    where actor = who and key = operation_key returning idempotency.revision into told;
  return told;
end $$;
