-- A tag for many machines costs a statement of each kind, not one for each machine.

create function touch_tagged_machines() returns trigger language plpgsql as $$
begin
  -- In the order of their ids: two such changes at once wait for each other.
  perform from machines where id in (select machine_id from changed) order by id for no key update;
  update machines set version = version + 1, updated_at = now() where id in (select machine_id from changed);
  return null;
end $$;

create function write_tag_history() returns trigger language plpgsql as $$
declare
  operation text := nullif(current_setting('regent.operation', true), '');
begin
  if operation is null and exists (select from changed) then
    perform refuse('history_operation', format('%s changes only through the write helper, which keeps its history', tg_table_name));
  end if;
  insert into history (operation, table_name, op, row_key, old_row, new_row)
    select operation, tg_table_name, lower(tg_op), jsonb_build_object('machine_id', c.machine_id, 'tag_id', c.tag_id),
      case tg_op when 'DELETE' then to_jsonb(c) end, case tg_op when 'INSERT' then to_jsonb(c) end
      from changed c order by c.machine_id, c.tag_id;
  return null;
end $$;

create or replace trigger touch_machine after update on machine_tags for each row execute function touch_tagged_machine();
create or replace trigger write_history after update on machine_tags for each row execute function write_history('machine_id', 'tag_id');
create trigger touch_machines_given after insert on machine_tags referencing new table as changed for each statement
  execute function touch_tagged_machines();
create trigger touch_machines_taken after delete on machine_tags referencing old table as changed for each statement
  execute function touch_tagged_machines();
create trigger write_history_given after insert on machine_tags referencing new table as changed for each statement
  execute function write_tag_history();
create trigger write_history_taken after delete on machine_tags referencing old table as changed for each statement
  execute function write_tag_history();

-- What hangs on a machine raises its version itself; nothing else of the row is compared then.
create or replace trigger raise_version before update on machines for each row when (new.version = old.version) execute function raise_version();
