-- What racks are told of machines that boot follows from states, images and inventories: whoever compiles reads them in the snapshot. None of them is
-- configuration, so they raise `observed`, not the revision. The triggers run at commit: the row of `counters` is the last one that a transaction locks.

create function raise_observed() returns trigger language plpgsql as $$
begin
  update counters set observed = observed + 1;
  return null;
end $$;

create constraint trigger raise_observed_state after update on machine_states deferrable initially deferred
  for each row when (old.state is distinct from new.state or old.before is distinct from new.before or old.deadline is distinct from new.deadline)
  execute function raise_observed();
create constraint trigger raise_observed_image after update on images deferrable initially deferred
  for each row when (old.is_default is distinct from new.is_default) execute function raise_observed();

-- As the machine tells it: a column, since an inventory is long and the snapshot wants this alone.
alter table machine_inventories add column uuid text generated always as (inventory -> 'system' ->> 'uuid') stored;
create constraint trigger raise_observed_inventory after insert or update on machine_inventories deferrable initially deferred
  for each row execute function raise_observed();
