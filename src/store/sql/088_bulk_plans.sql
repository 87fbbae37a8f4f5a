-- A table that was emptied and analysed counts as empty until the next analysis, also while one transaction fills it again: the planner then joins by
-- scans of all rows, for each row (PostgreSQL 15 to 17; 700 machines took over 60 s, the third power of their number). Here each step reads one row of
-- one table by its key.

-- No configuration: no history trigger, no part of the snapshot, no revision.

create or replace function touch_machine() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
  touched text := changed ->> 'machine_id';
begin
  if tg_table_name <> 'interfaces' then
    select machine_id into touched from interfaces where id = (changed ->> 'interface_id')::int;
  end if;
  update machines set version = version + 1, updated_at = now() where id = touched;
  return null;
end $$;

-- The static lease first: most interfaces have none.
create or replace function check_one_fixed_address(subnet int, interface_mac text) returns void language plpgsql set enable_seqscan = off as $$
declare
  lease inet;
  card interfaces;
  own inet;
begin
  select address into lease from reservations where subnet_id = subnet and mac = interface_mac;
  if not found then
    return;
  end if;
  select * into card from interfaces where mac = interface_mac and kind = 'physical';
  select address into own from interface_addresses where interface_id = card.id and subnet_id = subnet order by id limit 1;
  if found then
    perform refuse('reservations_or_machine', format('%s of the machine %s has %s, and %s has the static lease %s', card.name,
      (select hostname from machines where id = card.machine_id), host(own), interface_mac, host(lease)));
  end if;
end $$;
