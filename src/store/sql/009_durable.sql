-- A commit that is acknowledged must be on disk, on this server and on every standby that it waits for. Any session may ask for less
-- (synchronous_commit cannot be taken away from a role), by a connection option, a pooler or a mistake: then COMMIT is refused. What a
-- session does with intent stays possible, as everything else does to the owner of the schema.
create function check_durable() returns trigger language plpgsql as $$
declare
  mode text := current_setting('synchronous_commit');
begin
  if mode <> 'on' and mode <> 'remote_apply' then
    perform refuse('commits_durable', format('The session commits with synchronous_commit %s: what it is told could be lost', mode));
  end if;
  return null;
end $$;

-- One row of each kind of acknowledged write: a request or its replay, an event, a publication, what an agent holds, a lease report.
create constraint trigger check_durable after update on idempotency deferrable initially deferred
  for each row execute function check_durable();
create constraint trigger check_durable after update on counters deferrable initially deferred
  for each row execute function check_durable();
create constraint trigger check_durable after insert or update on desired deferrable initially deferred
  for each row execute function check_durable();
create constraint trigger check_durable after insert or update on held deferrable initially deferred
  for each row execute function check_durable();
create constraint trigger check_durable after insert or update on lease_reports deferrable initially deferred
  for each row execute function check_durable();
